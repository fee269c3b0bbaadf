"""An old .xls or an .ods as rows of named cells. The library that reads them keeps a whole sheet as one dense block, so
that a cell at the end of the world costs gigabytes: it runs in a process of its own with a limit of memory and time."""

import json
import subprocess
import sys
from collections.abc import Generator, Iterator
from datetime import datetime
from typing import Any, BinaryIO

from connectors.archive import check_archive
from connectors.base import SourceUnavailable, UnexpectedAnswer
from connectors.spreadsheet.line import Line
from connectors.spreadsheet.reader import BROKEN, MANY, NO_SHEET
from connectors.spreadsheet.settings import SpreadsheetSettings
from connectors.spreadsheet.workbook import lines_of

_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - the day on which a workbook's own counting begins, a wall clock
_SAID = {
    NO_SHEET: "{name} không có trang tính {sheet}",
    MANY: "{name} có quá nhiều ô",
    BROKEN: "{name} bị hỏng, có mật khẩu, hoặc quá lớn để mở",
}


def read_foreign(file: BinaryIO, settings: SpreadsheetSettings, *, open_document: bool) -> Iterator[Line]:
    """The rows under the heading. Raises `UnexpectedAnswer` for a bomb, a broken file, a missing sheet or heading."""
    yield from lines_of(foreign_rows(file, settings, open_document=open_document), settings, _EPOCH)


def foreign_rows(
    file: BinaryIO, settings: SpreadsheetSettings, *, open_document: bool
) -> Generator[tuple[int, list[Any]], None, None]:
    """(row, cells) after the archive was looked at. Raises `UnexpectedAnswer`."""
    if open_document:
        check_archive(file, settings.path.name, settings.max_bytes, open_document=True)
    yield from _rows(settings)


def _rows(settings: SpreadsheetSettings) -> Iterator[tuple[int, list[Any]]]:
    """(row from 1, its cells) as the other process prints them."""
    command = [sys.executable, "-I", "-m", "connectors.spreadsheet.reader", str(settings.path), settings.sheet]
    try:
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)  # noqa: S603 - our own module, no shell
    except OSError:
        raise SourceUnavailable(f"không mở được chương trình đọc {settings.path.name}") from None
    assert child.stdout is not None
    read_to_its_end = False
    try:
        yield from map(parsed, child.stdout)
        read_to_its_end = True
    except ValueError:  # it broke off amid a row
        read_to_its_end = True
    finally:
        if not read_to_its_end:  # nobody wants the rest
            child.kill()
        child.stdout.close()
        code = child.wait()
    if code:
        said = _SAID.get(code, _SAID[BROKEN]).format(name=settings.path.name, sheet=settings.sheet)
        raise UnexpectedAnswer(said.rstrip())


def parsed(line: bytes | str) -> tuple[int, list[Any]]:
    """A printed row. Instants were marked, since JSON has none."""
    number, cells = json.loads(line)
    return number, [datetime.fromisoformat(cell["at"]) if isinstance(cell, dict) else cell for cell in cells]


__all__ = ["parsed", "read_foreign"]
