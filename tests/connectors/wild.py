"""Wild rows for the fuzzers, and what must hold of a good row among them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from connectors.base import DossierRecord
from connectors.canonical import canonical_json, record_from_json
from connectors.kit.fields import read_rows
from tests.connectors.told import nothing_guessed

LEAF = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("\ud800")
JSON = st.recursive(
    LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner), max_leaves=6
)


def spoilt(row: dict[str, Any]) -> st.SearchStrategy[Any]:
    """A row with some of its values replaced by anything, or anything at all instead of a row."""
    keys = st.dictionaries(st.sampled_from(sorted(row)), JSON, min_size=1, max_size=4)
    return keys.map(lambda changes: {**row, **changes}) | JSON


def stays_itself(record: DossierRecord) -> bool:
    """A record that was made can be stored and read again, whatever it was made of."""
    return record_from_json(canonical_json(record)) == record


DAY_FIRST = ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y")
Stated = Mapping[str, tuple[Sequence[str], Sequence[str]]]  # what rules look at: its names on the wire, its formats


def beside(
    wild: Sequence[Any],
    good: dict[str, Any],
    at: int,
    to_record: Callable[[Mapping[str, Any]], DossierRecord | None],
    key_fields: Sequence[str],
    stated: Stated,
) -> None:
    """The good row among the wild ones stays as it is alone, and of the others is believed what they state or nothing."""
    place, alone = at % (len(wild) + 1), to_record(good)
    records, raws, bad = read_rows([*wild[:place], good, *wild[place:]], to_record, key_fields)
    assert alone is not None
    held = {record.key: record for record in records}
    assert alone.key in held
    assert held[alone.key] == alone or any(str(good[name]) in repr(row) for name in key_fields for row in wild)
    assert len(records) == len(raws)
    assert len(bad) <= len(wild)
    assert len(records) + len(bad) <= len(wild) + 1
    assert all(stays_itself(record) for record in records)
    for field, (names, formats) in stated.items():
        nothing_guessed(records, raws, field, names, formats)
