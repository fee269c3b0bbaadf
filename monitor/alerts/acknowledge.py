"""Answers to alerts: taken on with a day, put off, solved already. The one way in for buttons, pages and commands.

An answer and the taking back of what waits to be told are one transaction (the caller's). Whether it was kept is
seen by judging (`monitor.answering`), from what the source says.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from monitor.domain.answers import (
    AnswerEnd,
    AnswerKind,
    AnswerLimits,
    AnswerRefused,
    Refusal,
    check_reason,
    holds_until,
)
from monitor.domain.calendar import CalendarExhausted, WorkingCalendar
from monitor.domain.stage import FINISHED_STAGES
from monitor.people import Directory, Post
from monitor.store import audit
from monitor.store.tables import Acknowledgement, Dossier, Notice
from monitor.withdrawing import withdraw_where
from monitor.words import Words

_REFUSED = {
    Refusal.NO_REASON: Words("Phải ghi lý do.", "A reason is needed."),
    Refusal.PERSON_IN_REASON: Words(
        "Lý do có dãy số giống số điện thoại hoặc số định danh: không ghi thông tin của người dân vào đây.",
        "The reason holds what looks like a telephone or identity number: write nothing of the applicant here.",
    ),
    Refusal.IN_THE_PAST: Words("Ngày này đã qua.", "That day is over."),
    Refusal.NOT_A_WORKING_DAY: Words("Ngày này không phải ngày làm việc.", "That is no working day."),
    Refusal.TOO_LONG: Words("Xa hơn mức được phép của chức vụ này.", "Further than this post may reach."),
}
_UNTIL = Words(" Muộn nhất {day}.", " At the latest {day}.")


class AnswerNotTaken(Exception):
    """An answer that cannot be taken. `name` says which rule, for programs; `words` say it to people."""

    def __init__(self, name: str, words: Words) -> None:
        super().__init__(words.en)
        self.name, self.words = name, words


@dataclass(frozen=True, slots=True)
class AnswerRules:
    """What answers are held to."""

    calendar: WorkingCalendar
    directory: Directory
    limits: AnswerLimits = field(default_factory=AnswerLimits)


@dataclass(frozen=True, slots=True)
class Taken:
    """An answer on record: it holds to the end of `until_on`. `withdrawn` alerts were waiting and will not be sent."""

    id: int
    kind: AnswerKind
    until_on: date
    until_at: datetime
    withdrawn: int


def acknowledge(
    session: Session,
    dossier_id: int,
    person: str,
    *,
    reason: str,
    promised_on: date,
    now: datetime,
    rules: AnswerRules,
    where_from: str,
) -> Taken:
    """`person` (code) takes the matter on and promises its end by a day. Several may, each for their own part.

    `where_from`: "telegram", "web" or "cli". The caller commits. Raises `AnswerNotTaken`.
    """
    return _answer(session, dossier_id, person, AnswerKind.TAKEN, reason, promised_on, now, rules, where_from)


def snooze(
    session: Session,
    dossier_id: int,
    person: str,
    *,
    reason: str,
    until_on: date | None,
    now: datetime,
    rules: AnswerRules,
    where_from: str,
) -> Taken:
    """`person` puts the alerts off to the end of a day (None: as long as their post may). Raises `AnswerNotTaken`."""
    return _answer(session, dossier_id, person, AnswerKind.PUT_OFF, reason, until_on, now, rules, where_from)


def already_solved(
    session: Session,
    dossier_id: int,
    person: str,
    *,
    reason: str,
    now: datetime,
    rules: AnswerRules,
    where_from: str,
) -> Taken:
    """`person` says it is solved and the source is behind: believed for some days, then asked again, one rung higher.

    Nothing is judged by it: the dossier stays what the source says. Raises `AnswerNotTaken`.
    """
    return _answer(session, dossier_id, person, AnswerKind.SOLVED, reason, None, now, rules, where_from)


def open_answers(session: Session, dossier_id: int) -> Sequence[Acknowledgement]:
    """The answers that hold for a dossier, oldest first."""
    asked = select(Acknowledgement).where(Acknowledgement.dossier_id == dossier_id, Acknowledgement.ended_at.is_(None))
    return session.scalars(asked.order_by(Acknowledgement.id)).all()


def posts_over(directory: Directory, person: str, agency_code: str, on: date) -> list[Post]:
    """The posts by which a person answers for an agency's dossiers: held there or above, or stood in for."""
    above = {agency.code for agency in directory.up(agency_code)}
    return [post for post in directory.posts_of(person, on) if post.agency in above]


