"""Evidence comes back byte for byte, whenever it was packed, and what is damaged is never taken for evidence."""

import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.canonical import canonical_json
from monitor.store.packing import NotPacked, packed, unpacked
from tests.connectors.test_canonical import RECORD
from tests.counts import proof_examples

# As the first dictionary packed it: these rows lie in stores, and a changed dictionary would make them unreadable.
_DEFLATED = bytes.fromhex("486aa20e2a94ab860697b721dc1854c36b01b9460b4f")
_KEPT = bytes.fromhex("010028b52ffd2422850000207b4b317d03006048a08446996cb1018a4e94db")


@settings(max_examples=proof_examples(200, 20_000), deadline=None)
@given(st.binary(max_size=5000))
def test_any_bytes_come_back(data: bytes) -> None:
    assert unpacked(packed(data)) == data


@pytest.mark.parametrize("kept", [_DEFLATED, _KEPT])
def test_a_row_packed_earlier_is_read(kept: bytes) -> None:
    assert unpacked(kept) == b'{"key":"K1","status":"processing"}'


def test_threads_pack_at_the_same_time() -> None:
    """Two sources are read at once."""
    rows = [b'{"key":"%d"}' % n * (n % 50) for n in range(2000)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda row: unpacked(packed(row)), rows)) == rows


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
        pytest.param(b"\1\x09" + packed(b"x" * 100)[2:], id="a dictionary nobody has"),
        pytest.param(packed(b"x" * 100) + b"\0", id="more than was packed"),
        pytest.param(_DEFLATED[:-6], id="an old one cut off"),
        pytest.param(_DEFLATED[:-1] + b"\0", id="an old one with a wrong check sum"),
        pytest.param(_DEFLATED[:2] + b"\1\2\3\4" + _DEFLATED[6:], id="an old one of a dictionary nobody has"),
    ],
)
def test_what_is_damaged_is_refused(data: bytes) -> None:
    with pytest.raises(NotPacked):
        unpacked(data)
