"""Telling the counter and the applicant by e-mail: put in the outbox by a person, proven by what the mail server said.

The outbox row holds no person: the applicant's address is looked up at the moment of sending, and of it only a mask is
kept. A mail that is on its way is not sent a second time; one that failed is on record and may be tried again.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from monitor.domain.letter import LetterState
from monitor.letters.life import applicant_has_it, applicant_may_hear, counter_has_it
from monitor.letters.office import Office
from monitor.letters.steps import By, Case, Done, StepRefused, open_case, record
from monitor.store.tables import ApplicantRow, Dossier, Letter, LetterStep, Message, SourceDossier
from monitor.store.writing import in_batches

CHANNEL = "letter"  # of the outbox: mails about one letter each
COUNTER, APPLICANT = "counter", "applicant"
QUEUED, FAILED = "mail_queued", "mail_failed"
_WAITS: Mapping[str, Collection[str]] = {
    COUNTER: (LetterState.REGISTERED,),
    APPLICANT: (LetterState.DATE_CHANGED, LetterState.COUNTER_TOLD),
}
_OVER = ("sent", "failed", "cancelled")


def mail_counter(session: Session, letter_id: int, office: Office, by: By) -> Done:
    """Puts the written notice to the one-stop unit into the outbox; the step is taken when the mail server has it.

    Raises `StepRefused`: also where the people file knows no mailbox of the unit.
    """
    case = open_case(session, letter_id, by, _WAITS[COUNTER])
    _mail_goes_out(office)
    address = office.counter_mailbox(case.letter.agency_code)
    if not address:
        raise StepRefused(
            "no_mailbox",
            "Bộ phận Một cửa của cơ quan này chưa có hộp thư (vai trò one_stop_head trong tệp people).",
            "The one-stop unit of this agency has no mailbox (role one_stop_head in the people file).",
        )
    return _queue(session, case, by, COUNTER, address)


def mail_applicant(session: Session, letter_id: int, office: Office, by: By) -> Done:
    """Puts the apology to the applicant into the outbox; the letter is closed when the mail server has it.

    Raises `StepRefused`: also where the applicant gave no mailbox.
    """
    case = open_case(session, letter_id, by, _WAITS[APPLICANT])
    _mail_goes_out(office)
    applicant_may_hear(case)
    if not applicant_address(session, case.letter.dossier_id):
        raise StepRefused(
            "no_email", "Người nộp không để lại thư điện tử: báo bằng cách khác.", "The applicant gave no mailbox."
        )
    return _queue(session, case, by, APPLICANT, "")


def _mail_goes_out(office: Office) -> None:
    if not office.mails:
        raise StepRefused(
            "no_mail",
            "Phần mềm chưa được bật gửi thư điện tử, hoặc đang chạy thử: báo bằng cách khác rồi ghi bằng chứng.",
            "E-mail is not switched on, or this is a trial run: tell them another way and record the proof.",
        )


def _queue(session: Session, case: Case, by: By, to: str, address: str) -> Done:
    letter_id = case.letter.id
    earlier = [step.detail["message"] for step in _queued(session, [letter_id])]
    states = session.scalars(select(Message.state).where(Message.key.in_(earlier))).all()
    if any(state not in _OVER for state in states):
        raise StepRefused("mail_under_way", "Thư đang trên đường gửi.", "A mail is on its way already.")
    key = f"letter:{letter_id}:{to}:{len(earlier) + 1}"
    session.add(
        Message(
            key=key,
            person=f"{to}:{case.letter.agency_code}"[:80],
            channel=CHANNEL,
            address=address,
            payload={"letter_id": letter_id, "to": to, "lines": [], "others": []},
            state="pending",
            made_at=by.at,
            not_before_at=by.at,
        )
    )
    return record(session, case, None, QUEUED, by, to=to, message=key)


def see_mails(session: Session, now: datetime) -> int:
    """Takes the steps that mails have proven since, and puts on record those that failed. Returns how many steps."""
    waiting = set().union(*_WAITS.values())
    ids = session.scalars(
        select(LetterStep.letter_id)
        .join(Letter, Letter.id == LetterStep.letter_id)
        .where(LetterStep.step == QUEUED, Letter.state.in_(sorted(waiting)))
        .distinct()
    ).all()
    newest = {(step.letter_id, step.detail["to"]): step.detail["message"] for step in _queued(session, ids)}
    messages = _messages(session, list(newest.values()))
    known = set(session.scalars(select(LetterStep.detail["message"].as_string()).where(LetterStep.step == FAILED)))
    taken = 0
    for (letter_id, to), key in sorted(newest.items()):
        message = messages.get(key)
        if message is not None and message.state in _OVER:
            taken += _settle(session, letter_id, to, message, known, now)
    return taken


def mails_of(session: Session, letter_ids: Collection[int]) -> dict[tuple[int, str], str]:
    """By (letter, "counter" or "applicant"): "under_way" or "failed", by the newest mail step of each."""
    found: dict[tuple[int, str], str] = {}
    for batch in in_batches(sorted(letter_ids)):
        steps = select(LetterStep).where(LetterStep.letter_id.in_(batch), LetterStep.step.in_((QUEUED, FAILED)))
        for step in session.scalars(steps.order_by(LetterStep.id)):
            found[step.letter_id, step.detail["to"]] = "under_way" if step.step == QUEUED else "failed"
    return found


def _settle(session: Session, letter_id: int, to: str, message: Message, known: Collection[str], now: datetime) -> bool:
    by = By("dunghen", now, "daemon")
    if session.scalars(select(Letter.state).where(Letter.id == letter_id)).one() not in _WAITS[to]:
        return False
    case = open_case(session, letter_id, by, _WAITS[to])
    if message.state != "sent":
        if message.key not in known:
            record(session, case, None, FAILED, by, to=to, message=message.key, why=message.last_error[:200])
        return False
    sent_at = message.sent_at or now
    proof = {"channel": "email", "proof": message.receipt, "sent_at": sent_at.isoformat(), "message": message.key}
    if to == COUNTER:
        counter_has_it(session, case, by, **proof)
    else:
        applicant_has_it(session, case, by, **proof)
    return True


def _queued(session: Session, letter_ids: Collection[int]) -> list[LetterStep]:
    steps: list[LetterStep] = []
    for batch in in_batches(sorted(letter_ids)):
        query = select(LetterStep).where(LetterStep.letter_id.in_(batch), LetterStep.step == QUEUED)
        steps += session.scalars(query.order_by(LetterStep.id))
    return steps


def _messages(session: Session, keys: Collection[str]) -> dict[str, Message]:
    found: dict[str, Message] = {}
    for batch in in_batches(sorted(keys)):
        found |= {m.key: m for m in session.scalars(select(Message).where(Message.key.in_(batch)))}
    return found


@dataclass(frozen=True, slots=True)
class Parcel:
    """What the mailroom asks at the moment of sending: whether the letter still waits for this mail, and for whom."""

    letter_id: int
    to: str
    waits: bool
    address: str  # PERSONAL DATA when it is the applicant's


def parcel(session: Session, payload: Mapping[str, Any], address: str) -> Parcel:
    """The outbox row, resolved: the applicant's address comes from the newest word of the source."""
    letter_id, to = int(payload["letter_id"]), str(payload["to"])
    row = session.execute(select(Letter.state, Letter.dossier_id).where(Letter.id == letter_id)).one_or_none()
    waits = row is not None and row.state in _WAITS[to]
    if row is not None and to == APPLICANT:
        address = applicant_address(session, row.dossier_id)
    return Parcel(letter_id, to, waits, address)


def applicant_address(session: Session, dossier_id: int) -> str:
    """PERSONAL DATA. The mailbox as the source that speaks states it, else as any other does; "" = none."""
    rows = session.execute(
        select(ApplicantRow.email, SourceDossier.source == Dossier.speaking_source)
        .join(SourceDossier, SourceDossier.id == ApplicantRow.view_id)
        .join(Dossier, Dossier.id == SourceDossier.dossier_id)
        .where(Dossier.id == dossier_id, func.length(ApplicantRow.email) > 0)
    ).all()
    best = max(rows, key=lambda row: bool(row[1]), default=None)
    return best[0].split(";")[0].strip() if best is not None else ""


def masked(address: str) -> str:
    """`b…@e…`: enough to tell a clerk which mailbox it went to, too little to write to."""
    name, _, host = address.partition("@")
    return f"{name[:1]}…@{host[:1]}…"
