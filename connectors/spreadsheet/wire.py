"""A file as rows of named cells: a workbook is handed on, a delimited text is read here.

One broken line costs itself, not the lines after it.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from connectors.archive import is_open_document
from connectors.base import AccessRefused, SourceUnavailable, UnexpectedAnswer
from connectors.kit.text import clean, status_key
from connectors.spreadsheet.guess import encoding_of, marked_encoding
from connectors.spreadsheet.line import Line, wanted_headings
from connectors.spreadsheet.settings import SpreadsheetSettings

_DELIMITERS = (",", ";", "\t", "|")
_HEADER_WITHIN = 30  # lines: exports begin with a title, a period, an empty line
_LONGEST_CELL_LINES = 50  # lines that one quoted cell may span before the quote is taken for a slip
_LONGEST_LINE = 1_000_000
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0"
_NOT_READ = {b"%PDF": "tệp PDF", b"{\\rt": "tệp văn bản RTF"}


@dataclass(frozen=True, slots=True)
class Version:
    """Which edition of the file this is: it may be replaced while it is read."""

    size: int
    changed_ns: int

    def __str__(self) -> str:
        return f"{self.size}-{self.changed_ns}"


def version_of(path: Path, max_bytes: int) -> Version:
    """Raises `SourceUnavailable` when there is no file, `UnexpectedAnswer` when it is too large."""
    try:
        stat = path.stat()
    except OSError:
        raise SourceUnavailable(f"không có tệp {path.name}") from None
    if stat.st_size > max_bytes:
        raise UnexpectedAnswer(f"tệp {path.name} lớn hơn {max_bytes} byte")
    return Version(stat.st_size, stat.st_mtime_ns)


def read_lines(settings: SpreadsheetSettings) -> Iterator[Line]:
    """The rows under the heading. Raises `UnexpectedAnswer` when the heading or the file's kind is not as declared."""
    path = settings.path
    try:
        with path.open("rb") as file:
            head = file.read(4)
            _refuse_other_kinds(path, head)
            if head == _OLE or (head == _ZIP and is_open_document(file)):
                from connectors.spreadsheet.foreign import read_foreign

                yield from read_foreign(file, settings, open_document=head == _ZIP)
                return
            if head == _ZIP:  # what it is, whatever it is called
                from connectors.spreadsheet.workbook import read_workbook

                yield from read_workbook(file, settings)
                return
        encoding = marked_encoding(head) or settings.encoding
        with path.open(encoding=encoding, errors="surrogateescape", newline="") as text:
            yield from _table(_numbered(text), settings)
    except PermissionError:
        raise AccessRefused(f"không có quyền đọc tệp {path.name}") from None
    except OSError:
        raise SourceUnavailable(f"không đọc được tệp {path.name}") from None
    except UnicodeError:  # encodings that cannot carry a bad byte through, such as UTF-16
        raise UnexpectedAnswer(f"tệp {path.name} không phải mã {settings.encoding}") from None


def first_rows(settings: SpreadsheetSettings) -> list[list[str]]:
    """The top of the table as text, before anything is known of its columns. Raises the `SourceError` tree."""
    path = settings.path
    try:
        with path.open("rb") as file:
            head = file.read(4)
            _refuse_other_kinds(path, head)
            if head in (_OLE, _ZIP):
                foreign = head == _OLE or is_open_document(file)
                return _top_of_book(file, settings, foreign=foreign, open_document=head == _ZIP)
        with path.open(encoding=encoding_of(path, settings.encoding), errors="replace", newline="") as text:
            lines = [line for _, line in islice(_numbered(text), _HEADER_WITHIN)]
    except PermissionError:
        raise AccessRefused(f"không có quyền đọc tệp {path.name}") from None
    except (OSError, UnicodeError):
        raise SourceUnavailable(f"không đọc được tệp {path.name}") from None
    delimiter = settings.delimiter or max(
        _DELIMITERS, key=lambda mark: max((ln.count(mark) for ln in lines), default=0)
    )
    return [_cells(line, delimiter) or [] for line in lines]


def _top_of_book(
    file: BinaryIO, settings: SpreadsheetSettings, *, foreign: bool, open_document: bool
) -> list[list[str]]:
    from connectors.spreadsheet.foreign import foreign_rows
    from connectors.spreadsheet.workbook import workbook_rows

    rows = foreign_rows(file, settings, open_document=open_document) if foreign else workbook_rows(file, settings)
    with closing(rows):
        return [["" if cell is None else str(cell) for cell in cells] for _, cells in islice(rows, _HEADER_WITHIN)]


