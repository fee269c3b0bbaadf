"""The table of cases is whole: 53 lines, each held by tests that exist, and no test claims a case that it is not in."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from tests.conformance.cases import CASES

ROOT = Path(__file__).parent.parent.parent
NUMBERED = re.compile(r"^\s*def test_((?:\d\d_)+)", re.MULTILINE)


def test_all_53_are_there() -> None:
    assert list(CASES) == list(range(1, 54))
    assert all(what and tests for what, tests in CASES.values())


@pytest.mark.parametrize("number", CASES)
def test_the_tests_of_a_case_exist_and_bear_its_number(number: int) -> None:
    for where in CASES[number][1]:
        path, *names = where.split("::")
        found = import_module(path.removesuffix(".py").replace("/", "."))
        for name in names:
            found = getattr(found, name)
        assert callable(found)
        numbers = re.match(r"test_((?:\d\d_)+)", names[-1])
        assert numbers is not None
        assert f"{number:02d}" in numbers[1].split("_")


def test_every_numbered_test_bears_a_number_of_the_table() -> None:
    for path in (ROOT / "tests").rglob("*.py"):
        for found in NUMBERED.finditer(path.read_text("utf-8")):
            assert {int(one) for one in found[1].split("_") if one} <= set(CASES), (path.name, found[0])
