"""One byte form of a `DossierRecord`, so that "changed" is a comparison of hashes.

Keys are sorted, text is UTF-8, instants are ISO 8601 in UTC, alternates are a sorted set, supplements are pairs and
left out where there are none (so that records of sources without them keep the bytes they always had). Everything the
record holds is in it, the applicant too: it is evidence, kept where evidence is kept, and never logged.
"""

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from hashlib import blake2b
from operator import attrgetter
from typing import Any

import orjson

from connectors.base import Applicant, DossierRecord, Supplement
from monitor.domain.dossier import Status

_HASH_BYTES = 20
_FIELDS = tuple(sorted(f.name for f in fields(DossierRecord)))
_APPLICANT_FIELDS = tuple(sorted(f.name for f in fields(Applicant)))
_INSTANTS = frozenset(f.name for f in fields(DossierRecord) if f.name.endswith("_at"))
_values = attrgetter(*_FIELDS)
_applicant_values = attrgetter(*_APPLICANT_FIELDS)


class NotCanonical(ValueError):
    """The bytes are no canonical record. Names the field, never its value."""


def canonical_json(record: DossierRecord) -> bytes:
    """The record as canonical JSON. Equal facts give equal bytes, in whatever order or zone they came."""
    # no dataclasses.asdict: it copies every instant deeply, at ten times the price
    plain = dict(zip(_FIELDS, _values(record), strict=True))  # the fields stand sorted, so the keys do
    for name in _INSTANTS:
        at = plain[name]
        if at is not None and at.tzinfo is not UTC:
            plain[name] = _in_utc(at)
    plain["alternates"] = sorted(set(record.alternates))
    if record.supplements:
        plain["supplements"] = [[_utc_or_none(s.asked_at), _utc_or_none(s.answered_at)] for s in record.supplements]
    else:
        del plain["supplements"]
    plain["applicant"] = dict(zip(_APPLICANT_FIELDS, _applicant_values(record.applicant), strict=True))
    try:
        return orjson.dumps(plain)
    except orjson.JSONEncodeError:
        raise NotCanonical("a text that is no Unicode, or a value of another kind than its field") from None


def record_hash(record: DossierRecord) -> str:
    """40 hex characters that change exactly when a fact of the record changes."""
    return hash_of(canonical_json(record))


def hash_of(canonical: bytes) -> str:
    """`record_hash` of a record whose canonical bytes are at hand already."""
    return blake2b(canonical, digest_size=_HASH_BYTES).hexdigest()


def record_from_json(data: bytes) -> DossierRecord:
    """The record that `canonical_json` wrote; fields added since then take their defaults.

    Raises `NotCanonical` for anything else.
    """
    try:
        plain = json.loads(data)
    except ValueError:
        raise NotCanonical("not JSON") from None
    if not isinstance(plain, dict):
        raise NotCanonical("not an object")
    try:
        return DossierRecord(**{name: _typed(name, value) for name, value in plain.items()})
    except TypeError:
        raise NotCanonical("a field is unknown or missing") from None


def _utc_or_none(at: datetime | None) -> datetime | None:
    return None if at is None else _in_utc(at)


def _in_utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise NotCanonical("an instant without a zone")
    return at.astimezone(UTC)


def _typed(name: str, value: Any) -> Any:
    try:
        if name in _INSTANTS:
            return None if value is None else datetime.fromisoformat(value)
        if name == "status":
            return Status(value)
        if name == "alternates":
            return _codes(value)
        if name == "supplements":
            return tuple(Supplement(*(at and datetime.fromisoformat(at) for at in pair)) for pair in value)
        if name == "applicant":
            return _applicant(value)
    except (TypeError, ValueError):
        raise NotCanonical(f"{name} cannot be read") from None
    if not isinstance(value, bool if name == "promised_date_only" else str):
        raise NotCanonical(f"{name} cannot be read")
    return value


def _applicant(value: Mapping[str, str]) -> Applicant:
    return Applicant(**value)


def _codes(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(code, str) for code in value):
        raise TypeError
    return tuple(value)
