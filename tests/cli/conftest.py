"""The office that the tests of the commands share.

What many tests begin with is done once in a process and copied: a folder with its store, at a moment of its life.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.office import LIFE, TOMORROW, Office, live, open_copy, open_office


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """Nothing is read yet."""
    opened = open_office(tmp_path, monkeypatch)
    opened.give_store()
    return opened


def _on(kept: Path, folder: Path, do: Callable[[Office], None]) -> Path:
    """A copy of a kept folder, gone on with."""
    with pytest.MonkeyPatch.context() as patch:
        do(open_copy(kept, folder, patch))
    return folder


@pytest.fixture(scope="session")
def kept_working(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("working")
    with pytest.MonkeyPatch.context() as patch:
        office = open_office(folder, patch)
        for command in ("pull", "judge"):
            said = office(command)
            assert said.code == 0, said.err + said.out
    return folder


@pytest.fixture(scope="session")
def kept_drafted(kept_working: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    def draft(office: Office) -> None:
        assert office("letters", "draft", "--no-files").code == 0

    return _on(kept_working, tmp_path_factory.mktemp("kept") / "drafted", draft)


@pytest.fixture(scope="session")
def kept_closed(kept_drafted: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _on(kept_drafted, tmp_path_factory.mktemp("kept") / "closed", lambda office: live(office, TOMORROW, LIFE))


@pytest.fixture
def working(kept_working: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """Read and judged on Monday morning."""
    return open_copy(kept_working, tmp_path, monkeypatch)


@pytest.fixture
def drafted(kept_drafted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """The letters that are owed have their words."""
    return open_copy(kept_drafted, tmp_path, monkeypatch)


@pytest.fixture
def closed(kept_closed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """The letter of TOMORROW has lived its life to the end."""
    return open_copy(kept_closed, tmp_path, monkeypatch)
