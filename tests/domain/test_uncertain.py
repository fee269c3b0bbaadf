"""A deadline between two polls: what nobody saw is never decided by when somebody looked."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.dossier import Facts, Pause, Status
from monitor.domain.pauses import Seen, pauses_seen
from monitor.domain.stage import Judgement, Reason, Stage, Warning, judge
from tests.counts import proof_examples
from tests.domain.calendars import at, november

CALENDAR = november()
# received Mon 9/11, promised Fri 20/11: broken from Sat 21/11 00:00
RUNNING = Facts(Status.PROCESSING, at("2026-11-09 08:00"), at("2026-11-20 17:00"))
BROKEN_AT = at("2026-11-21 00:00")
BEFORE, AFTER = at("2026-11-20 16:00"), at("2026-11-23 08:00")  # the two polls around it


def pause(after: datetime | None, by: datetime, *ended: datetime, kind: Status = Status.SUPPLEMENT) -> Pause:
    return Pause(kind, after, by, *ended)


def told(facts: Facts, now: str, *pauses: Pause, status: Status | None = None) -> Judgement:
    facts = replace(facts, pauses=pauses, status=status or facts.status)
    return judge(facts, CALENDAR, Warning(), at(now))


EARLY, EARLIER = at("2026-11-12 09:00"), at("2026-11-12 08:00")
LATER, LATEST = at("2026-11-24 09:00"), at("2026-11-24 10:00")


@pytest.mark.parametrize(
    ("pauses", "status", "stage", "late", "why"),
    [
        ((pause(BEFORE, AFTER),), Status.SUPPLEMENT, Stage.UNCERTAIN, None, "stopped before it ran out, or after"),
        ((pause(EARLIER, EARLY),), Status.SUPPLEMENT, Stage.PAUSED, False, "stood still when the promise ran out"),
        ((pause(AFTER, LATER),), Status.SUPPLEMENT, Stage.PAUSED, True, "had run out already when it was stopped"),
        (
            (pause(None, AFTER),),
            Status.SUPPLEMENT,
            Stage.PAUSED,
            None,
            "never seen running: nothing to doubt, or to say",
        ),
        ((), Status.SUPPLEMENT, Stage.PAUSED, None, "a view from before the ledger was kept"),
        ((pause(EARLIER, EARLY, BEFORE, AFTER),), None, Stage.UNCERTAIN, None, "went on before it ran out, or after"),
        ((pause(EARLIER, EARLY, EARLY, BEFORE),), None, Stage.LATE, True, "went on in good time"),
        ((pause(AFTER, LATER, LATER, LATEST),), None, Stage.LATE, True, "had run out before any pause"),
        ((pause(BEFORE, AFTER, LATER, LATEST),), None, Stage.UNCERTAIN, None, "no later event tells what came first"),
        ((pause(BEFORE, AFTER, LATER, LATEST, kind=Status.PAYMENT),), None, Stage.LATE, True, "payment stops no clock"),
    ],
)
def test_a_promise_that_ran_out_around_a_pause(
    pauses: tuple[Pause, ...], status: Status | None, stage: Stage, late: bool | None, why: str
) -> None:
    judged = told(RUNNING, "2026-11-25 09:00", *pauses, status=status)
    assert (judged.stage, judged.late_vs_promise, judged.late_vs_original) == (stage, late, late), why
    if stage is Stage.UNCERTAIN:
        assert (judged.reason, judged.since) == (Reason.PAUSE_AROUND_PROMISE, BROKEN_AT)


def test_a_financial_duty_leaves_the_same_doubt_where_it_stops_the_clock() -> None:
    facts = replace(RUNNING, payment_pauses=True, status=Status.PAYMENT)
    assert told(facts, "2026-11-25 09:00", pause(BEFORE, AFTER, kind=Status.PAYMENT)).stage is Stage.UNCERTAIN


def test_before_the_promise_runs_out_nothing_is_in_doubt() -> None:
    """The stages of a running dossier come as always; only the last one is another."""
    went_on = pause(EARLIER, EARLY, BEFORE, AFTER)
    judged = told(RUNNING, "2026-11-20 23:59", went_on)
    assert (judged.stage, judged.late_vs_promise) == (Stage.DUE_TODAY, False)
    assert judged.next_change_at == BROKEN_AT


@pytest.mark.parametrize(
    ("finished", "stage", "late"),
    [
        ("2026-11-20 16:30", Stage.FINISHED_ON_TIME, False),  # before the promise ran out: no pause makes that late
        ("2026-11-24 09:00", Stage.UNCERTAIN, None),  # after it: perhaps the clock stood, perhaps not
    ],
)
def test_an_ending_after_a_doubtful_pause(finished: str, stage: Stage, late: bool | None) -> None:
    facts = replace(RUNNING, status=Status.READY, finished_at=at(finished))
    judged = told(facts, "2026-11-25 09:00", pause(EARLIER, EARLY, BEFORE, AFTER))
    assert (judged.stage, judged.late_vs_promise) == (stage, late)


def test_a_paused_dossier_without_a_promise_is_paused() -> None:
    facts = replace(RUNNING, promised_at=None, status=Status.SUPPLEMENT)
    assert told(facts, "2026-11-25 09:00", pause(BEFORE, AFTER)).stage is Stage.PAUSED


def test_a_new_date_ends_the_doubt() -> None:
    """After full papers the counter writes a new date: that one is judged."""
    went_on = pause(EARLIER, EARLY, BEFORE, AFTER)
    redated = replace(RUNNING, promised_at=at("2026-11-30 17:00"), original_promised_at=RUNNING.promised_at)
    judged = told(redated, "2026-11-25 09:00", went_on)
    assert (judged.stage, judged.late_vs_promise, judged.late_vs_original) == (Stage.DUE_SOON, False, None)


def test_behind_an_unknown_state_anything_may_have_happened_since_it_came_up() -> None:
    history = [
        Seen(Status.PROCESSING, at("2026-11-09 09:00")),
        Seen(Status.UNKNOWN, at("2026-11-12 09:00"), at("2026-11-12 08:55")),
        Seen(Status.SUPPLEMENT, at("2026-11-16 09:00"), at("2026-11-16 08:55")),
        Seen(Status.UNKNOWN, at("2026-11-18 09:00"), at("2026-11-18 08:55")),
        Seen(Status.UNKNOWN, at("2026-11-19 09:00"), at("2026-11-19 08:55")),
        Seen(Status.PROCESSING, at("2026-11-24 09:00"), at("2026-11-24 08:55")),
    ]
    assert pauses_seen(history) == (
        pause(at("2026-11-12 08:55"), at("2026-11-16 09:00"), at("2026-11-18 08:55"), at("2026-11-24 09:00")),
    )
    assert pauses_seen([Seen(Status.UNKNOWN, at("2026-11-12 09:00")), history[2]])[0].began_after is None, (
        "never understood before: from the first we heard"
    )


MOMENTS = st.lists(st.integers(0, 20 * 24), min_size=4, max_size=4, unique=True).map(sorted)


@settings(max_examples=proof_examples(100, 10_000), deadline=None)
@given(MOMENTS)
def test_uncertain_is_what_two_histories_that_fit_the_polls_answer_differently(polls: list[int]) -> None:
    """Polls saw it run, stand, stand, run. Every half hour at which it may have stopped and gone on is tried: where all
    of these histories agree whether the clock ran when the promise ran out, nothing is in doubt, and only there."""
    start = at("2026-11-10 08:00")
    running, standing, still_standing, again = (2 * hour for hour in polls)
    broken = int((BROKEN_AT - start) / timedelta(minutes=30))
    ran = {
        not stopped < broken <= went_on
        for stopped in range(running + 1, standing + 1)
        for went_on in range(still_standing + 1, again + 1)
    }
    seen = pause(*(start + timedelta(hours=hour) for hour in polls))
    judged = told(RUNNING, "2026-12-05 08:00", seen)
    assert (judged.stage is Stage.UNCERTAIN) == (len(ran) == 2)
