"""The people file going in and out: a workbook to fill in, what an import would change, and the file it becomes."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from monitor.people import Agency, Directory, Leave, Post, Substitution

# Each sheet's columns: key, what it means (as a note on the cell), an example.
COLUMNS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "agencies": (
        ("code", "Mã cơ quan, thường là mã định danh", "H19.101"),
        ("name", "Tên đầy đủ", "Ủy ban nhân dân xã Mẫu"),
        ("parent", "Mã cơ quan cấp trên trực tiếp", "H19"),
        ("kind", "province | department | commune | centre", "commune"),
        ("old_codes", "Mã cũ, cách nhau bằng dấu ;", "H10.55; H10.56"),
        ("alternates.motcua", "Mã mà nguồn “motcua” dùng; thêm cột cho nguồn khác", "UBND_XA_MAU"),
        ("valid_from", "Ngày bắt đầu", "2025-07-01"),
        ("valid_to", "Ngày cuối còn hiệu lực", ""),
        ("successor", "Mã cơ quan kế thừa khi hết hiệu lực", ""),
    ),
    "people": (
        ("code", "Mã người, không trùng", "nv01"),
        ("name", "Họ và tên", "Nguyễn Văn Mẫu"),
        ("telegram", "Mã cuộc trò chuyện (số); có thể bỏ trống và liên kết sau", ""),
        ("email", "Hộp thư công vụ", "nvmau@donvi.gov.vn"),
    ),
    "posts": (
        ("person", "Mã người", "nv01"),
        ("role", "officer | section_head | agency_head | one_stop_head | chairman | director …", "agency_head"),
        ("agency", "Mã cơ quan", "H19.101"),
        ("from", "Ngày bắt đầu giữ chức vụ", "2026-04-30"),
        ("to", "Ngày cuối giữ chức vụ", ""),
    ),
    "leaves": (
        ("person", "Mã người nghỉ", "nv01"),
        ("from", "Ngày đầu nghỉ", "2026-12-07"),
        ("to", "Ngày cuối nghỉ", "2026-12-11"),
        ("note", "Ghi chú", "nghỉ phép"),
    ),
    "substitutions": (
        ("giver", "Mã người ủy quyền", "nv01"),
        ("substitute", "Mã người được ủy quyền", "nv02"),
        ("from", "Ngày đầu", "2026-12-07"),
        ("to", "Ngày cuối", "2026-12-11"),
        ("document", "Số, ký hiệu văn bản ủy quyền", "123/QĐ-UBND"),
        ("roles", "Chỉ cho các vai trò này, cách nhau bằng ;", ""),
        ("agencies", "Chỉ cho các cơ quan này, cách nhau bằng ;", ""),
    ),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two directories. `kind`: added | removed | changed."""

    table: str
    kind: str
    entry: str


def write_template(path: Path) -> None:
    """A workbook with the five sheets, their columns explained, and an example to be overwritten."""
    import openpyxl
    from openpyxl.comments import Comment
    from openpyxl.styles import Font

    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, columns in COLUMNS.items():
        sheet = book.create_sheet(name)
        for i, (key, meaning, example) in enumerate(columns, start=1):
            head = sheet.cell(1, i, key)
            head.font, head.comment = Font(bold=True), Comment(meaning, "Đúng Hẹn")
            cell = sheet.cell(2, i, _as_cell(example))
            cell.number_format = "yyyy-mm-dd" if isinstance(cell.value, date) else "@"
            sheet.column_dimensions[head.column_letter].width = max(14, len(example) + 4)
        sheet.freeze_panes = "A2"
    book.save(path)


def changes(before: Directory, after: Directory) -> list[Change]:
    """What differs, table by table: what a person looks at before it counts."""
    found: list[Change] = []
    for table in COLUMNS:
        old, new = _entries(before, table), _entries(after, table)
        found += [Change(table, "added", name) for name in new if name not in old]
        found += [Change(table, "removed", name) for name in old if name not in new]
        found += [Change(table, "changed", name) for name in new if name in old and new[name] != old[name]]
    return found


def as_toml(directory: Directory) -> str:
    """The whole directory as the people file in TOML."""
    lines = ["# Cây cơ quan, con người, chức vụ, nghỉ phép, ủy quyền. Ghi bởi: dunghen people import", ""]
    for table in COLUMNS:
        for row in _rows(directory, table):
            lines.append(f"[[{table}]]")
            lines += [f"{key} = {_value(value)}" for key, value in row.items() if value not in (None, "", [], {})]
            lines.append("")
    return "\n".join(lines)


def _rows(directory: Directory, table: str) -> Iterator[dict[str, Any]]:
    match table:
        case "agencies":
            yield from (_agency(one) for one in directory.agencies())
        case "people":
            for person in directory.people():
                yield {"code": person.code, "name": person.name, "telegram": person.telegram, "email": person.email}
        case "posts":
            yield from (_post(one) for one in directory.posts())
        case "leaves":
            yield from (_leave(one) for one in directory.leaves())
        case _:
            yield from (_substitution(one) for one in directory.substitutions())


def _agency(one: Agency) -> dict[str, Any]:
    return {
        "code": one.code,
        "name": one.name,
        "parent": one.parent,
        "kind": one.kind,
        "old_codes": list(one.old_codes),
        "alternates": {source: list(codes) for source, codes in one.alternates.items()},
        "valid_from": one.valid_from,
        "valid_to": one.valid_to,
        "successor": one.successor,
    }


def _post(one: Post) -> dict[str, Any]:
    return {"person": one.person, "role": one.role, "agency": one.agency, "from": one.held_from, "to": one.held_to}


def _leave(one: Leave) -> dict[str, Any]:
    return {"person": one.person, "from": one.away_from, "to": one.away_to, "note": one.note}


def _substitution(one: Substitution) -> dict[str, Any]:
    return {
        "giver": one.giver,
        "substitute": one.substitute,
        "from": one.given_from,
        "to": one.given_to,
        "document": one.document,
        "roles": list(one.roles),
        "agencies": list(one.agencies),
    }


def _entries(directory: Directory, table: str) -> dict[str, dict[str, Any]]:
    """Rows by what names them: codes, or who holds what where."""
    named: dict[str, dict[str, Any]] = {}
    for row in _rows(directory, table):
        keys = {"posts": ("person", "role", "agency", "from"), "leaves": ("person", "from")}.get(
            table, ("giver", "substitute", "from") if table == "substitutions" else ("code",)
        )
        named[" ".join(str(row[key]) for key in keys if row[key])] = row
    return named


def _value(value: object) -> str:
    """One value as TOML writes it; JSON's strings are TOML's."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_value(item)}" for key, item in value.items()) + " }"
    if isinstance(value, Iterable) and not isinstance(value, str):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def _as_cell(example: str) -> object:
    try:
        return date.fromisoformat(example)
    except ValueError:
        return example or None


__all__ = ["COLUMNS", "Change", "as_toml", "changes", "write_template"]
