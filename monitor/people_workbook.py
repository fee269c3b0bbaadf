"""The people file as a workbook: sheets `agencies`, `people`, `posts`; first rows name the keys of the TOML tables.

Two more, `leaves` and `substitutions`, may be left out.

Several codes stand in one cell with `;` between them; what a source calls an agency stands in `alternates.<source>`.
"""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from monitor.people import PeopleFileError, PeopleMistake

_SHEETS = ("agencies", "people", "posts")
_MORE_SHEETS = ("leaves", "substitutions")  # may be left out
_MOST_BYTES = 50_000_000
_LISTS = frozenset({"old_codes", "roles", "agencies"})
_ALTERNATES = "alternates."
_CHANNELS = "channels."


def read_tables(path: Path) -> dict[str, list[dict[str, Any]]]:
    """The tables as the TOML file would give them. Raises `PeopleFileError` for what is no such workbook."""
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    from connectors.archive import check_archive
    from connectors.base import UnexpectedAnswer

    try:
        with path.open("rb") as file:
            check_archive(file, path.name, _MOST_BYTES)
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except OSError as error:
        raise _refused(path, f"không đọc được ({error.strerror})", "Kiểm tra đường dẫn và quyền đọc") from None
    except UnexpectedAnswer as error:
        raise _refused(path, error.said, "Lưu lại từ Excel hoặc LibreOffice") from None
    except (InvalidFileException, BadZipFile, KeyError, ValueError, EOFError):
        raise _refused(path, "không phải sổ tính .xlsx", "Lưu lại từ Excel hoặc LibreOffice") from None
    try:
        missing = [name for name in _SHEETS if name not in book.sheetnames]
        if missing:
            raise _refused(path, f"thiếu trang {', '.join(missing)}", "Đặt tên ba trang: agencies, people, posts")
        there = [name for name in (*_SHEETS, *_MORE_SHEETS) if name in book.sheetnames]
        return {name: list(_rows(book[name])) for name in there}
    finally:
        book.close()


def _rows(sheet: Any) -> Iterator[dict[str, Any]]:
    rows = sheet.iter_rows(values_only=True)
    names = [str(cell).strip() if cell is not None else "" for cell in next(rows, ())]
    for row in rows:
        entry: dict[str, Any] = {}
        for name, cell in zip(names, row, strict=False):
            if not name or cell is None or str(cell).strip() == "":
                continue
            if name.startswith(_ALTERNATES):
                entry.setdefault("alternates", {})[name.removeprefix(_ALTERNATES)] = _several(cell)
            elif name.startswith(_CHANNELS):
                entry.setdefault("channels", {})[name.removeprefix(_CHANNELS)] = str(_value(cell))
            else:
                entry[name] = _several(cell) if name in _LISTS else _value(cell)
        if entry:
            yield entry


def _several(cell: object) -> list[str]:
    return [part.strip() for part in str(_value(cell)).split(";") if part.strip()]


def _value(cell: object) -> object:
    """A cell as TOML would have it: days as days, whole numbers (chat ids, codes) as their digits."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _refused(path: Path, wrong: str, fix: str) -> PeopleFileError:
    return PeopleFileError([PeopleMistake(str(path), "tệp", wrong, fix)])
