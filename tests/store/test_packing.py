"""Evidence comes back byte for byte, whenever it was packed, and what is damaged is never taken for evidence."""

import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.canonical import canonical_json
from monitor.store.packing import NotPacked, packed, unpacked
from tests.connectors.test_canonical import RECORD
from tests.counts import proof_examples

# As the first dictionary packed it: this row lies in stores, and a changed dictionary would make it unreadable.
_KEPT = bytes.fromhex("486aa20e2a94ab860697b721dc1854c36b01b9460b4f")


@settings(max_examples=proof_examples(200, 20_000), deadline=None)
@given(st.binary(max_size=5000))
def test_any_bytes_come_back(data: bytes) -> None:
    assert unpacked(packed(data)) == data


def test_a_row_packed_earlier_is_read() -> None:
    assert unpacked(_KEPT) == b'{"key":"K1","status":"processing"}'


@pytest.mark.parametrize("level", [1, 6, 9])
def test_what_was_packed_before_there_were_dictionaries_is_read(level: int) -> None:
    data = canonical_json(RECORD)
    assert unpacked(zlib.compress(data, level)) == data
    assert unpacked(zlib.compress(b"", level)) == b""


def test_a_record_takes_a_third_of_its_size_or_less() -> None:
    """Without the dictionary it takes half: the names of the fields are most of it."""
    data = canonical_json(RECORD)
    assert len(packed(data)) < len(data) / 3 < len(zlib.compress(data, 9))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"no stream", id="other bytes"),
        pytest.param(packed(b"x" * 100)[:-6], id="cut off"),
        pytest.param(packed(b"x" * 100)[:-1] + b"\0", id="a wrong check sum"),
        pytest.param(packed(b"x" * 100)[:2] + b"\1\2\3\4" + packed(b"x" * 100)[6:], id="a dictionary nobody has"),
    ],
)
def test_what_is_damaged_is_refused(data: bytes) -> None:
    with pytest.raises(NotPacked):
        unpacked(data)
