"""The ledger of pauses, as polls saw them, by both readings of the law."""

from datetime import date, timedelta
from typing import Any

import pytest

from monitor.domain.dossier import Pause, Status
from monitor.domain.limits import CountingRules, parse_limit
from monitor.domain.pauses import (
    Mode,
    Seen,
    as_told,
    intake_by,
    pauses_seen,
    reckon,
    supplement_closes_on,
    supplement_request_by,
)
from monitor.domain.spans import Span, merged
from tests.domain.calendars import at, november

CALENDAR = november()
PLAIN = CountingRules()
FIVE = parse_limit("5 ngày làm việc")
RECEIVED = at("2026-11-02 08:00")  # due Mon 9/11 without a pause


def seen(status: Status, heard: str, before: str | None = None) -> Seen:
    return Seen(status, at(heard), at(before) if before else None)


def test_a_pause_lies_between_the_polls_that_saw_it_come_and_go() -> None:
    pauses = pauses_seen(
        [
            seen(Status.PROCESSING, "2026-11-02 09:00"),
            seen(Status.SUPPLEMENT, "2026-11-03 09:00", "2026-11-03 08:55"),
            seen(Status.PROCESSING, "2026-11-05 09:00", "2026-11-05 08:55"),
        ]
    )
    assert pauses == (
        Pause(
            Status.SUPPLEMENT,
            at("2026-11-03 08:55"),
            at("2026-11-03 09:00"),
            at("2026-11-05 08:55"),
            at("2026-11-05 09:00"),
        ),
    )
    assert pauses[0].shortest() == Span(at("2026-11-03 09:00"), at("2026-11-05 08:55"))
    assert pauses[0].longest() == Span(at("2026-11-03 08:55"), at("2026-11-05 09:00"))


@pytest.mark.parametrize(
    ("states", "payment_pauses", "kinds", "why"),
    [
        ("PROCESSING SUPPLEMENT", False, "SUPPLEMENT*", "still standing"),
        ("SUPPLEMENT SUPPLEMENT PROCESSING", False, "SUPPLEMENT", "said twice, one pause"),
        ("SUPPLEMENT SUSPENDED PROCESSING", False, "SUPPLEMENT SUSPENDED", "one kind after another is two"),
        ("SUPPLEMENT PROCESSING SUPPLEMENT PROCESSING", False, "SUPPLEMENT SUPPLEMENT", "repeated (OpenCPS #1254)"),
        ("SUPPLEMENT UNKNOWN PROCESSING", False, "SUPPLEMENT", "an unknown state ends nothing"),
        ("PROCESSING PAYMENT PROCESSING", False, "", "a financial duty does not pause by itself"),
        ("PROCESSING PAYMENT PROCESSING", True, "PAYMENT", "but does where the procedure says so"),
        ("SUPPLEMENT READY", False, "SUPPLEMENT", "finishing ends a pause"),
        ("PROCESSING READY", False, "", "no pause at all"),
    ],
)
def test_pauses_of_a_history(states: str, payment_pauses: bool, kinds: str, why: str) -> None:
    start = at("2026-11-02 09:00")
    history = [Seen(Status[name], start + timedelta(days=n)) for n, name in enumerate(states.split())]
    found = pauses_seen(history, payment_pauses=payment_pauses)
    assert " ".join(p.kind.name + "*" * p.is_open for p in found) == kinds, why


SEEN = {  # what polls saw, once an hour
    "closed": Pause(Status.SUPPLEMENT, at("2026-11-04 08:00"), at("2026-11-04 09:00"), at("2026-11-05 08:00"), at("2026-11-05 09:00")),
    "open": Pause(Status.SUPPLEMENT, at("2026-11-04 08:00"), at("2026-11-04 09:00")),
    "first": Pause(Status.SUPPLEMENT, None, at("2026-11-04 09:00"), None, at("2026-11-04 10:00")),
    "dated": Pause(Status.SUPPLEMENT, at("2026-11-04 08:30"), at("2026-11-04 08:30"), at("2026-11-05 08:30"), at("2026-11-05 08:30")),
    "suspended": Pause(Status.SUSPENDED, at("2026-11-06 08:00"), at("2026-11-06 09:00"), at("2026-11-07 08:00"), at("2026-11-07 09:00")),
}  # fmt: skip


