"""Instants as text, many at once: writing them one by one took longer than all other columns of a dossier."""

from collections.abc import Sequence
from datetime import datetime

import orjson

_BETWEEN = '",\n  "'


def utc_texts(instants: Sequence[datetime]) -> list[str]:
    """Each of these, which are in UTC, as `2026-11-23T02:00:00Z`, with six digits of a second where it has a part of
    one."""
    if not instants:
        return []
    lines = orjson.dumps(instants, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z)
    return lines[5:-3].decode().split(_BETWEEN)


def utc_texts_of_one_length(instants: Sequence[datetime]) -> list[str]:
    """The same, always with six digits: in the order of time, as text."""
    return [text if len(text) == _LONG else f"{text[:-1]}.000000Z" for text in utc_texts(instants)]


_LONG = len("2026-11-23T02:00:00.000000Z")
