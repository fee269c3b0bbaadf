"""The letter's last day where nothing is usual (the law's own vectors are in test_vectors.py)."""

from datetime import date, datetime, timedelta

import pytest

from monitor.domain.apology import as_letters_say, letter_by, with_new_date
from monitor.domain.dossier import Facts, Precision, Promise, Status
from tests.domain.calendars import at, november

CALENDAR = november()


@pytest.mark.parametrize(
    ("due_on", "received_on", "expected", "why"),
    [
        ("2026-11-25", "2026-11-09", "2026-11-23", "the day before is a holiday"),
        ("2026-11-30", None, "2026-11-27", "reception unknown: the day still counts"),
        ("2026-08-24", "2026-08-17", "2026-08-22", "a worked Saturday is a day to send a letter"),
        ("2026-11-26", "2026-11-25", "2026-11-25", "received the day before: that day is left"),
        ("2026-11-25", "2026-11-25", None, "same-day term"),
        ("2026-11-23", "2026-11-21", None, "received on Saturday, due on Monday"),
        ("2026-11-25", "2026-11-24", None, "received on the holiday itself"),
        ("2026-11-22", "2026-11-09", "2026-11-20", "a promise that falls on a day of rest"),
    ],
)
def test_letter_by(due_on: str, received_on: str | None, expected: str | None, why: str) -> None:
    received = date.fromisoformat(received_on) if received_on else None
    assert letter_by(date.fromisoformat(due_on), received, CALENDAR) == (
        date.fromisoformat(expected) if expected else None
    ), why


SLIP, NEW = at("2026-11-25 16:30"), at("2026-12-01 17:00")


@pytest.mark.parametrize(
    ("promised", "extended", "original", "number", "in_force", "why"),
    [
        (SLIP, None, SLIP, 2, NEW, "a system that keeps the old date for good"),
        (NEW, None, SLIP, 2, NEW, "a system that writes the new date over the slip's"),
        (SLIP, at("2026-12-01 10:00"), SLIP, 2, at("2026-12-01 10:00"), "a system that shows it: its own word"),
        (at("2026-12-09 17:00"), None, SLIP, 2, at("2026-12-09 17:00"), "moved again: still no first promise"),
        (NEW, None, NEW, 1, NEW, "never heard of another date: nothing to tell apart"),
        (NEW, None, None, 1, NEW, "nor here"),
    ],
)
def test_a_new_date_is_in_force_whatever_the_system_shows(
    promised: datetime,
    extended: datetime | None,
    original: datetime | None,
    number: int,
    in_force: datetime,
    why: str,
) -> None:
    facts = Facts(Status.PROCESSING, promised_at=promised, extended_at=extended, original_promised_at=original)
    assert with_new_date(facts, date(2026, 12, 1), CALENDAR).promise == Promise(number, in_force, Precision.DATE), why


def test_the_new_day_counts_to_its_end_where_systems_count_minutes() -> None:
    facts = Facts(Status.PROCESSING, promised_at=SLIP, precision=Precision.INSTANT)
    promise = with_new_date(facts, date(2026, 12, 1), CALENDAR).promise
    assert promise is not None
    assert promise.at == at("2026-12-02 00:00") - timedelta(microseconds=1)


def test_no_promise_stays_none() -> None:
    facts = Facts(Status.PROCESSING)
    assert with_new_date(facts, date(2026, 12, 1), CALENDAR) is facts


@pytest.mark.parametrize(
    ("promised", "extended", "original", "number", "in_force", "why"),
    [
        (NEW, None, SLIP, 1, SLIP, "written over the slip's date: that one is in force again"),
        (SLIP, NEW, SLIP, 1, SLIP, "in a field of its own"),
        (SLIP, None, SLIP, 1, SLIP, "the system was set back"),
        (at("2026-12-09 17:00"), None, SLIP, 1, at("2026-12-09 17:00"), "another date is the source's own word"),
        (SLIP, at("2026-12-09 17:00"), SLIP, 2, at("2026-12-09 17:00"), "and so is another extension"),
        (NEW, None, NEW, 1, NEW, "never heard of another date: nothing to go back to"),
        (NEW, None, None, 1, NEW, "nor here"),
    ],
)
def test_the_date_of_a_letter_taken_back_is_in_force_no_more(
    promised: datetime,
    extended: datetime | None,
    original: datetime | None,
    number: int,
    in_force: datetime,
    why: str,
) -> None:
    facts = Facts(Status.PROCESSING, promised_at=promised, extended_at=extended, original_promised_at=original)
    told = as_letters_say(facts, None, date(2026, 12, 1), CALENDAR)
    assert told.promise == Promise(number, in_force, Precision.DATE), why


def test_no_promise_stays_none_when_a_letter_is_taken_back() -> None:
    facts = Facts(Status.PROCESSING)
    assert as_letters_say(facts, None, date(2026, 12, 1), CALENDAR) is facts


@pytest.mark.parametrize(
    ("new_on", "taken_back_on", "number", "in_force", "why"),
    [
        (None, None, 1, SLIP, "no letter says anything"),
        (date(2026, 12, 1), None, 2, NEW, "a letter's new date"),
        (
            date(2026, 12, 9),
            date(2026, 12, 1),
            2,
            at("2026-12-09 17:00"),
            "the one issued anew, not the one taken back",
        ),
    ],
)
def test_what_letters_say_counts_over_the_source(
    new_on: date | None, taken_back_on: date | None, number: int, in_force: datetime, why: str
) -> None:
    facts = Facts(Status.PROCESSING, promised_at=SLIP, original_promised_at=SLIP)
    told = as_letters_say(facts, new_on, taken_back_on, CALENDAR)
    assert told.promise == Promise(number, in_force, Precision.DATE), why
