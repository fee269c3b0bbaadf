"""Rows of a procedure catalogue, whatever kind of file they stand in (.toml, .csv, .xlsx)."""

import csv
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from monitor.domain.limits import CountingRules, LimitUnclear, TimeLimit, parse_limit

_MAX_BYTES = 200_000_000


class ProcedureFileError(Exception):
    """A catalogue cannot be loaded. The text names file, row, key and what to write instead."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row, read. `limit` is None where none can be counted: `reason` classes why, `problem` says it."""

    number: int
    code: str
    channel: str
    case: str
    name: str
    field: str
    limit: TimeLimit | None
    rules: CountingRules
    reason: str = ""
    problem: str = ""


# The headers under which offices keep these columns; compared without case.
_COLUMNS: dict[str, tuple[str, ...]] = {
    "code": ("code", "ma_tthc", "mã", "mã tthc", "mã thủ tục", "mã số"),
    "name": ("name", "ten_tthc", "tên", "tên tthc", "tên thủ tục"),
    "field": ("field", "linh_vuc", "lĩnh vực"),
    "channel": ("channel", "kenh", "kênh", "hình thức nộp"),
    "case": ("case", "truong_hop", "trường hợp"),
    "limit": ("limit", "thoi_han", "thời hạn", "thời hạn giải quyết", "thời gian giải quyết"),
    "number": ("so", "số", "thời gian"),
    "unit": ("don_vi", "đơn vị", "đơn vị tính"),
    "first_day_counted": ("first_day_counted", "tính ngày đầu"),
    "cut_off": ("cut_off", "giờ chốt"),
    "same_day_until": ("same_day_until", "trả trong ngày đến"),
    "day_is_hours": ("day_is_hours", "1 ngày là 8 giờ"),
    "payment_pauses": ("payment_pauses", "tạm dừng khi chờ nộp tiền"),
}
_TOML_KEYS = frozenset(_COLUMNS) - {"number", "unit"}
_CHANNELS = {
    "": "",
    "counter": "counter",
    "trực tiếp": "counter",
    "online": "online",
    "trực tuyến": "online",
    "post": "post",
    "dịch vụ bưu chính": "post",
    "bưu chính": "post",
}
_YES = {"x", "có", "true", "1", "yes", "đúng"}
_NO = {"", "không", "false", "0", "no", "sai"}


def read_rows(path: Path) -> list[Row]:
    """All rows of a catalogue. Raises `ProcedureFileError` for a file that cannot be read as one."""
    readers = {".toml": _toml, ".csv": _csv, ".xlsx": _xlsx}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise ProcedureFileError(f"{path}: [procedures] file must end in .toml, .csv or .xlsx")
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ProcedureFileError(f"{path}: larger than {_MAX_BYTES // 1_000_000} MB; not a catalogue")
        entries = list(reader(path))
    except OSError as wrong:
        raise ProcedureFileError(f"{path}: cannot be read ({wrong.strerror}); check [procedures] file") from wrong
    rows, mistakes = [], []
    for number, entry in entries:
        try:
            rows.append(_row(number, entry))
        except ValueError as wrong:
            mistakes.append(f"{path}: row {number}: {wrong}")
    if mistakes:
        more = [f"{path}: and {len(mistakes) - 20} more"] if len(mistakes) > 20 else []
        raise ProcedureFileError("\n".join(mistakes[:20] + more))
    return rows


