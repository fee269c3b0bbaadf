"""Time limits as procedures state them, and how they are counted. A number without a unit is never guessed."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from fractions import Fraction

from monitor.domain.saying import say_amount

HOURS_PER_DAY = 8  # a working day is 8 working hours (law.md §4.2)


class LimitUnit(StrEnum):
    """What a time limit is counted in (law.md §4.2)."""

    HOURS = "hours"  # giờ, giờ làm việc: open working time, lunch left out
    WORKING_DAYS = "working_days"  # ngày làm việc
    CALENDAR_DAYS = "calendar_days"  # ngày: rolls to the next working day (BLDS 2015 Điều 148 khoản 5)
    MONTHS = "months"  # tháng: the same date of the last month (BLDS 2015 Điều 148 khoản 3)


class LimitUnclear(ValueError):
    """The text states no time limit that can be counted. The message says why, and what to write.

    `reason` classes it for counts: no_time, no_unit, unknown_unit, zero, part_of_month, unreadable.
    """

    def __init__(self, reason: str, said: str) -> None:
        super().__init__(said)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """So much of a unit. Months are whole; nothing is zero or negative."""

    amount: Fraction
    unit: LimitUnit

    def __post_init__(self) -> None:
        if self.amount <= 0:
            raise LimitUnclear("zero", f"thời hạn phải lớn hơn 0, đang là {say_amount(self.amount)}")
        if self.unit is LimitUnit.MONTHS and self.amount.denominator != 1:
            raise LimitUnclear(
                "part_of_month", f"{say_amount(self.amount)} tháng: chỉ tính được số tháng nguyên; hãy ghi bằng ngày"
            )

    @property
    def is_within_a_day(self) -> bool:
        """One day or less, so that the rule of procedures answered within the day can go with it."""
        if self.unit is LimitUnit.HOURS:
            return self.amount <= HOURS_PER_DAY
        return self.unit is not LimitUnit.MONTHS and self.amount <= 1

    @property
    def text_vi(self) -> str:
        """As a procedure states it: `5 ngày làm việc`."""
        return f"{say_amount(self.amount)} {_UNIT_VI[self.unit]}"


@dataclass(frozen=True, slots=True)
class CountingRules:
    """How a procedure's limit is counted where it differs from the usual; the rules are data.

    `cut_off`: received after this local time counts as received on the next working day.
    `same_day_until`: "trả trong ngày": received by this time is due the same day, later the next working day.
    `day_is_hours`: a working day is 8 working hours from the minute of reception, not a whole day.
    `payment_pauses`: the clock stands while the applicant owes a financial duty (sector law says so).
    """

    first_day_counted: bool = False
    cut_off: time | None = None
    same_day_until: time | None = None
    day_is_hours: bool = False
    payment_pauses: bool = False


_UNIT_VI = {
    LimitUnit.HOURS: "giờ làm việc",
    LimitUnit.WORKING_DAYS: "ngày làm việc",
    LimitUnit.CALENDAR_DAYS: "ngày",
    LimitUnit.MONTHS: "tháng",
}
_UNITS = {
    "giờ": LimitUnit.HOURS,
    "giờ làm việc": LimitUnit.HOURS,
    "ngày làm việc": LimitUnit.WORKING_DAYS,
    "ngày": LimitUnit.CALENDAR_DAYS,
    "tháng": LimitUnit.MONTHS,
}
# An amount, perhaps spelled out behind it in brackets as circulars do: "15 (mười lăm) ngày".
_SHAPE = re.compile(
    r"(?:(?:trong\s+)?(?:thời\s+hạn\s+)?(?:không\s+quá|tối\s+đa|chậm\s+nhất)\s+)?"
    r"(?P<amount>[0-9]{1,4}(?:[.,][0-9]{1,2})?)"
    r"(?:\s*\((?P<spelled>[^()0-9]*)\))?"
    r"\s*(?P<unit>[^\W\d_][^\d()]*)?"
)
_WRITE = 'hãy ghi như "5 ngày làm việc", "8 giờ làm việc", "20 ngày" hoặc "3 tháng"'


def is_same_day(limit: TimeLimit, rules: CountingRules) -> bool:
    """Whether the rule of procedures answered within the day applies: late in the day means the next (law.md §4.1)."""
    return rules.same_day_until is not None and limit.is_within_a_day


def is_by_hours(limit: TimeLimit, rules: CountingRules) -> bool:
    """Whether the limit runs by the hour from the minute of reception, rather than by whole days."""
    if is_same_day(limit, rules):
        return False
    return limit.unit is LimitUnit.HOURS or (limit.unit is LimitUnit.WORKING_DAYS and rules.day_is_hours)


def parse_limit(text: str) -> TimeLimit:
    """Reads "05 ngày làm việc", "8 giờ làm việc", "1,5 ngày", "1.5 Ngày làm việc", "20 ngày", "3 tháng", "giờ".

    Raises `LimitUnclear` for anything else: no number, no unit, an unknown unit, a range, zero.
    """
    plain = " ".join(unicodedata.normalize("NFC", text).casefold().split()).strip(" .;")
    if not plain:
        raise LimitUnclear("no_time", f"chưa ghi thời hạn; {_WRITE}")
    match = _SHAPE.fullmatch(plain)
    if match is None:
        raise LimitUnclear("unreadable", f'không đọc được thời hạn "{plain[:80]}"; {_WRITE}')
    unit = (match["unit"] or "").strip()
    if not unit:
        raise LimitUnclear(
            "no_unit", f'"{plain[:80]}" có số nhưng không có đơn vị (giờ, ngày làm việc, ngày, tháng); {_WRITE}'
        )
    if any(word in _UNITS for word in (match["spelled"] or "").split()):
        raise LimitUnclear("unreadable", f'"{plain[:80]}" ghi đơn vị trong ngoặc; {_WRITE}')
    if unit not in _UNITS:
        raise LimitUnclear("unknown_unit", f'không biết đơn vị "{unit[:40]}"; {_WRITE}')
    return TimeLimit(Fraction(match["amount"].replace(",", ".")), _UNITS[unit])
