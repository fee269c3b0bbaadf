"""`dunghen sources`: why a source is not believed, what a person may accept, which dossiers a person links or parts."""

from typing import Any

import pytest
from sqlalchemy import create_engine, text

from tests.cli.office import CONFIG, CSV, LATE, QUIET, Office

PORTAL = """
[[sources]]
name = "cong"
kind = "spreadsheet"
role = "portal"
path = "cong.csv"
columns = { code = "Mã", received_at = "Nhận", promised_at = "Hẹn", finished_at = "Xong", agency_code = "Đơn vị" }
"""
HEAD = CSV.splitlines()[0]
BY = ("--by", "Trần Thị Thử", "--why", "đã đối chiếu")


def table(office: Office, statement: str) -> list[tuple[Any, ...]]:
    engine = create_engine(f"sqlite:///{office.store}")
    try:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(statement))]
    finally:
        engine.dispose()


@pytest.fixture
def both(office: Office) -> Office:
    """The one-stop and a portal that writes one late dossier under another code."""
    office.config(CONFIG.replace("[[escalation]]", PORTAL + "[[escalation]]", 1))
    (office.folder / "cong.csv").write_text(f"{HEAD}\nKHAC-1,2026-10-01 08:00,2026-10-08 17:00,,H19.1\n", "utf-8")
    assert office("pull").code == 0
    assert office("judge").code == 0
    return office


def test_a_source_that_stands_well(office: Office) -> None:
    office("pull")
    answer = office("sources", "show", "bang", "--json").json()
    assert (answer["source"]["result"], answer["gates"]) == ("ok", [])
    assert answer["capabilities"] == ["file", "finish_instant", "list", "lookup"]
    assert answer["pulls"][0]["rows_seen"] == 5
    assert "Last readings" in office("sources", "show", "bang").out


def test_a_source_that_is_not_believed_says_what_to_do(office: Office) -> None:
    office("pull")
    office.csv("\n".join(CSV.splitlines()[:2]))
    assert office("pull", "--full").code == 3
    (source,) = office("sources", "--json").json()["sources"]
    assert (source["result"], source["gates"]) == ("quarantined", ["count_drop"])
    shown = office("sources", "show", "bang")
    assert "dunghen sources accept bang" in shown.out.replace("\n", " ")
    assert office("sources", "accept", "bang", "--by", "Trần Thị Thử", "--json").json()["accepted"] == ["count_drop"]
    assert office("pull", "--full").code == 0
    assert table(office, "SELECT action, actor FROM audit") == [("source.accept", "Trần Thị Thử")]
    refused = office("sources", "accept", "bang", "--by", "x")
    assert (refused.code, "show bang" in refused.err) == (2, True)


@pytest.mark.parametrize("command", ["show", "accept"])
def test_a_source_that_is_not_there(office: Office, command: str) -> None:
    said = office("sources", command, "khac", *(["--by", "x"] if command == "accept" else []))
    assert said.code == 4
    assert "bang" in said.err


def test_linking_voids_the_doubled_duty_and_parting_owes_both_again(both: Office) -> None:
    owed = "SELECT d.code, l.state FROM letter l JOIN dossier d ON d.id = l.dossier_id WHERE l.state <> 'missed'"
    assert set(table(both, owed)) == {(LATE, "owed"), ("KHAC-1", "owed"), ("H19.1-261005-0002", "owed")}
    assert both("sources", "link", "cong:KHAC-1", f"bang:{LATE}", *BY).code == 0
    assert both("judge").code == 0
    states = sorted(state for _, state in table(both, owed))
    assert states == ["owed", "owed", "void"]
    open_notices = "SELECT count(*) FROM notice WHERE state IN ('owed', 'planned') AND dossier_id = (SELECT dossier_id FROM letter WHERE state = 'void')"
    assert table(both, open_notices) == [(0,)]
    assert len(both("late", "--stage", "late", "--json").json()["dossiers"]) == 1
    assert both("sources", "link", "cong:KHAC-1", f"bang:{LATE}", *BY).code == 2, "they are one already"

    assert both("sources", "unlink", "cong:KHAC-1", *BY).code == 0
    assert both("judge").code == 0
    late = both("late", "--stage", "late", "--json").json()["dossiers"]
    assert {row["code"] for row in late} == {LATE, "KHAC-1"}
    assert sorted(state for _, state in table(both, owed)) == ["owed", "owed", "owed", "void"]
    assert both("sources", "unlink", "cong:KHAC-1", *BY).code == 2, "it is alone already"
    log = table(both, "SELECT action FROM audit WHERE action LIKE 'dossier.%' ORDER BY id")
    assert log == [("dossier.link",), ("dossier.unlink",)]


def test_what_a_person_parted_is_not_linked_again_by_itself(both: Office) -> None:
    (both.folder / "cong.csv").write_text(f"{HEAD}\n{QUIET},2026-10-05 09:00,2026-10-30 17:00,,H19.1\n", "utf-8")
    assert both("pull", "--full").code == 0
    same = "SELECT count(DISTINCT dossier_id) FROM source_dossier WHERE code = '{}'".format(QUIET)  # noqa: UP032
    assert table(both, same) == [(1,)], "the same code at the same unit"
    assert both("sources", "unlink", f"cong:{QUIET}", *BY).code == 0
    (both.folder / "cong.csv").write_text(f"{HEAD}\n{QUIET},2026-10-05 09:00,2026-10-29 17:00,,H19.1\n", "utf-8")
    assert both("pull", "--full").code == 0
    assert table(both, same) == [(2,)]


@pytest.mark.parametrize("name", ["cong:KHONG-CO", "khac:X", "KHAC-1"])
def test_a_dossier_that_is_not_there(both: Office, name: str) -> None:
    assert both("sources", "unlink", name, *BY).code == 4
