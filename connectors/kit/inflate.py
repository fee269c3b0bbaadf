"""A body that is read in pieces and never grows past its limit, packed or unpacked."""

import zlib
from collections.abc import Iterable, Iterator

_PIECE = 65_536
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


class BodyTooLarge(Exception):
    """The body, as sent or unpacked, is larger than the source may send."""


class BodyBroken(Exception):
    """The packed body cannot be unpacked, or breaks off."""


def read_limited(pieces: Iterable[bytes], encoding: str, limit: int) -> bytes:
    """The whole body. `encoding` is the Content-Encoding: gzip, deflate or none, the only ones we ask for.

    Raises `BodyTooLarge`, `BodyBroken`; whatever `pieces` raises passes through.
    """
    encoding = encoding.strip().lower()
    if encoding in ("gzip", "x-gzip", "deflate"):
        pieces = _unpacked(pieces)
    elif encoding not in ("", "identity"):
        raise BodyBroken
    body = bytearray()
    for piece in pieces:
        body += piece
        if len(body) > limit:
            raise BodyTooLarge
    return bytes(body)


def _unpacked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Unpacks at most `_PIECE` bytes at a time, so that a small packed bomb cannot fill the memory."""
    unpacker = zlib.decompressobj(_GZIP_OR_ZLIB)
    any_bytes = False
    for piece in pieces:
        while piece:
            any_bytes = True
            if unpacker.eof:  # gzip may be several members one after the other
                unpacker = zlib.decompressobj(_GZIP_OR_ZLIB)
            try:
                yield unpacker.decompress(piece, _PIECE)
            except zlib.error:
                raise BodyBroken from None
            piece = unpacker.unconsumed_tail or unpacker.unused_data
    while any_bytes and not unpacker.eof:
        rest = _next_of(unpacker)
        if not rest:
            raise BodyBroken
        yield rest


def _next_of(unpacker: "zlib._Decompress") -> bytes:
    try:
        return unpacker.decompress(b"", _PIECE)
    except zlib.error:
        raise BodyBroken from None
