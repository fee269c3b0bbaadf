"""The judgement: every stage by a table with a line of meaning each, and the laws it keeps."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.calendar import CalendarExhausted
from monitor.domain.dossier import FINISHED, OPEN, Facts, Precision, Status
from monitor.domain.stage import (
    FINISHED_STAGES,
    LATE_STAGES,
    LETTER_STAGES,
    RUNNING_STAGES,
    TICK,
    UNSURE_STAGES,
    Judgement,
    Reason,
    Stage,
    Warning,
    judge,
    parse_warning,
)
from tests.counts import proof_examples
from tests.domain.calendars import at, november

CALENDAR = november()
WARNING = Warning(working_days=3)

# received Mon 9/11, promised Wed 25/11 17:00: the letter's last day is Mon 23/11, since Tue 24/11 is a day off
RUNNING = Facts(Status.PROCESSING, received_at=at("2026-11-09 08:00"), promised_at=at("2026-11-25 17:00"))
EXACT = replace(RUNNING, precision=Precision.INSTANT, promised_at=at("2026-11-25 08:15"))


def told(facts: Facts, now: str) -> Judgement:
    return judge(facts, CALENDAR, WARNING, at(now))


@pytest.mark.parametrize(
    ("now", "stage", "since", "next_change"),
    [
        ("2026-11-09 08:00", Stage.IN_TIME, "2026-11-09 08:00", "2026-11-19 00:00"),  # from the second of receipt
        ("2026-11-18 23:59", Stage.IN_TIME, "2026-11-09 08:00", "2026-11-19 00:00"),
        ("2026-11-19 00:00", Stage.DUE_SOON, "2026-11-19 00:00", "2026-11-23 00:00"),  # 3 working days: 19, 20, 23
        ("2026-11-22 12:00", Stage.DUE_SOON, "2026-11-19 00:00", "2026-11-23 00:00"),  # a Sunday changes nothing
        ("2026-11-23 00:00", Stage.LETTER_DUE, "2026-11-23 00:00", "2026-11-25 00:00"),  # 24/11 is off: act by 23
        ("2026-11-24 12:00", Stage.LETTER_DUE, "2026-11-23 00:00", "2026-11-25 00:00"),
        ("2026-11-25 00:00", Stage.DUE_TODAY, "2026-11-25 00:00", "2026-11-26 00:00"),
        ("2026-11-25 23:59", Stage.DUE_TODAY, "2026-11-25 00:00", "2026-11-26 00:00"),  # by the day: 17:00 is no edge
        ("2026-11-26 00:00", Stage.LATE, "2026-11-26 00:00", None),
        ("2027-01-20 00:00", Stage.LATE, "2026-11-26 00:00", None),  # late for long: still since then
    ],
)
def test_a_running_dossier_passes_its_stages(now: str, stage: Stage, since: str, next_change: str | None) -> None:
    judgement = told(RUNNING, now)
    assert judgement.stage is stage
    assert judgement.since == at(since)
    assert judgement.next_change_at == (at(next_change) if next_change else None)
    assert judgement.letter_by_on == date(2026, 11, 23)
    assert judgement.late_from == at("2026-11-26 00:00")


def test_a_promise_to_the_second_is_kept_up_to_that_second() -> None:
    promised = at("2026-11-25 08:15")
    assert judge(EXACT, CALENDAR, WARNING, promised).stage is Stage.DUE_TODAY
    late = judge(EXACT, CALENDAR, WARNING, promised + TICK)
    assert (late.stage, late.since) == (Stage.LATE, promised + TICK)


@pytest.mark.parametrize(
    ("facts", "stage", "reason"),
    [
        # the source's own words decide, before any date
        (Facts(Status.UNKNOWN, at("2026-11-02 08:00"), at("2026-11-05 17:00")), Stage.UNKNOWN, Reason.UNKNOWN_STATUS),
        (Facts(Status.SUBMITTED, submitted_at=at("2026-11-20 08:00")), Stage.NOT_STARTED, Reason.NOT_ACCEPTED),
        (
            Facts(Status.SUPPLEMENT, at("2026-11-02 08:00"), at("2026-11-05 17:00")),
            Stage.PAUSED,
            Reason.PAUSED_BY_SOURCE,
        ),
        (
            Facts(Status.SUSPENDED, at("2026-11-02 08:00"), at("2026-11-05 17:00")),
            Stage.PAUSED,
            Reason.PAUSED_BY_SOURCE,
        ),
        # waiting for payment stands still only where the procedure says so
        (Facts(Status.PAYMENT, at("2026-11-02 08:00"), at("2026-11-05 17:00")), Stage.LATE, Reason.AFTER_PROMISE),
        (
            Facts(Status.PAYMENT, at("2026-11-02 08:00"), at("2026-11-05 17:00"), payment_pauses=True),
            Stage.PAUSED,
            Reason.PAUSED_BY_SOURCE,
        ),
        # no date, or one that cannot be: never on time, never late
        (Facts(Status.PROCESSING, at("2026-11-02 08:00")), Stage.NO_PROMISE, Reason.NO_PROMISED_DATE),
        (Facts(Status.PROCESSING, None, at("2026-11-05 17:00")), Stage.UNKNOWN, Reason.NO_RECEIPT),
        (
            Facts(Status.PROCESSING, at("2026-12-01 08:00"), at("2026-12-05 17:00")),
            Stage.UNKNOWN,
            Reason.RECEIVED_IN_FUTURE,
        ),
        (
            Facts(Status.PROCESSING, at("2026-11-05 08:00"), at("2026-11-02 17:00")),
            Stage.UNKNOWN,
            Reason.PROMISE_BEFORE_RECEIPT,
        ),
        (
            Facts(Status.PROCESSING, at("2026-11-05 08:00"), at("2205-11-05 17:00")),
            Stage.UNKNOWN,
            Reason.PROMISE_TOO_FAR,
        ),
        # an extension counts only when it is later than the promise; earlier means "released early" (OpenCPS)
        (
            Facts(
                Status.PROCESSING, at("2026-11-02 08:00"), at("2026-11-05 17:00"), extended_at=at("2026-12-30 17:00")
            ),
            Stage.IN_TIME,
            Reason.BEFORE_PROMISE,
        ),
        (
            Facts(
                Status.PROCESSING, at("2026-11-02 08:00"), at("2026-11-05 17:00"), extended_at=at("2026-11-03 17:00")
            ),
            Stage.LATE,
            Reason.AFTER_PROMISE,
        ),
    ],
)
def test_what_the_source_says_on_monday_23_november(facts: Facts, stage: Stage, reason: Reason) -> None:
    judgement = told(facts, "2026-11-23 09:00")
    assert (judgement.stage, judgement.reason) == (stage, reason)


def test_a_dossier_received_in_the_future_is_judged_again_when_that_comes() -> None:
    facts = Facts(Status.PROCESSING, at("2026-12-01 08:00"), at("2026-12-05 17:00"))
    assert told(facts, "2026-11-23 09:00").next_change_at == at("2026-12-01 08:00")


@pytest.mark.parametrize(
    ("finished", "precision", "stage"),
    [
        ("2026-11-24 23:59", Precision.DATE, Stage.FINISHED_EARLY),  # the day before
        ("2026-11-25 00:00", Precision.DATE, Stage.FINISHED_ON_TIME),
        ("2026-11-25 23:59", Precision.DATE, Stage.FINISHED_ON_TIME),  # after the hour, on the day: on time by the day
        ("2026-11-26 00:00", Precision.DATE, Stage.FINISHED_LATE),
        ("2026-11-25 08:15", Precision.INSTANT, Stage.FINISHED_ON_TIME),  # to the second
        ("2026-11-25 08:16", Precision.INSTANT, Stage.FINISHED_LATE),
        ("2026-11-24 08:16", Precision.INSTANT, Stage.FINISHED_EARLY),
    ],
)
def test_a_finished_dossier_is_judged_by_when_it_finished(finished: str, precision: Precision, stage: Stage) -> None:
    promised = at("2026-11-25 08:15") if precision is Precision.INSTANT else at("2026-11-25 17:00")
    facts = replace(RUNNING, status=Status.READY, precision=precision, promised_at=promised, finished_at=at(finished))
    judgement = told(facts, "2027-01-10 09:00")
    assert (judgement.stage, judgement.since, judgement.next_change_at) == (stage, at(finished), None)
    assert judgement.late_vs_original is (stage is Stage.FINISHED_LATE)


@pytest.mark.parametrize(
    ("after", "by", "stage"),
    [
        ("2026-11-23 09:00", "2026-11-24 09:00", Stage.FINISHED_EARLY),  # the whole interval lies before
        ("2026-11-24 09:00", "2026-11-25 09:00", Stage.FINISHED_ON_TIME),
        ("2026-11-25 20:00", "2026-11-26 08:00", Stage.UNCERTAIN),  # the deadline fell between two polls
        ("2026-11-26 00:00", "2026-11-26 08:00", Stage.FINISHED_LATE),
        (None, "2026-11-27 08:00", Stage.UNCERTAIN),  # first seen finished: any time since receipt
        (None, "2026-11-12 08:00", Stage.FINISHED_EARLY),
        ("2026-11-26 00:00", None, Stage.UNCERTAIN),
    ],
)
def test_an_end_known_only_to_an_interval(after: str | None, by: str | None, stage: Stage) -> None:
    facts = replace(
        RUNNING,
        status=Status.RETURNED,
        finished_after=at(after) if after else None,
        finished_by=at(by) if by else None,
    )
    assert told(facts, "2026-12-01 09:00").stage is stage


def test_an_interval_around_the_original_date_leaves_that_answer_open() -> None:
    facts = replace(
        RUNNING,
        status=Status.READY,
        extended_at=at("2026-12-10 17:00"),
        finished_after=at("2026-11-25 20:00"),
        finished_by=at("2026-11-26 08:00"),
    )
    judgement = told(facts, "2026-12-01 09:00")
    assert (judgement.stage, judgement.late_vs_original) == (Stage.FINISHED_EARLY, None)


def test_late_against_the_original_and_against_the_extended_are_two_answers() -> None:
    facts = replace(RUNNING, extended_at=at("2026-12-10 17:00"), original_promised_at=at("2026-11-25 17:00"))
    judgement = told(facts, "2026-12-01 09:00")
    assert (judgement.stage, judgement.late_vs_original) == (Stage.IN_TIME, True)
    assert judgement.promise is not None
    assert judgement.promise.number == 2


@pytest.mark.parametrize(
    ("facts", "stage", "reason"),
    [
        (Facts(Status.REFUSED, finished_at=at("2026-11-10 09:00")), Stage.NOT_STARTED, Reason.NO_RECEIPT),
        (Facts(Status.WITHDRAWN), Stage.NOT_STARTED, Reason.NO_RECEIPT),
        (
            Facts(Status.READY, at("2026-11-10 09:00"), at("2026-11-20 17:00"), finished_at=at("2026-11-03 09:00")),
            Stage.UNKNOWN,
            Reason.FINISH_BEFORE_RECEIPT,
        ),
        (
            Facts(Status.READY, at("2026-11-10 09:00"), None, finished_at=at("2026-11-13 09:00")),
            Stage.NO_PROMISE,
            Reason.NO_PROMISED_DATE,
        ),
    ],
)
def test_ends_that_cannot_be_judged_by_a_promise(facts: Facts, stage: Stage, reason: Reason) -> None:
    judgement = told(facts, "2026-11-23 09:00")
    assert (judgement.stage, judgement.reason) == (stage, reason)


def test_an_ending_given_by_the_day_alone_is_not_before_reception_on_that_day() -> None:
    facts = Facts(Status.READY, at("2026-11-10 09:00"), at("2026-11-20 17:00"), finished_at=at("2026-11-10 00:00"))
    assert told(facts, "2026-11-23 09:00").stage is Stage.FINISHED_EARLY


def test_a_same_day_term_has_no_lawful_letter_day_and_still_warns() -> None:
    facts = Facts(Status.PROCESSING, at("2026-11-23 08:00"), at("2026-11-23 17:00"))
    judgement = told(facts, "2026-11-23 09:00")
    assert (judgement.stage, judgement.letter_by_on) == (Stage.DUE_TODAY, None)


def test_a_share_of_the_term_can_warn_earlier_than_days() -> None:
    half = Warning(working_days=None, share_left=Fraction(1, 2))
    facts = Facts(Status.PROCESSING, at("2026-11-16 07:30"), at("2026-11-19 17:00"))  # 4 working days: half is 2
    judgement = judge(facts, CALENDAR, half, at("2026-11-17 17:00"))
    assert (judgement.stage, judgement.since) == (Stage.DUE_SOON, at("2026-11-17 17:00"))
    exact = replace(facts, precision=Precision.INSTANT)
    assert judge(exact, CALENDAR, half, at("2026-11-17 17:00")).since == at("2026-11-17 17:00")
    both = Warning(working_days=1, share_left=Fraction(1, 2))  # whichever comes first
    assert judge(facts, CALENDAR, both, at("2026-11-17 17:00")).since == at("2026-11-17 17:00")
    never = Warning(working_days=None)
    assert Stage.DUE_SOON not in {c.stage for c in judge(facts, CALENDAR, never, at("2026-11-17 17:00")).timeline}
    same_moment = replace(facts, promised_at=facts.received_at)
    assert judge(same_moment, CALENDAR, half, at("2026-11-16 08:00")).stage is Stage.DUE_TODAY


def test_a_promise_beyond_the_loaded_years_says_so_instead_of_guessing() -> None:
    facts = replace(RUNNING, promised_at=at("2027-01-31 17:00"))  # late from 1 February, the day after the last
    with pytest.raises(CalendarExhausted):
        told(facts, "2026-11-23 09:00")


def test_crossings_after_a_moment_are_those_since_and_without_one_only_the_present() -> None:
    judgement = told(RUNNING, "2026-11-26 09:00")
    since = [c.stage for c in judgement.crossed_after(at("2026-11-19 00:00"), at("2026-11-26 09:00"))]
    assert since == [Stage.LETTER_DUE, Stage.DUE_TODAY, Stage.LATE]
    assert [c.stage for c in judgement.crossed_after(None, at("2026-11-26 09:00"))] == [Stage.LATE]


@pytest.mark.parametrize(
    ("texts", "warning"),
    [
        (("3wd", "20%"), Warning(3, Fraction(1, 5))),
        (("5wd",), Warning(5, None)),
        ((), Warning(None, None)),
    ],
)
def test_warnings_are_read_as_written(texts: tuple[str, ...], warning: Warning) -> None:
    assert parse_warning(texts) == warning


@pytest.mark.parametrize("text", ["3", "wd", "3d", "0%", "100%", "-3wd", "x%"])
def test_a_warning_that_is_not_understood_is_refused_by_name(text: str) -> None:
    with pytest.raises(ValueError, match=text):
        parse_warning([text])


def test_the_families_of_stages_and_states_leave_nothing_out() -> None:
    rest = {Stage.NOT_STARTED, Stage.PAUSED}
    assert RUNNING_STAGES | FINISHED_STAGES | UNSURE_STAGES | rest == set(Stage)
    assert LETTER_STAGES <= RUNNING_STAGES
    assert {Stage.LATE, Stage.FINISHED_LATE} == LATE_STAGES
    assert OPEN | FINISHED | {Status.UNKNOWN} == set(Status)


MOMENTS = st.datetimes(datetime(2026, 2, 1), datetime(2026, 12, 20)).map(lambda d: at(d.isoformat(" ")))
TERMS = st.timedeltas(timedelta(0), timedelta(days=25))
PRECISIONS = st.sampled_from(list(Precision))


@given(received=MOMENTS, term=TERMS, precision=PRECISIONS)
@settings(max_examples=proof_examples(200, 20_000), deadline=None)
def test_a_warning_precedes_lateness_unless_the_term_leaves_no_room(
    received: datetime, term: timedelta, precision: Precision
) -> None:
    facts = Facts(Status.PROCESSING, received, received + term, precision=precision)
    timeline = judge(facts, CALENDAR, WARNING, received).timeline
    stages = [c.stage for c in timeline]
    assert stages[-1] is Stage.LATE
    assert len(stages) >= 2 or timeline[-1].at <= received + TICK
    assert [c.at for c in timeline] == sorted({c.at for c in timeline})


@given(received=MOMENTS, term=TERMS, precision=PRECISIONS, after=st.timedeltas(timedelta(0), timedelta(days=30)))
@settings(max_examples=proof_examples(200, 20_000), deadline=None)
def test_nothing_changes_before_the_announced_next_change(
    received: datetime, term: timedelta, precision: Precision, after: timedelta
) -> None:
    facts = Facts(Status.PROCESSING, received, received + term, precision=precision)
    now = received + after
    judgement = judge(facts, CALENDAR, WARNING, now)
    upcoming = judgement.next_change_at
    if upcoming is None:
        assert judgement.stage is Stage.LATE
        return
    assert upcoming > now
    assert judge(facts, CALENDAR, WARNING, upcoming - TICK).stage is judgement.stage
    assert judge(facts, CALENDAR, WARNING, upcoming).stage is not judgement.stage
