"""Hypothesis strategies for canonical records."""

from dataclasses import fields, replace
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any

from hypothesis import strategies as st

from connectors.base import Applicant, DossierRecord, Supplement
from monitor.domain.dossier import Status
from tests.mutants import text

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
ZONES = st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours)))
INSTANTS = st.datetimes(datetime(1950, 1, 1), datetime(2090, 1, 1), timezones=ZONES)
MAYBE = st.none() | INSTANTS
RECORDS = st.builds(
    DossierRecord,
    key=TEXT,
    code=TEXT,
    status=st.sampled_from(Status),
    status_raw=TEXT,
    alternates=st.lists(TEXT, max_size=4, unique=True).map(tuple),
    agency_code=TEXT,
    submitted_at=MAYBE,
    received_at=MAYBE,
    promised_at=MAYBE,
    promised_date_only=st.booleans(),
    extended_at=MAYBE,
    finished_at=MAYBE,
    returned_at=MAYBE,
    source_updated_at=MAYBE,
    supplements=st.lists(st.builds(Supplement, INSTANTS, MAYBE), max_size=2).map(tuple),
    officer=TEXT,
    applicant=st.builds(Applicant, name=TEXT, phone=TEXT, address=TEXT),
)


def changed(record: DossierRecord, draw: Random) -> DossierRecord:
    """The record with one fact another: for the variants around a seed."""
    name = draw.choice(_NAMES)
    return replace(record, **{name: _other(getattr(record, name), name, draw)})


_NAMES = tuple(f.name for f in fields(DossierRecord) if f.name != "key")


def _other(value: Any, name: str, draw: Random) -> Any:
    if name == "status":
        return draw.choice(list(Status))
    if name == "applicant":
        part = draw.choice(("name", "phone", "address", "id_number"))
        return replace(value, **{part: _word(getattr(value, part), draw)})
    if name == "alternates":
        return (*value[: draw.randrange(4)], *{_word("H99.14-251103-0001", draw)} - set(value))
    if name == "supplements":
        return (*value[: draw.randrange(3)], Supplement(_moment(draw), draw.choice((None, _moment(draw)))))
    if isinstance(value, bool):
        return not value
    if name.endswith("_at"):
        return draw.choice((None, _moment(draw), _moment(draw)))
    return _word(value, draw)


def _word(value: str, draw: Random) -> str:
    return text(value or "Nguyễn Văn Mẫu", draw).replace("\ud800", "\U0001f600").replace("\x00", "\u2028")


def _moment(draw: Random) -> datetime:
    zone = timezone(timedelta(minutes=draw.choice((0, 0, 420, 345, -720, 840))))
    return datetime(1950, 1, 1, tzinfo=zone) + timedelta(microseconds=draw.randrange(140 * 365 * 86_400 * 10**6))
