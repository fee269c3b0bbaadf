"""`dunghen calendar | procedures preview | apply`: what is said before is what is done, and nothing is done half."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from monitor.cli.exits import Exit
from monitor.one_instance import OneInstance
from monitor.recalendar import CALENDAR_APPLIED
from monitor.store import audit, database
from tests.cli.office import CONFIG, Office

PROCEDURES = '[[procedure]]\ncode = "T1"\nlimit = "5 ngày làm việc"\n'
# Monday 12 October is given off, Saturday 10 worked instead of nothing: one working day less before the 13th.
NEW = '[[day]]\non = 2026-10-12\nwork = false\nname = "Nghỉ bão"\ndocument = "QĐ 12/QĐ-UBND"\n'
CSV = """Mã,Nhận,Hẹn,Xong,Đơn vị,Thủ tục
H19.1-261005-0001,2026-10-05 08:00,2026-10-13 17:00,,H19.1,T1
H19.1-261002-0002,2026-10-02 08:00,2026-10-14 17:00,,H19.1,T1
H19.1-261001-0003,2026-10-01 08:00,2026-10-08 17:00,,H19.1,T1
H19.1-261005-0004,2026-10-05 08:00,2026-10-30 17:00,,H19.1,
H19.1-261001-0005,2026-10-05 08:00,2026-10-12 17:00,2026-10-07 10:00,H19.1,T1
"""


@pytest.fixture
def busy(office: Office) -> Office:
    """Read, judged and worded on Monday 12 October, 09:00."""
    office.config(CONFIG.replace('code = "Mã",', 'code = "Mã", procedure_code = "Thủ tục",'))
    (office.folder / "procedures.toml").write_text(PROCEDURES, "utf-8")
    (office.folder / "new.toml").write_text(NEW, "utf-8")
    office.csv(CSV)
    for words in (("pull",), ("judge",), ("letters", "draft", "--no-files")):
        said = office(*words)
        assert said.code == 0, said.err
    return office


def rows(office: Office, query: str) -> list[Any]:
    with closing(sqlite3.connect(office.store)) as connection:
        return connection.execute(query).fetchall()


def test_a_preview_names_each_dossier_that_moves_and_writes_nothing(busy: Office) -> None:
    before = rows(busy, "SELECT * FROM dossier")
    said = busy("calendar", "preview", str(busy.folder / "new.toml"), "--json").json()
    assert said["numbers"] == {
        "open": 4,
        "due_moves": 1,  # 0001: five days from the 5th end on the 13th instead of the 12th
        "letter_day_moves": 1,  # 0001, promised on the 13th: the letter was due on the 12th, now on Friday the 9th
        "become_late": 0,
        "stop_being_late": 0,  # a promise is a date: no calendar moves it
        "run_over_count": 0,
        "stop_running_over": 0,
        "letters_on_old_day": 1,
    }
    moved = {change["code"]: change for change in said["changes"]}
    first = moved["H19.1-261005-0001"]
    assert (first["due_before"], first["due_after"]) == ("2026-10-12", "2026-10-13")
    assert (first["letter_before"], first["letter_after"]) == ("2026-10-12", "2026-10-09")
    assert (first["letter_state"], said["letters_on_old_day"]) == ("drafted", ["H19.1-261005-0001"])
    assert rows(busy, "SELECT * FROM dossier") == before
    assert "H19.1-261005-0001" in busy("calendar", "preview", str(busy.folder / "new.toml")).out


def test_applying_does_what_was_said_and_leaves_nothing_to_say(busy: Office) -> None:
    new, target = busy.folder / "new.toml", busy.folder / "calendar.toml"
    said = busy("calendar", "preview", str(new), "--json").json()
    done = busy("calendar", "apply", str(new), "--reason", "QĐ 12/QĐ-UBND", "--json").json()
    assert done == said
    assert target.read_text("utf-8") == NEW
    found = dict(rows(busy, "SELECT code, due_on FROM dossier"))
    assert found["H19.1-261005-0001"] == "2026-10-13"
    assert found["H19.1-261001-0005"] == "2026-10-12", "what is finished keeps the count of its day"
    versions = [version for (version,) in rows(busy, "SELECT calendar_version FROM dossier")]
    new_calendar, old_calendar = (done[end].split("/")[0] for end in ("to", "from"))
    assert (versions.count(new_calendar), versions.count(old_calendar)) == (4, 1)
    engine = database.open_engine(f"sqlite:///{busy.store}")
    with database.reading(engine) as session:
        kept = list(audit.rows(session))
        assert audit.verify(session) == []
    engine.dispose()
    assert [(row.action, row.subject) for row in kept if row.action == CALENDAR_APPLIED] == [
        ("calendar_applied", "calendar.toml")
    ]
    assert kept[-1].detail["reason"] == "QĐ 12/QĐ-UBND"
    assert kept[-1].detail["letter_day_moves"] == 1
    again = busy("calendar", "preview", str(new), "--json").json()
    assert again["changes"] == []
    assert busy("judge").code == 0
    assert dict(rows(busy, "SELECT code, letter_by_on FROM dossier"))["H19.1-261005-0001"] == "2026-10-09"


def test_our_own_count_that_runs_out_is_told_apart_from_lateness(busy: Office) -> None:
    """Worked Saturday and Sunday: five days from Monday the 5th are over on Saturday the 10th."""
    week = '[[day]]\non = 2026-10-10\nwork = true\nhours = ["07:30-11:30"]\n'
    (busy.folder / "more.toml").write_text(week, "utf-8")
    numbers = busy("calendar", "preview", str(busy.folder / "more.toml"), "--json").json()["numbers"]
    assert (numbers["run_over_count"], numbers["become_late"]) == (1, 0)
    busy("calendar", "apply", str(busy.folder / "more.toml"), "--reason", "thử")
    numbers = busy("calendar", "preview", str(busy.folder / "new.toml"), "--json").json()["numbers"]
    assert (numbers["stop_running_over"], numbers["stop_being_late"]) == (1, 0)


@pytest.mark.parametrize(
    ("text", "words", "says"),
    [
        (NEW, ("--reason", "  "), "reason"),
        ("[[day]]\non = 2026-10-12\n", ("--reason", "x"), "work = true or work = false"),
        ("ngày 12", ("--reason", "x"), "not TOML"),
    ],
)
def test_what_cannot_be_applied_changes_nothing(busy: Office, text: str, words: tuple[str, ...], says: str) -> None:
    (busy.folder / "new.toml").write_text(text, "utf-8")
    target = (busy.folder / "calendar.toml").read_bytes()
    before = rows(busy, "SELECT * FROM dossier")
    said = busy("calendar", "apply", str(busy.folder / "new.toml"), *words)
    assert said.code == Exit.REFUSED
    assert says in said.err
    assert (busy.folder / "calendar.toml").read_bytes() == target
    assert rows(busy, "SELECT * FROM dossier") == before


def test_a_calendar_without_a_place_is_not_applied(busy: Office) -> None:
    busy.config((busy.folder / "dunghen.toml").read_text("utf-8").replace('file = "calendar.toml"', ""))
    said = busy("calendar", "apply", str(busy.folder / "new.toml"), "--reason", "x")
    assert (said.code, "[calendar] file" in said.err) == (Exit.REFUSED, True)


def test_a_running_daemon_keeps_its_calendar(busy: Office) -> None:
    """It holds the old one in memory: what it would count meanwhile would be wrong."""
    engine = database.open_engine(f"sqlite:///{busy.store}")
    with OneInstance(busy.folder / "data", engine):
        said = busy("calendar", "apply", str(busy.folder / "new.toml"), "--reason", "x")
    engine.dispose()
    assert (said.code, "Stop the daemon" in said.err) == (Exit.REFUSED, True)


def test_a_store_that_refuses_puts_the_file_back(busy: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError

    before = rows(busy, "SELECT code, due_on, calendar_version FROM dossier")
    old = (busy.folder / "calendar.toml").read_bytes()
    monkeypatch.setattr(audit, "append", refuse)
    assert busy("calendar", "apply", str(busy.folder / "new.toml"), "--reason", "x").code == Exit.WRONG
    assert (busy.folder / "calendar.toml").read_bytes() == old
    assert rows(busy, "SELECT code, due_on, calendar_version FROM dossier") == before
    assert not list(Path(busy.folder).glob(".calendar*"))


def test_dates_that_are_not_our_count_are_shown_by_agency_and_procedure(busy: Office) -> None:
    """0001 is promised a day late, 0002 three days after the 9th, 0003 is promised as counted."""
    (found,) = busy("late", "--disagreements", "--json").json()["disagreements"]
    assert (found["agency_code"], found["procedure_code"]) == ("H19.1", "T1")
    assert (found["compared"], found["differing"]) == (3, 2)
    assert found["by_days"] == {"1": 1, "3": 1}
    said = busy("late", "--disagreements").out
    assert "+1: 1, +3: 1" in said
    assert "not explained" in said


# --- other time limits

SHORTER = '[[procedure]]\ncode = "T1"\nlimit = "4 ngày làm việc"\n'


def test_other_limits_are_looked_at_before_they_move_anything(busy: Office) -> None:
    """Four days instead of five from Monday the 5th: the 9th instead of the 12th. No promise moves, so no letter day."""
    new, target = busy.folder / "shorter.toml", busy.folder / "procedures.toml"
    new.write_text(SHORTER, "utf-8")
    before = rows(busy, "SELECT * FROM dossier")
    said = busy("procedures", "preview", str(new), "--json").json()
    assert said["numbers"] == {
        "open": 4,
        "due_moves": 3,
        "letter_day_moves": 0,
        "become_late": 0,
        "stop_being_late": 0,
        "run_over_count": 1,
        "stop_running_over": 0,
        "letters_on_old_day": 0,
    }
    moved = {change["code"]: (change["due_before"], change["due_after"]) for change in said["changes"]}
    assert moved["H19.1-261005-0001"] == ("2026-10-12", "2026-10-09")
    assert rows(busy, "SELECT * FROM dossier") == before
    assert busy("procedures", "apply", str(new), "--reason", "  ").code == Exit.REFUSED
    assert rows(busy, "SELECT * FROM dossier") == before
    done = busy("procedures", "apply", str(new), "--reason", "QĐ 88/QĐ-UBND", "--json").json()
    assert done == said
    assert target.read_text("utf-8") == SHORTER
    assert dict(rows(busy, "SELECT code, due_on FROM dossier"))["H19.1-261005-0001"] == "2026-10-09"
    assert busy("procedures", "preview", str(new), "--json").json()["changes"] == []
    ((action, subject, detail),) = rows(busy, "SELECT action, subject, detail FROM audit WHERE action LIKE '%_applied'")
    assert (action, subject) == ("limits_applied", "procedures.toml")
    assert json.loads(detail)["reason"] == "QĐ 88/QĐ-UBND"


def test_limits_of_another_kind_of_file_do_not_take_the_place_of_these(busy: Office) -> None:
    (busy.folder / "new.csv").write_text("Mã thủ tục,Thời hạn\nT1,4 ngày làm việc\n", "utf-8")
    said = busy("procedures", "apply", str(busy.folder / "new.csv"), "--reason", "x")
    assert (said.code, "of the same kind" in said.err) == (Exit.REFUSED, True)


def test_every_row_of_the_limits_is_counted_with_what_became_of_it(busy: Office) -> None:
    (busy.folder / "procedures.toml").write_text(PROCEDURES + '[[procedure]]\ncode = "T2"\nlimit = "3"\n', "utf-8")
    said = busy("procedures", "show", "--json").json()
    assert (said["rows"], said["counts"]) == (2, {"term": 1, "no_unit": 1})
    assert "a number without a unit" in busy("procedures", "show").out
    (row,) = busy("procedures", "show", "T1", "--json").json()["rows"]
    assert row["limit"] == "5 ngày làm việc"
    assert "no_unit" in busy("procedures", "show", "T2").out
    assert busy("procedures", "show", "T9").code == Exit.NOT_FOUND
