"""The passes by hand (pull, judge) and the questions (late, explain, sources) at any moment of either axis of time."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from tests.cli.office import CSV, LATE, MONDAY, QUIET, TOMORROW, Office


def rows(office: Office) -> dict[str, Any]:
    """How many rows each table of the real store has, and when it was last judged."""
    engine = create_engine(f"sqlite:///{office.store}")
    try:
        with engine.connect() as connection:
            tables = ("observation", "dossier", "crossing", "letter", "notice", "message", "finding")
            counts: dict[str, Any] = {
                table: connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in tables
            }
            counts["judged"] = connection.execute(text("SELECT last_ok_at FROM job WHERE name = 'judging'")).scalar()
            return counts
    finally:
        engine.dispose()


def stages(office: Office, *words: str) -> dict[str, str]:
    answer = office("late", "--json", "--stage", "late", "--stage", "letter_due", "--stage", "in_time", *words).json()
    return {row["code"]: row["stage"] for row in answer["dossiers"]}


def test_pull_says_what_it_read(office: Office) -> None:
    said = office("pull", "--json")
    assert said.code == 0
    (pull,) = said.json()["pulls"]
    assert (pull["source"], pull["result"], pull["seen"], pull["changed"]) == ("bang", "ok", 5, 5)
    (again,) = office("pull", "bang", "--full", "--json").json()["pulls"]
    assert (again["seen"], again["changed"]) == (5, 0), "nothing changed, nothing is written"


def test_pull_of_a_source_that_is_not_configured(office: Office) -> None:
    said = office("pull", "cong")
    assert said.code == 4
    assert "bang" in said.err, "it names those that are"


def test_pull_of_a_broken_source_ends_with_3_and_sources_says_why(office: Office) -> None:
    (office.folder / "ho-so.csv").write_text("<html>500</html>")
    assert office("pull").code == 3
    (source,) = office("sources", "--json").json()["sources"]
    assert source["result"] != "ok"
    assert source["said"]
    assert source["stale"], "never read well"


def test_a_row_that_cannot_be_read_is_set_aside_and_shown(office: Office) -> None:
    office.csv(CSV + "H19.1-261001-0006,hôm qua,2026-10-07 17:00,,H19.1\n")
    office("pull")
    answer = office("sources", "--bad", "--json").json()
    assert answer["sources"][0]["set_aside"] == 1
    assert [row["key"] for row in answer["set_aside"]] == ["H19.1-261001-0006"]
    assert "H19.1-261001-0006" in office("sources", "--bad").out


def test_the_late_ones_come_first_and_the_quiet_ones_only_when_asked_for(working: Office) -> None:
    answer = working("late", "--json").json()
    assert [row["code"] for row in answer["dossiers"]] == [LATE, TOMORROW]
    assert answer["counts"]["by_stage"] == {
        "late": 1,
        "letter_due": 1,
        "in_time": 1,
        "finished_early": 1,
        "finished_late": 1,
    }
    assert stages(working)[QUIET] == "in_time"
    assert LATE in working("late").out


@pytest.mark.parametrize(("agency", "found"), [("H19", 2), ("H19.1", 2)])
def test_an_agency_is_asked_with_those_below_it(working: Office, agency: str, found: int) -> None:
    assert len(working("late", "--agency", agency, "--json").json()["dossiers"]) == found


def test_an_agency_or_a_stage_that_is_none(working: Office) -> None:
    assert working("late", "--agency", "H99").code == 4
    said = working("late", "--stage", "lat")
    assert said.code == 2
    assert "late" in said.err


def test_tomorrow_can_be_looked_at_without_touching_today(working: Office) -> None:
    before = rows(working)
    assert stages(working, "--at", "2026-10-14T00:00")[TOMORROW] == "late"
    assert stages(working)[TOMORROW] == "letter_due"
    assert rows(working) == before


def test_the_past_hides_what_was_first_heard_later(working: Office) -> None:
    """On Tuesday the source tells that the late one was finished last Friday."""
    working.clock.set(MONDAY + timedelta(days=1))
    working.csv(CSV.replace("2026-10-08 17:00,,", "2026-10-08 17:00,2026-10-09 10:00,"))
    working("pull")
    working("judge")
    assert LATE not in stages(working)
    assert stages(working, "--at", "2026-10-12T10:00")[LATE] == "late", "so we had to think on Monday"
    known_now = stages(working, "--at", "2026-10-12T10:00", "--known-at", "2026-10-13T10:00")
    assert LATE not in known_now, "with what is known since, it was finished by then"
    assert stages(working, "--at", "2026-10-11T10:00") == {}, "nothing was read before Monday"


def test_judging_twice_changes_nothing(working: Office) -> None:
    before = rows(working)
    said = working("judge", "--json").json()
    assert (said["written"], said["judged"]) == (True, 0)
    assert rows(working) == before


def test_a_dry_run_says_what_it_would_write_and_writes_nothing(office: Office) -> None:
    office("pull")
    before = rows(office)
    said = office("judge", "--dry-run", "--json").json()
    assert (said["written"], said["judged"], said["letters_owed"]) == (False, 5, 2)
    assert rows(office) == before
    assert office("judge", "--json").json()["letters_owed"] == 2


@pytest.mark.parametrize(
    "words",
    [
        ("--at", "2026-10-12T08:00"),  # before the last judging
        ("--at", "2026-10-01"),
        ("--at", "2026-10-20"),  # a judgement of the future would stop the present from being judged
        ("--scratch",),
        ("--scratch", "--at", "2026-10-20"),
        ("--known-at", "2026-10-12T10:00"),
    ],
    ids=" ".join,
)
def test_another_moment_than_now_is_only_tried_on_a_copy(working: Office, words: tuple[str, ...]) -> None:
    before, bytes_before = rows(working), working.store.read_bytes()
    said = working("judge", *words, "--json")
    assert said.code == 0, said.err
    assert said.json()["written"] is False
    assert rows(working) == before
    assert working.store.read_bytes() == bytes_before


def test_a_try_on_a_copy_judges_for_real(working: Office) -> None:
    said = working("judge", "--at", "2026-10-14T09:00", "--json").json()
    assert said["stages"] == {"late": 1}, "tomorrow's became late"
    assert said["notices_owed"] == 1, "and its rung came an hour ago"


def test_a_moment_between_the_last_judging_and_now_is_history_and_is_written(working: Office) -> None:
    working.clock.set(MONDAY + timedelta(days=2))
    said = working("judge", "--at", "2026-10-13T09:00", "--json").json()
    assert said["written"] is True
    assert rows(working)["judged"].startswith("2026-10-13T02:00")


def test_no_copy_is_left_behind(working: Office, tmp_path_factory: pytest.TempPathFactory, monkeypatch: Any) -> None:
    place = tmp_path_factory.mktemp("tmp")
    monkeypatch.setattr("tempfile.tempdir", str(place))
    working("judge", "--scratch")
    working("late", "--at", "2026-10-20")
    assert list(Path(place).iterdir()) == [], "a copy holds people"


def test_explain_tells_the_whole_story_of_one_dossier(working: Office) -> None:
    answer = working("explain", LATE, "--json").json()
    assert {line["section"] for line in answer["lines"]} >= {"dossier", "heard", "stage"}
    assert "ĐÁNH GIÁ" in working("explain", LATE).out
    assert working("explain", "H19-000000-0000").code == 4
    assert working("explain", LATE, "--at", "2026-10-01").code == 4, "not known yet on that day"


def test_a_source_grows_old(working: Office) -> None:
    working.clock.set(MONDAY + timedelta(hours=3))
    (source,) = working("sources", "--json").json()["sources"]
    assert (source["age_s"], source["stale"]) == (10_800, True)
    assert "3 h" in working("sources").out
    assert "3 giờ" in working("sources", "--lang", "vi").out
    assert {row["shown"] for row in working("late", "--json").json()["dossiers"]} == {"source_silent"}
