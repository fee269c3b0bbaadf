"""Checks in a process of their own, for what may end the process: the product, too, reads such files only in one."""

import faulthandler
import os
import resource
import signal
import traceback
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

_T = TypeVar("_T")
# Bytes of address space above what this process has. The product's reader may have a GiB, which takes long to fill.
_MEMORY = 1 << 26
_SECONDS = 60  # of the processor, for one batch
_STALLED_S = 20  # by the clock, for one item
_DIED = (signal.SIGABRT, signal.SIGXCPU, signal.SIGALRM)  # no more memory, or time: refused as the product would


def each_apart(check: Callable[[_T], None], items: Sequence[_T]) -> int:
    """`check(item)` for each, in child processes with limits; how many of them ended their process by asking for more
    than they may. Raises `AssertionError` with the child's traceback for a failure, and for any other death."""
    done = died = 0
    while done < len(items):
        said, status = _child(check, items[done:])
        marks = said.partition(b"!")[0]
        done += len(marks)
        if os.WIFSIGNALED(status):
            assert os.WTERMSIG(status) in _DIED, f"signal {os.WTERMSIG(status)} at {items[done]!r}"
            died, done = died + 1, done + 1
        elif os.WEXITSTATUS(status):
            raise AssertionError(f"{items[done]!r}: {said[len(marks) + 1 :].decode('utf-8', 'replace')}")
    return died


def _child(check: Callable[[_T], None], items: Sequence[_T]) -> tuple[bytes, int]:
    """(a mark an item and, behind "!", a traceback; the status it ended with)."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of threads: the child only checks and ends
        pid = os.fork()
    if pid == 0:
        try:
            _limit()
            for item in items:
                signal.alarm(_STALLED_S)
                check(item)
                os.write(writing, b".")
        except BaseException:  # whatever it is, the parent is told
            os.write(writing, b"!" + traceback.format_exc().encode("utf-8", "replace")[:60_000])
            os._exit(1)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    return said, os.waitpid(pid, 0)[1]


def _limit() -> None:
    faulthandler.disable()
    os.environ["RUST_BACKTRACE"] = "0"
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # the library says on its way out how much it wanted
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * os.sysconf("SC_PAGE_SIZE") + _MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS + 5))
