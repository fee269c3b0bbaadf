"""What a judgement owes: letters by the law, notices by the ladder; and what is owed no more. It sends nothing."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from monitor.domain.calendar import WorkingCalendar
from monitor.domain.duties import COUNT_TOLERANCE
from monitor.domain.escalation import Occasion, RungDue, RungRule, applies, rungs_due, with_forced
from monitor.domain.findings import FindingKind
from monitor.domain.letter import UNSIGNED, LetterState
from monitor.domain.stage import RUNNING_STAGES, Judgement, Stage, Warning
from monitor.letter_duty import LETTER_COLUMNS, owe_letter, write_letters
from monitor.people import Directory
from monitor.store.findings import open_kinds
from monitor.store.tables import Letter, Notice
from monitor.store.writing import in_batches, insert_new, table_of, update_many

NOT_RUNNING = "the dossier is no longer running"
_REVIVED = ("rung_at", "owed_at", "state", "reason", "closed_at", "agency_code", "severity")


@dataclass(frozen=True, slots=True)
class Rules:
    """What judging goes by."""

    calendar: WorkingCalendar
    warning: Warning
    rungs: Sequence[RungRule]
    directory: Directory
    count_tolerance: int = COUNT_TOLERANCE  # working days a promise may lie from our own count


@dataclass(slots=True)
class JudgeCount:
    """What one run of judging did."""

    judged: int = 0
    crossings: int = 0
    letters_owed: int = 0
    notices_owed: int = 0
    notices_folded: int = 0
    stages: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Context:
    """What is already there for the dossiers of a batch."""

    rungs: dict[tuple[int, int], frozenset[str]]  # (dossier, promise) -> rungs recorded
    letters: dict[tuple[int, int], Any]
    open_duties: frozenset[int]  # dossiers with an open notice
    blocked: dict[int, set[str]]
    cancelled: dict[str, int]  # key -> notice that was cancelled while its dossier did not run


@dataclass(slots=True)
class Work:
    """Everything a batch will write."""

    now: datetime
    updates: list[dict[str, Any]] = field(default_factory=list)
    crossings: list[dict[str, Any]] = field(default_factory=list)
    letters: list[dict[str, Any]] = field(default_factory=list)
    letter_updates: list[dict[str, Any]] = field(default_factory=list)
    notices: list[dict[str, Any]] = field(default_factory=list)
    revived: list[dict[str, Any]] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)
    superseded: list[tuple[int, int]] = field(default_factory=list)  # (dossier, the promise in force)
    findings: dict[FindingKind, dict[int, str]] = field(
        default_factory=lambda: {
            FindingKind.UNKNOWN_STATUS: {},
            FindingKind.NO_PROMISED_DATE: {},
            FindingKind.ABSURD_DATES: {},
            FindingKind.UNKNOWN_AGENCY: {},
            FindingKind.LATE_WITHOUT_LETTER: {},
            FindingKind.LETTER_LATE: {},
            FindingKind.LATE_AFTER_EXTENSION: {},
            FindingKind.SECOND_EXTENSION: {},
            FindingKind.DATE_CHANGED_WITHOUT_LETTER: {},
            FindingKind.EXTENSION_NOT_ENTERED: {},
            FindingKind.CALENDAR_ENDS: {},
            FindingKind.INTAKE_LATE: {},
            FindingKind.SUPPLEMENT_LATE: {},
            FindingKind.SUPPLEMENT_REPEATED: {},
            FindingKind.SUPPLEMENT_UNANSWERED: {},
            FindingKind.DATE_MISMATCH_WITH_COUNT: {},
        }
    )


def owe(
    row: Any, judgement: Judgement, context: Context, rules: Rules, work: Work, count: JudgeCount
) -> datetime | None:
    """Letters and notices this judgement owes; returns when the next rung comes."""
    entered_by = owe_letter(row, judgement, context.letters, context.blocked, rules.calendar, work, count)
    promise = judgement.promise
    if judgement.stage not in RUNNING_STAGES or promise is None:
        if row.id in context.open_duties:
            work.closed.append(row.id)
        return entered_by
    if row.id in context.open_duties:
        work.superseded.append((row.id, promise.number))
    up = [agency.code for agency in rules.directory.up(row.agency_code)] if row.agency_code else []
    candidates = [
        rung
        for rung in rules.rungs
        if rung.occasion in (Occasion.DUE, Occasion.LATE, Occasion.NO_LETTER)
        and rung.covers(up or [row.agency_code], row.field_code)
    ]
    calendar = rules.calendar.of(row.agency_code)
    promise_on = calendar.local_date(promise.at)
    already = context.rungs.get((row.id, promise.number), frozenset())
    lacks_letter = _lacks_letter(context.letters.get((row.id, promise.number)))

    def may_send(rung: RungRule) -> bool:
        wanted = applies(rung.occasion, judgement.stage)
        return wanted and (lacks_letter or rung.occasion is not Occasion.NO_LETTER)

    due, upcoming = rungs_due(candidates, promise_on, judgement.letter_by_on, calendar, work.now, already, may_send)
    at_once = _mismatch_rungs(row, context, rules, up, already)
    if judgement.stage is Stage.LATE and promise.number > 1:
        at_once += _at_once(Occasion.LATE_AGAIN, with_forced(rules.rungs), row, up, already)
    due += [RungDue(rung, work.now, folded=False) for rung in at_once]
    for item in due:
        for role in item.rung.roles:
            notice = _notice(row, promise.number, item.rung, role, item.at, work.now, folded=item.folded)
            revived = context.cancelled.get(notice["key"])
            if revived is None:
                work.notices.append(notice)
            else:  # it was cancelled while the dossier stood still; it runs again
                work.revived.append({"id": revived, **{name: notice[name] for name in _REVIVED}})
            count.notices_folded += item.folded
            count.notices_owed += not item.folded
    return min((at for at in (upcoming, entered_by) if at is not None), default=None)


def _mismatch_rungs(
    row: Any, context: Context, rules: Rules, up: Sequence[str], already: frozenset[str]
) -> list[RungRule]:
    """Rungs for two systems that contradict each other: owed as soon as that is found, until a person has looked."""
    if FindingKind.STATE_MISMATCH.value not in context.blocked.get(row.id, set()):
        return []
    return _at_once(Occasion.MISMATCH, rules.rungs, row, up, already)


def _at_once(
    occasion: Occasion, rungs: Sequence[RungRule], row: Any, up: Sequence[str], already: frozenset[str]
) -> list[RungRule]:
    """Rungs that wait for no hour: owed as soon as what they are for is found, once."""
    return [
        rung
        for rung in rungs
        if rung.occasion is occasion
        and rung.name not in already
        and rung.covers(up or [row.agency_code], row.field_code)
    ]


def _lacks_letter(letter: Any) -> bool:
    """Whether no letter stands for this promise: none is owed yet, none is signed, or the signed one was voided."""
    return letter is None or letter.state in UNSIGNED | {LetterState.VOID}


def _notice(
    row: Any, number: int, rung: RungRule, role: str, at: datetime, now: datetime, *, folded: bool
) -> dict[str, Any]:
    return {
        "dossier_id": row.id,
        "source": "",
        "promise_number": number,
        "rung": rung.name,
        "role": role,
        "agency_code": row.agency_code,
        "severity": rung.severity,
        "occasion": rung.occasion.value,
        "rung_at": at,
        "owed_at": now,
        "state": "folded" if folded else "owed",
        "reason": "a later rung had come already and was sent instead" if folded else "",
        "closed_at": now if folded else None,
        "key": f"{row.id}:{number}:{rung.name}:{role}",
    }


def context_of(session: Session, ids: Collection[int]) -> Context:
    rungs: dict[tuple[int, int], set[str]] = {}
    letters: dict[tuple[int, int], Any] = {}
    open_duties: set[int] = set()
    cancelled: dict[str, int] = {}
    letter = table_of(Letter)
    columns = [letter.c[name] for name in LETTER_COLUMNS]
    for batch in in_batches(sorted(ids)):
        notices = select(
            Notice.dossier_id, Notice.promise_number, Notice.rung, Notice.state, Notice.reason, Notice.key, Notice.id
        ).where(Notice.dossier_id.in_(batch))
        for dossier_id, number, rung, state, reason, key, notice_id in session.execute(notices):
            assert dossier_id is not None
            if state == "cancelled" and reason == NOT_RUNNING:
                cancelled[key] = notice_id
                continue
            rungs.setdefault((dossier_id, number), set()).add(rung)
            if state in ("owed", "planned"):
                open_duties.add(dossier_id)
        for row in session.execute(select(*columns).where(letter.c.dossier_id.in_(batch))):
            letters[row.dossier_id, row.promise_number] = row
    blocked = open_kinds(session, ids, unconfirmed_only=True)
    return Context({k: frozenset(v) for k, v in rungs.items()}, letters, frozenset(open_duties), blocked, cancelled)


def _cancel_notices(session: Session, dossier_ids: Sequence[int], now: datetime) -> None:
    """What closed meanwhile is not told: owed and planned notices are cancelled in the judging transaction."""
    for batch in in_batches(dossier_ids):
        session.execute(
            update(Notice)
            .where(Notice.dossier_id.in_(batch), Notice.state.in_(("owed", "planned")))
            .values(state="cancelled", reason=NOT_RUNNING, closed_at=now)
        )


def _cancel_superseded(session: Session, in_force: Sequence[tuple[int, int]], now: datetime) -> None:
    """Notices of a promise that another one has replaced are not told."""
    for number in (1, 2):
        for batch in in_batches([dossier_id for dossier_id, current in in_force if current == number]):
            session.execute(
                update(Notice)
                .where(
                    Notice.dossier_id.in_(batch),
                    Notice.promise_number != number,
                    Notice.state.in_(("owed", "planned")),
                )
                .values(state="cancelled", reason="another promise is in force", closed_at=now)
            )


def write_owed(session: Session, work: Work, now: datetime) -> None:
    """Writes a batch's letters and notices, and takes back what is owed no more."""
    insert_new(session, Notice, work.notices)
    write_letters(session, work.letters, work.letter_updates, now)
    update_many(session, Notice, work.revived)
    _cancel_notices(session, work.closed, now)
    _cancel_superseded(session, work.superseded, now)
