"""Instants, days and months as a person types them."""

import re
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from monitor.cli.exits import Exit, Stop

_VIETNAMESE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(.*)")


def instant(text: str, zone: ZoneInfo) -> datetime:
    """`2026-11-20T09:15`, `2026-11-20 09:15+07:00`, `20/11/2026 09:15`, `2026-11-20` (its first moment).

    Without a zone it is local time in `zone`. Raises `Stop` saying what to write.
    """
    plain = text.strip()
    vietnamese = _VIETNAMESE.fullmatch(plain)
    if vietnamese:
        day, month, year, rest = vietnamese.groups()
        plain = f"{year}-{int(month):02}-{int(day):02}{rest}"
    try:
        at = datetime.fromisoformat(plain)
    except ValueError:
        raise Stop(
            Exit.REFUSED, f'"{text}": không phải thời điểm. Viết / write: 2026-11-20T09:15, 20/11/2026 09:15'
        ) from None
    return at.replace(tzinfo=zone) if at.tzinfo is None else at


def day(text: str) -> date:
    """`2026-11-20` or `20/11/2026`."""
    return instant(text, ZoneInfo("UTC")).date()


def clock_time(text: str) -> time:
    """`15:00`."""
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise Stop(Exit.REFUSED, f'"{text}": không phải giờ trong ngày. Viết / write: 15:00') from None


def month(text: str) -> tuple[int, int]:
    """`2026-11` or `11/2026` as (year, month)."""
    match = re.fullmatch(r"(?P<y>\d{4})-(?P<m>\d{1,2})|(?P<m2>\d{1,2})/(?P<y2>\d{4})", text.strip())
    if match:
        year, number = int(match["y"] or match["y2"]), int(match["m"] or match["m2"])
        if 1 <= number <= 12 and year >= 1:
            return year, number
    raise Stop(Exit.REFUSED, f'"{text}": không phải tháng. Viết / write: 2026-11')
