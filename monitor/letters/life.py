"""The life of a letter, step by step: each guarded, each in the log. Runs in the caller's transaction.

The law makes two people act (NĐ 118/2025 Điều 19 khoản 6): the resolving agency writes, signs and sends; the counter
changes the date in the system and tells the applicant. Nobody's step is taken for them: the program drafts, and sees
what the source shows. Each function raises `StepRefused`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.domain.letter import LetterState
from monitor.letters.content import Content
from monitor.letters.decision import DecisionRefused, copied, decided
from monitor.letters.draft import is_overdue, promise_of
from monitor.letters.fonts import GlyphMissing, check_glyphs
from monitor.letters.forms import Forms
from monitor.letters.names import tidy
from monitor.letters.register import Entry, enter
from monitor.letters.signing import Signer, check_capacity, with_signer
from monitor.letters.steps import By, Case, Done, StepRefused, latest, note, open_case, record
from monitor.letters.wording import overdue
from monitor.settings import Letters
from monitor.store.tables import Dossier, Letter, LetterStep

CHANNELS = ("email", "sms", "phone", "printed", "social", "post")  # Điều 19 khoản 6; post and hand for paper
_REASONS = 5000  # of the agency's newest letters, looked at for copies


class OfficeDays(Protocol):
    """What the steps ask of the calendar."""

    def local(self, at: datetime) -> datetime: ...
    def is_working_day(self, on: date) -> bool: ...
    def working_days_between(self, after: date, until: date) -> int: ...


@dataclass(frozen=True, slots=True)
class Office:
    """What an office's steps go by."""

    calendar: OfficeDays
    settings: Letters

    def today(self, at: datetime) -> date:
        return self.calendar.local(at).date()


def decide(session: Session, letter_id: int, office: Office, by: By, *, reason: str, new_date: date | None) -> Done:
    """Sets the reason and the one new date. Allowed again until the letter is signed: then it must be approved anew."""
    allowed = (LetterState.DRAFTED, LetterState.DECIDED, LetterState.APPROVED)
    case = open_case(session, letter_id, by, allowed, unsuspended=True)
    letter, dossier = case.letter, case.dossier
    content, promised = _content(case), _promised(case, office)
    form = Forms(office.settings.templates).get(letter.form)
    try:
        check_glyphs([("ly_do", tidy(reason))])
        if not content.values["da_qua_han"] and is_overdue(dossier.precision, promised, office.calendar.local(by.at)):
            content = overdue(form, content, by.at)
        content = decided(
            form,
            content,
            reason=reason,
            new_date=new_date,
            promised_on=promised.date(),
            today=office.today(by.at),
            calendar=office.calendar,
        )
    except DecisionRefused as refused:
        raise StepRefused(refused.field, _sentence(refused.words.vi), _sentence(refused.words.en)) from None
    except GlyphMissing as missing:
        raise StepRefused("glyph", *missing.words) from None
    _put(letter, content)
    flags = ("copied_reason",) if copied(reason, _other_reasons(session, letter)) else ()
    shown = new_date.isoformat() if new_date else ""
    record(session, case, LetterState.DECIDED, "decided", by, new_date=shown, flags=list(flags))
    return Done(letter.id, "decided", flags)


def approve(session: Session, letter_id: int, office: Office, by: By, *, signer: Signer | None = None) -> Done:
    """Freezes the words. `signer` puts who will sign, and in what capacity, into the block that is printed."""
    case = open_case(session, letter_id, by, (LetterState.DECIDED,), unsuspended=True)
    _still_true(session, case, office, by)
    if signer is not None:
        _put(case.letter, with_signer(_content(case), signer))
    return record(session, case, LetterState.APPROVED, "approved", by)


def sign(session: Session, letter_id: int, office: Office, by: By, *, name: str, capacity: str) -> Done:
    """A person signed, in the capacity that the paper prints: head, KT., TL., TUQ. (NĐ 30/2020 Điều 13)."""
    case = open_case(session, letter_id, by, (LetterState.APPROVED,), unsuspended=True)
    _still_true(session, case, office, by)
    signer = note(session, case, name, "signer")
    content = _content(case)
    check_capacity(content, capacity, signer)
    today = office.today(by.at)
    last = case.letter.letter_by_on  # None: the term leaves no lawful day, so none was missed
    on_time = not case.letter.is_late and (last is None or today <= last)
    case.letter.is_late = not on_time
    flags = () if on_time else ("issued_late",)
    record(
        session, case, LetterState.SIGNED, "signed", by,
        signer=signer, capacity=capacity, on=today.isoformat(), on_time=on_time,
    )  # fmt: skip
    return Done(letter_id, "signed", flags)


