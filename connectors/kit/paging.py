"""Walking a listing by row offsets, past servers that repeat, shift, cut short or misstate what they have.

Pages overlap by a few rows. When rows vanish between two pages the listing shifts up, and a row that nobody showed us
would be lost; the overlap notices a shift and the walk steps back. Rows that appear shift it down and only repeat.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.base import Gate, UnexpectedAnswer

_MOST_STEPS_BACK = 5
_TOLERATED_ROWS = 5  # the index behind a total lags the rows a little (connectors.md §1.4)
_TOLERATED_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows of one answer, and what the source says the whole listing has."""

    rows: Sequence[Any]
    total: int | None


@dataclass(frozen=True, slots=True)
class Walked:
    """One page of a walk. `next_start` is None on the last one."""

    rows: Sequence[Any]
    total: int | None
    start: int
    next_start: int | None


@dataclass(frozen=True, slots=True)
class OffsetWalk:
    """How to walk: rows a page, rows that two pages share, and the most pages to believe in."""

    page_size: int
    overlap: int
    max_pages: int

    def pages(
        self, fetch: Callable[[int, int], Chunk], identity: Callable[[Any], Hashable], start: int = 0
    ) -> Iterator[Walked]:
        """Pages from row `start` to the end. `fetch(start, end)`, end exclusive.

        Ends at an empty page, or at a short one that reaches the total. Raises `UnexpectedAnswer` when a page
        repeats, the pages never end, or clearly fewer rows come than the source says there are.
        """
        overlap = min(self.overlap, self.page_size // 2)
        seen_pages: set[int] = set()
        last: list[Hashable] = []
        back = 0
        for _ in range(self.max_pages):
            chunk = fetch(start, start + self.page_size)
            ids = [identity(row) for row in chunk.rows]
            if (
                overlap
                and last
                and ids
                and last[-1] not in ids
                and set(last).isdisjoint(ids)
                and back < _MOST_STEPS_BACK
            ):
                back += 1
                last, start = [], max(0, start - self.page_size)
                seen_pages.clear()
                continue
            if ids and hash(tuple(ids)) in seen_pages:
                raise UnexpectedAnswer("nguồn trả lại mãi cùng một trang", gate=Gate.PAGES_REPEAT)
            seen_pages.add(hash(tuple(ids)))
            reached = start + len(ids)
            if not ids or (len(ids) != self.page_size and reached >= (chunk.total or 0)):
                check_total(reached, chunk.total or 0)
                yield Walked(chunk.rows, chunk.total, start, None)
                return
            step_back = overlap if len(ids) > overlap and len(ids) >= self.page_size else 0
            following = reached - step_back
            yield Walked(chunk.rows, chunk.total, start, following)
            last, start = ids[-step_back:] if step_back else [], following
        raise UnexpectedAnswer(f"danh sách dài quá {self.max_pages} trang", gate=Gate.PAGES_REPEAT)


def check_total(reached: int, total: int) -> None:
    """Raises `UnexpectedAnswer` when clearly fewer rows came than the source says there are."""
    if total - reached > max(_TOLERATED_ROWS, total * _TOLERATED_SHARE):
        raise UnexpectedAnswer(f"nguồn nói có {total} hồ sơ nhưng chỉ trả {reached}", gate=Gate.TOTAL_LIES)


@dataclass(frozen=True, slots=True)
class NumberedPage:
    """Rows of one numbered page. `total` and `is_last` are None where the source does not say."""

    rows: Sequence[Any]
    total: int | None
    is_last: bool | None


def numbered_pages(
    fetch: Callable[[int], NumberedPage],
    identity: Callable[[Any], Hashable],
    page_size: int,
    max_pages: int,
    start: int = 0,
) -> Iterator[tuple[int, NumberedPage, bool]]:
    """(number, page, whether it is the last) from page `start` on, for listings without row offsets.

    Ends at an empty page, at one that says it is the last, or at a short one that reaches the total. Raises
    `UnexpectedAnswer` when a page repeats, the pages never end, or clearly fewer rows come than the total.
    """
    seen_pages: set[int] = set()
    reached = start * page_size
    for number in range(start, start + max_pages):
        page = fetch(number)
        mark = hash(tuple(identity(row) for row in page.rows))
        if page.rows and mark in seen_pages:
            raise UnexpectedAnswer("nguồn trả lại mãi cùng một trang", gate=Gate.PAGES_REPEAT)
        seen_pages.add(mark)
        reached += len(page.rows)
        short = len(page.rows) < page_size and reached >= (page.total or 0)
        is_last = not page.rows or page.is_last is True or short
        if is_last:
            check_total(reached, page.total or 0)
        yield number, page, is_last
        if is_last:
            return
    raise UnexpectedAnswer(f"danh sách dài quá {max_pages} trang", gate=Gate.PAGES_REPEAT)
