"""Duties beside the promise, each with the instant from which it is broken; and what a dossier does by itself."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from monitor.domain.calendar import WorkingCalendar
from monitor.domain.dossier import Facts, Pause, Precision, Status
from monitor.domain.duties import calendar_runs_out, duties
from monitor.domain.escalation import Occasion, RungRule, parse_rung_time
from monitor.domain.findings import FindingKind
from monitor.domain.stage import RUNNING_STAGES, Stage, Warning, judge, parse_warning
from tests.domain.calendars import HOURS, ZONE
from tests.domain.test_escalation import rungs_due

WEEK = [HOURS] * 5 + [()] * 2
CALENDAR = WorkingCalendar(ZONE, date(2026, 1, 1), date(2027, 12, 31), WEEK, announced_until=date(2026, 12, 31))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


SUBMITTED = Facts(Status.SUBMITTED, submitted_at=at("2026-10-01 10:00"))  # Thursday
PARKED = Facts(
    Status.SUPPLEMENT,
    received_at=at("2026-10-01 10:00"),
    promised_at=at("2026-10-12 17:00"),
    paused_since=at("2026-10-05 09:00"),
)
RUNNING = Facts(Status.PROCESSING, received_at=at("2026-10-01 10:00"), promised_at=at("2026-10-08 17:00"))
INTAKE, ASKED_LATE = FindingKind.INTAKE_LATE, FindingKind.SUPPLEMENT_LATE
UNANSWERED, DIFFERS = FindingKind.SUPPLEMENT_UNANSWERED, FindingKind.DATE_MISMATCH_WITH_COUNT


@pytest.mark.parametrize(
    ("facts", "now", "holds", "next_at", "why"),
    [
        (SUBMITTED, "2026-10-02 10:00", set(), "2026-10-02 10:00:00.000001", "eight working hours are not over"),
        (SUBMITTED, "2026-10-02 10:00:00.000001", {INTAKE}, None, "now they are"),
        (replace(SUBMITTED, submitted_at=None), "2026-11-02 10:00", set(), None, "nobody knows since when"),
        (PARKED, "2026-10-05 09:00", set(), "2026-10-21 00:00", "asked on the second day; 15 days end on the 20th"),
        (PARKED, "2026-10-20 23:59", set(), "2026-10-21 00:00", "the last day for the applicant"),
        (PARKED, "2026-10-21 00:00", {UNANSWERED}, None, "the day after it"),
        (replace(PARKED, paused_since=at("2026-10-06 09:00")), "2026-10-07 09:00", set(), "2026-10-22 00:00", "day 3"),
        (
            replace(PARKED, paused_since=at("2026-10-07 00:00")),
            "2026-10-07 09:00",
            {ASKED_LATE},
            "2026-10-23 00:00",
            "the fourth working day is too late to ask",
        ),
        (
            replace(PARKED, paused_since=at("2026-10-09 09:00")),
            "2026-10-26 23:00",
            {ASKED_LATE},
            "2026-10-27 00:00",
            "15 days end on a Saturday: Monday is the last",
        ),
        (replace(PARKED, received_at=None), "2026-10-06 00:00", set(), "2026-10-21 00:00", "reception is not known"),
        (replace(PARKED, paused_since=None), "2026-11-06 00:00", set(), None, "no instant of the request"),
        (replace(PARKED, status=Status.READY), "2026-11-06 00:00", set(), None, "finished: no duty is left"),
    ],
)
def test_a_duty_is_broken_at_its_instant(
    facts: Facts, now: str, holds: set[FindingKind], next_at: str | None, why: str
) -> None:
    found = duties(facts, None, CALENDAR, at(now))
    assert set(found.holding) == holds, why
    assert found.next_at == (at(next_at) if next_at else None), why


@pytest.mark.parametrize(
    ("before", "says"),
    [
        (None, "không biết yêu cầu từ ngày nào"),
        ("2026-10-06 23:59", "lần đọc trước đó là thứ Ba 06/10/2026"),
        ("2026-10-07 00:00", "hạn yêu cầu thứ Ba 06/10/2026"),  # asked for on the fourth day for sure
    ],
)
def test_a_supplement_asked_for_around_its_last_day_is_not_sure_to_be_late(before: str | None, says: str) -> None:
    pause = Pause(Status.SUPPLEMENT, at(before) if before else None, at("2026-10-07 09:00"))
    facts = replace(PARKED, paused_since=at("2026-10-07 09:00"), pauses=(pause,))
    text = duties(facts, None, CALENDAR, at("2026-10-07 09:00")).holding[ASKED_LATE]
    assert text.endswith(says)
    assert ("chưa chắc chắn" in text) == (before != "2026-10-07 00:00")


def test_a_supplement_may_be_asked_for_once() -> None:
    """NĐ 118/2025 Điều 11 khoản 2 điểm c; asked for four times it is said four times (OpenCPS #1254)."""
    days = ("2026-10-02", "2026-10-05", "2026-10-07", "2026-10-09")
    asked = tuple(Pause(Status.SUPPLEMENT, None, at(f"{on} 09:00"), None, at(f"{on} 15:00")) for on in days)
    paying = replace(asked[0], kind=Status.PAYMENT)
    repeated = FindingKind.SUPPLEMENT_REPEATED
    for pauses, said in ((asked[:1], ""), ((asked[0], paying), ""), (asked, "đã yêu cầu bổ sung 4 lần")):
        found = duties(replace(RUNNING, pauses=pauses), None, CALENDAR, at("2026-10-10 10:00"))
        assert said in found.holding.get(repeated, "")
        assert (repeated in found.holding) == bool(said)


@pytest.mark.parametrize(
    ("changes", "due_on", "says"),
    [
        ({}, date(2026, 10, 8), ""),
        ({}, date(2026, 10, 7), ""),  # a first day counted otherwise: no finding
        ({}, date(2026, 10, 6), "muộn hơn 2 ngày làm việc"),
        ({}, date(2026, 10, 13), "sớm hơn 3 ngày làm việc"),
        ({}, None, ""),
        ({"promised_at": None}, date(2026, 10, 6), ""),
        ({"original_promised_at": at("2026-10-06 17:00")}, date(2026, 10, 6), ""),  # moved after a supplement
        ({"original_promised_at": at("2026-10-01 17:00")}, date(2026, 10, 6), "muộn hơn 2 ngày làm việc"),
        ({"extended_at": at("2026-10-20 17:00")}, date(2026, 10, 8), ""),  # the extension is no miscount of the slip
        ({"promised_at": at("2031-10-20 17:00")}, date(2026, 10, 8), ""),  # beyond the calendar: another finding's
        ({"status": Status.RETURNED}, date(2026, 10, 6), ""),
    ],
)
def test_the_slip_is_held_against_our_count(changes: dict[str, Any], due_on: date | None, says: str) -> None:
    found = duties(replace(RUNNING, **changes), due_on, CALENDAR, at("2026-10-02 10:00"))
    assert says in found.holding.get(DIFFERS, "")
    assert (DIFFERS in found.holding) == bool(says)


@pytest.mark.parametrize(("now", "told"), [("2026-10-31 23:59", False), ("2026-11-01 00:00", True)])
def test_the_office_hears_sixty_days_before_the_calendar_runs_out(now: str, told: bool) -> None:
    said = calendar_runs_out(CALENDAR, at(now))
    assert ("31/12/2026" in said) is told


# --- what changes by itself, minute by minute

LADDER = [
    RungRule(name, Occasion.DUE, parse_rung_time(when), ("officer",))
    for name, when in (("a", "-3wd 08:00"), ("b", "letter_by 08:30"), ("c", "0 14:00"), ("d", "+1wd 08:00"))
]


def _state(facts: Facts, now: datetime, warning: Warning) -> tuple[tuple[object, ...], datetime | None]:
    """(everything that is derived about the dossier at `now`, when it says that this will change)."""
    judged = judge(facts, CALENDAR, warning, now)
    duty = duties(facts, date(2026, 10, 8), CALENDAR, now)
    come: tuple[str, ...] = ()
    wakes = [judged.next_change_at, duty.next_at]
    if judged.promise is not None and judged.stage in RUNNING_STAGES:
        promise_on = CALENDAR.local_date(judged.promise.at)
        due, upcoming = rungs_due(LADDER, promise_on, judged.letter_by_on, CALENDAR, now)
        come = tuple(item.rung.name for item in due)
        wakes.append(upcoming)
    verdicts = (judged.late_vs_promise, judged.late_vs_original)
    said = (judged.stage, judged.reason, verdicts, tuple(sorted(duty.holding)), come)
    return said, min((w for w in wakes if w is not None), default=None)


@pytest.mark.no_cover  # a quarter of a million judgements, which being watched line by line would double
@pytest.mark.parametrize(
    ("facts", "warning"),
    [
        (RUNNING, "3wd"),
        (replace(RUNNING, precision=Precision.INSTANT, promised_at=at("2026-10-08 10:30")), "20%"),
        (replace(RUNNING, extended_at=at("2026-10-15 17:00")), "3wd"),
        (replace(RUNNING, received_at=at("2026-10-08 08:00")), "3wd"),
        (SUBMITTED, "3wd"),
        (PARKED, "3wd"),
        (replace(RUNNING, received_at=at("2026-10-05 13:00")), "3wd"),
    ],
    ids=["by the day", "to the second", "extended", "same day", "submitted", "parked", "received in the future"],
)
def test_the_next_change_is_the_first_minute_on_which_anything_differs(facts: Facts, warning: str) -> None:
    """Twenty-three days judged at each minute: nothing changes before the instant that was announced, something has
    changed when it has passed, and after the last nothing ever does."""
    rule = parse_warning([warning])
    start = at("2026-10-01 10:00")
    before, announced = _state(facts, start, rule)
    changes = 0
    for minute in range(1, 23 * 24 * 60):
        now = start + timedelta(minutes=minute)
        said, upcoming = _state(facts, now, rule)
        if said == before:
            assert announced is None or now < announced, f"{now}: announced for {announced}, and nothing changed"
            assert upcoming == announced, f"{now}: {upcoming} instead of {announced}"
            continue
        assert announced is not None, f"{now}: changed to {said} unannounced"
        assert now - timedelta(minutes=1) < announced <= now, f"{now}: changed, announced for {announced}"
        before, announced = said, upcoming
        changes += 1
    assert announced is None
    assert changes > 0


def test_the_ladder_and_the_stages_were_all_seen() -> None:
    """The scan above would prove little on a dossier to which nothing happens."""
    seen = {_state(RUNNING, at("2026-10-01 10:00") + timedelta(hours=h), parse_warning(["3wd"]))[0] for h in range(500)}
    assert {state[0] for state in seen} == {
        Stage.IN_TIME, Stage.DUE_SOON, Stage.LETTER_DUE, Stage.DUE_TODAY, Stage.LATE
    }  # fmt: skip
    assert {state[-1] for state in seen} >= {(), ("a",), ("a", "b"), ("a", "b", "c"), ("a", "b", "c", "d")}
