"""What a source's words say of a date, read a second time by the standard library: the fuzzers hold the product's own
reader against it, so that nothing a record is judged by was guessed."""

import json
import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from connectors.base import DossierRecord

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
# nothing, as the systems write it: their own zero days count as none, a zone may have moved them by one
_LAST_ZERO = datetime(1971, 1, 1, tzinfo=UTC)


def told(value: object, formats: Sequence[str], zone: tzinfo = HANOI) -> datetime | None:
    """The instant that a value states in one of the formats; None where it states none, or nothing that can be read."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, float) and not value.is_integer():
        return None
    words = str(value if isinstance(value, str) else int(value)).strip()
    for one in formats:
        with suppress(ValueError, OverflowError):
            wall = _wall(words, one)
            at = (wall if wall.tzinfo else wall.replace(tzinfo=zone)).astimezone(UTC)
            return at if at > _LAST_ZERO else None
    return None


def nothing_guessed(
    records: Sequence[DossierRecord], raws: Sequence[bytes], field: str, names: Sequence[str], formats: Sequence[str]
) -> None:
    """Every record's `field` is what its own raw row states under the first of `names` that is not empty."""
    for record, raw in zip(records, raws, strict=True):
        row = json.loads(raw)
        held = getattr(record, field)
        stated = next((row[name] for name in names if row.get(name) not in (None, "")), None)
        assert held == told(stated, formats), f"{field}: {held} of {stated!r}"


def _wall(words: str, one: str) -> datetime:
    if one == "iso":
        return _iso(words)
    if one.startswith("epoch"):
        return _epoch(words, one)
    wall = datetime.strptime(words, one)  # noqa: DTZ007 - the zone comes next
    if re.search("%.%.", one) and wall.strftime(one) != words:
        raise ValueError  # one digit less, and without separators the library guesses which one it was
    return wall


def _epoch(words: str, unit: str) -> datetime:
    if not re.fullmatch(r"-?[0-9]{1,16}", words):
        raise ValueError
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(
        **{"milliseconds" if unit == "epoch_ms" else "seconds": int(words)}
    )


def _iso(words: str) -> datetime:
    if not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", words):
        raise ValueError
    words = re.sub(r"\s(?=[-+Zz][0-9:]*$)", "", words).replace("z", "Z")
    midnight = re.fullmatch(r"(.{10})[T ]24:00(?::00(?:[.,]0+)?)?(.*)", words)
    if midnight:
        return datetime.fromisoformat(f"{midnight[1]}T00:00{midnight[2]}") + timedelta(days=1)
    return datetime.fromisoformat(words)