def _refuse_other_kinds(path: Path, head: bytes) -> None:
    for mark, kind in _NOT_READ.items():
        if head.startswith(mark):
            raise UnexpectedAnswer(f"{path.name} là {kind}, không đọc được: hãy lưu lại dưới dạng .xlsx hoặc CSV UTF-8")


def _numbered(text: Iterable[str]) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text, 1):
        if len(line) > _LONGEST_LINE:
            raise UnexpectedAnswer(f"dòng {number} dài quá {_LONGEST_LINE} ký tự")
        yield number, line


def _table(lines: Iterator[tuple[int, str]], settings: SpreadsheetSettings) -> Iterator[Line]:
    headings, delimiter = _heading(lines, settings)
    for number, text, cells in _records(lines, delimiter, len(headings)):
        if cells is None:
            yield Line(number, {}, text, "dấu ngoặc kép không đóng hoặc số ô không khớp tiêu đề")
        elif any(cell.strip() for cell in cells):
            yield Line(number, {name: cell for name, cell in zip(headings, cells, strict=False) if name}, text)


def _heading(lines: Iterator[tuple[int, str]], settings: SpreadsheetSettings) -> tuple[list[str], str]:
    """The first line that has every mapped heading. Returns the cells, named as the settings name them."""
    wanted = wanted_headings(settings.columns.values())
    best: set[str] = set()
    for number, line in lines:
        for delimiter in (settings.delimiter,) if settings.delimiter else _DELIMITERS:
            cells = _cells(line, delimiter) or []
            keys = [status_key(cell) for cell in cells]
            if wanted.keys() <= set(keys):
                doubled = sorted(wanted[key] for key in wanted if keys.count(key) > 1)
                if doubled:
                    raise UnexpectedAnswer(f"tiêu đề xuất hiện nhiều lần: {', '.join(doubled)}")
                return [wanted.get(key, clean(cell)) for key, cell in zip(keys, cells, strict=True)], delimiter
            best = max(best, wanted.keys() & set(keys), key=len)
        if number >= _HEADER_WITHIN:
            break
    missing = sorted(heading for key, heading in wanted.items() if key not in best)
    raise UnexpectedAnswer(f"không tìm thấy cột: {', '.join(missing)}")


def _records(
    lines: Iterator[tuple[int, str]], delimiter: str, width: int
) -> Iterator[tuple[int, str, Sequence[str] | None]]:
    """Rows of cells; None for a row that cannot be cut. A quoted cell may span lines; when the row that comes of it
    does not fit the heading, the quote was a slip and its lines are read one by one."""
    held: list[tuple[int, str]] = []
    quotes = 0
    for number, line in lines:
        held.append((number, line))
        quotes += line.count('"')
        if quotes % 2 and len(held) < _LONGEST_CELL_LINES:
            continue
        yield from _cut(held, delimiter, width)
        held, quotes = [], 0
    yield from _cut(held, delimiter, width)


def _cut(
    held: Sequence[tuple[int, str]], delimiter: str, width: int
) -> Iterator[tuple[int, str, Sequence[str] | None]]:
    if not held:
        return
    text = "".join(line for _, line in held)
    cells = _cells(text, delimiter) if text.count('"') % 2 == 0 else None
    if cells is not None and _fits(cells, width) and not any(_swallowed_rows(cell, delimiter, width) for cell in cells):
        yield held[0][0], text, cells
    elif len(held) == 1:
        yield held[0][0], text, [] if not text.strip() else None
    else:
        for number, line in held:
            yield from _cut([(number, line)], delimiter, width)


def _fits(cells: Sequence[str], width: int) -> bool:
    """As many cells as headings; some programs leave an empty one at the end."""
    return len(cells) == width or (len(cells) > width and not any(cell.strip() for cell in cells[width:]))


def _swallowed_rows(cell: str, delimiter: str, width: int) -> bool:
    """Whether a cell of several lines is really the end of one row and the beginning of another, between two quotes
    that slipped: then each of its line breaks comes with a whole row's delimiters."""
    breaks = len(cell.splitlines()) - 1
    return breaks > 0 and width > 1 and cell.count(delimiter) >= breaks * (width - 1)


def _cells(text: str, delimiter: str) -> list[str] | None:
    try:
        rows = list(csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None
