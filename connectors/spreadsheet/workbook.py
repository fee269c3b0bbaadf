"""An .xlsx workbook as rows of named cells, read as a stream. Cells are what Excel last showed: no formula is counted
again. A merged cell speaks at its first place only, and nothing is filled in for the others."""

import warnings
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from datetime import MAXYEAR, date, datetime, time, timedelta
from itertools import islice, zip_longest
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

from connectors.archive import check_archive
from connectors.base import UnexpectedAnswer
from connectors.kit.columns import CODES, DATES
from connectors.kit.json import evidence
from connectors.kit.text import status_key as key_of
from connectors.spreadsheet.line import Line, wanted_headings
from connectors.spreadsheet.settings import SpreadsheetSettings

_HEADER_WITHIN = 30  # rows: exports begin with a title, a period, an empty line
_MOST_ROWS, _MOST_COLUMNS = 1_048_576, 256
_ROWS_AT_ONCE = 200
_SERIALS = (32_874, 73_050)  # 1990 to 2099, the years in which a dossier can be
_BROKEN = (
    BadZipFile, ParseError, ArithmeticError, AttributeError, EOFError, LookupError, NotImplementedError, RecursionError,
    RuntimeError, SyntaxError, TypeError, ValueError,
)  # fmt: skip
_ERRORS = frozenset({"#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"})
_Cells = Sequence[Any]


def read_workbook(file: BinaryIO, settings: SpreadsheetSettings) -> Iterator[Line]:
    """The rows under the heading. Raises `UnexpectedAnswer` for a bomb, a broken file, a missing sheet or heading."""
    with _opened(file, settings) as (sheet, epoch):
        yield from lines_of(_rows(sheet, settings.path.name), settings, epoch)


def workbook_rows(file: BinaryIO, settings: SpreadsheetSettings) -> Generator[tuple[int, "_Cells"], None, None]:
    """(row, cells) of the sheet. Raises `UnexpectedAnswer`."""
    with _opened(file, settings) as (sheet, _):
        yield from _rows(sheet, settings.path.name)


@contextmanager
def _opened(file: BinaryIO, settings: SpreadsheetSettings) -> Iterator[tuple[Any, datetime]]:
    check_archive(file, settings.path.name, settings.max_bytes)
    file.seek(0)
    with _sheet(file, settings) as found:
        yield found


def lines_of(rows: Iterator[tuple[int, "_Cells"]], settings: SpreadsheetSettings, epoch: datetime) -> Iterator[Line]:
    """The rows under the heading, from (row, cells) of any workbook. Raises `UnexpectedAnswer` without a heading."""
    headings, repeated = _heading(rows, settings)
    codes = frozenset(settings.columns[field] for field in CODES if field in settings.columns)
    serial = frozenset(settings.columns[field] for field in DATES if field in settings.columns)
    dates = frozenset() if any(f.startswith("epoch") for f in settings.date_formats) else serial
    for number, cells in rows:
        if not cells or _keys(cells) in repeated:  # a printed page begins with the heading again
            continue
        texts = {heading: _text(_at(cells, i), heading in dates, epoch) for i, heading in headings.items()}
        problem = "ô báo lỗi của Excel" if any(texts[heading] in _ERRORS for heading in codes) else ""
        raw = evidence([_text(cell, False, epoch) for cell in cells])
        yield Line(number, texts, raw.decode("utf-8", "replace"), problem)


@contextmanager
def _sheet(file: BinaryIO, settings: SpreadsheetSettings) -> Iterator[tuple[Any, datetime]]:
    """The sheet, and the day on which the workbook's serial dates begin (1900, or 1904 on old Macs)."""
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    name = settings.path.name
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of features that carry no cell: validations, styles, print settings
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    except (InvalidFileException, *_BROKEN):
        raise UnexpectedAnswer(f"{name} không phải tệp .xlsx đọc được") from None
    try:
        sheets = {sheet.title: sheet for sheet in book.worksheets}
        if not sheets or (settings.sheet and settings.sheet not in sheets):
            raise UnexpectedAnswer(f"{name} không có trang tính {settings.sheet}".rstrip())
        yield sheets[settings.sheet] if settings.sheet else next(iter(sheets.values())), book.epoch
    finally:
        book.close()


