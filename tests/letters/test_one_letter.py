"""One letter for each promise that is missed, whatever is killed, repeated or run at once: none twice, none missing, and
no gap in the book (field-study R3)."""

import re
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, sessionmaker

from monitor.letters.register import gaps
from monitor.letters.steps import history
from monitor.letters.verify import verify
from monitor.store.tables import Dossier, Letter, LetterNumber
from tests.counts import proof_examples
from tests.forks import run
from tests.letters import clerks
from tests.letters.samples import local
from tests.letters.test_draft import put

LETTERS = 5
MONDAY = local(23, 9)  # the last lawful day for a promise on Wednesday 25 November
ONCE = ["decided", "approved", "signed", "registered", "counter_told", "date_changed", "applicant_told", "closed"]


@pytest.fixture
def due(sessions: sessionmaker[Session]) -> sessionmaker[Session]:
    """Dossiers whose letter is due today and that nobody has judged yet; every second is late already."""
    with sessions.begin() as session:
        for number in range(1, LETTERS + 1):
            put(session, number, promised_at=local(25 if number % 2 else 16, 16, 30))
        session.flush()
        session.execute(delete(Letter))
        session.execute(update(Dossier).values(next_change_at=MONDAY))
    return sessions


def check(sessions: sessionmaker[Session]) -> None:
    """Exactly one whole life for each, and a book without a gap."""
    with sessions() as session:
        letters = session.execute(select(Letter.dossier_id, Letter.promise_number, Letter.state)).all()
        assert sorted(map(tuple, letters)) == [(n, 1, "closed") for n in range(1, LETTERS + 1)]
        for letter_id in session.scalars(select(Letter.id)):
            steps = [step.step for step in history(session, letter_id)]
            while steps[:2] == ["decided", "decided"]:  # two officers may set a reason one after the other
                del steps[0]
            assert steps == ONCE
        assert sorted(session.scalars(select(LetterNumber.number))) == list(range(1, LETTERS + 1))
        assert gaps(session) == []
        assert verify(session) == []


# As many kills as one store's letters last for: later ones would find nothing left to do. A thousand in `make proof`.
KILLS = proof_examples(8, 20)


@pytest.mark.parametrize("seed", range(7, 7 + proof_examples(1, 50)))
def test_killed_at_any_statement_each_letter_lives_once(
    due: sessionmaker[Session], store_url: str, tmp_path: Path, seed: int
) -> None:
    said = run(tmp_path, clerks.main, store_url, MONDAY, "kills", str(seed), str(KILLS))
    killed = re.search(r"^killed: (\d+)$", said, re.MULTILINE)
    assert killed
    assert int(killed[1]) > KILLS // 2, "most of them died on the way"
    check(due)


def test_two_processes_at_once_share_the_work(due: sessionmaker[Session], store_url: str, tmp_path: Path) -> None:
    run(tmp_path, clerks.main, store_url, MONDAY, "together", "2")
    check(due)
