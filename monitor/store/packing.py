"""How evidence is kept: compressed, each row on its own, against a dictionary of what every record holds.

A record is a few hundred bytes, most of them the names of its fields, so a dictionary makes it a quarter of the size in
half the time. What was written without one reads as ever: a stream names the dictionary it needs.
"""

import zlib

# The smallest tables that fit what is packed here: filling larger ones would cost more than the packing.
_LEVEL, _WINDOW_BITS, _MEMORY = 3, 12, 4

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
_FRESH = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW_BITS, _MEMORY, zlib.Z_DEFAULT_STRATEGY, _DICTIONARIES[-1])
_HAS_DICTIONARY = 0x20  # in the second byte; the name of the dictionary follows it (RFC 1950)


class NotPacked(ValueError):
    """The bytes are nothing that `packed` wrote, now or earlier."""


def packed(data: bytes) -> bytes:
    """`data` as it is kept in `observation`."""
    packer = _FRESH.copy()  # with the dictionary read in: reading it anew would cost as much as the packing
    return packer.compress(data) + packer.flush()


def unpacked(data: bytes) -> bytes:
    """What `packed` was given. Raises `NotPacked`."""
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