def _toml(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise ProcedureFileError(f"{path}: not TOML in UTF-8: {wrong}") from wrong
    unknown = sorted(set(table) - {"procedure"})
    entries = table.get("procedure", [])
    if unknown or not isinstance(entries, list):
        raise ProcedureFileError(f'{path}: write [[procedure]] tables with code = "…" and limit = "5 ngày làm việc"')
    for number, entry in enumerate(entries, start=1):
        extra = sorted(set(entry) - _TOML_KEYS)
        if extra:
            known = ", ".join(sorted(_TOML_KEYS))
            raise ProcedureFileError(f"{path}: [[procedure]] row {number}: unknown key {extra[0]!r}; known: {known}")
        yield number, entry


def _csv(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.reader(lines)
            columns = _header(path, next(rows, []))
            for row in rows:
                if any(cell.strip() for cell in row):
                    yield rows.line_num, _cells(columns, row)
    except (UnicodeDecodeError, csv.Error) as wrong:
        raise ProcedureFileError(f"{path}: not CSV in UTF-8 with commas ({wrong}); save it as such") from wrong


def _xlsx(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, KeyError, ValueError, EOFError, BadZipFile) as wrong:
        raise ProcedureFileError(f"{path}: not an .xlsx workbook; save it again from Excel or LibreOffice") from wrong
    try:
        sheet = book.worksheets[0]
        rows = sheet.iter_rows(values_only=True)
        columns = _header(path, [_text(cell) for cell in next(rows, ())])
        for number, row in enumerate(rows, start=2):
            if any(cell is not None and _text(cell) for cell in row):
                yield number, _cells(columns, row)
    finally:
        book.close()


def _header(path: Path, cells: list[str]) -> list[str]:
    """Our name of each column, "" for those we don't use. Raises `ProcedureFileError` without code and limit."""
    known = {alias: ours for ours, aliases in _COLUMNS.items() for alias in aliases}
    columns = [known.get(_plain(cell), "") for cell in cells]
    doubled = sorted(name for name in set(columns) - {""} if columns.count(name) > 1)
    if doubled:
        raise ProcedureFileError(f"{path}: two columns say {doubled[0]!r}; keep one")
    if "code" not in columns or not ("limit" in columns or {"number", "unit"} <= set(columns)):
        raise ProcedureFileError(
            f"{path}: the first row must name the columns: code and limit (or so and don_vi), found: "
            + (", ".join(cells)[:200] or "nothing")
        )
    return columns


def _cells(columns: list[str], row: Any) -> dict[str, Any]:
    return {name: cell for name, cell in zip(columns, row, strict=False) if name and cell is not None}


def _row(number: int, entry: Mapping[str, Any]) -> Row:
    """One row. Raises `ValueError` for a rule or channel that cannot be read: silence would change a legal date."""
    code, channel = _text(entry.get("code", "")), _channel(entry.get("channel", ""))
    rules = CountingRules(
        first_day_counted=_flag(entry, "first_day_counted"),
        cut_off=_time(entry, "cut_off"),
        same_day_until=_time(entry, "same_day_until"),
        day_is_hours=_flag(entry, "day_is_hours"),
        payment_pauses=_flag(entry, "payment_pauses"),
    )
    words = (
        _text(entry["limit"])
        if "limit" in entry
        else f"{_text(entry.get('number', ''))} {_text(entry.get('unit', ''))}"
    )
    limit, reason, problem = _limit(words)
    if limit is not None and rules.same_day_until is not None and not limit.is_within_a_day:
        limit, reason = None, "same_day_too_long"
        problem = f"quy tắc trả trong ngày không đi với thời hạn {words.strip()}"
    if not code:
        limit, reason, problem = None, "no_code", "không có mã thủ tục"
    name, field, case = (_text(entry.get(key, "")) for key in ("name", "field", "case"))
    return Row(number, code, channel, case, name, field, limit, rules, reason, problem)


def _limit(words: str) -> tuple[TimeLimit | None, str, str]:
    try:
        return parse_limit(words), "", ""
    except LimitUnclear as wrong:
        return None, wrong.reason, str(wrong)


def _channel(value: object) -> str:
    try:
        return _CHANNELS[_plain(_text(value))]
    except KeyError:
        raise ValueError(
            f'channel "{_text(value)[:40]}" is not known; write counter, online, post or nothing'
        ) from None


def _flag(entry: Mapping[str, Any], key: str) -> bool:
    value = entry.get(key, False)
    text = _plain(_text(value))
    if isinstance(value, bool) or text in _YES or text in _NO:
        return value if isinstance(value, bool) else text in _YES
    raise ValueError(f"{key} is {text[:40]!r}; write true or false")


def _time(entry: Mapping[str, Any], key: str) -> time | None:
    """A local time, written as `15:00`, as a TOML time or as a time cell."""
    value = entry.get(key)
    if isinstance(value, datetime):
        value = value.time()
    if isinstance(value, time):
        return value.replace(tzinfo=None)
    text = _text(value)
    if not text:
        return None
    try:
        return time.fromisoformat(text.zfill(5))
    except ValueError:
        raise ValueError(f"{key} is {text[:40]!r}; write a time such as 15:00") from None


def _text(value: object) -> str:
    """A cell as text in NFC. A workbook turns 5 into 5.0 now and then: a whole number is written without decimals."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return unicodedata.normalize("NFC", str(value)).strip()


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())
