"""JSON from a peer that may answer anything: strict, size-safe, and clear about what came instead.

A defect of one row must not cost the page, so that doubled keys, NaN and absurd numbers are kept as marks
(`Ambiguous`, `Unusable`) which only the row that holds them fails on.
"""

import json
from collections.abc import Iterator
from math import isfinite
from typing import Any

from connectors.base import Answer, Gate, UnexpectedAnswer

_MOST_EVIDENCE = 65_536
_LONGEST_INT = 19
_DEEPEST = 64
_SIGN_IN = ("password", "đăng nhập", "login", "mật khẩu")


class Ambiguous(dict[str, Any]):
    """An object in which a key stands twice. `pairs` has all of it, for the evidence."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs


class Unusable:
    """A number that is none: NaN, Infinity, or longer than any id."""

    def __init__(self, text: str) -> None:
        self.text = text[:40]


def read_json(answer: Answer) -> Any:
    """The body as JSON. Raises `UnexpectedAnswer` that names what came instead, never quoting it."""
    try:
        return parse_json(_text(answer.body))
    except UnexpectedAnswer as error:
        error.evidence = answer.body[:_MOST_EVIDENCE]
        error.gate = error.gate or Gate.NOT_DATA
        raise


def parse_json(text: str) -> Any:
    """The text as JSON, with `Ambiguous` and `Unusable` where a value cannot be trusted. Raises `UnexpectedAnswer`."""
    start = text.lstrip()[:1]
    if not start:
        raise UnexpectedAnswer("nguồn trả lời rỗng")
    if start == "<":
        raise UnexpectedAnswer(_what_markup(text), gate=Gate.SIGN_IN_PAGE)
    try:
        value = _DECODER.decode(text)
    except RecursionError:
        raise UnexpectedAnswer("JSON lồng nhau quá sâu") from None
    except ValueError as error:
        at_end = isinstance(error, json.JSONDecodeError) and error.pos >= len(text.rstrip()) - 1
        if start not in '{["':
            raise UnexpectedAnswer("nguồn trả lời văn bản thường, không phải JSON") from None
        raise UnexpectedAnswer("JSON bị đứt giữa chừng" if at_end else "JSON sai cú pháp") from None
    if _too_deep(value):
        raise UnexpectedAnswer("JSON lồng nhau quá sâu")
    return value


def evidence(value: object) -> bytes:
    """The row as bytes to keep. Sorted keys, so that their order at the source is not a change."""
    return _ENCODER.encode(value).encode("utf-8", "replace")


def _text(body: bytes) -> str:
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return body.decode("utf-16", "replace")
    return body.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")


def _what_markup(text: str) -> str:
    head = text[:20_000].lower()
    if head.lstrip().startswith("<?xml"):
        return "nguồn trả lời XML thay cho JSON"
    if any(word in head for word in _SIGN_IN):
        return "nguồn trả lời trang đăng nhập (HTML) thay cho JSON"
    return "nguồn trả lời trang HTML thay cho JSON"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    plain = dict(pairs)
    return plain if len(plain) == len(pairs) else Ambiguous(pairs)


def _whole(text: str) -> object:
    return int(text) if len(text) <= _LONGEST_INT else Unusable(text)


def _real(text: str) -> object:
    value = float(text)
    return value if isfinite(value) else Unusable(text)


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=_whole, parse_float=_real, parse_constant=Unusable)


def _mark(value: object) -> object:
    return value.text if isinstance(value, Unusable) else repr(type(value))


_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, default=_mark)


def _too_deep(value: object) -> bool:
    level = [value]
    for _ in range(_DEEPEST):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return False
    return True


def _children(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        return (child for child in value.values() if isinstance(child, dict | list))
    if isinstance(value, list):
        return (child for child in value if isinstance(child, dict | list))
    return iter(())
