"""`dunghen sources import`: a table made by hand is looked at before it is applied, and only what was looked at is."""

import pytest

from tests.cli.office import CSV, LATE, QUIET, Office

NEW = "H19.1-261006-0009,2026-10-06 08:00,2026-10-20 17:00,,H19.1"
MOVED = f"{QUIET},2026-10-05 09:00,2026-11-02 17:00,,H19.1"
HEAD = CSV.splitlines()[0]


@pytest.fixture
def brought(office: Office) -> Office:
    office("pull")
    (office.folder / "tay.csv").write_text(f"{HEAD}\n{NEW}\n{MOVED}\nX-1,hôm qua,,,H19.1\n", "utf-8")
    return office


def test_what_it_would_change_is_shown_and_nothing_is_written(brought: Office) -> None:
    answer = brought("sources", "import", "bang", str(brought.folder / "tay.csv"), "--json").json()
    assert (answer["applied"], answer["new"], answer["same"]) == (False, ["H19.1-261006-0009"], 0)
    (change,) = answer["changes"]
    assert (change["code"], change["field"]) == (QUIET, "promised_at")
    assert [row["field"] for row in answer["set_aside"]] == ["Nhận"]
    assert set(answer["absent"]) == {LATE, "H19.1-261005-0002"}
    assert brought("explain", "H19.1-261006-0009").code == 4
    shown = brought("sources", "import", "bang", str(brought.folder / "tay.csv")).out
    assert "17:00 02/11/2026" in shown
    assert answer["mark"] in shown


def test_what_was_looked_at_is_applied_and_the_rest_is_left_as_it_is(brought: Office) -> None:
    file = str(brought.folder / "tay.csv")
    mark = brought("sources", "import", "bang", file, "--json").json()["mark"]
    done = brought("sources", "import", "bang", file, "--apply", mark, "--by", "Trần Thị Thử", "--json")
    assert done.code == 0, done.err
    assert brought("explain", "H19.1-261006-0009").code == 0
    (source,) = brought("sources", "--json").json()["sources"]
    assert (source["dossiers"], source["unseen"], source["set_aside"]) == (6, 0, 1)
    again = brought("sources", "import", "bang", file, "--json").json()
    assert (again["new"], again["changed"], again["same"]) == ([], 0, 2)


def test_a_file_that_is_no_longer_what_was_looked_at_is_not_applied(brought: Office) -> None:
    file = brought.folder / "tay.csv"
    mark = brought("sources", "import", "bang", str(file), "--json").json()["mark"]
    file.write_text(f"{HEAD}\n{NEW.replace('20 17', '21 17')}\n", "utf-8")
    said = brought("sources", "import", "bang", str(file), "--apply", mark, "--by", "x")
    assert said.code == 2
    assert brought("explain", "H19.1-261006-0009").code == 4


def test_what_cannot_be_imported_says_why(brought: Office) -> None:
    assert brought("sources", "import", "bang", str(brought.folder / "none.csv")).code == 3
    assert brought("sources", "import", "khac", "tay.csv").code == 4
    assert brought("sources", "import", "bang", str(brought.folder / "tay.csv"), "--apply", "x").code == 2
