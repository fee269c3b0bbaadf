"""What every page says at its head, and the lists it offers: silent sources, failing jobs, agencies one may choose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from monitor.engine import Engine
from monitor.people import Directory
from monitor.reports.jobs import JobRow, job_rows
from monitor.reports.sources import source_states
from monitor.web.visit import Visit


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a drop-down list; `depth` is how far below the root an agency stands."""

    value: str
    text: str
    is_chosen: bool
    depth: int = 0


def troubles(
    session: Session, scheduler: Engine | None, visit: Visit, jobs: Sequence[JobRow] | None = None
) -> dict[str, Any]:
    """Silent sources and jobs that fail. `jobs`: where they were asked for already."""
    now = visit.now
    sources = source_states(session, visit.program.settings.sources, now=now)
    known = job_rows(session, live(scheduler), now=now) if jobs is None else jobs
    failing = [job for job in known if job.is_failing]
    return {"sources": sources, "silent": [source for source in sources if source.stale], "failing": failing}


def live(scheduler: Engine | None) -> Mapping[str, Any]:
    """What the scheduler of this process says of its jobs."""
    return {} if scheduler is None else scheduler.health()


def agency_choices(visit: Visit, chosen: str) -> list[Choice]:
    """The viewer's agencies as a tree, each under its parent, as a list with depths."""
    reach = visit.viewer.scope.agencies
    mine = {agency.code: agency for agency in visit.program.directory.agencies() if reach.holds(agency.code)}
    children: dict[str | None, list[Any]] = {}
    for agency in mine.values():
        children.setdefault(agency.parent if agency.parent in mine else None, []).append(agency)
    found: list[Choice] = []
    left = [(agency, 0) for agency in _by_name(children.get(None, ()))]
    while left:
        agency, depth = left.pop()
        found.append(Choice(agency.code, agency.name, agency.code == chosen, depth))
        left += [(child, depth + 1) for child in _by_name(children.pop(agency.code, ()))]
    return found


def agency_names(directory: Directory) -> dict[str, str]:
    """Every agency's name by its code."""
    return {agency.code: agency.name for agency in directory.agencies()}


def own_agencies(visit: Visit) -> list[str] | None:
    """The codes a viewer's questions are narrowed to; None where all of them are theirs."""
    reach = visit.viewer.scope.agencies
    return None if reach.everything else sorted(reach.codes)


def _by_name(agencies: Sequence[Any]) -> list[Any]:
    # last first: the caller takes from the end
    return sorted(agencies, key=lambda agency: agency.name, reverse=True)
