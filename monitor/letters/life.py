"""The life of a letter, step by step: each guarded, each in the log. Runs in the caller's transaction.

The law makes two people act (NĐ 118/2025 Điều 19 khoản 6): the resolving agency writes, signs and sends; the counter
changes the date in the system and tells the applicant. Nobody's step is taken for them: the program drafts, and sees
what the source shows. Each function raises `StepRefused`.
"""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.domain.letter import LetterState
from monitor.letters.content import Content
from monitor.letters.decision import DecisionRefused, copied, decided
from monitor.letters.draft import is_overdue, promise_of, retold_for
from monitor.letters.fonts import GlyphMissing, check_glyphs
from monitor.letters.forms import Forms
from monitor.letters.letterhead import setting_of
from monitor.letters.names import tidy
from monitor.letters.office import Office
from monitor.letters.register import Entry, enter
from monitor.letters.signing import Signer, check_capacity, with_signer
from monitor.letters.steps import By, Case, Done, StepRefused, latest, note, open_case, record
from monitor.letters.wording import tells
from monitor.store.tables import Dossier, Letter, SourceDossier

# Signed, and not in the applicant's hands yet: it can be taken back.
VOIDABLE = (LetterState.SIGNED, LetterState.REGISTERED, LetterState.COUNTER_TOLD, LetterState.DATE_CHANGED)
DECIDABLE = (LetterState.DRAFTED, LetterState.DECIDED, LetterState.APPROVED)
CHANNELS = ("email", "sms", "phone", "printed", "social", "post")  # Điều 19 khoản 6; post and hand for paper
_REASONS = 5000  # of the agency's newest letters, looked at for copies


def decide(session: Session, letter_id: int, office: Office, by: By, *, reason: str, new_date: date | None) -> Done:
    """Sets the reason and the one new date. Allowed again until the letter is signed: then it must be approved anew."""
    case = open_case(session, letter_id, by, DECIDABLE, unsuspended=True, stale=office.stale)
    letter, dossier = case.letter, case.dossier
    promised, forms = _promised(case, office), Forms(office.settings.templates)
    form = forms.get(letter.form)
    officials = {*office.officials, *_officers_of(session, dossier.id)}
    try:
        check_glyphs([("ly_do", tidy(reason))])
        content = retold_for(forms, letter, dossier, _content(case), office.calendar.local, by.at)
        content = decided(
            form,
            content,
            reason=reason,
            new_date=new_date,
            promised_on=promised.date(),
            today=office.today(by.at),
            calendar=office.days_of(letter.agency_code),
            officials=officials,
        )
    except DecisionRefused as refused:
        raise StepRefused(refused.field, _sentence(refused.words.vi), _sentence(refused.words.en)) from None
    except GlyphMissing as missing:
        raise StepRefused("glyph", *missing.words) from None
    _put(letter, content)
    letter.new_date_on = new_date
    flags = ("copied_reason",) if copied(reason, _other_reasons(session, letter)) else ()
    shown = new_date.isoformat() if new_date else ""
    record(session, case, LetterState.DECIDED, "decided", by, new_date=shown, flags=list(flags))
    return Done(letter.id, "decided", flags)


def approve(session: Session, letter_id: int, office: Office, by: By, *, signer: Signer | None = None) -> Done:
    """Freezes the words. `signer` puts who will sign, and in what capacity, into the block that is printed."""
    case = open_case(session, letter_id, by, (LetterState.DECIDED,), unsuspended=True, stale=office.stale)
    _still_true(case, office, by)
    if signer is not None:
        _put(case.letter, with_signer(_content(case), signer))
    return record(session, case, LetterState.APPROVED, "approved", by)


def sign(session: Session, letter_id: int, office: Office, by: By, *, name: str, capacity: str) -> Done:
    """A person signed, in the capacity that the paper prints: head, KT., TL., TUQ. (NĐ 30/2020 Điều 13)."""
    case = open_case(session, letter_id, by, (LetterState.APPROVED,), unsuspended=True, stale=office.stale)
    _still_true(case, office, by)
    signer = note(session, case, name, "signer")
    content = _content(case)
    check_capacity(content, capacity, signer)
    today = office.today(by.at)
    last = case.letter.letter_by_on  # None: the term leaves no lawful day, so none was missed
    on_time = not case.letter.is_late and (last is None or today <= last)
    case.letter.is_late = not on_time
    case.dossier.next_change_at = by.at  # what judging found of the duty may be over, or begin
    flags = () if on_time else ("issued_late",)
    record(
        session, case, LetterState.SIGNED, "signed", by,
        signer=signer, capacity=capacity, on=today.isoformat(), on_time=on_time,
    )  # fmt: skip
    return Done(letter_id, "signed", flags)


