"""What may be answered to an alert: reasons, days, limits by role."""

from datetime import date, datetime, timedelta

import pytest

from monitor.domain.answers import (
    AnswerKind,
    AnswerLimits,
    AnswerRefused,
    Refusal,
    check_reason,
    holds_until,
)
from tests.alerts.world import CALENDAR, NOW, ZONE

LIMITS = AnswerLimits(promise_days=5, solved_days=2, put_off_days={"officer": 1, "agency_head": 3})


@pytest.mark.parametrize(
    ("kind", "asked", "roles", "expected", "meaning"),
    [
        (AnswerKind.TAKEN, 27, ["officer"], 27, "within the five working days"),
        (AnswerKind.TAKEN, 23, ["officer"], 23, "today"),
        (AnswerKind.TAKEN, 30, ["officer"], 30, "the fifth working day"),
        (AnswerKind.TAKEN, 22, ["officer"], Refusal.IN_THE_PAST, "yesterday"),
        (AnswerKind.TAKEN, 28, ["officer"], Refusal.NOT_A_WORKING_DAY, "a Saturday"),
        (AnswerKind.PUT_OFF, 24, ["officer"], 24, "as long as an officer may"),
        (AnswerKind.PUT_OFF, None, ["officer"], 24, "no day asked: as long as the post may"),
        (AnswerKind.PUT_OFF, 25, ["officer"], Refusal.TOO_LONG, "longer"),
        (AnswerKind.PUT_OFF, 26, ["officer", "agency_head"], 26, "of two posts the one that may more"),
        (AnswerKind.PUT_OFF, 23, ["one_stop_head"], Refusal.TOO_LONG, "a role that may not put off"),
        (AnswerKind.PUT_OFF, None, [], Refusal.TOO_LONG, "nobody"),
        (AnswerKind.SOLVED, None, ["officer"], 25, "believed for two working days"),
    ],
)
def test_how_long_an_answer_holds(
    kind: AnswerKind, asked: int | None, roles: list[str], expected: int | Refusal, meaning: str
) -> None:
    on = date(2026, 11, asked) if asked else None
    try:
        found: object = holds_until(kind, on, roles, NOW, NOW, CALENDAR, LIMITS)
    except AnswerRefused as refused:
        found = refused.refusal
    if isinstance(expected, int):
        on = date(2026, 11, expected)
        end = datetime(2026, 11, expected, tzinfo=ZONE) + timedelta(days=1)
        assert found == (on, end), meaning
    else:
        assert found is expected, meaning


def test_a_promise_moved_again_counts_from_the_first_one() -> None:
    first = datetime(2026, 11, 16, 9, tzinfo=ZONE)
    with pytest.raises(AnswerRefused) as caught:
        holds_until(AnswerKind.TAKEN, date(2026, 11, 24), ["officer"], first, NOW, CALENDAR, LIMITS)
    assert (caught.value.refusal, caught.value.longest_on) == (Refusal.TOO_LONG, date(2026, 11, 23))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  chờ  kết quả đo đạc ", "chờ kết quả đo đạc"),
        ("công văn 1234/STNMT ngày 20/11/2026", "công văn 1234/STNMT ngày 20/11/2026"),
        (" \n ", Refusal.NO_REASON),
        ("gọi 0912 345 678", Refusal.PERSON_IN_REASON),
        ("CCCD 079.099.001.234", Refusal.PERSON_IN_REASON),
    ],
)
def test_a_reason_is_needed_and_holds_no_number_of_a_person(text: str, expected: object) -> None:
    try:
        found: object = check_reason(text)
    except AnswerRefused as refused:
        found = refused.refusal
    assert found == expected
