"""The workbook to fill in, and what an import changes."""

from dataclasses import replace
from datetime import date
from pathlib import Path

from monitor.people import Agency, Directory, Leave, Person, Post, Substitution, load_directory
from monitor.people_exchange import COLUMNS, Change, as_toml, changes, write_template

FULL = Directory(
    [
        Agency("H19", 'UBND "thành phố"', kind="province"),
        Agency(
            "H19.1",
            "UBND xã Một",
            parent="H19",
            alternates={"mot cua": ("A", "B")},
            old_codes=("H10.1",),
            valid_from=date(2025, 7, 1),
        ),
        Agency("H10.2", "Cũ", parent="H19", valid_to=date(2025, 6, 30), successor="H19.1"),
    ],
    [Person("a", "Người\\A", telegram="12", email="a@xa.example.vn"), Person("b", "Người B")],
    [Post("a", "agency_head", "H19.1", held_from=date(2026, 1, 1)), Post("b", "officer", "H19.1")],
    [Leave("a", date(2026, 11, 2), date(2026, 11, 6), "phép")],
    [Substitution("a", "b", date(2026, 11, 2), date(2026, 11, 6), "1/QĐ", ("agency_head",), ("H19.1",))],
)


def test_a_directory_written_and_read_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "people.toml"
    path.write_text(as_toml(FULL), "utf-8")
    assert changes(FULL, load_directory(path)) == []


def test_the_template_is_a_file_that_can_be_read_but_for_its_example(tmp_path: Path) -> None:
    """Its example names people and agencies that are not there: each is told, nothing else."""
    import openpyxl

    path = tmp_path / "template.xlsx"
    write_template(path)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == list(COLUMNS)
    for sheet in book.worksheets:
        assert all(cell.comment for cell in sheet[1])
        if sheet.title != "agencies":
            sheet.delete_rows(2)
    agencies = book["agencies"]
    agencies["C2"] = None
    book.save(path)
    (agency,) = load_directory(path).agencies()
    assert (agency.code, agency.old_codes, agency.valid_from) == ("H19.101", ("H10.55", "H10.56"), date(2025, 7, 1))


def test_what_an_import_changes_is_told_entry_by_entry() -> None:
    people = [replace(FULL.people()[0], email="moi@xa.example.vn"), Person("c", "Người C")]
    after = Directory(FULL.agencies(), people, FULL.posts()[:1], FULL.leaves())
    assert changes(FULL, after) == [
        Change("people", "added", "c"),
        Change("people", "removed", "b"),
        Change("people", "changed", "a"),
        Change("posts", "removed", "b officer H19.1"),
        Change("substitutions", "removed", "a b 2026-11-02"),
    ]
