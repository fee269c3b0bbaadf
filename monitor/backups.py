"""Copies of an SQLite store while others write: made whole, looked through, kept to a number.

A copy that SQLite does not find sound never takes its name. PostgreSQL has its own tools (docs/sysadmin.md).
"""

import os
import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

_OURS = "dunghen-"
_STAMPED = re.compile(r"dunghen-(\d{8}-\d{6})Z\.db")


class NotWhole(Exception):
    """A file is no sound copy of a store."""


def sqlite_file(url: str) -> Path | None:
    """The file behind a store's URL; None for PostgreSQL and for a store in memory."""
    from sqlalchemy.engine import make_url  # `dunghen due` starts without it

    parts = make_url(url)
    if parts.get_backend_name() != "sqlite" or not parts.database or parts.database == ":memory:":
        return None
    return Path(parts.database)


def copy_sqlite(source: Path, target: Path) -> None:
    """A consistent copy while others write, by SQLite's own backup. One file, readable by its owner only."""
    with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
        # the original's way of writing beside itself would leave two more files behind; the daemon sets it again
        new.execute("PRAGMA journal_mode = DELETE")
    target.chmod(0o600)


def assert_whole(file: Path) -> None:
    """Raises `NotWhole` unless SQLite finds the file sound and it is a store of ours."""
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            sound = connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            ours = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'source_dossier'").fetchone()
    except sqlite3.DatabaseError:
        sound, ours = False, None
    if not sound or not ours:
        raise NotWhole(file.name)


def back_up(source: Path, target: Path) -> None:
    """Copies a store to `target`, which gets its name only when the copy is whole. Raises `NotWhole`, `OSError`."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = target.with_name(target.name + ".part")
    try:
        copy_sqlite(source, part)
        assert_whole(part)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)


def nightly(source: Path, folder: Path, *, every: timedelta, keep: int, now: datetime) -> Path | None:
    """A copy in `folder`, unless one younger than `every` is there; then removes the oldest beyond `keep`.

    Returns the new copy. Copies are named by their instant in UTC; files of other names are never touched.
    """
    newest = _made(folder)[-1:]
    # a tenth of slack: a job that runs once a day must not find yesterday's copy a second too young
    if newest and now - _instant(newest[0]) < every * 0.9:
        return None
    target = folder / f"{_OURS}{now.astimezone(UTC):%Y%m%d-%H%M%S}Z.db"
    back_up(source, target)
    for old in _made(folder)[:-keep]:
        old.unlink()
    return target


def _made(folder: Path) -> Sequence[Path]:
    """Our copies, oldest first."""
    return sorted(path for path in folder.glob(f"{_OURS}*Z.db") if _STAMPED.fullmatch(path.name))


def _instant(path: Path) -> datetime:
    found = _STAMPED.fullmatch(path.name)
    assert found is not None
    return datetime.strptime(found[1], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)


__all__ = ["NotWhole", "assert_whole", "back_up", "copy_sqlite", "nightly", "sqlite_file"]
