"""The working calendar: which days and hours count, and arithmetic on them without a loop over days.

One stream of open working segments serves due date, elapsed and remaining time alike, so the three can never
disagree. Days are found through prefix counts, instants by bisection. Instants going in are aware in any
zone; instants coming out are aware in the calendar's zone. No clock, no I/O.
"""

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import accumulate, pairwise
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DAY_S = 86_400
_TICKS_A_SECOND = 1_000_000
_EPOCH_ORDINAL = _EPOCH.toordinal()


class CalendarExhausted(Exception):
    """A span leaves the years that are loaded, or there is no open time at all. The text says which."""


class NotWorkingDay(ValueError):
    """Opening hours were asked of a day on which no term runs."""


@dataclass(frozen=True, slots=True)
class Block:
    """Open hours of a day: seconds after local midnight by the wall clock, the end not included."""

    start_s: int
    end_s: int

    def __post_init__(self) -> None:
        if not 0 <= self.start_s < self.end_s <= _DAY_S:
            raise ValueError(f"a block of hours must begin before it ends, within one day: {self}")


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One day. `blocks` are when the office is open; only an `is_working` day counts for terms.

    A commune may receive on Saturday morning (blocks) without that Saturday counting (not working).
    `document` names the decision the row comes from; `provisional` = not officially announced yet.
    """

    on: date
    blocks: tuple[Block, ...]
    name: str = ""
    document: str = ""
    provisional: bool = False
    is_working: bool = True


_NO_HOURS: tuple[tuple[Block, ...], ...] = ((),) * 7


class WorkingCalendar:
    """A run of days from `first` to `last`, built from a week of hours and the days that differ from it.

    `week` holds the blocks of Monday to Sunday; a weekday without blocks is a day of rest, on which `reception` may
    still be open to receive. Days after `announced_until` are provisional: their days off are not decreed yet.
    Raises `ValueError` for an impossible calendar, `CalendarExhausted` from any method whose answer lies outside.
    """

    def __init__(
        self,
        zone: ZoneInfo,
        first: date,
        last: date,
        week: Sequence[tuple[Block, ...]],
        special: Mapping[date, CalendarDay] | Iterable[CalendarDay] = (),
        announced_until: date | None = None,
        reception: Sequence[tuple[Block, ...]] = _NO_HOURS,
    ) -> None:
        if last < first:
            raise ValueError(f"a calendar cannot end ({last}) before it begins ({first})")
        if len(week) != 7 or len(reception) != 7:
            raise ValueError("a week has seven days")
        rows = special.values() if isinstance(special, Mapping) else special
        self.zone = zone
        self.first = first
        self.last = last
        self.announced_until = last if announced_until is None else announced_until
        self._week = tuple(_in_order(blocks, "the week's hours") for blocks in week)
        self._reception = tuple(_in_order(blocks, "the hours of reception") for blocks in reception)
        self._special = {row.on: row for row in rows}
        for row in self._special.values():
            _in_order(row.blocks, str(row.on))
            if row.is_working and not row.blocks:
                raise ValueError(f"{row.on} is a working day without any hours")
        self._zero = first.toordinal()
        self._size = last.toordinal() - self._zero + 1
        self._count_days()
        self._agencies: Callable[[str], WorkingCalendar] | None = None
        self._midnights: list[datetime | None] = [None] * self._size
        self._beginnings: list[datetime | None] = [None] * self._size

    def _count_days(self) -> None:
        """Fills the prefix tables: working and provisional days before each day of the run."""
        weekly = [bool(blocks) for blocks in self._week]
        weekday = self.first.weekday()
        works = [weekly[(weekday + i) % 7] for i in range(self._size)]
        doubtful = [False] * self._size
        after = max(0, self.announced_until.toordinal() - self._zero + 1)
        doubtful[after:] = [True] * (self._size - min(after, self._size))
        for on, row in self._special.items():
            i = on.toordinal() - self._zero
            if 0 <= i < self._size:
                works[i] = row.is_working
                doubtful[i] = doubtful[i] or row.provisional
        self._before = list(accumulate(works, initial=0))  # working days strictly before day i
        self._doubtful_before = list(accumulate(doubtful, initial=0))
        self._working = [date.fromordinal(self._zero + i) for i, it_works in enumerate(works) if it_works]

    # --- agencies

    def with_agencies(self, find: Callable[[str], "WorkingCalendar"]) -> "WorkingCalendar":
        """This calendar, which from now on knows where to `find` those of agencies. Returns itself."""
        self._agencies = find
        return self

    def of(self, agency_code: str) -> "WorkingCalendar":
        """The calendar of an agency with days or hours of its own, or below one that has; this one for all others."""
        return self if self._agencies is None else self._agencies(agency_code)

    # --- days

    @property
    def week(self) -> tuple[tuple[Block, ...], ...]:
        """The usual hours of Monday to Sunday, before any day off or made up."""
        return self._week

    def day(self, on: date) -> CalendarDay:
        """What is known of one day."""
        i = self._index(on)
        row = self._special.get(on)
        provisional = self._doubtful_before[i + 1] > self._doubtful_before[i]
        if row is None:
            blocks = self._week[on.weekday()]
            open_at = blocks or self._reception[on.weekday()]
            return CalendarDay(on, open_at, provisional=provisional, is_working=bool(blocks))
        if row.provisional != provisional:
            return CalendarDay(on, row.blocks, row.name, row.document, provisional, row.is_working)
        return row

    def is_working_day(self, on: date) -> bool:
        i = self._index(on)
        return self._before[i + 1] > self._before[i]

    def is_provisional(self, after: date, until: date) -> bool:
        """Whether any day in (after, until] is not officially announced yet."""
        return self._doubtful_before[self._index(until) + 1] > self._doubtful_before[self._index(after) + 1]

    def first_provisional(self, after: date) -> CalendarDay:
        """The first day after `after` that is not officially announced. Raises `CalendarExhausted` if all are."""
        i = bisect_right(self._doubtful_before, self._doubtful_before[self._index(after) + 1]) - 1
        if i >= self._size:
            raise self._exhausted(after)
        return self.day(date.fromordinal(self._zero + i))

    def on_or_before(self, on: date) -> date:
        """The day itself if it is a working day, else the last one before it."""
        return self._nth(self._before[self._index(on) + 1] - 1, on)

    def on_or_after(self, on: date) -> date:
        """The day itself if it is a working day, else the next one."""
        return self._nth(self._before[self._index(on)], on)

    def add_working_days(self, on: date, n: int) -> date:
        """The n-th working day after `on` (before it, if n is negative). `on` itself never counts; n = 0 is `on`."""
        i = on.toordinal() - self._zero
        if 0 <= i < self._size:
            if n > 0:
                k = self._before[i + 1] + n - 1
                if k < len(self._working):
                    return self._working[k]
            elif n == 0:
                return on
            else:
                k = self._before[i] + n
                if k >= 0:
                    return self._working[k]
        raise self._exhausted(on)

    def working_days_between(self, after: date, until: date) -> int:
        """Working days in (after, until]; the same with a minus sign when reversed."""
        return self._before[self._index(until) + 1] - self._before[self._index(after) + 1]

    # --- instants

    def midnight(self, on: date) -> datetime:
        """When the local day begins (the first instant that exists, where a clock change swallows 00:00)."""
        i = on.toordinal() - self._zero
        if not 0 <= i < self._size:
            raise self._exhausted(on)
        found = self._midnights[i]
        if found is None:
            found = self._midnights[i] = self.at_time(on, time.min)
        return found

    def begins(self, on: date) -> datetime:
        """`midnight` in UTC: what rules compare with, since instants of one zone compare ten times faster."""
        i = on.toordinal() - self._zero
        if not 0 <= i < self._size:
            raise self._exhausted(on)
        found = self._beginnings[i]
        if found is None:
            found = self._beginnings[i] = self.midnight(on).astimezone(UTC)
        return found

    def local(self, at: datetime) -> datetime:
        """The same instant by the wall clock of the calendar's zone."""
        if at.tzinfo is None:
            raise ValueError("an instant without a time zone cannot be placed on a calendar")
        return at.astimezone(self.zone)

    def local_date(self, at: datetime) -> date:
        return self.local(at).date()

    def at_time(self, on: date, t: time) -> datetime:
        """A wall-clock time on a day. A time that a clock change skips is moved by the width of the gap."""
        return datetime.combine(on, t, tzinfo=self.zone).astimezone(UTC).astimezone(self.zone)

    def first_open(self, on: date) -> datetime:
        """When a working day opens. Raises `NotWorkingDay` otherwise."""
        return self._wall(on, self._hours(on)[0].start_s)

    def last_open(self, on: date) -> datetime:
        """When a working day closes. Raises `NotWorkingDay` otherwise."""
        return self._wall(on, self._hours(on)[-1].end_s)

    def next_open(self, at: datetime) -> datetime:
        """`at` itself while a working day is open, else the next opening."""
        starts, ends, _ = self.segments
        t = self._ticks(at)
        i = bisect_right(ends, t)
        if i == len(ends):
            raise CalendarExhausted(f"the calendar has no open hour after {self.local(at):%Y-%m-%d %H:%M}")
        return self.local(at) if starts[i] <= t else self._instant(starts[i])

    def add_open_time(self, at: datetime, amount: timedelta) -> datetime:
        """The instant so much working time later (negative: earlier); `at` itself for none.

        An amount that is used up exactly at closing time ends there, not at the next opening: the earliest
        instant is taken going forward, the latest going back.
        """
        wanted = amount // _MICROSECOND
        if wanted == 0:
            return self.local(at)
        starts, ends, opened = self.segments
        target = self._opened_by(self._ticks(at)) + wanted
        if wanted > 0:
            i = bisect_left(opened, target) - 1  # opened[i] < target <= opened[i + 1]
            if i >= len(ends):
                raise CalendarExhausted(
                    f"the calendar ends on {self.last}: not enough working time after {self.local(at):%Y-%m-%d %H:%M}"
                )
        else:
            i = bisect_right(opened, target) - 1  # opened[i] <= target < opened[i + 1]
            if i < 0:
                raise CalendarExhausted(
                    f"the calendar begins on {self.first}: not enough working time before "
                    f"{self.local(at):%Y-%m-%d %H:%M}"
                )
        return self._instant(starts[i] + target - opened[i])

    def part_of_open_time(self, start: datetime, end: datetime, parts: int, of: int) -> datetime:
        """When, in UTC, so many parts `of` the working time from `start` to `end` are over, in whole seconds; `start`
        itself for none. `end` does not lie before `start`."""
        before = self._opened_by(self._ticks(start))
        seconds = (self._opened_by(self._ticks(end)) - before) // _TICKS_A_SECOND
        wanted = seconds * parts // of * _TICKS_A_SECOND
        if not wanted:
            return start
        starts, _, opened = self.segments
        i = bisect_left(opened, before + wanted) - 1
        return _EPOCH + timedelta(microseconds=starts[i] + before + wanted - opened[i])

    def open_time_between(self, start: datetime, end: datetime) -> timedelta:
        """Working time from `start` to `end`; with a minus sign when reversed."""
        amount = self._opened_by(self._ticks(end)) - self._opened_by(self._ticks(start))
        return timedelta(microseconds=amount)

    # --- inside

    @cached_property
    def version(self) -> str:
        """Names this calendar by what every one of its days says: 16 hex digits. Usual days are named by their week, so
        the cost follows the rows that differ from it; a row that says nothing new leaves the name as it is."""
        usual = [(blocks or self._reception[n], bool(blocks)) for n, blocks in enumerate(self._week)]
        digest = hashlib.blake2b(f"{self.zone.key}|{self.first}|{self.last}".encode(), digest_size=8)
        digest.update("".join(f"\n{_written(*day)}" for day in usual).encode())
        for on, row in sorted(self._special.items()):
            said = (row.blocks, row.is_working)
            if self.first <= on <= self.last and (said != usual[on.weekday()] or row.name or row.document):
                digest.update(f"\n{on}|{_written(*said)}|{row.name}|{row.document}".encode())
        digest.update(bytes(after - before for before, after in pairwise(self._doubtful_before)))
        return digest.hexdigest()

    @cached_property
    def day_tables(self) -> tuple[dict[date, int], list[date]]:
        """(working days up to and with each day, the working days themselves from number 1)."""
        days = [date.fromordinal(self._zero + i) for i in range(self._size)]
        return dict(zip(days, self._before[1:], strict=True)), [date.min, *self._working]

    @cached_property
    def segments(self) -> tuple[list[int], list[int], list[int]]:
        """Starts and ends of all open working segments, and the open time before each (microseconds since 1970)."""
        starts: list[int] = []
        ends: list[int] = []
        for on in self._working:
            blocks = self._hours(on)
            first, last = blocks[0].start_s, blocks[-1].end_s
            opens, closes = self._wall_ticks(on, first), self._wall_ticks(on, last)
            if closes - opens == (last - first) * _TICKS_A_SECOND:  # the clock was not changed meanwhile
                starts += [opens + (block.start_s - first) * _TICKS_A_SECOND for block in blocks]
                ends += [opens + (block.end_s - first) * _TICKS_A_SECOND for block in blocks]
            else:
                starts += [self._wall_ticks(on, block.start_s) for block in blocks]
                ends += [self._wall_ticks(on, block.end_s) for block in blocks]
        opened = list(accumulate((end - start for start, end in zip(starts, ends, strict=True)), initial=0))
        return starts, ends, opened

    def _opened_by(self, t: int) -> int:
        """Open time from the calendar's beginning to `t`, in microseconds."""
        if not self.bounds[0] <= t <= self.bounds[1]:
            raise self._exhausted(self.local_date(_EPOCH + timedelta(microseconds=t)))
        starts, ends, opened = self.segments
        i = bisect_right(starts, t) - 1
        return 0 if i < 0 else opened[i] + min(t, ends[i]) - starts[i]

    @cached_property
    def bounds(self) -> tuple[int, int]:
        """The first instant inside and the first one after, in microseconds since 1970 UTC."""
        return self._wall_ticks(self.first, 0), self._wall_ticks(self.last, _DAY_S)

    def _hours(self, on: date) -> tuple[Block, ...]:
        if not self.is_working_day(on):
            raise NotWorkingDay(f"{on} is not a working day")
        row = self._special.get(on)
        return self._week[on.weekday()] if row is None else row.blocks

    def _wall(self, on: date, seconds: int) -> datetime:
        """Seconds after midnight by the wall clock; 86400 is the beginning of the next day."""
        return self._instant(self._wall_ticks(on, seconds))

    def _wall_ticks(self, on: date, seconds: int) -> int:
        """The same in microseconds since 1970. A wall time that a clock change skips lies after the gap; of one that
        comes twice the first is meant."""
        wall = datetime.combine(on, time.min, self.zone) + timedelta(seconds=seconds)
        offset = wall.utcoffset() or timedelta(0)
        local = (on.toordinal() - _EPOCH_ORDINAL) * _DAY_S + seconds
        return (local - offset.days * _DAY_S - offset.seconds) * 1_000_000 - offset.microseconds

    def _ticks(self, at: datetime) -> int:
        if at.tzinfo is None:
            raise ValueError("an instant without a time zone cannot be placed on a calendar")
        return (at - _EPOCH) // _MICROSECOND

    def _instant(self, ticks: int) -> datetime:
        return (_EPOCH + timedelta(microseconds=ticks)).astimezone(self.zone)

    def _index(self, on: date) -> int:
        i = on.toordinal() - self._zero
        if not 0 <= i < self._size:
            raise self._exhausted(on)
        return i

    def _nth(self, k: int, on: date) -> date:
        if not 0 <= k < len(self._working):
            raise self._exhausted(on)
        return self._working[k]

    def _exhausted(self, on: date) -> CalendarExhausted:
        if not self._working:
            return CalendarExhausted("the calendar has no working day at all: give it hours")
        return CalendarExhausted(
            f"counting from {on} leaves the calendar, which runs from {self.first} to {self.last} "
            f"with working days from {self._working[0]} to {self._working[-1]}"
        )


def _written(blocks: tuple[Block, ...], is_working: bool) -> str:
    return ",".join(f"{block.start_s}-{block.end_s}" for block in blocks) + f"|{is_working:d}"


def _in_order(blocks: tuple[Block, ...], what: str) -> tuple[Block, ...]:
    for earlier, later in pairwise(blocks):
        if later.start_s < earlier.end_s:
            raise ValueError(f"{what}: blocks of hours must follow one another without overlap")
    return blocks
