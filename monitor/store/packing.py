"""How evidence is kept: compressed, each row on its own, against a dictionary of what every record holds.

A record is a few hundred bytes, most of them the names of its fields, so a dictionary makes it a quarter of the size.
Packed with Zstandard at a fifth of deflate's price; what earlier versions wrote with zlib, with a dictionary or without
one, reads as ever.
"""

import threading
import zlib
from collections.abc import Iterable

import zstandard

_LEVEL = -1  # a tenth more bytes than the best level, at half its price
_MARK = 1  # the first byte of what is packed so, with the dictionary's place in the second; no stream of zlib has it
_LONGEST = 1 << 28  # bytes of one row; connectors hand over 64 KiB at most

# Never edit an entry: rows packed with it must stay readable. To better it, add one at the end, which is then used.
# What comes last is found at the least cost, so the commonest stands there.
_DICTIONARIES = (
    (
        b'"id":"","dossierNo":"","dossierStatus":"","MaHoSo":"","TrangThaiHoSo":"","NgayTiepNhan":"","NgayHenTra":"",'
        b'"counter","post","organisation","submitted","supplement","suspended","payment","withdrawn","refused",'
        b'"unknown","returned","ready","promised_date_only":true,"promised_at":null,"received_at":null,'
        b'"submitted_at":null,'
        b'{"agency_code":"H","agency_name":"UBND x\xc3\xa3 ph\xc6\xb0\xe1\xbb\x9dng","alternates":[],'
        b'"applicant":{"address":"",'
        b'"email":"","id_number":"0","kind":"citizen","name":"Nguy\xe1\xbb\x85n","phone":"0"},"channel":"online",'
        b'"code":"H","extended_at":null,"extended_reason":"","field_code":"","field_name":"","finished_at":null,"key":"",'
        b'"officer":"","procedure_code":"1.00","procedure_name":"","promised_at":"2026-01-01T10:00:00+00:00",'
        b'"promised_date_only":false,"received_at":"2026-01-01T01:00:00+00:00","returned_at":null,'
        b'"source_updated_at":null,"status":"processing","status_raw":"","submitted_at":"2026-01-01T01:00:00+00:00"}'
    ),
)
_BY_NAME = {zlib.adler32(words): words for words in _DICTIONARIES}
_HAS_DICTIONARY = 0x20  # in the second byte of a stream of zlib; the name of the dictionary follows it (RFC 1950)
_HEAD = bytes((_MARK, len(_DICTIONARIES) - 1))


class NotPacked(ValueError):
    """The bytes are nothing that `packed` wrote, now or earlier."""


class _Packers(threading.local):
    """Readings overlap, and a packer serves one thread at a time."""

    def __init__(self) -> None:
        words = [zstandard.ZstdCompressionDict(one, zstandard.DICT_TYPE_RAWCONTENT) for one in _DICTIONARIES]
        words[-1].precompute_compress(level=_LEVEL)
        self.packer = zstandard.ZstdCompressor(_LEVEL, words[-1], write_checksum=True)
        self.unpackers = [zstandard.ZstdDecompressor(one) for one in words]


_here = _Packers()


def packed(data: bytes) -> bytes:
    """`data` as it is kept in `observation`."""
    return packed_all([data])[0]


def packed_all(rows: Iterable[bytes]) -> list[bytes]:
    """Each of these so."""
    compress = _here.packer.compress
    return [_HEAD + compress(data) for data in rows]


def unpacked(data: bytes) -> bytes:
    """What `packed` was given. Raises `NotPacked`."""
    if data[:1] != _HEAD[:1]:
        return _inflated(data)
    try:
        return _here.unpackers[data[1]].decompress(data[2:], max_output_size=_LONGEST, allow_extra_data=False)
    except (IndexError, zstandard.ZstdError):
        raise NotPacked("damaged, cut off, or packed with a dictionary this version does not know") from None


def _inflated(data: bytes) -> bytes:
    """What an earlier version packed."""
    words = b""
    if len(data) > 6 and data[1] & _HAS_DICTIONARY:
        words = _BY_NAME.get(int.from_bytes(data[2:6], "big"), b"")
    reader = zlib.decompressobj(zdict=words)
    try:
        whole = reader.decompress(data) + reader.flush()
    except zlib.error:
        raise NotPacked("damaged, or packed with a dictionary this version does not know") from None
    if not reader.eof:
        raise NotPacked("cut off")
    return whole
