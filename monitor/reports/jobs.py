"""What the daemon's jobs last did: from the running engine where there is one, else from the table `job`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.store.tables import Job

# as `monitor.engine` keeps it: an instant, and a run that was missed or the name and place of a failure
_TROUBLE = re.compile(r"(?P<at>\S+Z) (?:missed: (?P<missed>\w+), \d+ s|(?P<failure>.*))")


@dataclass(frozen=True, slots=True)
class Trouble:
    """A job's last trouble, taken apart: either `missed` (why a run did not begin) or `failure` has words."""

    at: datetime
    missed: str
    failure: str


def trouble_in(text: str) -> Trouble | None:
    """What the engine kept of a job's last trouble; nothing where there was none, or it is not of that shape."""
    found = _TROUBLE.fullmatch(text)
    if found is None:
        return None
    return Trouble(
        at=datetime.fromisoformat(found["at"]),
        missed=found["missed"] or "",
        failure=found["failure"] or "",
    )


@dataclass(frozen=True, slots=True)
class JobRow:
    """One job. `trouble` is the last failure or missed run, its instant in front; `failures` are in a row."""

    name: str
    is_running: bool
    last_began_at: datetime | None
    last_ok_at: datetime | None
    trouble: str
    failures: int
    missed: int
    age_s: int | None

    @property
    def last_trouble(self) -> Trouble | None:
        """`trouble` taken apart."""
        return trouble_in(self.trouble)

    @property
    def is_failing(self) -> bool:
        return self.failures > 0


def job_rows(session: Session, live: Mapping[str, Any], *, now: datetime) -> list[JobRow]:
    """Every job by name. `live` is `Engine.health()`; a job it does not have is shown as it was last recorded."""
    stored = {row.name: row for row in session.scalars(select(Job).where(Job.last_ended_at.is_not(None)))}
    return [_row(name, live.get(name), stored.get(name), now) for name in sorted({*stored, *live})]


def _row(name: str, running: Any, stored: Job | None, now: datetime) -> JobRow:
    known: Any = running if running is not None else stored
    ok_at = known.last_ok_at
    return JobRow(
        name=name,
        is_running=bool(running is not None and running.is_running),
        last_began_at=known.last_began_at,
        last_ok_at=ok_at,
        trouble=known.last_error,
        failures=known.failures,
        missed=running.missed if running is not None else 0,
        age_s=None if ok_at is None else max(0, int((now - ok_at).total_seconds())),
    )
