"""Several calls to one peer at once, told in the order in which they were asked for."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

_Asked = TypeVar("_Asked")
_Told = TypeVar("_Told")


def in_order(ask: Callable[[_Asked], _Told], what: Iterable[_Asked], at_once: int) -> Iterator[_Told]:
    """`ask(one)` for each, at most `at_once` of them under way. With 1 no thread is begun.

    The first trouble is raised where its answer would have stood; what was not begun by then never is, so at most
    `at_once` - 1 calls are made in vain.
    """
    if at_once <= 1:
        yield from map(ask, what)
        return
    waiting = iter(what)
    with ThreadPoolExecutor(at_once, thread_name_prefix="source") as pool:
        under_way: deque[Future[_Told]] = deque(pool.submit(ask, one) for one in islice(waiting, at_once))
        try:
            while under_way:
                told = under_way.popleft().result()
                under_way.extend(pool.submit(ask, one) for one in islice(waiting, 1))
                yield told
        finally:
            for future in under_way:
                future.cancel()


__all__ = ["in_order"]
