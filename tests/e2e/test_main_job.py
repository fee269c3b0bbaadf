"""The main job on a whole province: right the first time, and nothing new the second."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from monitor.sandbox.truth import work_out
from monitor.store.tables import Attempt, CrossingRow, Dossier, Letter, Message, Notice, Observation
from tests.e2e.stand import heard, letters_of, notices_of, stand, table, told, whole_job


def test_the_job_finds_exactly_what_the_sandbox_hid(tmp_path: Path, store_url: str) -> None:
    """Every stage by its set of codes, every letter owed, every row set aside, every leader told of every dossier."""
    with stand(tmp_path, url=store_url, size=400) as (sandbox, program, clock):
        truth = work_out(sandbox.province)
        whole_job(program, clock)
        with program.sessions() as session:
            found: dict[str, set[str]] = {}
            for code, stage in session.execute(select(Dossier.code, Dossier.stage).where(Dossier.code != "")):
                found.setdefault(stage, set()).add(code)
            free = {(c, n) for c, n, _, _ in letters_of(session)} - truth.letters_blocked
            drafted = set(session.scalars(select(Letter.state).where(Letter.suspended_for == "")))
        assert {s: c for s, c in found.items() if s != "not_started"} == {s: c for s, c in truth.by_stage.items() if c}
        assert free == truth.letters
        assert drafted == {"drafted"}
        assert heard(sandbox) == truth.told


def test_the_second_run_changes_nothing_though_the_source_varies_what_is_cosmetic(
    tmp_path: Path, store_url: str
) -> None:
    tables = (Observation, CrossingRow, Letter, Notice, Message, Attempt)
    with stand(tmp_path, url=store_url) as (sandbox, program, clock):

        def state() -> tuple[object, ...]:
            with program.sessions() as session:
                rows = [session.scalar(select(func.count()).select_from(table)) for table in tables]
                return rows, letters_of(session), notices_of(session)

        whole_job(program, clock)
        before, sent = state(), told(sandbox)
        for full in (True, False):
            sandbox.vary()
            whole_job(program, clock, full=full)
        assert state() == before
        assert told(sandbox) == sent
        assert sent > 0


@pytest.mark.parametrize("peer", ["one_stop", "portal"])
def test_a_crash_on_page_k_goes_on_at_k(tmp_path: Path, sqlite_url: str, peer: str) -> None:
    """A source that breaks in the middle of its pages costs delay, never a row."""
    with stand(tmp_path, url=sqlite_url) as (sandbox, program, clock):
        for after in (1, 2, 3):
            sandbox.faults.put(peer, "error_500", after=after, times=3)
            program.pull(full=True, even_if_waiting=True)
            sandbox.faults.clear()
            clock.sleep(60)
        whole_job(program, clock)
        with program.sessions() as session:
            stages = table(session, select(Dossier.stage, func.count()).group_by(Dossier.stage))
            doubled = session.execute(
                select(Observation.key).group_by(Observation.source, Observation.key).having(func.count() > 1)
            ).all()
        truth = work_out(sandbox.province)
        assert stages == {stage: n for stage, n in truth.counts.items() if n}
        assert doubled == []
