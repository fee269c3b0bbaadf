"""Files that change under a running daemon: an agency moved in the tree takes its new superior's days along."""

import sqlite3
from contextlib import closing

from monitor.clock import FixedClock
from monitor.settings_file import load
from monitor.wiring import Program
from tests.cli.office import MONDAY, PEOPLE, Office

HALF = """
[[agency]]
code = "H20"
[[agency.day]]
on = 2026-10-12
work = false
name = "Bão"
"""
MOVED = '[[agencies]]\ncode = "H20"\nname = "Ủy ban nhân dân tỉnh Hai"\nkind = "province"\n' + PEOPLE.replace(
    'parent = "H19"', 'parent = "H20"'
)


def letter_day(office: Office) -> str:
    """Of the dossier promised for Tuesday the 13th."""
    with closing(sqlite3.connect(office.store)) as connection:
        return str(connection.execute("SELECT letter_by_on FROM dossier WHERE code LIKE '%-0002'").fetchone()[0])


def test_an_agency_moved_in_the_tree_is_judged_by_its_new_days_at_once(office: Office) -> None:
    calendar, people = office.folder / "calendar.toml", office.folder / "people.toml"
    calendar.write_text(HALF, "utf-8")
    assert office("pull").code == 0
    with Program(load(office.folder / "dunghen.toml"), FixedClock(MONDAY)) as program:
        program.judge()
        assert letter_day(office) == "2026-10-12"
        people.write_text(MOVED, "utf-8")
        calendar.write_text("[[agency]", "utf-8")
        program.judge()
        assert letter_day(office) == "2026-10-12", "half of two files is not taken up"
        assert program.directory.chain("H19.1") == ["H19.1", "H19"]
        calendar.write_text(HALF, "utf-8")
        program.judge()
        assert letter_day(office) == "2026-10-09", "Monday is off there: Friday was the last day"
