"""The office that the tests of the commands share."""

from pathlib import Path

import pytest

from tests.cli.office import Office, open_office


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """Nothing is read yet."""
    return open_office(tmp_path, monkeypatch)


@pytest.fixture
def working(office: Office) -> Office:
    """Read and judged on Monday morning."""
    for command in ("pull", "judge"):
        said = office(command)
        assert said.code == 0, said.err + said.out
    return office
