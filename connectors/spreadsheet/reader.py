"""`python -m connectors.spreadsheet.reader FILE [SHEET]`: prints the rows of an .xls or .ods as JSON, a line a row.

A program of its own: what a hostile file makes the library allocate ends this process, not the daemon.
"""

import json
import os
import signal
import sys
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

_MEMORY = 1 << 30  # bytes of address space; a sheet of real offices needs a tenth
_SECONDS = 300
_STALLED_S = (
    600.0  # by the clock, between two rows: the library that panics at its limit of memory may wait for itself for ever
)
_MOST_CELLS = 20_000_000
_MOST_COLUMNS = 256
NO_SHEET, MANY, BROKEN = 3, 4, 5  # exit codes


class SheetRefused(Exception):
    """With the exit code that says why."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def printed_rows(path: str, sheet: str) -> Iterator[str]:
    """Rows that are not empty, with their number from 1. Raises `SheetRefused`."""
    import python_calamine as calamine

    try:
        book = calamine.CalamineWorkbook.from_path(path)
        names = book.sheet_names
        if not names or (sheet and sheet not in names):
            raise SheetRefused(NO_SHEET)
        found = book.get_sheet_by_name(sheet or names[0])
        if found.total_height * max(found.total_width, 1) > _MOST_CELLS:
            raise SheetRefused(MANY)
        for number, cells in enumerate(found.iter_rows(), 1):
            row = [_as_json(cell) for cell in cells[:_MOST_COLUMNS]]
            while row and row[-1] is None:
                row.pop()
            yield json.dumps([number, row], ensure_ascii=True)
    except SheetRefused:
        raise
    except BaseException as error:  # a panic of the library is no Exception
        if isinstance(error, GeneratorExit | KeyboardInterrupt):
            raise
        raise SheetRefused(BROKEN) from None


def _as_json(cell: Any) -> Any:
    if isinstance(cell, datetime):
        return {"at": cell.isoformat()}
    if isinstance(cell, date):
        return {"at": f"{cell.isoformat()}T00:00:00"}
    if isinstance(cell, time | timedelta):
        return str(cell)
    if isinstance(cell, float) and (cell != cell or cell in (float("inf"), float("-inf"))):
        return "#NUM!"
    return None if cell == "" else cell


def main(path: str, sheet: str = "") -> int:
    """The exit code: 0, or why not."""
    try:
        import resource
    except ImportError:  # no such limits on this system: the archive's own limits hold
        pass
    else:
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.environ["RUST_BACKTRACE"] = "0"  # what a panic would print nobody reads, and making it needs memory
    try:
        _alarm()
        for line in printed_rows(path, sheet):
            print(line)
            _alarm()
    except SheetRefused as refused:
        return refused.code
    except (MemoryError, BrokenPipeError):
        return BROKEN
    return 0


def _alarm() -> None:
    """Ends this process if nothing happens for long, whatever it waits for."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, _STALLED_S)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