def register(session: Session, letter_id: int, office: Office, by: By, entry: Entry) -> Done:
    """Văn thư's number, symbol and day (or ours, where the office asks for it). The number is used up even if the
    letter is voided later."""
    case = open_case(session, letter_id, by, (LetterState.SIGNED,))
    signed = latest(session, letter_id, "signed")
    assert signed is not None  # the state says so
    signed_on, today = date.fromisoformat(signed.detail["on"]), office.today(by.at)
    own = setting_of(case.letter.agency_code, office.settings.agencies, today)
    given = enter(session, case, entry, signed_on, today, internal=own.numbering == "internal")
    return record(
        session, case, LetterState.REGISTERED, "registered", by,
        number=given.number, symbol=given.symbol, book=given.book, dated_on=given.dated_on.isoformat(),
        agency=given.agency_code, number_id=given.id,
    )  # fmt: skip


def tell_counter(session: Session, letter_id: int, by: By, *, proof: str) -> Done:
    """The one-stop unit has the written notice; from here it has one working day to change the date."""
    case = open_case(session, letter_id, by, (LetterState.REGISTERED,))
    return counter_has_it(session, case, by, proof=note(session, case, proof, "proof"))


def counter_has_it(session: Session, case: Case, by: By, **detail: str) -> Done:
    """The same once it is known, however it got there."""
    case.letter.counter_told_at = case.dossier.next_change_at = by.at
    return record(session, case, LetterState.COUNTER_TOLD, "counter_told", by, **detail)


def change_date(session: Session, letter_id: int, office: Office, by: By, *, proof: str) -> Done:
    """The counter clerk says the date is changed in the system, where the system itself cannot show it."""
    case = open_case(session, letter_id, by, (LetterState.COUNTER_TOLD,))
    wanted, source = case.letter.new_date_on, case.dossier.speaking_source
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
    if source in office.show_dates and source not in office.stale:
        raise StepRefused(
            "source_will_show",
            f"Hệ thống {source} cho thấy ngày hẹn lại, và chưa cho thấy ngày này: đổi trên hệ thống trước, "
            "phần mềm sẽ tự thấy.",
            f"{source} shows new dates and does not show this one yet: change it there, it will be seen by itself.",
        )
    return date_is_in(session, case, by, seen="clerk", proof=note(session, case, proof, "proof"))


def date_is_in(session: Session, case: Case, by: By, **detail: str) -> Done:
    """The new date is in the system: from here it is the promise in force, whatever the system shows."""
    case.dossier.extended_by_letter_on, case.dossier.next_change_at = case.letter.new_date_on, by.at
    case.dossier.taken_back_on = None  # the letter that stands says what is in force
    return record(session, case, LetterState.DATE_CHANGED, "date_changed", by, **detail)


def tell_applicant(session: Session, letter_id: int, by: By, *, channel: str, proof: str) -> Done:
    """The applicant was told; that closes the letter."""
    case = open_case(session, letter_id, by, (LetterState.DATE_CHANGED, LetterState.COUNTER_TOLD))
    applicant_may_hear(case)
    if channel not in CHANNELS:
        raise StepRefused(
            "channel", f"Kênh báo là một trong: {', '.join(CHANNELS)}.", f"The channel is one of {', '.join(CHANNELS)}."
        )
    kept = note(session, case, proof, "proof")
    return applicant_has_it(session, case, by, channel=channel, proof=kept)


def applicant_may_hear(case: Case) -> None:
    """Raises `StepRefused` while the new date is not in the system: first it is changed, then told."""
    if case.letter.state == LetterState.COUNTER_TOLD and case.letter.new_date_on is not None:
        raise StepRefused(
            "date_not_changed",
            "Ngày hẹn mới chưa được đổi trên hệ thống: đổi ngày trước, báo người dân sau.",
            "The new date is not in the system yet: change it first, then tell the applicant.",
        )


def applicant_has_it(session: Session, case: Case, by: By, **detail: str) -> Done:
    """The applicant was told, however: that closes the letter."""
    record(session, case, LetterState.APPLICANT_TOLD, "applicant_told", by, **detail)
    return record(session, case, LetterState.CLOSED, "closed", by)


def void(session: Session, letter_id: int, by: By, *, why: str) -> Done:
    """Takes a signed letter back before it reached the applicant. Steps, number and words stay on record."""
    case = open_case(session, letter_id, by, VOIDABLE)
    said = note(session, case, why, "why")
    if case.letter.new_date_on is not None:
        # the extension stood on this letter, and a source may show its date for a while yet
        case.dossier.extended_by_letter_on, case.dossier.taken_back_on = None, case.letter.new_date_on
    kept = {"content": case.letter.content, "content_hash": case.letter.content_hash, "voided_at": by.at.isoformat()}
    case.letter.voided = [*(case.letter.voided or []), kept]
    case.letter.counter_told_at, case.dossier.next_change_at = None, by.at
    return record(session, case, LetterState.VOID, "void", by, why=said)


