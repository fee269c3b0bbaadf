"""Judges the dossiers whose facts changed or whose next change has come, and writes what is owed. Sends nothing.

One transaction a batch holds crossings, letters, notices, findings and the dossier's new stage. What is due is asked of
the database, so a missed or doubled run costs delay, never a loss or a double.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import bindparam, select, tuple_, update
from sqlalchemy.orm import Session, sessionmaker

from monitor.domain.apology import as_letters_say
from monitor.domain.calendar import CalendarExhausted, WorkingCalendar
from monitor.domain.dossier import Facts, Precision, Status
from monitor.domain.duties import calendar_runs_out, duties
from monitor.domain.escalation import with_forced
from monitor.domain.findings import FindingKind
from monitor.domain.stage import (
    FINISHED_STAGES,
    Judgement,
    Reason,
    Stage,
    judge,
)
from monitor.figures import Judged, count_judged, count_steps
from monitor.owing import Context, JudgeCount, Rules, Work, context_of, owe, write_owed
from monitor.policies import Version, adopt
from monitor.store.findings import sync_kinds, sync_site_finding
from monitor.store.tables import CrossingRow, Dossier, Job
from monitor.store.writing import insert_new, one_writer, rows_of, table_of, update_many

log = structlog.get_logger()

_Place = tuple[datetime, int]  # next_change_at and id of the last dossier of a batch

BATCH = 1000
JOB = "judging"
_JOB = table_of(Job)
_LAST = select(_JOB.c.last_ok_at).where(_JOB.c.name == JOB)
_RAN = update(_JOB).where(_JOB.c.name == JOB).values(last_ok_at=bindparam("now"))
_TABLE = table_of(Dossier)
_PLACE = (_TABLE.c.next_change_at, _TABLE.c.id)
_DUE = select(_TABLE).where(_TABLE.c.next_change_at <= bindparam("now")).order_by(*_PLACE)
_WITH_RESULT = frozenset({Status.READY, Status.RETURNED})
_ABSURD = frozenset(
    {
        Reason.RECEIVED_IN_FUTURE,
        Reason.PROMISE_BEFORE_RECEIPT,
        Reason.PROMISE_TOO_FAR,
        Reason.FINISH_BEFORE_RECEIPT,
    }
)


class JudgedBackwards(Exception):
    """Judging at an instant before the last real one would write history backwards."""


def judge_due(
    sessions: sessionmaker[Session], rules: Rules, now: datetime, *, dry_run: bool = False, batch: int = BATCH
) -> JudgeCount:
    """Judges everything that is due at `now`. `dry_run` writes nothing and counts what it would have written.

    Raises `JudgedBackwards` when `now` lies before the last real run.
    """
    count = JudgeCount()
    after: _Place | None = None
    is_last = False
    while not is_last:
        with sessions() as session, session.begin():
            one_writer(session)
            if after is None and not dry_run:
                _never_backwards(session, now)
                if rules.keeps_figures:
                    count_steps(session, rules.calendar)
            ladder = adopt(session, with_forced(rules.rungs), now)
            rows = _due(session, now, batch, after)
            if rows:
                _judge_batch(session, rows, rules, ladder, now, count)
            is_last = len(rows) < batch
            if is_last and not dry_run:  # in the same transaction: a commit is what a quiet pass costs
                sync_site_finding(session, FindingKind.CALENDAR_RUNS_OUT, calendar_runs_out(rules.calendar, now), now)
                _note_run(session, now)
            if dry_run:
                session.rollback()
        after = (rows[-1].next_change_at, rows[-1].id) if rows else after
    if count.judged:
        log.info("judged", judged=count.judged, crossings=count.crossings, letters_owed=count.letters_owed,
                 notices_owed=count.notices_owed, dry_run=dry_run)  # fmt: skip
    return count


def _never_backwards(session: Session, now: datetime) -> None:
    last = session.scalar(_LAST)
    if last is not None and now < last:
        raise JudgedBackwards(
            f"judged up to {last.isoformat()} already; use a dry run or a scratch copy for {now.isoformat()}"
        )


def last_judged(sessions: sessionmaker[Session]) -> datetime | None:
    """The instant of the last real judging."""
    with sessions() as session:
        return session.scalar(_LAST)


def _due(session: Session, now: datetime, batch: int, after: _Place | None) -> Sequence[Any]:
    """What is due, in the order of its index: by id SQLite would read every dossier to find those few."""
    statement = _DUE.limit(batch)
    if after is not None:
        statement = statement.where(tuple_(*_PLACE) > after)
    return rows_of(session, statement, now=now)


def _note_run(session: Session, now: datetime) -> None:
    if session.connection().execute(_RAN, {"now": now}).rowcount == 0:
        session.add(Job(name=JOB, last_began_at=now, last_ended_at=now, last_ok_at=now, last_error="", failures=0))


def facts_from_row(row: Any, calendar: WorkingCalendar) -> Facts:
    """The facts as the rules see them, from a row of `dossier`; what its letters say of the promise counts,
    whatever the system shows."""
    facts = Facts(
        status=Status(row.status),
        received_at=row.received_at,
        promised_at=row.promised_at,
        extended_at=row.extended_at,
        original_promised_at=row.original_promised_at,
        finished_at=row.finished_at,
        finished_after=row.finished_after_at,
        finished_by=row.finished_by_at,
        paused_since=row.paused_since_at,
        submitted_at=row.submitted_at,
        precision=Precision(row.precision),
        payment_pauses=row.payment_pauses,
        pauses=row.pauses,
    )
    return as_letters_say(facts, row.extended_by_letter_on, row.taken_back_on, calendar)


def _judge_batch(
    session: Session, rows: Sequence[Any], rules: Rules, ladder: Version, now: datetime, count: JudgeCount
) -> None:
    ids = [row.id for row in rows]
    context = context_of(session, ids, ladder)
    work = Work(now)
    judged = [_judge_one(row, context, rules, now, work, count) for row in rows]
    update_many(session, Dossier, work.updates)
    insert_new(session, CrossingRow, work.crossings)
    write_owed(session, work, now)
    count.notices_owed += work.climbed.owed
    count.notices_folded += work.climbed.folded
    sync_kinds(session, {kind.value: holding for kind, holding in work.findings.items()}, ids, now)
    if rules.keeps_figures:
        count_judged(session, judged, rules.calendar, now)


def _judge_one(row: Any, context: Context, rules: Rules, now: datetime, work: Work, count: JudgeCount) -> Judged:
    calendar = rules.calendar.of(row.agency_code)
    facts = facts_from_row(row, calendar)
    duty = _hold_duties(row, facts, rules, work)  # before the ladder: some of its rungs hang on these
    try:
        judgement = judge(facts, calendar, rules.warning, now)
        wakes = owe(row, judgement, context, rules, work, count)
    except CalendarExhausted as error:
        # a date beyond the loaded years cannot be judged; saying so beats stopping everybody else
        work.findings[FindingKind.CALENDAR_ENDS][row.id] = str(error)
        judgement = judge(Facts(Status.UNKNOWN), calendar, rules.warning, now)
        wakes = None
    _note_findings(row, facts, judgement, rules, work)
    _cross(row, judgement, work, count)
    promise, took = judgement.promise, _took(facts, judgement, calendar)
    work.updates.append(
        {
            "id": row.id,
            "stage": judgement.stage.value,
            "stage_reason": judgement.reason.value,
            "stage_since_at": judgement.since,
            "promise_number": promise.number if promise else 1,
            "promise_at": promise.at if promise else None,
            "late_from_at": judgement.late_from,
            "letter_by_on": judgement.letter_by_on,
            "letter_provisional": judgement.letter_provisional,
            "late_vs_promise": judgement.late_vs_promise,
            "late_vs_original": judgement.late_vs_original,
            **took,
            "judged_at": now,
            "next_change_at": _first(judgement.next_change_at, wakes, duty),
        }
    )
    count.judged += 1
    count.stages[judgement.stage.value] += 1
    return Judged(row, facts, judgement, took)


def _took(facts: Facts, judgement: Judgement, calendar: WorkingCalendar) -> dict[str, int | None]:
    """Working days from reception to the stated result, and from the promise where that was late: the history that new
    dates are proposed from. None for one that was ever paused: part of its time was not the agency's."""
    done, received = facts.finished_at, facts.received_at
    nothing: dict[str, int | None] = {"taken_days": None, "late_days": None}
    if judgement.stage not in FINISHED_STAGES or facts.status not in _WITH_RESULT or facts.pauses:
        return nothing
    if done is None or received is None or judgement.promise is None:
        return nothing
    done_on = calendar.local_date(done)
    try:
        taken = max(0, calendar.working_days_between(calendar.local_date(received), done_on))
        late = calendar.working_days_between(calendar.local_date(judgement.promise.at), done_on)
    except CalendarExhausted:
        return nothing
    return {"taken_days": taken, "late_days": max(1, late) if judgement.stage is Stage.FINISHED_LATE else None}


