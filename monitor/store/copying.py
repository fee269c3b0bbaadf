"""Rows as the text that PostgreSQL's COPY reads, a column at a time: a bulk write has a hundred values a dossier, and a
call a value, as a driver must make it, costs more than all else that is done with the row."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any

from monitor.store.instants import utc_texts

_AT_ONCE = 250  # rows
_NULL = r"\N"
_SPECIAL = "\\\t\n\r"
_ESCAPED = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def copy_texts(alike: Sequence[Any], apart: Sequence[list[Any]], number: int) -> Iterator[str] | None:
    """So many rows, some at a time: first the values that all have alike, then their own columns. None where a value is
    of a kind that only the driver knows how to write."""
    shared = [_column([value]) for value in alike]
    own = [_column(values) for values in apart]
    if None in shared or None in own:
        return None
    begin = "\t".join([texts[0] for texts in shared if texts] + [""] * bool(own))
    rows = map("\t".join, zip(*filter(None, own), strict=True)) if own else iter([""] * number)
    return _put_together(begin, rows)


def _put_together(begin: str, rows: Iterator[str]) -> Iterator[str]:
    """Some at a time: a text of megabytes costs twice as much, for it is in no cache when it is encoded."""
    while some := list(islice(rows, _AT_ONCE)):
        yield begin + f"\n{begin}".join(some) + "\n"


def _column(values: list[Any]) -> list[str] | None:
    kinds = set(map(type, values))
    has_none = type(None) in kinds
    kinds.discard(type(None))
    if not kinds:
        return [_NULL] * len(values)
    write = _WRITERS.get(kinds.pop())
    if kinds or write is None:
        return None
    if not has_none:
        return write(values)
    there = iter(write([value for value in values if value is not None]))
    return [_NULL if value is None else next(there) for value in values]


def _texts(values: list[str]) -> list[str]:
    together = "".join(values)
    if not any(mark in together for mark in _SPECIAL):  # nearly always
        return values
    return [value.translate(_ESCAPED) for value in values]


def _whole(values: list[int]) -> list[str]:
    return list(map(str, values))


def _yes_or_no(values: list[bool]) -> list[str]:
    return ["t" if value else "f" for value in values]


def _bytes(values: list[bytes]) -> list[str]:
    return [rf"\\x{value.hex()}" for value in values]


def _days(values: list[date]) -> list[str]:
    return list(map(str, values))


_WRITERS: Mapping[type, Callable[[list[Any]], list[str]]] = {
    str: _texts,
    int: _whole,
    bool: _yes_or_no,
    bytes: _bytes,
    datetime: utc_texts,
    date: _days,
}
