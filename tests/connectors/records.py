"""Hypothesis strategies for canonical records."""

from datetime import datetime, timedelta, timezone

from hypothesis import strategies as st

from connectors.base import Applicant, DossierRecord, Supplement
from monitor.domain.dossier import Status

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
