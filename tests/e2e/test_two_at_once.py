"""Two sources read at the same moment by two threads: one dossier, one letter, whichever database."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import func, select

from monitor.sandbox.truth import work_out
from monitor.store.tables import Dossier, Letter, SourceDossier
from tests.e2e.stand import letters_of, stand


def test_sources_read_at_once_still_tell_of_one_dossier(tmp_path: Path, store_url: str) -> None:
    with stand(tmp_path, url=store_url, size=300) as (sandbox, program, _):
        with ThreadPoolExecutor(3) as threads:
            reading = [threads.submit(program.pull, [name], full=True) for name in ("mot-cua", "cong-dvc")]
            while not all(one.done() for one in reading):
                threads.submit(program.judge).result()
        assert [count.result for one in reading for count in one.result()] == ["ok", "ok"]
        program.judge()
        truth = work_out(sandbox.province)
        with program.sessions() as session:
            views = select(SourceDossier.code, SourceDossier.dossier_id).where(SourceDossier.code != "")
            dossiers_of: dict[str, set[int]] = {}
            for code, dossier_id in session.execute(views):
                dossiers_of.setdefault(code, set()).add(dossier_id)
            doubled = [code for code, ids in dossiers_of.items() if len(ids) > 1]
            owed = {(code, number) for code, number, state, _ in letters_of(session) if state == "owed"}
            unjudged = session.scalar(select(func.count()).select_from(Dossier).where(Dossier.stage == ""))
            free = session.scalar(select(func.count()).select_from(Letter).where(Letter.suspended_for == ""))
        assert doubled == []
        assert unjudged == 0
        assert truth.letters <= owed
        assert free == len(truth.letters)
