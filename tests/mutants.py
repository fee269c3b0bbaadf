"""Many examples at a price that 100,000 of each fuzzer can be paid: hypothesis makes seeds, and around each seed a small
mutator makes variants. Hypothesis spends milliseconds on an example where the parser under test spends a tenth of that.

A seed and its chance are drawn by hypothesis, so that DUNGHEN_PROOF_SEED repeats a run to the byte, a failing seed is
shrunk, and what it was tried with is printed; the last "tried" before the error is the one that failed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Any, TypeVar

from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st

from tests.counts import PROOF, proof_examples

EXAMPLES = proof_examples(200, 100_000)  # of each format or parser, the seeds among them
EACH = 50 if PROOF else 10  # a seed and its variants
SEEDS = settings(
    max_examples=-(-EXAMPLES // EACH),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
CHANCE = st.integers(0, 2**32 - 1)
_T = TypeVar("_T")

ODD: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 10, 228, 904001, 2**31, 2**63, 10**18, -(10**18), 0.5, -0.0, 4.0, 1e308),
    *(float("nan"), float("inf"), "", " ", "0", "-1", "null", "-", "n/a", "true", "không", "\x00", "\ud800", "\ufeff"),
    *("Nguye\u0302\u0303n", "\u200b\u202e", "x" * 121, "đ" * 3000, "'; --", "<a>", '"', "#REF!", "=1+1", "{}", "[]"),
    *("10/11/2025", "10/11/2025 08:15", "1/2/2025 8:5", "31/02/2025 08:00:00", "11/30/2025 08:00:00", "2025-11-10"),
    *("2025-11-10T08:15:00", "2025-11-10 08:15:00.1234567", "2025-11-10T08:15:00.000+0700", "2025-11-10T24:00:00Z"),
    *("2025-11-10T00:00:00-14:00", "20251110081500", "1762737300", "1762737300000", 1762737300, 1762737300000),
    *("0001-01-01T00:00:00", "01/01/1970 08:00:00", "9999-12-31T23:59:59Z", "10/11/2205 08:00:00", "45971"),
    *("4", "9", "10", "99", "processing", "done", "Đang xử lý", "Đã trả kết quả", "trạng thái lạ", "PAUSE"),
    *("H99.14-251103-0003", " h99.14–251103—0003 ", [], {}, [[]], [None], [{}], {"name": None}, {"id": 4, "name": "x"}),
)
LETTERS = "0123456789/-:. T+Zz,;\"'\\\t\r\n\x00\u0301đĐỗẤ٣\u00a0\u200b\ud800"


def variants(seed: _T, chance: int, change: Callable[[_T, Random], _T]) -> Iterator[_T]:
    """The seed itself, then what `change` makes of it, a few changes on top of each other now and then."""
    draw = Random(chance)
    for number in range(EACH):
        tried = seed
        for _ in range(0 if number == 0 else draw.choice((1, 1, 2, 3, 5))):
            tried = change(tried, draw)
        note(f"tried {tried!r}")
        yield tried


def value(tried: Any, draw: Random) -> Any:
    """One change somewhere in a JSON value; what is not on the way to it is shared, not copied."""
    if draw.random() < 0.05:
        return draw.choice(ODD)
    if isinstance(tried, Mapping):
        return _mapping(tried, draw)
    if isinstance(tried, list):
        return _list(tried, draw)
    if isinstance(tried, str):
        return text(tried, draw) if draw.random() < 0.6 else draw.choice(ODD)
    if isinstance(tried, int | float) and not isinstance(tried, bool) and draw.random() < 0.6:
        return _number(tried, draw)
    return draw.choice(ODD)


def rows_like(like: Mapping[str, Any]) -> Callable[[list[Any], Random], list[Any]]:
    """A change to a list of rows, which begin as `like` and drift from there."""

    def change(rows: list[Any], draw: Random) -> list[Any]:
        if len(rows) < 4 and draw.random() < (0.3 if rows else 1):
            at = draw.randrange(len(rows) + 1)
            return [*rows[:at], value(like, draw), *rows[at:]]
        at = draw.randrange(len(rows))
        changed: Any = value(rows[at], draw)
        return [*rows[:at], changed, *rows[at + 1 :]]

    return change


def texts_like(like: Sequence[str]) -> Callable[[list[str], Random], list[str]]:
    """A change to a list of texts: one of `like` put in, one lost, doubled or changed."""

    def change(tried: list[str], draw: Random) -> list[str]:
        if len(tried) < 6 and draw.random() < (0.3 if tried else 1):
            at = draw.randrange(len(tried) + 1)
            return [*tried[:at], draw.choice(like), *tried[at:]]
        at = draw.randrange(len(tried))
        twice = [tried[at]] * draw.choice((0, 2)) if draw.random() < 0.2 else [text(tried[at], draw)]
        return [*tried[:at], *twice, *tried[at + 1 :]]

    return change


def text(tried: str, draw: Random) -> str:
    """One change to a text: a letter put in, taken out, made another; a stretch doubled or lost; the end cut off."""
    start = draw.randrange(len(tried) + 1)
    end = min(len(tried), start + draw.randint(1, 6))
    letter = draw.choice(LETTERS)
    match draw.randrange(6):
        case 0:
            return tried[:start] + letter + tried[start:]
        case 1:
            return tried[:start] + tried[end:]
        case 2:
            return tried[:start] + letter + tried[start + 1 :]
        case 3:
            return tried[:end] + tried[start:]
        case 4:
            return tried[:start]
        case _:
            return tried[:start] + str(draw.randrange(10)) + tried[start + 1 :]


def data(words: Sequence[bytes] = ()) -> Callable[[bytes, Random], bytes]:
    """A change to bytes: one flipped or set, a stretch lost, doubled, moved or cut off, one of `words` put in."""

    def change(tried: bytes, draw: Random) -> bytes:
        start = draw.randrange(len(tried) + 1)
        end = min(len(tried), start + draw.choice((1, 2, 4, 16, 64)))
        match draw.randrange(7 if words else 6):
            case 0:
                return (
                    tried[:start] + bytes((tried[start] ^ (1 << draw.randrange(8)),)) + tried[start + 1 :]
                    if (start < len(tried))
                    else tried + b"\xff"
                )
            case 1:
                return tried[:start] + bytes((draw.randrange(256),)) + tried[start + 1 :]
            case 2:
                return tried[:start] + tried[end:]
            case 3:
                return tried[:end] + tried[start:]
            case 4:
                return tried[:start] if draw.random() < 0.2 else tried[start:end] + tried[:start] + tried[end:]
            case 5:
                return tried[:start] + draw.randbytes(end - start) + tried[end:]
            case _:
                return tried[:start] + draw.choice(words) + tried[end if draw.random() < 0.5 else start :]

    return change


def swapped_words(
    pairs: Sequence[tuple[bytes, bytes]], words: Sequence[bytes] = ()
) -> Callable[[bytes, Random], bytes]:
    """Like `data`, and half of the time one of the pairs' first words becomes its second, wherever it stands."""
    plain = data(words)

    def change(tried: bytes, draw: Random) -> bytes:
        old, new = draw.choice(pairs)
        if draw.random() < 0.5 or old not in tried:
            return plain(tried, draw)
        parts = tried.split(old)
        at = draw.randrange(1, len(parts))
        return old.join(parts[:at]) + new + old.join(parts[at:])

    return change


