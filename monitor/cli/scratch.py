"""The past and the what-if, always on a copy: nothing a person tries here writes into the real history."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.backups import copy_sqlite
from monitor.clock import FixedClock
from monitor.settings import Settings
from monitor.words import Words

if TYPE_CHECKING:
    from monitor.cli.desk import Desk
    from monitor.judge import JudgeCount
    from monitor.wiring import Program


@dataclass(frozen=True, slots=True)
class View:
    """A program to look with. `judged`: it is a copy, judged at `now` with this result and thrown away afterwards."""

    program: "Program"
    now: datetime
    judged: "JudgeCount | None" = None


@contextmanager
def looking(desk: "Desk", at: datetime | None, known_at: datetime | None) -> Iterator[View]:
    """The store as it is, or with `at` or `known_at` as it was or will be then (the second defaults to the first)."""
    with desk.program() as program:
        if at is None and known_at is None:
            yield View(program, program.clock.now())
            return
        now = at or program.clock.now()
        with on_scratch(desk, program, now, known_at or now) as view:
            yield view


@contextmanager
def on_scratch(desk: "Desk", program: "Program", at: datetime, known_at: datetime) -> Iterator[View]:
    """A program on a throw-away store that knows what was heard by `known_at`, judged at `at`.

    Where nothing heard so far is to be hidden and SQLite is the store, that is a plain copy; else history is told
    again.
    """
    from sqlalchemy.engine import make_url

    from monitor.cli.opening import opened
    from monitor.replay import tell_again
    from monitor.store import database

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dunghen-")))  # mode 700: it holds people
        file = folder / "scratch.db"
        copied = program.engine.dialect.name == "sqlite" and not _must_hide(program, at, known_at)
        if copied:
            copy_sqlite(Path(str(make_url(program.settings.database.url).database)), file)
        scratch = stack.enter_context(opened(desk, FixedClock(at), _elsewhere(program.settings, file)))
        if not copied:
            with (
                desk.progress(Words("Dựng lại dữ liệu đã biết", "Telling again what was known")),
                database.reading(program.engine) as source,
            ):
                tell_again(source, scratch.sessions, scratch.intake, known_at)
        yield View(scratch, at, scratch.judge(at))


def is_past(program: "Program", at: datetime) -> bool:
    """Whether the real store was judged after `at`, or has heard something since: then `at` is history."""
    return _must_hide(program, at, at)


def _must_hide(program: "Program", at: datetime, known_at: datetime) -> bool:
    from sqlalchemy import func, select

    from monitor.judge import JOB
    from monitor.store import database
    from monitor.store.tables import Job, Observation

    with database.reading(program.engine) as session:
        job = session.get(Job, JOB)
        heard = session.scalar(select(func.max(Observation.heard_at)))
    judged = job.last_ok_at if job is not None else None
    return (judged is not None and at < judged) or (heard is not None and known_at < heard)


def _elsewhere(settings: Settings, file: Path) -> Settings:
    database_table = settings.database.model_copy(update={"url": f"sqlite:///{file}"})
    return settings.model_copy(update={"database": database_table, "shadow": True})
