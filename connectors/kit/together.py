"""Several calls to one peer at once, told in the order in which they were asked for."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

_Asked = TypeVar("_Asked")
_Told = TypeVar("_Told")


def in_order(
    ask: Callable[[_Asked], _Told],
    what: Iterable[_Asked],
    at_once: int,
    *,
    until: Callable[[_Told], bool] = lambda _: False,
) -> Iterator[_Told]:
    """`ask(one)` for each, at most `at_once` of them under way. With 1 no thread is begun. The answer of which `until`
    is true is the last one.

    The first trouble is raised where its answer would have stood; what was not begun by then never is, so at most
    `at_once` - 1 calls are made in vain.
    """
    if at_once <= 1:
        for one in what:
            told = ask(one)
            yield told
            if until(told):
                return
        return
    waiting = iter(what)
    with ThreadPoolExecutor(at_once, thread_name_prefix="source") as pool:
        under_way: deque[Future[_Told]] = deque(pool.submit(ask, one) for one in islice(waiting, at_once))
        try:
            while under_way:
                told = under_way.popleft().result()
                is_last = until(told)
                if not is_last:
                    under_way.extend(pool.submit(ask, one) for one in islice(waiting, 1))
                yield told
                if is_last:
                    return
        finally:
            for future in under_way:
                future.cancel()


__all__ = ["in_order"]
