"""How days, hours and amounts are said in Vietnamese, for the lines that explain a date."""

from datetime import date, datetime, timedelta
from fractions import Fraction

_WEEKDAYS = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")


def say_day(on: date) -> str:
    """`thứ Tư 25/11/2026`."""
    return f"{_WEEKDAYS[on.weekday()]} {on:%d/%m}/{on.year:04d}"


def say_instant(at: datetime) -> str:
    """`17:00 thứ Tư 25/11/2026`, by the wall clock of the instant's own zone; seconds only where there are any."""
    clock = f"{at:%H:%M:%S}" if at.second or at.microsecond else f"{at:%H:%M}"
    return f"{clock} {say_day(at.date())}"


def say_amount(amount: Fraction) -> str:
    """`5`, `1,5`, `1/3`: a decimal comma where two decimals are exact, the fraction otherwise."""
    if amount.denominator == 1:
        return str(amount.numerator)
    hundredths = amount * 100
    if hundredths.denominator == 1:
        return f"{float(amount):.2f}".rstrip("0").replace(".", ",")
    return f"{amount.numerator}/{amount.denominator}"


def say_duration(length: timedelta) -> str:
    """`3 giờ 30 phút`: hours, minutes and seconds, those that are not zero; `0 phút` for none."""
    seconds = length // timedelta(seconds=1)
    parts = ((seconds // 3600, "giờ"), (seconds // 60 % 60, "phút"), (seconds % 60, "giây"))
    return " ".join(f"{n} {unit}" for n, unit in parts if n) or "0 phút"


def capital(text: str) -> str:
    """The text with its first letter in capitals, the rest as it is."""
    return text[:1].upper() + text[1:]
