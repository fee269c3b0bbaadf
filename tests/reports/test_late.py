"""What is late, and how far that can be trusted, over a real store of both kinds."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, event, update
from sqlalchemy.orm import Session

from monitor.people import Directory
from monitor.reports.census import Shown, counts, late_number, subtree
from monitor.reports.dossier import dossier_pages
from monitor.reports.late import late_dossiers, letters_needed
from monitor.reports.sources import held_sources, set_aside, source_health, stale_sources
from monitor.store.tables import Dossier, Letter, Source
from tests.web import desk

STALE = {"cong"}


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    desk.fill(engine)
    with Session(engine) as opened:
        yield opened


def _codes(session: Session, **chosen: object) -> list[str]:
    return [row.code for row in late_dossiers(session, now=desk.NOW, stale_sources=STALE, **chosen)]  # type: ignore[arg-type]


def test_the_worst_comes_first(session: Session) -> None:
    """Longest late, then due today, then the last day for the letter, then what is being judged again."""
    assert _codes(session) == [
        "H19.31-260209-0007",
        "H19.01-260120-0113",
        "H19.32-260224-0021",
        "H19.33-260225-0004",
        "H19.02-260211-0042",  # late since the same day, and came later
        "H19.31-260226-0015",
        "H19.32.1-260227-0002",
        "H19.01-260202-0090",
        "H19.33-260227-0011",
        "H19.02-260213-0008",
        "G22.99-260220-0001",
    ]


def test_a_stage_that_time_has_overtaken_is_never_shown_as_fine(session: Session) -> None:
    """`in_time` with a passed moment of change is being judged again: in the list, out of the figure."""
    row = next(row for row in late_dossiers(session, now=desk.NOW) if row.code == "H19.02-260213-0008")
    assert (row.stage, row.shown) == ("in_time", Shown.BEING_JUDGED_AGAIN)
    before = counts(session, now=desk.NOW - timedelta(minutes=1), stale_sources=STALE)
    after = counts(session, now=desk.NOW, stale_sources=STALE)
    assert before.by_stage["in_time"] - after.by_stage["in_time"] == 1
    assert (before.being_judged_again, after.being_judged_again) == (0, 1)


def test_a_dossier_never_judged_is_being_judged(session: Session) -> None:
    session.execute(update(Dossier).where(Dossier.code == "H19.31-260303-0001").values(stage="", judged_at=None))
    assert "H19.31-260303-0001" in _codes(session, stages=[Shown.BEING_JUDGED_AGAIN])


def test_a_silent_source_takes_its_dossiers_out_of_every_stage(session: Session) -> None:
    """Neither late nor in time is said of them, but they are found under their last stage and marked."""
    found = counts(session, now=desk.NOW, stale_sources=STALE)
    assert found.source_silent == 2
    assert dict(found.silent_by_stage) == {"late": 1, "in_time": 1}
    assert found.late_now == 5
    rows = {row.code: row.shown for row in late_dossiers(session, now=desk.NOW, stages=["late"], stale_sources=STALE)}
    assert rows["G22.99-260220-0001"] == Shown.SOURCE_SILENT
    assert set(rows.values()) == {"late", Shown.SOURCE_SILENT}


def test_what_is_finished_stays_finished_however_long_its_source_is_silent(session: Session) -> None:
    found = counts(session, now=desk.NOW, stale_sources={"motcua", "cong"})
    assert found.finished_late == 1
    assert found.by_stage["finished_on_time"] == 1
    assert found.late_now == 0


def test_every_dossier_is_counted_once(session: Session) -> None:
    found = counts(session, now=desk.NOW, stale_sources=STALE)
    assert sum(found.by_stage.values()) == found.total == len(desk.CASES)


def test_the_figures_of_letters(session: Session) -> None:
    """Suspended letters are neither owed nor drafted: nobody may send them."""
    found = counts(session, now=desk.NOW)
    assert (found.letters_drafted, found.letters_owed, found.letters_suspended) == (6, 2, 1)
    assert found.letters_after_last_day == 2
    assert (found.set_aside, dict(found.findings), dict(found.messages)) == (1, {"state_mismatch": 1}, {"sent": 1})


def test_letters_past_their_day_come_first_and_suspended_ones_last(session: Session) -> None:
    rows = letters_needed(session, now=desk.NOW)
    assert [row.is_late for row in rows] == [True, True] + [False] * 7
    assert rows[-1].suspended_for == "state_mismatch"
    assert {row.code for row in rows if row.has_content} == {c.code for c in desk.CASES if c.letter == "drafted"}


def test_a_letter_that_is_closed_or_not_yet_owed_is_not_needed(session: Session) -> None:
    session.execute(update(Letter).where(Letter.id == 1).values(closed_at=desk.NOW))
    session.execute(update(Letter).where(Letter.id == 2).values(owed_at=desk.NOW + timedelta(seconds=1)))
    assert {1, 2}.isdisjoint(row.letter_id for row in letters_needed(session, now=desk.NOW))


def test_an_agency_brings_its_subtree_only_with_a_directory(session: Session) -> None:
    directory = Directory(desk.AGENCIES)
    assert _codes(session, agency="H19.32") == ["H19.32-260224-0021"]
    assert _codes(session, agency="H19.32", directory=directory) == ["H19.32-260224-0021", "H19.32.1-260227-0002"]
    narrowed = counts(session, now=desk.NOW, agency="H19.32", directory=directory, stale_sources=STALE)
    assert (narrowed.total, narrowed.late_now, narrowed.due_today, narrowed.letters_drafted) == (3, 1, 1, 2)
    assert subtree("H19", directory) == sorted(agency.code for agency in desk.AGENCIES)


def test_pages_of_the_list_make_the_whole_list(session: Session) -> None:
    whole = _codes(session)
    parts = [code for offset in range(0, len(whole), 4) for code in _codes(session, limit=4, offset=offset)]
    assert parts == whole
    assert late_number(session, now=desk.NOW, stale_sources=STALE) == len(whole)


def test_late_seconds_begin_at_the_midnight_after_the_promise(session: Session) -> None:
    row = late_dossiers(session, now=desk.NOW, stages=["late"])[0]
    assert row.late_from_at is not None
    assert row.late_seconds(row.late_from_at) == 0
    assert row.late_seconds(row.late_from_at + timedelta(hours=1)) == 3600
    assert replace(row, late_from_at=None).late_seconds(desk.NOW) == 0


def test_the_number_of_queries_does_not_grow_with_the_dossiers(session: Session, engine: Engine) -> None:
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2][:6]))
    late_dossiers(session, now=desk.NOW)
    assert asked.count("SELECT") == 1  # of all stages asked for, however many dossiers are in them
    counts(session, now=desk.NOW)
    assert asked.count("SELECT") == 1 + 10
    asked.clear()
    late_dossiers(session, now=desk.NOW, limit=100)
    assert asked.count("SELECT") == 1 + 5  # counts first, so that a stage behind a full page is not asked


def test_sources_say_how_old_their_word_is(session: Session) -> None:
    settings = desk.settings().sources
    fresh, silent = source_health(session, settings, now=desk.NOW)
    assert (fresh.name, fresh.stale, fresh.age_s, fresh.dossiers, fresh.rows_seen, fresh.set_aside) == (
        "motcua",
        False,
        240,
        16,
        412,
        1,
    )
    assert (silent.name, silent.stale, silent.age_s, silent.result, silent.failures) == (
        "cong",
        True,
        10_800,
        "unexpected",
        12,
    )
    assert stale_sources(session, settings, now=desk.NOW) == STALE


def test_a_source_is_fresh_up_to_its_limit_and_stale_after(session: Session) -> None:
    settings = desk.settings().sources
    limit = desk.NOW - timedelta(minutes=4) + timedelta(hours=1)
    assert stale_sources(session, settings, now=limit) == STALE
    assert stale_sources(session, settings, now=limit + timedelta(microseconds=1)) == STALE | {"motcua"}


def test_a_source_never_read_is_stale(session: Session) -> None:
    session.execute(update(Source).where(Source.name == "motcua").values(last_good_at=None))
    row = source_health(session, desk.settings().sources, now=desk.NOW)[0]
    assert (row.stale, row.age_s) == (True, None)


def test_rows_set_aside_say_where_they_are_wrong(session: Session) -> None:
    (row,) = set_aside(session)
    assert (row.source, row.key, row.field, row.times_seen) == ("motcua", "881203", "dueDate", 14)
    assert set_aside(session, source="cong") == []


def test_the_page_of_a_dossier_tells_its_story_in_order(session: Session) -> None:
    (page,) = dossier_pages(session, "H19.31-260209-0007", now=desk.NOW)
    assert [(event.kind, event.word) for event in page.events] == [
        ("heard", "motcua"),
        ("letter", "owed"),
        ("stage", "late"),
        ("notice", "told"),
        ("letter", "drafted"),
    ]
    assert [letter.has_content for letter in page.letters] == [True]
    assert dossier_pages(session, "H19.00-000000-0000", now=desk.NOW) == []


def test_no_letter_rests_on_a_source_whose_newest_reading_is_quarantined(session: Session) -> None:
    """Young enough to be shown, not good enough to apologise by."""
    assert "motcua" not in held_sources(session, desk.settings().sources, now=desk.NOW)
    session.execute(update(Source).where(Source.name == "motcua").values(last_result="quarantined"))
    assert "motcua" in held_sources(session, desk.settings().sources, now=desk.NOW)
    assert "motcua" not in stale_sources(session, desk.settings().sources, now=desk.NOW)
