"""The kept history of how long things take equals a count over the dossiers, whatever was judged, moved or taken back."""

from collections import Counter
from dataclasses import replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from monitor import figures
from monitor.domain.dossier import Status
from monitor.store.tables import Dossier, Pace, Source, SourceDossier
from tests.test_figures import _live
from tests.test_judging_stories import READY, RUNNING, at, hear

Sessions = sessionmaker[Session]


def _kept(sessions: Sessions) -> dict[tuple[Any, ...], int]:
    columns = (Pace.kind, Pace.procedure_code, Pace.agency_code, Pace.year, Pace.days)
    with sessions() as session:
        return {tuple(row[:5]): row[5] for row in session.execute(select(*columns, Pace.number)) if row[5]}


def _counted(sessions: Sessions) -> dict[tuple[Any, ...], int]:
    """Dossier by dossier, from what judging wrote on each."""
    found: Counter[tuple[Any, ...]] = Counter()
    with sessions() as session:
        for one in session.scalars(select(Dossier).where(Dossier.taken_days.is_not(None))):
            assert one.finished_at is not None
            found["taken", one.procedure_code, one.agency_code, one.finished_at.year, one.taken_days] += 1
            found["taken", one.procedure_code, "", one.finished_at.year, one.taken_days] += 1
            if one.late_days is not None:
                found["late", "", "", one.finished_at.year, one.late_days] += 1
    return dict(found)


def test_after_a_month_of_many_lives_the_history_is_what_the_dossiers_say(sessions: Sessions) -> None:
    _live(sessions, 60, seed=3)
    assert _kept(sessions) == _counted(sessions)
    assert {kind for kind, *_ in _kept(sessions)} == {"taken", "late"}


def test_a_result_that_is_corrected_counts_once_where_it_belongs(sessions: Sessions) -> None:
    """Ended, then another day, then handed to another agency, then open again: each time the old place is left."""
    said = (
        READY,
        replace(READY, finished_at=at(16)),
        replace(READY, finished_at=at(16), agency_code="H19.2", procedure_code="1.7"),
        replace(RUNNING, agency_code="H19.2", procedure_code="1.7"),
        replace(READY, finished_at=at(20), agency_code="H19.2", procedure_code="1.7"),
    )
    seen = []
    for day, record in enumerate(said, 17):
        hear(sessions, at(day + 4), record)
        assert _kept(sessions) == _counted(sessions), day
        seen.append(len(_kept(sessions)))
    assert seen == [3, 3, 3, 0, 3]


def test_what_turns_out_to_be_another_view_is_no_result_of_its_own(sessions: Sessions) -> None:
    hear(sessions, at(17), READY)
    with sessions.begin() as session:
        figures.forget(session, [session.scalars(select(Dossier.id)).one()])
    assert _kept(sessions) == {}


def test_a_source_counts_the_dossiers_known_from_it(sessions: Sessions) -> None:
    """New ones once, however often they are heard."""
    other = replace(RUNNING, key="k2", code="H19.1-261102-0002", status=Status.PROCESSING)
    hear(sessions, at(2), RUNNING)
    hear(sessions, at(3), RUNNING, other)
    hear(sessions, at(16), READY, other)
    with sessions() as session:
        views = session.scalar(select(func.count(SourceDossier.id)))
        assert session.scalar(select(Source.dossiers).where(Source.name == "one")) == views == 2
