"""What one reading has shown so far, in a temporary table: flat in memory however many dossiers a source has."""

import json
import sqlite3
from collections.abc import Collection, Iterable
from types import TracebackType
from typing import Self

_AT_ONCE = 500


class Seen:
    """Keys of a reading. The table is a private temporary file that vanishes with it; close it, or use `with`."""

    def __init__(self) -> None:
        # an empty name is SQLite's temporary database: in memory while small, on disk when it grows
        self._table = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._table.execute("PRAGMA journal_mode = OFF")
        self._table.execute("PRAGMA cache_size = -4096")
        self._table.execute("CREATE TABLE seen (key TEXT PRIMARY KEY) WITHOUT ROWID")
        self.has_unreadable = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._table.close()

    def add(self, keys: Iterable[str], *, unreadable: bool = False) -> None:
        """`unreadable`: of rows that were set aside, for which we may hold no view."""
        keys = list(keys)
        self.has_unreadable |= unreadable and bool(keys)
        self._table.executemany("INSERT OR IGNORE INTO seen VALUES (?)", zip(keys, strict=True))

    def __bool__(self) -> bool:
        return self._table.execute("SELECT 1 FROM seen LIMIT 1").fetchone() is not None

    def __len__(self) -> int:
        return int(self._table.execute("SELECT count(*) FROM seen").fetchone()[0])

    def among(self, keys: Collection[str]) -> set[str]:
        """Those of `keys` that were seen."""
        asked = list(keys)
        found: set[str] = set()
        for start in range(0, len(asked), _AT_ONCE):
            some = asked[start : start + _AT_ONCE]
            wanted = "SELECT key FROM seen WHERE key IN (SELECT value FROM json_each(?))"
            found.update(row[0] for row in self._table.execute(wanted, (json.dumps(some),)))
        return found
