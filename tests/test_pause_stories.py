"""Stories of pauses, from what was said to the verdict, on both databases: the ledger is what polls saw, and it stays."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import update

from connectors.base import DossierRecord, Supplement
from monitor.domain.dossier import Pause, Status
from monitor.store.tables import Dossier, SourceDossier
from tests.test_judging_stories import READY, RUNNING, Sessions, at, hear, letters, rows, stage

PARKED = replace(RUNNING, status=Status.SUPPLEMENT)
PAYING = replace(RUNNING, status=Status.PAYMENT)
ODD = replace(RUNNING, status=Status.UNKNOWN, status_raw="97")


def ledger(sessions: Sessions) -> tuple[Pause, ...]:
    """The dossier's pauses; the view's are the same."""
    ((pauses,),) = rows(sessions, Dossier.pauses)
    assert rows(sessions, SourceDossier.pauses) == [(pauses,)]
    return tuple(pauses)


def between(pause: Pause) -> tuple[datetime | None, ...]:
    return pause.began_after, pause.began_by, pause.ended_after, pause.ended_by


def test_a_supplement_asked_for_around_the_promise_is_neither_late_nor_in_time(sessions: Sessions) -> None:
    """Running on the day of the promise, waiting for papers two days later: which came first nobody saw."""
    hear(sessions, at(10), RUNNING)
    hear(sessions, at(12), RUNNING)
    hear(sessions, at(14), PARKED)
    assert stage(sessions) == "uncertain"
    assert letters(sessions) == [(1, "owed", "uncertain")], "no letter on what is not known"
    hear(sessions, at(16), RUNNING)
    assert stage(sessions) == "uncertain", "going on again tells nothing of it"
    hear(sessions, at(17), replace(RUNNING, promised_at=at(27, 17)))
    assert stage(sessions) == "in_time", "a new date is a new promise"
    assert rows(sessions, Dossier.late_vs_promise, Dossier.late_vs_original) == [(False, None)]


def test_a_source_that_dates_its_supplements_leaves_nothing_open(sessions: Sessions) -> None:
    """The same story, where the history says that the papers were asked for on the day of the promise, before it."""
    hear(sessions, at(10), RUNNING)
    hear(sessions, at(12), RUNNING)
    hear(sessions, at(14), replace(PARKED, supplements=(Supplement(at(12, 11)),)))
    assert [between(pause) for pause in ledger(sessions)] == [(at(12, 11), at(12, 11), None, None)]
    assert rows(sessions, Dossier.paused_since_at) == [(at(12, 11),)]
    assert stage(sessions) == "paused"
    assert letters(sessions) == [(1, "owed", "paused")], "owed from the evening before; none is written while it stands"
    hear(sessions, at(16), replace(RUNNING, supplements=(Supplement(at(12, 11), at(15, 10)),)))
    assert [between(pause) for pause in ledger(sessions)] == [(at(12, 11), at(12, 11), at(15, 10), at(15, 10))]


def test_papers_that_came_back_around_the_promise(sessions: Sessions) -> None:
    hear(sessions, at(3), RUNNING)
    hear(sessions, at(5), PARKED)
    hear(sessions, at(12), PARKED)
    assert stage(sessions) == "paused"
    hear(sessions, at(14), RUNNING)
    assert stage(sessions) == "uncertain"
    hear(sessions, at(16), replace(READY, finished_at=at(16, 8)))
    assert stage(sessions) == "uncertain", "it ended after the promise; whether the clock stood is not known"


def test_the_ledger_survives_repeated_supplements_reopening_and_states_nobody_knows(sessions: Sessions) -> None:
    """Each pause stays as it was seen, whatever comes later (GLPI #6902, OpenCPS #1254)."""
    story: list[tuple[int, DossierRecord]] = [
        (3, RUNNING), (4, PARKED), (5, RUNNING), (6, PARKED), (7, ODD), (8, PARKED), (9, READY), (10, RUNNING), (11, PAYING),
        (12, RUNNING),
    ]  # fmt: skip
    for day, record in story:
        hear(sessions, at(day), record)
    found = ledger(sessions)
    assert [(pause.kind, *between(pause)) for pause in found] == [
        (Status.SUPPLEMENT, at(3), at(4), at(4), at(5)),
        (Status.SUPPLEMENT, at(5), at(6), at(8), at(9)),
        (Status.PAYMENT, at(10), at(11), at(11), at(12)),
    ]


def test_a_state_nobody_knows_hides_when_a_pause_ended(sessions: Sessions) -> None:
    for day, record in ((3, RUNNING), (4, PARKED), (5, ODD), (8, ODD), (9, RUNNING)):
        hear(sessions, at(day), record)
    (pause,) = ledger(sessions)
    assert between(pause) == (at(3), at(4), at(4), at(9))


def test_an_ending_behind_a_state_nobody_knows_is_dated_from_before_it(sessions: Sessions) -> None:
    """Known until the 11th, unknown over the deadline, finished without a date on the 16th: not late for sure."""
    for day, record in ((11, RUNNING), (12, ODD), (15, ODD), (16, replace(READY, finished_at=None))):
        hear(sessions, at(day), record)
    assert rows(sessions, Dossier.finished_after_at, Dossier.finished_by_at) == [(at(11), at(16))]
    assert stage(sessions) == "uncertain"


def test_a_view_from_before_the_ledger_begins_with_its_standing_pause(sessions: Sessions) -> None:
    hear(sessions, at(3), RUNNING)
    hear(sessions, at(4), PARKED)
    with sessions.begin() as session:
        session.execute(update(SourceDossier).values(pauses=()))
    hear(sessions, at(9), RUNNING)
    (pause,) = ledger(sessions)
    assert between(pause) == (None, at(4), at(4), at(9))


@pytest.mark.parametrize("seconds", [20, 0])
def test_two_pauses_within_a_minute_are_two(sessions: Sessions, seconds: int) -> None:
    """Zammad cuts pauses to whole minutes and lets the second overwrite the first."""
    moments: list[Any] = [at(3).replace(second=s) for s in (0, 10, 10 + seconds // 2, 20, 40)]
    for moment, record in zip(moments, (RUNNING, PARKED, RUNNING, PARKED, RUNNING), strict=True):
        hear(sessions, moment, record)
    assert len(ledger(sessions)) == 2
