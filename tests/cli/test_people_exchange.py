"""People in and out on the command line, and what officials answer there."""

from tests.cli.office import CONFIG, PEOPLE, TOMORROW, Office

MORE = """
[[people]]
code = "pct01"
name = "Phạm Thị Mẫu"
email = "pct01@example.gov.vn"
[[substitutions]]
giver = "ct01"
substitute = "pct01"
from = 2026-10-12
to = 2026-10-16
document = "12/QĐ-UBND"
"""


def test_an_import_is_looked_at_then_put_in_place_and_the_old_file_stays(office: Office) -> None:
    coming = office.folder / "moi.toml"
    coming.write_text(PEOPLE + MORE, "utf-8")
    shown = office("people", "import", str(coming), "--json").json()
    assert shown["applied"] is False
    assert [(one["table"], one["kind"]) for one in shown["changes"]] == [
        ("people", "added"),
        ("substitutions", "added"),
    ]
    place = office.folder / "people.toml"
    before = place.read_text("utf-8")
    assert office("people", "import", str(coming), "--apply", "--json").json()["applied"] is True
    assert [old.read_text("utf-8") for old in office.folder.glob("people.toml.2026*")] == [before]
    assert office("people", "import", str(coming), "--json").json()["changes"] == []
    assert "pct01" in office("people", "list").out


def test_a_file_with_mistakes_changes_nothing(office: Office) -> None:
    coming = office.folder / "moi.toml"
    coming.write_text(PEOPLE + MORE.replace('"ct01"', '"ai-do"'), "utf-8")
    before = (office.folder / "people.toml").read_text("utf-8")
    said = office("people", "import", str(coming), "--apply")
    assert (said.code, "ai-do" in said.err) == (2, True)
    assert (office.folder / "people.toml").read_text("utf-8") == before


def test_the_template_is_written_once(office: Office) -> None:
    file = office.folder / "mau.xlsx"
    assert office("people", "template", str(file)).code == 0
    assert file.read_bytes()[:2] == b"PK"
    assert office("people", "template", str(file)).code == 2
    assert office("people", "template", str(file), "--force").code == 0


def test_whom_nobody_reaches(working: Office) -> None:
    said = working("people", "reach", "--json")
    assert said.code == 4, "no channel is on"
    assert {gap["role"] for gap in said.json()} == {"officer", "agency_head"}


def test_an_official_takes_a_dossier_on(working: Office) -> None:
    words = ("alerts", "ack", TOMORROW, "--by", "nv01", "--reason", "chờ phối hợp")
    assert working(*words).code == 2, "by which day?"
    (done,) = working(*words, "--by-day", "2026-10-13", "--json").json()
    assert (done["kind"], done["until"], done["withdrawn"]) == ("taken", "2026-10-13", 0)
    rungs = {one["rung"]: one["state"] for one in working("alerts", "plan", TOMORROW, "--json").json()["rungs"]}
    assert rungs == {"nhac": "cancelled", "qua-han": "ahead"}
    refused = working("alerts", "snooze", TOMORROW, "--by", "nobody", "--reason", "họp")
    assert (refused.code, "answer for that agency" in refused.err) == (2, True)
    (put_off,) = working("alerts", "snooze", TOMORROW, "--by", "nv01", "--reason", "họp", "--json").json()
    assert put_off["until"] == "2026-10-13", "an officer: one working day"
    (solved,) = working("alerts", "ack", TOMORROW, "--by", "ct01", "--reason", "đã trả", "--solved", "--json").json()
    assert solved["until"] == "2026-10-14"
    assert working("alerts", "ack", "H19-0", "--by", "nv01", "--reason", "x", "--solved").code == 4


def test_what_would_go_out_is_shown_on_a_copy(working: Office) -> None:
    """From Monday to Friday: tomorrow's dossier becomes late and its head hears; the real store learns nothing."""
    told = working("alerts", "simulate", "--from", "2026-10-12T09:00", "--to", "2026-10-16", "--json").json()[
        "messages"
    ]
    assert [(one["at"][:16], one["person"], one["codes"]) for one in told] == [
        ("2026-10-14T08:00", "ct01", [TOMORROW]),
    ]
    pending = working("alerts", "pending", "--json").json()
    assert pending["messages"] == []
    assert {one["rung"] for one in pending["notices"]} == {"nhac", "qua-han"}
    assert working("alerts", "simulate", "--from", "2026-10-16", "--to", "2026-10-12").code == 2


def test_ladders_that_began_are_moved_by_express_wish(working: Office) -> None:
    assert working("alerts", "migrate", "--by", "admin", "--json").json() == {"moved": 0}, "nothing was edited"
    working.config(CONFIG.replace('at = "+1wd 08:00"', 'at = "+2wd 08:00"'))
    assert working("alerts", "migrate", "--by", "admin", "--agency", "H19.9", "--json").json() == {"moved": 0}
    assert working("alerts", "migrate", "--by", "admin", "--agency", "H19", "--json").json() == {"moved": 2}
    rungs = {one["rung"]: one["at"] for one in working("alerts", "plan", TOMORROW, "--json").json()["rungs"]}
    assert rungs["qua-han"] == "2026-10-15T08:00:00+07:00"