def register(session: Session, letter_id: int, office: Office, by: By, entry: Entry) -> Done:
    """Văn thư's number, symbol and day. The number is used up even if the letter is voided later."""
    case = open_case(session, letter_id, by, (LetterState.SIGNED,))
    signed = latest(session, letter_id, "signed")
    assert signed is not None  # the state says so
    enter(session, case, entry, date.fromisoformat(signed.detail["on"]), office.today(by.at))
    return record(
        session, case, LetterState.REGISTERED, "registered", by,
        number=entry.number, symbol=entry.symbol, book=entry.book, dated_on=entry.dated_on.isoformat(),
    )  # fmt: skip


def tell_counter(session: Session, letter_id: int, by: By, *, proof: str) -> Done:
    """The one-stop unit has the written notice; from here it has one working day to change the date."""
    case = open_case(session, letter_id, by, (LetterState.REGISTERED,))
    return record(
        session, case, LetterState.COUNTER_TOLD, "counter_told", by, proof=note(session, case, proof, "proof")
    )


def change_date(session: Session, letter_id: int, office: Office, by: By, *, proof: str) -> Done:
    """The counter clerk says the date is changed in the system, where the system itself cannot show it."""
    case = open_case(session, letter_id, by, (LetterState.COUNTER_TOLD,))
    wanted = _new_date(session, letter_id)
    if wanted is None:
        raise StepRefused(
            "no_new_date", "Phiếu này không hẹn ngày mới: không có gì để đổi.", "This letter sets no new date."
        )
    shown = case.dossier.extended_at
    if shown is not None and office.today(shown) != wanted:
        raise StepRefused(
            "other_date",
            f"Hệ thống đang ghi ngày {office.today(shown):%d/%m/%Y}, phiếu hẹn ngày {wanted:%d/%m/%Y}.",
            f"The source shows {office.today(shown).isoformat()}, the letter says {wanted.isoformat()}.",
        )
    return record(
        session, case, LetterState.DATE_CHANGED, "date_changed", by,
        seen="clerk", proof=note(session, case, proof, "proof"),
    )  # fmt: skip


def tell_applicant(session: Session, letter_id: int, by: By, *, channel: str, proof: str) -> Done:
    """The applicant was told; that closes the letter."""
    case = open_case(session, letter_id, by, (LetterState.DATE_CHANGED, LetterState.COUNTER_TOLD))
    if case.letter.state == LetterState.COUNTER_TOLD and _new_date(session, letter_id) is not None:
        raise StepRefused(
            "date_not_changed",
            "Ngày hẹn mới chưa được đổi trên hệ thống: đổi ngày trước, báo người dân sau.",
            "The new date is not in the system yet: change it first, then tell the applicant.",
        )
    if channel not in CHANNELS:
        raise StepRefused(
            "channel", f"Kênh báo là một trong: {', '.join(CHANNELS)}.", f"The channel is one of {', '.join(CHANNELS)}."
        )
    kept = note(session, case, proof, "proof")
    record(session, case, LetterState.APPLICANT_TOLD, "applicant_told", by, channel=channel, proof=kept)
    return record(session, case, LetterState.CLOSED, "closed", by)


def void(session: Session, letter_id: int, by: By, *, why: str) -> Done:
    """Takes a signed letter back before it reached the applicant. Steps and number stay on record."""
    allowed = (LetterState.SIGNED, LetterState.REGISTERED, LetterState.COUNTER_TOLD, LetterState.DATE_CHANGED)
    case = open_case(session, letter_id, by, allowed)
    return record(session, case, LetterState.VOID, "void", by, why=note(session, case, why, "why"))


def reissue(session: Session, letter_id: int, by: By) -> Done:
    """Begins a voided letter anew, as a draft: reason, approval, signature and number all over again."""
    case = open_case(session, letter_id, by, (LetterState.VOID,))
    if latest(session, letter_id, "void") is None or case.dossier.finished_at is not None:
        raise StepRefused(
            "not_to_reissue",
            "Hồ sơ đã xong hoặc đã gộp vào hồ sơ khác: không làm lại phiếu.",
            "The dossier is finished or was joined to another: nothing to re-issue.",
        )
    return record(session, case, LetterState.DRAFTED, "reissued", by)


