"""How long to wait before asking again, and when not to."""

import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 8.0
LONGEST_OBEYED_S = 10.0  # a longer Retry-After is for the scheduler, not for a thread that waits
LONGEST_RETRY_AFTER_S = 86_400.0
Chance = Callable[[], float]
chance: Chance = random.SystemRandom().random


def backoff_s(attempt: int, draw: Chance = chance) -> float:
    """Seconds before try `attempt` + 1 (first try = 1): full jitter, so that sources are not asked in step."""
    return draw() * min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** (attempt - 1))


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """`Retry-After` as seconds from `now`, from its number or HTTP-date form; None where absent or nonsense."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_RETRY_AFTER_S)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return min(max((at - now).total_seconds(), 0.0), LONGEST_RETRY_AFTER_S)
