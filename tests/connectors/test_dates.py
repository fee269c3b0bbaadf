"""Dates in every spelling of connectors.md §11.3, and in none that was not declared."""

import string
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.kit.dates import FIRST_YEAR, LAST_YEAR, DateReader, DateUnreadable, Moment, check_formats
from tests.connectors.told import told
from tests.counts import proof_examples
from tests.mutants import CHANCE, SEEDS, variants
from tests.mutants import value as any_value

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
EVERY = ("%Y%m%d%H%M%S", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y", "iso", "epoch_ms")
AT = datetime(2025, 11, 10, 1, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("formats", "text"),
    [
        (("%Y%m%d%H%M%S",), "20251110081500"),
        (("%d/%m/%Y %H:%M:%S",), "10/11/2025 08:15:00"),
        (("%d/%m/%Y %H:%M",), "10/11/2025 8:15"),
        (("%m/%d/%Y %H:%M:%S",), "11/10/2025 08:15:00"),
        (("iso",), "2025-11-10T08:15:00"),
        (("iso",), "2025-11-10 08:15"),
        (("iso",), "2025-11-10T08:15:00.000+0700"),
        (("iso",), "2025-11-10T08:15:00.0000000+07:00"),
        (("iso",), "2025-11-10T01:15:00.000+0000"),
        (("iso",), "2025-11-10T01:15:00Z"),
        (("iso",), "2025-11-10 02:15:00.000+01:00"),
        (("epoch_ms",), 1762737300000),
        (("epoch_ms",), "1762737300000"),
        (("epoch_s",), 1762737300.0),
    ],
)
def test_25_30_one_instant_in_many_spellings(formats: tuple[str, ...], text: object) -> None:
    assert DateReader(formats, HANOI).read(text) == Moment(AT, False)


def test_28_the_machines_zone_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    assert DateReader(("%d/%m/%Y %H:%M:%S",), HANOI).read("10/11/2025 08:15:00") == Moment(AT, False)
    assert DateReader(("iso",), UTC).read("2025-11-10T01:15:00") == Moment(AT, False), "sources that write UTC unmarked"


@pytest.mark.parametrize("text", ["10/11/2025", "1/1/2025", "10/11/2025 00:00:00"])
def test_29_a_day_is_known_as_a_day(text: str) -> None:
    moment = DateReader(("%d/%m/%Y %H:%M:%S", "%d/%m/%Y"), HANOI).read(text)
    assert moment is not None
    assert moment.date_only
    assert moment.at.astimezone(HANOI).hour == 0


def test_29_midnight_here_written_in_utc() -> None:
    assert DateReader(("iso",), HANOI).read("2025-11-09T17:00:00Z") == Moment(
        datetime(2025, 11, 9, 17, tzinfo=UTC), True
    )


@pytest.mark.parametrize(
    "nothing",
    ["", "  ", None, "0", 0, 0.0, "null", "NULL", "undefined", "0001-01-01T00:00:00", "0001-01-01", "01/01/0001 00:00:00",
     "01/01/1970 08:00:00", "01/01/1970", "1970-01-01T00:00:00Z", "01/01/1900", "30/12/1899 00:00:00"],
)  # fmt: skip
def test_27_no_date_in_every_spelling(nothing: object) -> None:
    assert DateReader(EVERY, HANOI).read(nothing) is None


@pytest.mark.parametrize(
    "broken",
    ["10/11/2025 abc", "abc 10/11/2025", "31/02/2025", "10-11-2025", "10/13/2025", "1762737300", "10/11/25", "2025-1-1",
     "10/11/2205", "10/11/1089", "2025-11-10T25:00:00", "2025-11-10T08:15:00+99:00", "١٠/١١/٢٠٢٥", "10/11/2025\x00",
     True, False, [], {}, 1.5, float("inf"), float("nan"), "9" * 400, 10**400, b"10/11/2025", "5 ngày"],
)  # fmt: skip
def test_25_31_anything_else_is_refused_without_its_text(broken: object) -> None:
    with pytest.raises(DateUnreadable) as caught:
        DateReader(EVERY[1:5], HANOI).read(broken)
    assert str(broken)[:8] not in str(caught.value)


DATES = ("10/11/2025 08:15:00", "2025-11-10T08:15:00.123+0700", "20251110081500", "1762737300000", "10/11/2025")


@SEEDS
@given(
    st.text(string.digits + "/-: TZ+.", max_size=24) | st.text(max_size=30) | st.integers() | st.floats() | st.none(),
    CHANCE,
)
def test_no_text_breaks_the_reader_and_what_it_reads_is_stated(seed: object, chance: int) -> None:
    """What is read is held against the standard library's reading of the same formats."""
    reader = DateReader(EVERY, HANOI)
    for value in variants(DATES[chance % 5] if chance % 3 else seed, chance, any_value):
        try:
            moment = reader.read(value)
        except DateUnreadable:
            continue
        assert moment is None or FIRST_YEAR - 1 <= moment.at.year <= LAST_YEAR + 1
        assert (moment and moment.at) == told(value, EVERY)


@settings(max_examples=proof_examples(200, 100_000), deadline=None)
@given(
    st.datetimes(datetime(FIRST_YEAR, 1, 2), datetime(LAST_YEAR, 12, 30)).map(lambda at: at.replace(microsecond=0)),
    st.sampled_from(["%Y%m%d%H%M%S", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S"]),
)
def test_what_was_written_is_read(wall: datetime, pattern: str) -> None:
    moment = DateReader((pattern,), HANOI).read(wall.strftime(pattern))
    assert moment is not None
    assert moment.at.astimezone(HANOI).replace(tzinfo=None) == wall


def test_day_and_month_are_never_guessed() -> None:
    assert DateReader(("%m/%d/%Y",), HANOI).read("11/10/2025") != DateReader(("%d/%m/%Y",), HANOI).read("11/10/2025")
    for formats in (("%d/%m/%Y", "%m/%d/%Y"), ("%m-%d-%Y", "iso", "%d-%m-%Y"), (), ("%d/%m",), ("%d/%d/%Y",), ("%A",)):
        with pytest.raises(ValueError):
            check_formats(formats)


def test_a_repeated_hour_is_the_first_one() -> None:
    """Where clocks are put back an unmarked hour happens twice; the earlier one never makes anybody late too soon."""
    moment = DateReader(("iso",), ZoneInfo("Europe/Amsterdam")).read("2011-10-30T02:30:00")
    assert moment is not None
    assert moment.at == datetime(2011, 10, 30, 0, 30, tzinfo=UTC)
    assert moment.at + timedelta(hours=1) == datetime(2011, 10, 30, 2, 30, tzinfo=ZoneInfo("Europe/Amsterdam")).replace(
        fold=1
    ).astimezone(UTC)