def see_dates(session: Session, office: Office, now: datetime) -> int:
    """Marks the letters whose new date the source itself shows now. Returns how many. Another date is left alone."""
    rows = session.execute(
        select(Letter.id, Dossier.extended_at, LetterStep.detail)
        .join(Dossier, Dossier.id == Letter.dossier_id)
        .join(LetterStep, LetterStep.letter_id == Letter.id)
        .where(Letter.state == LetterState.COUNTER_TOLD, Dossier.extended_at.is_not(None), LetterStep.step == "decided")
        .order_by(LetterStep.id)
    ).all()
    decided_last = {letter_id: (extended_at, detail) for letter_id, extended_at, detail in rows}
    by = By("dunghen", now, "dunghen")
    seen = 0
    for letter_id, (extended_at, detail) in sorted(decided_last.items()):
        if detail["new_date"] == office.today(extended_at).isoformat():
            case = open_case(session, letter_id, by, (LetterState.COUNTER_TOLD,))
            record(session, case, LetterState.DATE_CHANGED, "date_changed", by, seen="source")
            seen += 1
    return seen


def slow_counters(session: Session, office: Office, now: datetime) -> list[int]:
    """Letters whose counter was told more than one working day ago and whose date is still the old one: a breach."""
    rows = session.execute(
        select(Letter.id, LetterStep.at, LetterStep.detail)
        .join(LetterStep, LetterStep.letter_id == Letter.id)
        .where(Letter.state == LetterState.COUNTER_TOLD, LetterStep.step.in_(("counter_told", "decided")))
        .order_by(LetterStep.id)
    )
    told: dict[int, datetime] = {}
    dated: dict[int, bool] = {}
    for letter_id, at, detail in rows:
        if "new_date" in detail:
            dated[letter_id] = bool(detail["new_date"])
        else:
            told[letter_id] = at
    today = office.today(now)
    return [
        letter_id
        for letter_id, at in sorted(told.items())
        if dated.get(letter_id) and office.calendar.working_days_between(office.today(at), today) > 1
    ]


def _content(case: Case) -> Content:
    if case.letter.content is None:
        raise StepRefused("no_words", "Phiếu chưa có lời văn.", "The letter has no words yet.")
    return Content.from_dict(case.letter.content)


def _put(letter: Letter, content: Content) -> None:
    letter.content, letter.content_hash = content.to_dict(), content.hash
    letter.template_version = content.template_version


def _promised(case: Case, office: Office) -> datetime:
    promised = promise_of(case.letter, case.dossier)
    if promised is None:
        raise StepRefused("no_promise", "Hồ sơ không có ngày hẹn trả.", "The dossier has no promised date.")
    return office.calendar.local(promised)


def _still_true(session: Session, case: Case, office: Office, by: By) -> None:
    """The words were set on an earlier day: "expected" and the new date must still hold."""
    promised = _promised(case, office)
    gone = is_overdue(case.dossier.precision, promised, office.calendar.local(by.at))
    new_date = _new_date(session, case.letter.id)
    if (gone and not _content(case).values["da_qua_han"]) or (new_date is not None and new_date < office.today(by.at)):
        raise StepRefused(
            "words_outdated",
            "Lời phiếu không còn đúng (ngày hẹn đã qua): ghi lại lý do và ngày hẹn mới.",
            "The words are no longer true (a date has passed): set reason and new date again.",
        )


def _new_date(session: Session, letter_id: int) -> date | None:
    step = latest(session, letter_id, "decided")
    return date.fromisoformat(step.detail["new_date"]) if step is not None and step.detail["new_date"] else None


def _other_reasons(session: Session, letter: Letter) -> Sequence[str]:
    query = (
        select(Letter.content["values"]["ly_do"].as_string())
        .where(
            Letter.agency_code == letter.agency_code,
            Letter.id != letter.id,
            Letter.content_hash != "",
            Letter.state.not_in((LetterState.OWED, LetterState.DRAFTED)),
        )
        .order_by(Letter.id.desc())
        .limit(_REASONS)
    )
    return [reason for reason in session.scalars(query) if reason]


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
