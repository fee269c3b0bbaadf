"""The daemon's copies of an SQLite store: whole, daily, kept to a number, and nobody else's files are touched."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from monitor.backups import NotWhole, back_up, nightly, sqlite_file
from monitor.store import database
from monitor.store.tables import Job

NIGHT = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def store(sqlite_url: str) -> Path:
    found = sqlite_file(sqlite_url)
    assert found is not None
    return found


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_one_copy_a_day_and_the_oldest_go(store: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / "dunghen-before-the-move.db").write_text("somebody's own")
    for night in range(5):
        made = nightly(store, folder, every=DAY, keep=3, now=NIGHT + night * DAY)
        assert made is not None
        assert made.stat().st_mode & 0o777 == 0o600
    assert names(folder) == [
        "dunghen-20261126-180000Z.db",
        "dunghen-20261127-180000Z.db",
        "dunghen-20261128-180000Z.db",
        "dunghen-before-the-move.db",
    ]


def test_a_daemon_started_ten_times_a_day_makes_one_copy(store: Path, tmp_path: Path) -> None:
    made = [nightly(store, tmp_path / "b", every=DAY, keep=3, now=NIGHT + timedelta(hours=2 * n)) for n in range(10)]
    assert [one is not None for one in made] == [True] + [False] * 9


def test_a_copy_made_while_others_write_holds_only_what_was_committed(store: Path, tmp_path: Path) -> None:
    engine = database.open_engine(f"sqlite:///{store}")
    with Session(engine) as writing:
        writing.add(Job(name="committed"))
        writing.commit()
        writing.add(Job(name="under way"))
        writing.flush()
        back_up(store, tmp_path / "copy.db")
        writing.rollback()
    engine.dispose()
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("SELECT name FROM job").fetchall() == [("committed",)]


def test_what_is_no_store_gets_no_name(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as made:
        made.execute("CREATE TABLE recipe (name TEXT)")
        made.commit()
    with pytest.raises(NotWhole):
        back_up(other, tmp_path / "b" / "copy.db")
    assert list((tmp_path / "b").iterdir()) == []


@pytest.mark.parametrize("url", ["postgresql+psycopg://dunghen@localhost/dunghen", "sqlite://"])
def test_a_store_without_a_file_of_its_own_is_copied_by_other_tools(url: str) -> None:
    assert sqlite_file(url) is None