@pytest.mark.parametrize(
    ("held", "stated", "status", "ledger", "why"),
    [
        ("closed", "", "PROCESSING", "closed", "nothing told, nothing changed"),
        ("closed", "4T08:30-5T08:30", "PROCESSING", "4T08:30-5T08:30", "the exact dates of what was seen"),
        ("", "4T08:30-5T08:30", "PROCESSING", "4T08:30-5T08:30", "begun and over before the first reading"),
        ("", "4T08:30-5T08:30 6T08:00-", "SUPPLEMENT", "4T08:30-5T08:30 6T08:00-", "one over, one waited for"),
        ("open", "4T08:30-", "SUPPLEMENT", "4T08:30-", "since when it stands"),
        ("open", "4T08:30-", "PROCESSING", "open", "waited for, says the history; running, says the state"),
        ("open", "4T08:30-4T12:00", "SUPPLEMENT", "open", "over, says the history; seen standing"),
        ("open", "2T08:30-3T12:00", "SUPPLEMENT", "2T08:30-3T12:00 open", "an earlier one besides"),
        ("open", "5T08:00-", "SUPPLEMENT", "open", "asked for after it was seen"),
        ("closed", "4T12:00-5T08:30", "PROCESSING", "closed", "asked for after it was seen"),
        ("closed", "4T08:30-4T12:00", "PROCESSING", "closed", "over while it was still seen"),
        ("closed", "3T08:30-5T08:30", "PROCESSING", "closed", "seen running after that"),
        ("closed", "4T08:30-6T08:30", "PROCESSING", "closed", "seen running before that"),
        ("closed", "6T08:30-6T12:00", "PROCESSING", "closed 6T08:30-6T12:00", "a later one besides"),
        ("first", "3T08:30-4T09:30", "PROCESSING", "3T08:30-4T09:30", "seen once, at the first reading"),
        ("dated", "4T08:00-5T10:00", "PROCESSING", "4T08:00-5T10:00", "the source corrects its own dates"),
        ("suspended", "6T08:30-6T12:00", "PROCESSING", "6T08:30-6T12:00 suspended", "of another kind: both"),
        ("closed", "5T08:30-4T08:30", "PROCESSING", "closed", "answered before it was asked"),
        ("", "8T08:00-9T08:00", "PROCESSING", "", "not yet"),
        ("", "9T08:00-", "SUPPLEMENT", "", "not yet"),
        ("", "4T08:00- 5T08:00-", "SUPPLEMENT", "4T08:00-", "one stands at a time"),
    ],
)
def test_supplements_that_the_source_dates_itself(held: str, stated: str, status: str, ledger: str, why: str) -> None:
    def when(text: str) -> Any:
        return at(f"2026-11-0{text.replace('T', ' ')}") if text else None

    def pause(words: str) -> Pause:
        begun, _, ended = words.partition("-")
        return Pause(Status.SUPPLEMENT, when(begun), when(begun), when(ended), when(ended))

    told = [(when(one.partition("-")[0]), when(one.partition("-")[2])) for one in stated.split()]
    expected = tuple(SEEN[word] if word in SEEN else pause(word) for word in ledger.split())
    assert as_told([SEEN[held]] if held else [], told, Status[status], at("2026-11-08 07:00")) == expected, why


def test_an_open_pause_has_no_length_and_leaves_no_due_date() -> None:
    pause = Pause(Status.SUPPLEMENT, None, at("2026-11-03 09:00"))
    assert (pause.shortest(), pause.longest()) == (None, None)
    ledger = reckon(RECEIVED, FIVE, PLAIN, CALENDAR, [pause])
    assert ledger.is_standing
    assert (ledger.restart, ledger.subtract) == (None, None)


def stood(kind: Status, began: str, ended: str, spread: timedelta = timedelta(0)) -> Pause:
    return Pause(kind, at(began) - spread, at(began), at(ended) - spread, at(ended))


def test_a_supplement_restarts_the_term_by_law_and_is_subtracted_by_766() -> None:
    ledger = reckon(RECEIVED, FIVE, PLAIN, CALENDAR, [stood(Status.SUPPLEMENT, "2026-11-03 09:00", "2026-11-05 09:00")])
    assert ledger.restart is not None
    assert ledger.subtract is not None
    assert ledger.restart.mode is Mode.RESTART
    assert ledger.restart.latest.due_on == date(2026, 11, 12), "5 working days from Thu 5/11"
    assert ledger.subtract.latest.due_on == date(2026, 11, 11), "2 working days after Mon 9/11"
    assert ledger.restart.is_certain
    assert not ledger.is_standing


def test_a_suspension_is_subtracted_in_both_readings() -> None:
    ledger = reckon(RECEIVED, FIVE, PLAIN, CALENDAR, [stood(Status.SUSPENDED, "2026-11-03 09:00", "2026-11-05 09:00")])
    assert ledger.restart is not None
    assert ledger.subtract is not None
    assert ledger.restart.latest == ledger.subtract.latest
    assert ledger.restart.mode is Mode.RESTART


def test_after_a_restart_only_later_suspensions_count() -> None:
    pauses = [
        stood(Status.SUSPENDED, "2026-11-02 09:00", "2026-11-03 09:00"),
        stood(Status.SUPPLEMENT, "2026-11-03 09:00", "2026-11-05 09:00"),
        stood(Status.SUSPENDED, "2026-11-06 09:00", "2026-11-09 09:00"),
    ]
    ledger = reckon(RECEIVED, FIVE, PLAIN, CALENDAR, pauses)
    assert ledger.restart is not None
    assert ledger.restart.latest.due_on == date(2026, 11, 13), "Thu 12/11 and one working day"


