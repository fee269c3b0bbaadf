"""Letters typeset: ours against bare typst on the same layout, WeasyPrint, and docxtpl + LibreOffice; and memory.

Run: python -m bench.letters [LETTERS] [SAMPLE] [MANY]. All in one run on this machine; the ratios are the result, not
the milliseconds. Each is told twice: by the wall, and by the processor with its children, in which other work on the
machine weighs less. What a peer needs of the system and does not find is said, and that line is left out.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.peers.papers import PeerMissing, office, soffice, weasyprint
from monitor.letters import paper
from monitor.letters.content import Content
from monitor.letters.wording import reworded
from tests.letters.samples import FORMS, NOW, ZONE, letter

REASON = "Cần xác minh thực địa ranh giới thửa đất với các hộ liền kề."


def main(letters: int = 1_000, sample: int = 50, many: int = 10_000) -> None:
    contents = [
        reworded(FORMS.get("pxl_2025"), letter(dossier_code=f"H19.126-251103-{n:05d}"), reason=REASON)
        for n in range(letters)
    ]
    prepared = [paper.inputs_of([content], None) for content in contents]
    paper.pdf(contents[:1])  # fonts are read once in a process

    bare = _timed(letters, lambda n: paper.typeset(prepared[n], contents[n].instant))
    ours = _timed(letters, lambda n: paper.pdf([contents[n]]))
    print(f"{letters} letters, ours: {ours}; bare typst on the same layout: {bare}")
    print(f"  ours / bare typst: {ours / bare} (aim: under 1.5)")
    for name, aim, peer in (("WeasyPrint", 20, _weasyprint), ("docxtpl + LibreOffice", 10, _office)):
        try:
            peer(contents[:sample], ours, aim)
        except PeerMissing as missing:
            print(f"  {name}: NOT MEASURED, {missing}")
    small, large = _peak_mb(many // 10), _peak_mb(many)
    print(f"printing {many // 10} and {many} letters from the store, stacks of 100: peak {small} MB and {large} MB")
    print(
        f"  {many} / {many // 10}: {large / small:.2f} (aim: no more than 1, within what the machine's allocator keeps)"
    )


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds for one letter, or how many times another cost."""

    wall: float
    processor: float

    def __truediv__(self, other: "Cost") -> "Ratio":
        return Ratio(self.wall / other.wall, self.processor / other.processor)

    def __str__(self) -> str:
        return f"{self.wall * 1e3:.1f} ms, {self.processor * 1e3:.1f} ms of the processor"


@dataclass(frozen=True, slots=True)
class Ratio:
    """One cost in terms of another."""

    wall: float
    processor: float

    def __str__(self) -> str:
        return f"{self.wall:.2f} by the wall, {self.processor:.2f} by the processor"


def _timed(times: int, make: Callable[[int], object]) -> Cost:
    """What one costs, over so many different ones."""
    began = _spent()
    for n in range(times):
        make(n)
    return _since(began, times)


def _spent() -> Cost:
    """Until now: by the wall, and of the processor by this process and its finished children."""
    return Cost(time.perf_counter(), sum(os.times()[:4]))


def _since(began: Cost, times: int) -> Cost:
    now = _spent()
    return Cost((now.wall - began.wall) / times, (now.processor - began.processor) / times)


def _weasyprint(contents: list[Content], ours: "Cost", aim: int) -> None:
    one, many = weasyprint()
    one(contents[0])
    theirs = _timed(len(contents), lambda n: one(contents[n]))
    print(f"  WeasyPrint / ours: {theirs / ours} (each {theirs}; aim: over {aim})")
    began = _spent()
    many(contents)
    theirs = _since(began, len(contents))
    began = _spent()
    paper.pdf(contents)
    stacked = _since(began, len(contents))
    print(f"  one file of {len(contents)}, WeasyPrint / ours: {theirs / stacked} (each {theirs}; ours {stacked})")


def _office(contents: list[Content], ours: "Cost", aim: int) -> None:
    soffice()
    with tempfile.TemporaryDirectory() as folder:
        began = _spent()
        office(contents, Path(folder))
        theirs = _since(began, len(contents))
    print(f"  docxtpl + LibreOffice / ours: {theirs / ours} (each {theirs}; aim: over {aim})")


def _peak_mb(letters: int) -> int:
    """The peak memory of a process of its own that prints so many letters from a store."""
    command = [sys.executable, "-m", "bench.letters", "--print", str(letters)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(done.stdout.split()[-1])


def _print(letters: int) -> None:
    """What the process above does."""
    from sqlalchemy import insert

    from monitor.clock import FixedClock
    from monitor.letters.printing import Press, Wanted, print_letters
    from monitor.letters.steps import By
    from monitor.store import database
    from monitor.store.migrate import upgrade
    from monitor.store.tables import Dossier, Letter, Source

    with tempfile.TemporaryDirectory() as folder:
        engine = database.open_engine(f"sqlite:///{Path(folder) / 'bench.db'}")
        upgrade(engine)
        sessions = database.session_factory(engine)
        with sessions.begin() as session:
            session.add(Source(name="motcua", kind="opencps", role="one_stop"))
        for at in range(0, letters, 500):
            dossiers: list[dict[str, Any]] = []
            rows: list[dict[str, Any]] = []
            for n in range(at, min(at + 500, letters)):
                code = f"H19.126-251103-{n:05d}"
                content = letter(dossier_code=code)
                common = {"agency_code": "H19.126"}
                dossiers.append(
                    common
                    | {"id": n + 1, "code": code, "status": "processing", "speaking_source": "motcua"}
                    | {"precision": "date", "facts_at": NOW, "confirmed_at": NOW}
                )
                rows.append(
                    common
                    | {"dossier_id": n + 1, "promise_number": 1, "owed_at": NOW, "state": "approved"}
                    | {"content": content.to_dict(), "content_hash": content.hash}
                )
            with sessions.begin() as session:
                session.execute(insert(Dossier), dossiers)
                session.execute(insert(Letter), rows)
        press = Press(Path(folder) / "in", By("bench", NOW), FixedClock(NOW), _Local(), lambda code: code)
        done = print_letters(sessions, Wanted(), press)
        assert done.letters == letters
        assert all(stack.file and stack.file.stat().st_size > 10_000 for stack in done.stacks)
        engine.dispose()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


class _Local:
    def local(self, at: datetime) -> datetime:
        return at.astimezone(ZONE)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--print"]:
        _print(int(sys.argv[2]))
    else:
        main(*map(int, sys.argv[1:]))
