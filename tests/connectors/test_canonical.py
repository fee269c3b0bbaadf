"""Equal facts give equal bytes; any other fact gives another hash; nothing is lost on the way back."""

import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import Applicant, DossierRecord, Supplement
from connectors.canonical import NotCanonical, canonical_all, canonical_json, record_from_json, record_hash
from monitor.domain.dossier import Status
from tests.connectors.records import RECORDS, changed
from tests.mutants import CHANCE, SEEDS, variants

AT = datetime(2025, 11, 10, 1, 15, tzinfo=UTC)
RECORD = DossierRecord(
    key="35166:1",
    code="H99.14-251103-0007",
    status=Status.PROCESSING,
    status_raw="processing",
    alternates=("B", "A"),
    promised_at=AT,
    applicant=Applicant(name="Nguyễn Văn Mẫu", kind="citizen"),
)


@SEEDS
@given(RECORDS, CHANCE)
def test_round_trip_keeps_every_fact(seed: DossierRecord, chance: int) -> None:
    for record in variants(seed, chance, changed):
        back = record_from_json(canonical_json(record))
        assert replace(back, alternates=()) == replace(record, alternates=())
        assert set(back.alternates) == set(record.alternates)
        assert record_hash(back) == record_hash(record)


@SEEDS
@given(RECORDS, CHANCE, st.integers(-12, 14))
def test_order_and_zone_are_cosmetic(seed: DossierRecord, chance: int, hours: int) -> None:
    for record in variants(seed, chance, changed):
        _is_cosmetic(record, hours)


def _is_cosmetic(record: DossierRecord, hours: int) -> None:
    elsewhere = timezone(timedelta(hours=hours))
    turned: dict[str, Any] = {
        f.name: getattr(record, f.name).astimezone(elsewhere)
        for f in fields(record)
        if isinstance(getattr(record, f.name), datetime)
    }
    turned["supplements"] = tuple(
        Supplement(one.asked_at.astimezone(elsewhere), one.answered_at and one.answered_at.astimezone(elsewhere))
        for one in record.supplements
    )
    shuffled = tuple(sorted(record.alternates, reverse=hours % 2 == 0))
    assert record_hash(replace(record, alternates=shuffled, **turned)) == record_hash(record)


@pytest.mark.parametrize(
    "changed",
    [
        {"status": Status.READY},
        {"status_raw": "processing_2"},
        {"promised_at": AT + timedelta(seconds=1)},
        {"promised_at": None},
        {"promised_date_only": True},
        {"extended_at": AT},
        {"alternates": ("A",)},
        {"applicant": Applicant(name="Nguyễn Văn Mẫu", kind="citizen", phone="0900000001")},
        {"source_updated_at": AT},
        {"supplements": (Supplement(AT),)},
        {"supplements": (Supplement(AT, AT),)},
    ],
)
def test_every_fact_counts(changed: dict[str, object]) -> None:
    assert record_hash(replace(RECORD, **changed)) != record_hash(RECORD)  # type: ignore[arg-type]


@SEEDS
@given(RECORDS, CHANCE)
def test_the_fast_encoder_writes_what_the_plain_one_does(seed: DossierRecord, chance: int) -> None:
    """Stored hashes were made by the standard library's encoder; another must not change one byte of them."""
    for record in variants(seed, chance, changed):
        fast = canonical_json(record)
        plain = json.dumps(json.loads(fast), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        assert plain.encode() == fast


@SEEDS
@given(RECORDS, RECORDS, CHANCE)
def test_a_record_is_written_the_same_in_whatever_company(
    one: DossierRecord, other: DossierRecord, chance: int
) -> None:
    """What all have alike is written once for all of them, so a neighbour decides how a record is put together."""
    records = [*variants(one, chance, changed), other, one, one]
    assert canonical_all(records) == [canonical_json(record) for record in records]
    assert canonical_all([]) == []


def test_what_looks_like_the_end_of_a_value_is_none() -> None:
    officers = ('a",\n  "b', ",\n  ", "]", '"', "\\", "\x7f\u2028")
    records = [replace(RECORD, officer=officer) for officer in officers]
    assert [record_from_json(data).officer for data in canonical_all(records)] == list(officers)


def test_a_text_that_is_no_unicode_has_no_canonical_form() -> None:
    with pytest.raises(NotCanonical):
        canonical_json(replace(RECORD, officer="\ud800"))
    with pytest.raises(NotCanonical):
        canonical_json(replace(RECORD, alternates=("\ud800",)))


def test_a_value_of_another_kind_has_no_canonical_form() -> None:
    records = [RECORD, replace(RECORD, officer=["a", "b"])]  # type: ignore[arg-type]
    with pytest.raises(NotCanonical, match="officer"):
        canonical_all(records)


def test_hash_is_pinned() -> None:
    """Stored hashes must survive an upgrade: a change here means every dossier is observed anew."""
    assert record_hash(RECORD) == "f1b23786059fb60b6a9efa0cfbe8d458b7648ed8"
    assert len(record_hash(RECORD)) == 40


def test_an_instant_without_zone_is_refused() -> None:
    with pytest.raises(NotCanonical):
        canonical_json(replace(RECORD, promised_at=datetime(2025, 11, 10)))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b'"x"',
        b"\xff",
        b'{"key":"1","code":"","status":"nope","status_raw":""}',
        b'{"key":1,"code":"","status":"ready","status_raw":""}',
        b'{"key":"1","code":"","status":"ready","status_raw":"","x":""}',
        b'{"key":"1","code":"","status":"ready","status_raw":"","promised_at":"soon"}',
        b'{"key":"1","code":"","status":"ready","status_raw":"","supplements":[["2025-11-10"],["soon"]]}',
        b'{"key":"1","code":"","status":"ready","status_raw":"","supplements":[7]}',
        b'{"key":"1","code":"","status":"ready","status_raw":"","applicant":{"nome":""}}',
    ],
)
def test_anything_else_is_no_record(data: bytes) -> None:
    with pytest.raises(NotCanonical):
        record_from_json(data)


def test_a_field_added_later_takes_its_default() -> None:
    old = b'{"key":"1","code":"","status":"ready","status_raw":"9"}'
    assert record_from_json(old) == DossierRecord(key="1", code="", status=Status.READY, status_raw="9")
