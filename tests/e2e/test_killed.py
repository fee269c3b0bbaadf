"""kill -9 at random moments over pull, judge and send: nothing lost, nothing twice that was not counted."""

from collections import Counter
from pathlib import Path

from sqlalchemy import select

from monitor.sandbox.truth import work_out
from monitor.store.tables import Attempt, Message, Observation
from tests.counts import proof_examples
from tests.e2e import forge
from tests.e2e.stand import CODE, MONDAY, heard, letters_of, mail_text, notices_of, stand, whole_job
from tests.forks import run


def test_fifty_kills_lose_no_letter_and_double_only_what_is_counted(tmp_path: Path, store_url: str) -> None:
    kills = proof_examples(50 if store_url.startswith("sqlite") else 6, 500)
    with stand(tmp_path / "calm", size=90) as (_, calm, clock):
        whole_job(calm, clock)
        with calm.sessions() as session:
            letters, notices = letters_of(session), notices_of(session)
    with stand(tmp_path / "killed", size=90, url=store_url) as (sandbox, program, _):
        run(tmp_path, forge.main, tmp_path / "killed" / "dunghen.toml", kills, 11, MONDAY, store_url)
        with program.sessions() as session:
            assert {row[:3] for row in letters_of(session)} == {row[:3] for row in letters}
            assert {row[:3] for row in notices_of(session)} == {row[:3] for row in notices}
            twice = [n for n in Counter(session.execute(select(Observation.source, Observation.key))).values() if n > 1]
            unknown = Counter(session.scalars(select(Attempt.message_id).where(Attempt.outcome == "unknown")))
            states = Counter(session.scalars(select(Message.state)))
            drafted = sum(state == "drafted" for _, _, state, _ in letters_of(session))
        assert twice == []
        assert set(states) == {"sent"}
        for kind in ("pdf", "docx"):  # what a kill left unwritten was written at the next start
            assert len(list((tmp_path / "killed" / "letters").rglob(f"*.{kind}"))) == drafted > 0
        assert heard(sandbox) == work_out(sandbox.province).told
        # what came twice is no more than what is on record as "may have arrived"
        copies = Counter(_said(sandbox))
        extra = sum(n - 1 for n in copies.values())
        assert extra <= sum(unknown.values())


def _said(sandbox: object) -> list[tuple[str, tuple[str, ...]]]:
    """(where, which dossiers) of every delivery: a repeat says the same to the same."""
    from monitor.sandbox.servers import Sandbox

    assert isinstance(sandbox, Sandbox)
    chats = [(m.chat + m.method, tuple(CODE.findall(m.text)) or (m.file_name,)) for m in sandbox.bot.delivered]
    mails = [(",".join(m.recipients), tuple(CODE.findall(mail_text(m)))) for m in sandbox.mail.mails]
    return chats + mails
