"""Runs the job again and again in children that are killed with SIGKILL at random moments.

To be run in a process of its own (`tests.forks`): it forks, which no process with threads may.
"""

import gc
import os
import random
import signal
import time
from datetime import datetime, timedelta
from pathlib import Path

from monitor.clock import FixedClock
from monitor.settings_file import load
from monitor.wiring import Program
from tests.e2e.stand import whole_job

# From "hardly opened the store" to "nearly done": most kills land inside pull, judge, letters or send.
LONGEST_LIFE_S = 0.7


def main(config: Path, kills: int, seed: int, at: datetime, url: str = "") -> int:
    """`kills` children one after the other, each killed; then one that is left alone. Prints how far they came."""
    dice = random.Random(seed)
    settings = load(config)
    if url:
        settings = settings.model_copy(update={"database": settings.database.model_copy(update={"url": url})})
    ended_early = 0
    gc.freeze()  # what the children share stays as it is
    for number in range(kills + 1):
        clock = FixedClock(at + timedelta(minutes=20) * number / kills)  # no rung and no lunch break comes in between
        child = os.fork()
        if child == 0:
            with Program(settings, clock) as program:
                whole_job(program, clock, full=number % 3 == 0)
            os._exit(0)
        if number < kills:
            ended_early += _killed(child, dice.uniform(0.02, LONGEST_LIFE_S))
        else:
            _, status = os.waitpid(child, 0)
            if status:
                return 1
    print(f"{kills} kills, {ended_early} came after the job was done")
    return 0


def _killed(child: int, after_s: float) -> bool:
    """Kills the child after so long; True if it had ended by itself."""
    deadline = time.monotonic() + after_s
    while time.monotonic() < deadline:
        done, _ = os.waitpid(child, os.WNOHANG)
        if done:
            return True
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False
