"""The people file as a workbook says the same as the TOML file, and its mistakes are told the same way."""

from datetime import date
from pathlib import Path

import openpyxl
import pytest

from monitor.people import PeopleFileError, load_directory

TOML = """
[[agencies]]
code = "H19"
name = "Thành phố Ví Dụ"

[[agencies]]
code = "H19.7"
name = "Ủy ban nhân dân xã Mẫu"
parent = "H19"
old_codes = ["H10.3", "H10.4"]
alternates = { cong = ["000.00.07.H19"] }

[[people]]
code = "a1"
name = "Trần Thị Ví Dụ"
telegram = "123456789"

[[posts]]
person = "a1"
role = "agency_head"
agency = "H19.7"
from = 2026-01-01
"""

SHEETS = {
    "agencies": [
        ["code", "name", "parent", "old_codes", "alternates.cong"],
        ["H19", "Thành phố Ví Dụ", None, None, None],
        ["H19.7", "Ủy ban nhân dân xã Mẫu", "H19", "H10.3; H10.4", "000.00.07.H19"],
    ],
    "people": [["code", "name", "telegram"], ["a1", "Trần Thị Ví Dụ", 123456789], [None, None, None]],
    "posts": [["person", "role", "agency", "from"], ["a1", "agency_head", "H19.7", date(2026, 1, 1)]],
}


def workbook(path: Path, sheets: dict[str, list[list[object]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)  # type: ignore[arg-type]
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_the_workbook_says_what_the_toml_says(tmp_path: Path) -> None:
    (tmp_path / "people.toml").write_text(TOML, "utf-8")
    plain = load_directory(tmp_path / "people.toml")
    table = load_directory(workbook(tmp_path / "people.xlsx", SHEETS))  # type: ignore[arg-type]
    assert table.agencies() == plain.agencies()
    assert table.people() == plain.people()
    for on in (date(2025, 12, 31), date(2026, 1, 1)):
        assert table.who("agency_head", "H19.7", on) == plain.who("agency_head", "H19.7", on)
    assert table.canonical("cong", "000.00.07.H19") == table.canonical("mot-cua", "H10.4") == "H19.7"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda s: s.pop("posts"), "thiếu trang posts"),
        (lambda s: s["people"][0].append("phone"), ""),  # an empty column is no mistake
        (lambda s: s["people"][1].extend(["0900"]) or s["people"][0].append("phone"), "không có khóa “phone”"),
        (lambda s: s["posts"][1].__setitem__(2, "H19.9"), "H19.9"),
    ],
)
def test_mistakes_are_told_with_the_row_that_holds_them(tmp_path: Path, spoil: object, said: str) -> None:
    sheets = {name: [list(row) for row in rows] for name, rows in SHEETS.items()}
    spoil(sheets)  # type: ignore[operator]
    path = workbook(tmp_path / "people.xlsx", sheets)  # type: ignore[arg-type]
    if not said:
        assert load_directory(path).people()
        return
    with pytest.raises(PeopleFileError, match=said):
        load_directory(path)


def test_what_is_no_workbook_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "people.xlsx"
    path.write_bytes(b"<html>not a workbook</html>")
    with pytest.raises(PeopleFileError, match=r"people\.xlsx"):
        load_directory(path)