def reissue(session: Session, letter_id: int, by: By) -> Done:
    """Begins a voided letter anew, as a draft: reason, approval, signature and number all over again."""
    case = open_case(session, letter_id, by, (LetterState.VOID,))
    joined = not case.dossier.stage and not case.dossier.code  # its views went to another dossier
    if joined or latest(session, letter_id, "void") is None or case.dossier.finished_at is not None:
        raise StepRefused(
            "not_to_reissue",
            "Hồ sơ đã xong hoặc đã gộp vào hồ sơ khác: không làm lại phiếu.",
            "The dossier is finished or was joined to another: nothing to re-issue.",
        )
    case.letter.new_date_on, case.dossier.next_change_at = None, by.at
    return record(session, case, LetterState.DRAFTED, "reissued", by)


def see_dates(session: Session, office: Office, now: datetime) -> int:
    """Marks the letters whose new date the source itself shows now, in a field of its own or written over the old one.

    Returns how many. Another date is left alone.
    """
    waiting = (
        select(Letter.id, Letter.new_date_on, Dossier.promised_at, Dossier.extended_at)
        .join(Dossier, Dossier.id == Letter.dossier_id)
        .where(Letter.state == LetterState.COUNTER_TOLD, Letter.new_date_on.is_not(None))
        .order_by(Letter.id)
    )
    by = By("dunghen", now, "daemon")
    seen = 0
    for letter_id, wanted, *shown in session.execute(waiting).all():
        if wanted in {office.today(at) for at in shown if at is not None}:
            date_is_in(session, open_case(session, letter_id, by, (LetterState.COUNTER_TOLD,)), by, seen="source")
            seen += 1
    return seen


def slow_counters(session: Session, office: Office, now: datetime) -> list[int]:
    """Letters whose counter was told more than one working day ago and whose date is still the old one: a breach."""
    waiting = select(Letter.id, Letter.agency_code, Letter.counter_told_at).where(
        Letter.state == LetterState.COUNTER_TOLD, Letter.new_date_on.is_not(None), Letter.counter_told_at.is_not(None)
    )
    today = office.today(now)
    return [
        letter_id
        for letter_id, agency, told_at in session.execute(waiting.order_by(Letter.id))
        if told_at is not None and office.days_of(agency).working_days_between(office.today(told_at), today) > 1
    ]


def _content(case: Case) -> Content:
    if case.letter.content is None:
        raise StepRefused("no_words", "Phiếu chưa có lời văn.", "The letter has no words yet.")
    return Content.from_dict(case.letter.content)


def _put(letter: Letter, content: Content) -> None:
    letter.content, letter.content_hash = content.to_dict(), content.hash
    letter.template_version = content.template_version


def _promised(case: Case, office: Office) -> datetime:
    promised = promise_of(case.letter, case.dossier, office.calendar.local)
    if promised is None:
        raise StepRefused("no_promise", "Hồ sơ không có ngày hẹn trả.", "The dossier has no promised date.")
    return office.calendar.local(promised)


def _still_true(case: Case, office: Office, by: By) -> None:
    """The words were set earlier: promise, "expected" and the new date must still hold."""
    promised = _promised(case, office)
    gone = is_overdue(case.dossier.precision, promised, office.calendar.local(by.at))
    content, new_date = _content(case), case.letter.new_date_on
    # a letter that told the past does not become wrong; one that expected it does
    holds = tells(content, promised, is_overdue=gone or content.values["da_qua_han"] is True)
    days = office.days_of(case.letter.agency_code)
    if new_date is not None and holds:
        # the calendar may have made it a day off since
        holds = promised.date() < new_date >= office.today(by.at) and days.is_working_day(new_date)
    if not holds:
        raise StepRefused(
            "words_outdated",
            "Lời phiếu không còn đúng (ngày hẹn đã qua, đã đổi hoặc nay là ngày nghỉ): ghi lại lý do và ngày hẹn mới.",
            "The words are no longer true (a date has passed, moved or is a day off now): set them again.",
        )


def _officers_of(session: Session, dossier_id: int) -> Sequence[str]:
    """Who works on it, as the sources name them: a reason must not blame them."""
    query = select(SourceDossier.officer).where(SourceDossier.dossier_id == dossier_id, SourceDossier.officer != "")
    return session.scalars(query).all()


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
