"""Letters as files: whole, repeatable, named after the dossier and never after the person."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from monitor.letters.content import Content
from monitor.letters.files import safe_name, write_files
from monitor.store.tables import ApplicantRow, Letter
from tests.letters.test_draft import draft, put, words

Fill = Callable[..., None]


@pytest.fixture
def drafted(sessions: sessionmaker[Session]) -> Fill:
    """Puts dossiers in and drafts their letters."""

    def run(*numbers: int, name: str | None = None, **changed: Any) -> None:
        with sessions.begin() as session:
            for number in numbers:
                put(session, number, **changed)
            if name is not None:
                session.execute(update(ApplicantRow).values(name=name))
        draft(sessions)

    return run


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_each_letter_gets_both_files_under_its_agency(
    sessions: sessionmaker[Session], drafted: Fill, tmp_path: Path
) -> None:
    drafted(1, 2)
    told: list[tuple[int, int]] = []
    with sessions() as session:
        done = write_files(session, tmp_path / "letters", progress=lambda done, total: told.append((done, total)))
    assert names(tmp_path / "letters") == [
        "H19.126/H19.126-251103-0001-1.docx",
        "H19.126/H19.126-251103-0001-1.pdf",
        "H19.126/H19.126-251103-0002-1.docx",
        "H19.126/H19.126-251103-0002-1.pdf",
    ]
    assert told == [(1, 2), (2, 2)]
    assert [d.written for d in done] == [2, 2]
    assert done[0].paths["pdf"].read_bytes().startswith(b"%PDF-1.7")
    assert not [path for path in names(tmp_path) if "bé" in path.lower()]


def test_files_that_hold_these_words_are_left_alone_and_others_made_again(
    sessions: sessionmaker[Session], drafted: Fill, tmp_path: Path
) -> None:
    drafted(1)
    with sessions() as session:
        first = write_files(session, tmp_path)[0]
        before = {kind: path.read_bytes() for kind, path in first.paths.items()}
        assert write_files(session, tmp_path)[0].written == 0
        first.paths["pdf"].write_bytes(before["pdf"][:100])  # cut off by whatever
        assert write_files(session, tmp_path)[0].written == 1
    assert {kind: path.read_bytes() for kind, path in first.paths.items()} == before


def test_new_words_make_a_new_file(sessions: sessionmaker[Session], drafted: Fill, tmp_path: Path) -> None:
    drafted(1)
    with sessions() as session:
        path = write_files(session, tmp_path, kinds=("pdf",))[0].paths["pdf"]
        old = path.read_bytes()
    content = words(sessions).to_dict() | {"signer_name": "Lê Văn Quý"}
    with sessions.begin() as session:
        session.execute(update(Letter).values(content=content, content_hash=Content.from_dict(content).hash))
    with sessions() as session:
        assert write_files(session, tmp_path, kinds=("pdf",))[0].written == 1
    assert path.read_bytes() != old


def test_a_letter_that_cannot_be_printed_is_told_and_the_others_go_on(
    sessions: sessionmaker[Session], drafted: Fill, tmp_path: Path
) -> None:
    drafted(1, name="Bé 😀")
    drafted(2)
    with sessions() as session:
        one, two = write_files(session, tmp_path)
        assert "U+1F600" in one.problem
        assert "tên người nộp" in one.problem
        assert "Bé" not in one.problem
        assert (one.paths, two.problem, two.written) == ({}, "", 2)


def test_a_crash_while_writing_leaves_the_old_file_whole(
    sessions: sessionmaker[Session], drafted: Fill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafted(1)
    with sessions() as session:
        path = write_files(session, tmp_path, kinds=("pdf",))[0].paths["pdf"]
    path.write_bytes(b"old and whole")

    def power_cut(_: int) -> None:
        raise OSError("no power")

    monkeypatch.setattr(os, "fsync", power_cut)
    with sessions() as session, pytest.raises(OSError, match="no power"):
        write_files(session, tmp_path, kinds=("pdf",))
    assert path.read_bytes() == b"old and whole"
    assert names(tmp_path / "H19.126") == [path.name]  # nothing half-written beside it


def test_only_the_chosen_and_only_what_has_words(
    sessions: sessionmaker[Session], drafted: Fill, tmp_path: Path
) -> None:
    drafted(1, 2)
    with sessions.begin() as session:
        put(session, 3)  # owed, not drafted
        session.execute(update(Letter).where(Letter.id == 2).values(state="not_needed"))
    with sessions() as session:
        assert [d.letter_id for d in write_files(session, tmp_path / "out", kinds=("docx",))] == [1]
        assert write_files(session, tmp_path / "out", only={3}) == []
    assert names(tmp_path / "out") == ["H19.126/H19.126-251103-0001-1.docx"]


def test_two_dossiers_of_one_code_do_not_overwrite_each_other(
    sessions: sessionmaker[Session], drafted: Fill, tmp_path: Path
) -> None:
    drafted(1, 2, code="H19-1")
    with sessions() as session:
        write_files(session, tmp_path / "out", kinds=("docx",))
    assert names(tmp_path / "out") == ["H19.126/H19-1-1-1.docx", "H19.126/H19-1-1-2.docx"]


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("H19.126-251103-0001", "H19.126-251103-0001"),
        ("000.00.01.H19-251103-0001", "000.00.01.H19-251103-0001"),
    ],
)
def test_an_ordinary_code_is_its_own_name(code: str, name: str) -> None:
    assert safe_name(code) == name


@pytest.mark.parametrize("code", ["../../etc/passwd", "a/b", "..", "", "hồ sơ 1", "x" * 300, ".ẩn", "a\\b", "a\x00b"])
def test_any_other_code_stays_inside_the_folder_and_stays_different(code: str) -> None:
    name = safe_name(code)
    assert name == Path(name).name
    assert not name.startswith(".")
    assert len(name) < 100
    assert name != safe_name(code + "?")