def _rows(sheet: Any, name: str) -> Iterator[tuple[int, _Cells]]:
    """(row, its cells up to the last one that is not empty). The size that the file claims for itself is not asked."""
    rows = enumerate(sheet.iter_rows(1, _MOST_ROWS, 1, _MOST_COLUMNS, values_only=True), 1)
    while True:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a date beyond the calendar: its cell says #VALUE!, and we see that
                some = list(islice(rows, _ROWS_AT_ONCE))
        except _BROKEN:
            raise UnexpectedAnswer(f"trang tính của {name} bị hỏng") from None
        if not some:
            return
        for number, cells in some:
            width = 0 if cells.count(None) == len(cells) else len(cells)
            while width and cells[width - 1] is None:
                width -= 1
            yield number, cells[:width]


def _heading(
    rows: Iterator[tuple[int, _Cells]], settings: SpreadsheetSettings
) -> tuple[dict[int, str], frozenset[tuple[str, ...]]]:
    """(column = heading as the settings spell it, the rows it stood in), from the first row that has every mapped one.
    A heading may stand in two rows: a merged upper cell over several lower ones."""
    wanted = wanted_headings(settings.columns.values())
    best: set[str] = set()
    above: _Cells = ()
    for number, cells in rows:
        for words in (_words(cells), _words_of_two(above, cells)):
            found = {i: wanted[key] for i, keys in words.items() for key in keys if key in wanted}
            if set(found.values()) == set(wanted.values()):
                return _once(found), frozenset(_keys(row) for row in (above, cells) if any(_keys(row)))
            best = max(best, set(found.values()), key=len)
        above = cells
        if number >= _HEADER_WITHIN:
            break
    raise UnexpectedAnswer(f"không tìm thấy cột: {', '.join(sorted(set(wanted.values()) - best))}")


def _words(cells: _Cells) -> dict[int, tuple[str, ...]]:
    return {i: (key_of(cell),) for i, cell in enumerate(cells) if isinstance(cell, str)}


def _words_of_two(above: _Cells, below: _Cells) -> dict[int, tuple[str, ...]]:
    """The lower words, else the upper ones; and both together, the upper ones holding for the columns beneath."""
    words: dict[int, tuple[str, ...]] = {}
    over = ""
    for i, (upper, lower) in enumerate(zip_longest(above, below)):
        over = upper if isinstance(upper, str) and upper.strip() else over
        if isinstance(lower, str) and lower.strip():
            words[i] = (key_of(lower), key_of(f"{over} {lower}"))
        elif isinstance(upper, str) and upper.strip():
            words[i] = (key_of(upper),)
    return words


def _once(found: dict[int, str]) -> dict[int, str]:
    headings = list(found.values())
    doubled = sorted({heading for heading in headings if headings.count(heading) > 1})
    if doubled:
        raise UnexpectedAnswer(f"tiêu đề xuất hiện nhiều lần: {', '.join(doubled)}")
    return found


def _at(cells: _Cells, i: int) -> Any:
    return cells[i] if i < len(cells) else None


def _keys(cells: _Cells) -> tuple[str, ...]:
    return tuple(key_of(cell) if isinstance(cell, str) else "" for cell in cells)


def _text(cell: Any, is_date: bool, epoch: datetime) -> str:
    """A cell as the text that the mapping reads. A date that Excel knows as one becomes ISO however it looked."""
    from openpyxl.utils.datetime import from_excel

    if isinstance(cell, bool) or cell is None:
        return "" if cell is None else str(cell).upper()
    if isinstance(cell, int | float) and is_date and _SERIALS[0] <= cell <= _SERIALS[1]:
        cell = from_excel(cell, epoch)  # a date whose cell lost its format
    if isinstance(cell, datetime):
        rounded = cell + timedelta(microseconds=500_000) if cell.year < MAXYEAR else cell
        return rounded.replace(microsecond=0).isoformat()
    if isinstance(cell, date):
        return f"{cell.isoformat()}T00:00:00"
    if isinstance(cell, time | timedelta):
        return str(cell)
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
