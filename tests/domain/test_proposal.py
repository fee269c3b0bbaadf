"""The new date the clock proposes: from dossiers that were still open at this one's age; nothing from too few."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.proposal import AT_LEAST, Basis, Proposal, propose
from tests.domain.calendars import november

CALENDAR = november()
MON, RECEIVED, PROMISED = date(2026, 11, 23), date(2026, 11, 2), date(2026, 11, 25)  # 15 working days old


def proposed(
    own: dict[int, int],
    all_: dict[int, int] | None = None,
    late: dict[int, int] | None = None,
    *,
    today: date = MON,
    promised: date = PROMISED,
) -> Proposal | None:
    return propose(
        today=today, received_on=RECEIVED, promised_on=promised,
        same_agency=own, all_agencies=all_ or {}, late_ones=late or {}, calendar=CALENDAR,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("own", "everywhere", "expected", "why"),
    [
        ({10: 90, 16: 2, 17: 2, 20: 1}, {}, ("2026-11-26", 2, Basis.SAME_AGENCY, 5),
         "four of five that were still open took two days more; the 90 quick ones say nothing; 24/11 is off"),
        ({16: 50}, {}, ("2026-11-26", 1, Basis.SAME_AGENCY, 50), "never before the day after the promise"),
        ({18: 4}, {18: 4, 25: 6}, ("2026-12-08", 10, Basis.ALL_AGENCIES, 10), "too few of its own: those of all"),
        ({15: 99}, {15: 99}, None, "nobody was ever this old: no proposal, and no guess"),
        ({}, {}, None, "no history"),
    ],
)  # fmt: skip
def test_what_is_proposed(
    own: dict[int, int], everywhere: dict[int, int], expected: tuple[str, int, Basis, int] | None, why: str
) -> None:
    found = proposed(own, everywhere)
    if expected is None:
        assert found is None, why
        return
    on, needs, basis, dossiers = expected
    assert found == Proposal(date.fromisoformat(on), 15, needs, basis, dossiers), why


def test_late_already_counts_from_today() -> None:
    found = proposed({30: 10}, today=date(2026, 12, 7), promised=PROMISED)
    assert found is not None
    assert (found.elapsed, found.on) == (24, date(2026, 12, 15))


@pytest.mark.parametrize(
    ("today", "late", "expected", "why"),
    [
        (
            date(2026, 12, 7),
            {2: 50, 10: 4, 12: 1},
            ("2026-12-09", 8, 2),
            "8 days late: of the five that were later still",
        ),
        (MON, {1: 3, 2: 2}, ("2026-11-27", 0, 2), "not late yet: counted from the promise"),
        (date(2026, 12, 7), {2: 50, 10: 4}, None, "four prove nothing"),
    ],
)
def test_later_than_any_of_its_procedure_is_compared_with_all_late_ones(
    today: date, late: dict[int, int], expected: tuple[str, int, int] | None, why: str
) -> None:
    found = proposed({3: 90}, {3: 90}, late, today=today)
    if expected is None:
        assert found is None, why
        return
    assert found == Proposal(date.fromisoformat(expected[0]), *expected[1:], Basis.LATE_ONES, 5), why


@given(
    st.dictionaries(st.integers(0, 40), st.integers(1, 30), max_size=8),
    st.dates(date(2026, 11, 3), date(2026, 12, 10)),
    st.dates(date(2026, 11, 3), date(2026, 12, 10)),
)
def test_a_proposal_is_always_lawful(own: dict[int, int], today: date, promised: date) -> None:
    """A working day, after the promise and after today; and one more slow dossier never brings it nearer."""
    found = proposed(own, today=today, promised=promised)
    if found is None:
        assert sum(n for days, n in own.items() if days > CALENDAR.working_days_between(RECEIVED, today)) < AT_LEAST
        return
    assert CALENDAR.is_working_day(found.on)
    assert found.on > max(today, promised)
    slower = proposed(own | {40: own.get(40, 0) + 1}, today=today, promised=promised)
    assert slower is not None
    assert slower.on >= found.on