def _answer(
    session: Session,
    dossier_id: int,
    person: str,
    kind: AnswerKind,
    reason: str,
    asked_on: date | None,
    now: datetime,
    rules: AnswerRules,
    where_from: str,
) -> Taken:
    audit.lock(session)
    dossier = session.get(Dossier, dossier_id)
    if dossier is None:
        raise AnswerNotTaken("no_dossier", Words("Không có hồ sơ này.", "There is no such dossier."))
    if dossier.stage in {str(stage) for stage in FINISHED_STAGES}:
        raise AnswerNotTaken("finished", Words("Hồ sơ đã có kết quả.", "The dossier is finished."))
    posts = posts_over(rules.directory, person, dossier.agency_code, rules.calendar.local_date(now))
    if not posts:
        said = Words("Người này không phụ trách hồ sơ của cơ quan đó.", "That person does not answer for that agency.")
        raise AnswerNotTaken("not_theirs", said)
    text = _checked_reason(reason)
    calendar = rules.calendar.of(dossier.agency_code)
    earlier = _of_this_person(session, dossier, person)
    since = _since(earlier, now)
    try:
        roles = [post.role for post in posts]
        until_on, until_at = holds_until(kind, asked_on, roles, since, now, calendar, rules.limits)
    except CalendarExhausted:
        said = Words("Lịch làm việc chưa có đến ngày này.", "The calendar does not reach that day.")
        raise AnswerNotTaken("calendar", said) from None
    except AnswerRefused as refused:
        raise _not_taken(refused) from None
    still_open = [answer.id for answer in earlier if answer.ended_at is None]
    session.execute(
        update(Acknowledgement)
        .where(Acknowledgement.id.in_(still_open))
        .values(ended_at=now, ended_as=AnswerEnd.REPLACED.value)
    )
    post = posts[0]
    row = Acknowledgement(
        dossier_id=dossier.id,
        promise_number=dossier.promise_number,
        kind=kind.value,
        person=person,
        role=post.role,
        agency_code=post.agency,
        reason=text,
        promised_on=None if kind is AnswerKind.PUT_OFF else until_on,
        until_at=until_at,
        made_at=now,
        where_from=where_from,
    )
    session.add(row)
    session.flush()
    withdrawn = withdraw_where(session, Notice.dossier_id == dossier.id, f"{kind.value}:{row.id}", now)
    # judging looks again when the answer ends
    if dossier.next_change_at is None or dossier.next_change_at > until_at:
        dossier.next_change_at = until_at
    audit.append(
        session,
        at=now,
        actor=person,
        action=f"alert.{kind.value}",
        subject=f"dossier:{dossier.id}",
        detail={"answer": row.id, "until": until_on.isoformat(), "from": where_from},
    )
    return Taken(row.id, kind, until_on, until_at, withdrawn)


def _checked_reason(reason: str) -> str:
    try:
        return check_reason(reason)
    except AnswerRefused as refused:
        raise _not_taken(refused) from None


def _of_this_person(session: Session, dossier: Dossier, person: str) -> Sequence[Acknowledgement]:
    asked = select(Acknowledgement).where(
        Acknowledgement.dossier_id == dossier.id,
        Acknowledgement.promise_number == dossier.promise_number,
        Acknowledgement.person == person,
    )
    return session.scalars(asked.order_by(Acknowledgement.id)).all()


def _since(earlier: Sequence[Acknowledgement], now: datetime) -> datetime:
    """When the present row of answers began: a date moved again and again counts from the first, not the last."""
    since = now
    for answer in reversed(earlier):
        if answer.ended_at is not None and answer.ended_as != AnswerEnd.REPLACED.value:
            break
        since = answer.made_at
    return since


def _not_taken(refused: AnswerRefused) -> AnswerNotTaken:
    words = _REFUSED[refused.refusal]
    if refused.longest_on is not None:
        until = _UNTIL.fill(day=f"{refused.longest_on:%d/%m/%Y}")
        words = Words(words.vi + until.vi, words.en + until.en)
    return AnswerNotTaken(refused.refusal.value, words)


__all__ = [
    "AnswerNotTaken",
    "AnswerRules",
    "Taken",
    "acknowledge",
    "already_solved",
    "open_answers",
    "posts_over",
    "snooze",
]