def _first(*instants: datetime | None) -> datetime | None:
    """The first of what will come by itself; None when nothing will."""
    return min((at for at in instants if at is not None), default=None)


def _cross(row: Any, judgement: Judgement, work: Work, count: JudgeCount) -> None:
    """Each change of stage once, with the instant at which it truly happened, however late it is found."""
    crossed = list(judgement.crossed_after(row.judged_at, work.now))
    entered = (judgement.stage.value, judgement.since)
    if entered != (row.stage, row.stage_since_at) and not any((c.stage.value, c.at) == entered for c in crossed):
        crossed += judgement.crossed_after(None, work.now)
    number = judgement.promise.number if judgement.promise else 1
    for crossing in crossed:
        if (crossing.stage.value, crossing.at) == (row.stage, row.stage_since_at):
            continue
        work.crossings.append(
            {
                "dossier_id": row.id,
                "promise_number": number,
                "stage": crossing.stage.value,
                "reason": crossing.reason.value,
                "at": crossing.at,
                "found_at": work.now,
            }
        )
        count.crossings += 1


def _note_findings(row: Any, facts: Facts, judgement: Judgement, rules: Rules, work: Work) -> None:
    if judgement.reason is Reason.UNKNOWN_STATUS and facts.status is Status.UNKNOWN:
        work.findings[FindingKind.UNKNOWN_STATUS][row.id] = "the source reports a state nobody told us about"
    if judgement.reason is Reason.NO_PROMISED_DATE and judgement.stage is Stage.NO_PROMISE:
        work.findings[FindingKind.NO_PROMISED_DATE][row.id] = "accepted without a return date"
    if judgement.reason in _ABSURD:
        work.findings[FindingKind.ABSURD_DATES][row.id] = judgement.reason.value
    if not row.agency_code or rules.directory.agency(row.agency_code) is None:
        work.findings[FindingKind.UNKNOWN_AGENCY][row.id] = row.agency_code or "no agency"


def _hold_duties(row: Any, facts: Facts, rules: Rules, work: Work) -> datetime | None:
    """Notes the duties beside the promise that are not met; returns when the next one will be."""
    try:
        found = duties(facts, row.due_on, rules.calendar.of(row.agency_code), work.now, rules.count_tolerance)
    except CalendarExhausted:
        return None  # its dates lie beyond the loaded years, which is said by findings of their own
    for kind, text in found.holding.items():
        work.findings[kind][row.id] = text
    return found.next_at


__all__ = [
    "JOB",
    "JudgeCount",
    "JudgedBackwards",
    "Rules",
    "facts_from_row",
    "judge_due",
    "last_judged",
]
