"""The letter's last day where nothing is usual (the law's own vectors are in test_vectors.py)."""

from datetime import date

import pytest

from monitor.domain.apology import letter_by
from tests.domain.calendars import november

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
