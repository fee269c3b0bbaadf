"""Processes of their own at the price of a fork: Python's start and the program's import cost two seconds of a processor,
so one process does both and nothing else, and every other begins as its copy."""

import multiprocessing
import os
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.daemon.small", "tests.letters.clerks", "tests.e2e.forge"])


def run(folder: Path, main: Callable[..., int], *words: Any, timeout: float = 1800) -> str:
    """What `main(*words)` printed in a process of its own; fails with what it said on the error stream."""
    printed, said = folder / "printed", folder / "said"
    process = FORKS.Process(target=_forked, args=(main, words, printed, said))
    process.start()
    process.join(timeout)
    if process.exitcode is None:
        process.kill()
        process.join()
    assert process.exitcode == 0, said.read_text("utf-8")[-3000:]
    process.close()
    return printed.read_text("utf-8")


def _forked(main: Callable[..., int], words: tuple[Any, ...], printed: Path, said: Path) -> None:
    for stream, file in ((1, printed), (2, said)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), stream)
    sys.exit(main(*words))


def into(pipe: Connection, log: Path) -> None:
    """What this process prints goes into the pipe, what it logs into the file."""
    os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 2)
    os.dup2(pipe.fileno(), 1)