def _mapping(tried: Mapping[str, Any], draw: Random) -> Any:
    keys = list(tried)
    if not keys:
        return {"x": draw.choice(ODD)}
    key, other = draw.choice(keys), draw.choice(keys)
    what = draw.random()
    if what < 0.65:
        return {**tried, key: value(tried[key], draw)}
    if what < 0.75:
        return {name: held for name, held in tried.items() if name != key}
    if what < 0.88:
        return {**tried, key: tried[other]}
    if what < 0.94:
        return {(text(name, draw) if name == key else name): held for name, held in tried.items()}
    return {**tried, text(key, draw): draw.choice(ODD)}


def _list(tried: list[Any], draw: Random) -> Any:
    if not tried:
        return [draw.choice(ODD)]
    at = draw.randrange(len(tried))
    match draw.randrange(5):
        case 0:
            return tried[:at] + tried[at + 1 :]
        case 1:
            return [*tried[:at], tried[at], *tried[at:]]
        case 2:
            return [*tried[:at], draw.choice(ODD), *tried[at:]]
        case _:
            return [*tried[:at], value(tried[at], draw), *tried[at + 1 :]]


def _number(tried: float, draw: Random) -> Any:
    try:
        return draw.choice((-tried, tried + 1, tried * 10, tried * 1000, float(tried), str(tried), tried // 7))
    except OverflowError:
        return 0
