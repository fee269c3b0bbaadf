"""Dates as administrative letters write them (NĐ 30/2020 Phụ lục I: a 0 before days under 10 and months 1, 2)."""

from datetime import date, datetime

BLANK_DATE = "ngày …… tháng …… năm ………"


def day(on: date) -> str:
    """`ngày 05 tháng 02 năm 2026`"""
    month = f"{on.month:02d}" if on.month < 3 else str(on.month)
    return f"ngày {on.day:02d} tháng {month} năm {on.year}"


def hour_and_day(at: datetime) -> str:
    """`16 giờ 30 phút, ngày …` of a local instant; the instant's own zone is taken as meant."""
    return f"{at.hour:02d} giờ {at.minute:02d} phút, {day(at.date())}"


def capital(text: str) -> str:
    """The first letter large, the rest as it is."""
    return text[:1].upper() + text[1:]