def test_four_supplements_restart_from_the_last_and_count_each_once() -> None:
    """OpenCPS #1254: a dossier was wrongly late after repeated requests."""
    pauses = [stood(Status.SUPPLEMENT, f"2026-11-{d:02} 09:00", f"2026-11-{d + 1:02} 09:00") for d in (3, 5, 9, 11)]
    ledger = reckon(RECEIVED, FIVE, PLAIN, CALENDAR, pauses)
    assert ledger.restart is not None
    assert ledger.subtract is not None
    assert ledger.restart.latest.due_on == date(2026, 11, 19), "5 working days from Thu 12/11"
    assert ledger.subtract.latest.due_on == date(2026, 11, 13), "4 working days after Mon 9/11"


def test_what_polls_left_open_gives_two_bounds() -> None:
    over_night = timedelta(hours=16)
    pause = stood(Status.SUPPLEMENT, "2026-11-04 08:00", "2026-11-06 08:00", over_night)
    ledger = reckon(RECEIVED, FIVE, PLAIN, CALENDAR, [pause])
    assert ledger.restart is not None
    assert ledger.subtract is not None
    assert not ledger.restart.is_certain
    assert not ledger.subtract.is_certain
    assert ledger.restart.earliest.due_on == date(2026, 11, 12)
    assert ledger.restart.latest.due_on == date(2026, 11, 13)
    assert ledger.subtract.earliest.due_on == date(2026, 11, 10)
    assert ledger.subtract.latest.due_on == date(2026, 11, 12)


def test_a_pause_never_confirmed_may_have_been_nothing() -> None:
    pause = Pause(Status.SUPPLEMENT, at("2026-11-03 08:00"), at("2026-11-04 08:00"), None, at("2026-11-05 08:00"))
    assert pause.shortest() == Span(at("2026-11-04 08:00"), at("2026-11-04 08:00"))
    before_it_was_seen = Pause(
        Status.SUPPLEMENT, None, at("2026-11-04 08:00"), at("2026-11-03 08:00"), at("2026-11-05 08:00")
    )
    assert before_it_was_seen.shortest() == Span(at("2026-11-04 08:00"), at("2026-11-04 08:00"))
    assert before_it_was_seen.longest() == Span(at("2026-11-04 08:00"), at("2026-11-05 08:00"))


def test_a_changed_limit_keeps_earlier_pauses() -> None:
    """GLPI #6902: a policy change forgot the pauses. Here the due date is always counted anew from the facts."""
    pause = [stood(Status.SUSPENDED, "2026-11-03 09:00", "2026-11-05 09:00")]
    for days, due in ((5, date(2026, 11, 11)), (10, date(2026, 11, 18))):
        ledger = reckon(RECEIVED, parse_limit(f"{days} ngày làm việc"), PLAIN, CALENDAR, pause)
        assert ledger.subtract is not None
        assert ledger.subtract.latest.due_on == due


# --- spans


@pytest.mark.parametrize(
    ("spans", "expected", "why"),
    [
        ("09:00-10:00 11:00-12:00", "09:00-10:00 11:00-12:00", "apart"),
        ("11:00-12:00 09:00-10:00", "09:00-10:00 11:00-12:00", "in order"),
        ("09:00-11:00 10:00-12:00", "09:00-12:00", "overlapping"),
        ("09:00-10:00 10:00-12:00", "09:00-12:00", "touching"),
        ("09:00-12:00 10:00-11:00", "09:00-12:00", "one inside the other"),
        ("09:00-09:00 10:00-11:00", "10:00-11:00", "an empty one is nothing"),
        ("09:00:05-09:00:25 09:00:40-09:01:00", "09:00:05-09:00:25 09:00:40-09:01:00", "two in one minute (Zammad)"),
        ("", "", "none"),
    ],
)
def test_merged(spans: str, expected: str, why: str) -> None:
    def read(text: str) -> tuple[Span, ...]:
        pairs = (part.split("-") for part in text.split())
        return tuple(Span(at(f"2026-11-09 {start}"), at(f"2026-11-09 {end}")) for start, end in pairs)

    assert merged(read(spans)) == read(expected), why


def test_a_reversed_span_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot end"):
        Span(at("2026-11-09 10:00"), at("2026-11-09 09:00"))


# --- limits of NĐ 118 around pauses


def test_limits_of_intake_and_supplement() -> None:
    assert intake_by(at("2026-11-20 10:00"), CALENDAR) == at("2026-11-23 10:00"), "8 working hours"
    assert supplement_request_by(at("2026-11-20 10:00"), CALENDAR) == date(2026, 11, 26), "3 working days"
    assert supplement_closes_on(at("2026-11-06 10:00"), CALENDAR) == date(2026, 11, 23), "Sat 21/11 rolls on"
