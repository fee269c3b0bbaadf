"""What the ladder owes for one dossier at a judgement, what is owed no more, and what became of officials' answers.

It sends nothing. What is on record is read for a whole batch beforehand (`record_of`) and written together afterwards
(`write_climbed`), all in the judging transaction.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor import policies
from monitor.domain.answers import AnswerEnd, AnswerKind
from monitor.domain.calendar import WorkingCalendar
from monitor.domain.escalation import (
    FINDING_OF,
    ON_THE_PROMISE,
    Occasion,
    RungDue,
    RungRule,
    applies,
    climb,
    found_rung_at,
    mark,
    rung_at,
)
from monitor.domain.stage import FINISHED_STAGES, RUNNING_STAGES, Judgement
from monitor.people import Directory
from monitor.policies import Rungs, Version
from monitor.store.tables import Acknowledgement, FindingRow, Ladder, Notice
from monitor.store.writing import in_batches, insert_new, one_of, rows_of, table_of, update_many
from monitor.withdrawing import withdraw

NOT_RUNNING = "the dossier is no longer running"
_REPLACED = "another promise is in force"
_SETTLED = "what it was about no longer holds"
_FOLDED = "a later rung had come already and was sent instead"
_OPEN = ("owed", "held", "planned")
_OF_FINDINGS = frozenset(occasion.value for occasion in FINDING_OF)
_REVIVED = ("rung_at", "owed_at", "state", "reason", "closed_at", "agency_code", "severity")
# What is read for every batch, built once: building a statement costs more than a few rows' reading.
_ACK, _FINDING, _LADDER, _NOTICE = (table_of(one) for one in (Acknowledgement, FindingRow, Ladder, Notice))
_LADDERS = select(_LADDER.c.dossier_id, _LADDER.c.promise_number, _LADDER.c.policy_id).where(
    one_of(_LADDER.c.dossier_id)
)
_ANSWERS = select(_ACK).where(one_of(_ACK.c.dossier_id), _ACK.c.ended_at.is_(None)).order_by(_ACK.c.id)
_FOUND = select(_FINDING.c.dossier_id, _FINDING.c.kind, _FINDING.c.found_at).where(
    one_of(_FINDING.c.dossier_id),
    _FINDING.c.closed_at.is_(None),
    _FINDING.c.confirmed_by == "",
)
_READ = ("id", "dossier_id", "promise_number", "key", "rung", "occasion", "state", "reason", "rung_at")
_NOTICES = select(*(_NOTICE.c[name] for name in _READ)).where(one_of(_NOTICE.c.dossier_id))
_OVER_RUNG = "het-hoan"  # the name of the report when a put-off ends: no rung of the configuration


class OpenNotice(NamedTuple):
    """A notice that may still be told."""

    id: int
    promise_number: int
    mark: str
    rung: str
    occasion: str
    state: str
    rung_at: datetime


@dataclass(frozen=True, slots=True)
class Record:
    """What is on record for the dossiers of a batch."""

    current: Version  # what a ladder that begins now goes by
    versions: Mapping[int, Rungs] = field(default_factory=dict)
    ladders: Mapping[tuple[int, int], int] = field(default_factory=dict)  # (dossier, promise) -> version
    marks: dict[tuple[int, int], set[str]] = field(default_factory=dict)  # every coming of a rung that was noted
    open: dict[int, list[OpenNotice]] = field(default_factory=dict)
    cancelled: dict[str, int] = field(default_factory=dict)  # key -> notice cancelled while its dossier stood still
    answers: dict[int, list[Any]] = field(default_factory=dict)  # those that hold
    found_at: dict[tuple[int, str], datetime] = field(default_factory=dict)  # open findings no one has confirmed

    def rungs(self, dossier_id: int, promise_number: int) -> Rungs:
        """The ladder of this dossier: frozen if it began, else the one of today."""
        version = self.ladders.get((dossier_id, promise_number), self.current.id)
        return self.current.rungs if version == self.current.id else self.versions[version]


@dataclass(slots=True)
class Climbed:
    """Everything a batch will write about ladders."""

    notices: list[dict[str, Any]] = field(default_factory=list)
    revived: list[dict[str, Any]] = field(default_factory=list)
    released: list[dict[str, Any]] = field(default_factory=list)
    withdrawn: dict[str, list[int]] = field(default_factory=dict)  # reason -> notices
    ladders: list[dict[str, Any]] = field(default_factory=list)
    ended: list[dict[str, Any]] = field(default_factory=list)
    owed: int = 0
    folded: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """One dossier at one judgement, as the ladder sees it."""

    row: Any
    judgement: Judgement
    number: int
    up: Sequence[str]
    lacks_letter: bool
    found: Mapping[Occasion, datetime]  # findings that hold, by what rungs call them, and since when
    now: datetime

    @property
    def running(self) -> bool:
        return self.judgement.stage in RUNNING_STAGES and self.judgement.promise is not None

    def may_send(self, rung: RungRule) -> bool:
        wanted = applies(rung.occasion, self.judgement.stage)
        return wanted and (self.lacks_letter or rung.occasion is not Occasion.NO_LETTER)


def owe_notices(case: Case, record: Record, calendar: WorkingCalendar, work: Climbed) -> datetime | None:
    """Notices owed, released and taken back by this judgement; returns when the ladder must be looked at again."""
    row = case.row
    rungs = [r for r in record.rungs(row.id, case.number) if r.covers(case.up or [row.agency_code], row.field_code)]
    _take_back(case, record, work)
    ended, holding = _end_answers(case, record, work)
    wakes = [answer.until_at for answer in holding]
    ladder = list(_on_the_promise(case, rungs, calendar)) if case.running else []
    marks = record.marks.get((row.id, case.number), set())
    due, upcoming = climb(ladder, calendar, case.now, marks, case.may_send)
    _note(case, [(one, "") for one in due], bool(holding), record, work)
    wakes += [upcoming] if upcoming is not None else []
    for occasion, found_at in case.found.items():
        found_ladder = [(r, found_rung_at(r.when, found_at, calendar)) for r in rungs if r.occasion is occasion]
        episode = f"@{found_at.astimezone(UTC):%y%m%d%H%M%S}"
        known = _of_episode(record, row.id, episode)
        due, upcoming = climb(found_ladder, calendar, case.now, known)
        answered = any(answer.made_at >= found_at for answer in holding)
        _note(case, [(one, episode) for one in due], answered, record, work)
        wakes += [upcoming] if upcoming is not None else []
        ladder += found_ladder if not case.running else []
    for answer, end in ended:
        if end in (AnswerEnd.BROKEN, AnswerEnd.OVER) and ladder:
            _reopen(case, answer, end, ladder, record, work)
    return min(wakes, default=None)


def _on_the_promise(
    case: Case, rungs: Iterable[RungRule], calendar: WorkingCalendar
) -> Iterator[tuple[RungRule, datetime | None]]:
    promise, limit = case.judgement.promise, case.judgement.late_from
    assert promise is not None
    assert limit is not None
    promise_on = calendar.local_date(promise.at)
    for rung in rungs:
        if rung.occasion in ON_THE_PROMISE:
            yield rung, rung_at(rung.when, promise_on, case.judgement.letter_by_on, limit, calendar)


def _take_back(case: Case, record: Record, work: Climbed) -> None:
    """What closed meanwhile is not told."""
    now_holding = {f"@{found_at.astimezone(UTC):%y%m%d%H%M%S}" for found_at in case.found.values()}
    for notice in record.open.get(case.row.id, ()):
        if notice.occasion in _OF_FINDINGS:
            reason = "" if any(notice.mark.endswith(episode) for episode in now_holding) else _SETTLED
        elif not case.running:
            reason = NOT_RUNNING
        else:
            reason = _REPLACED if notice.promise_number != case.number else ""
        if reason:
            work.withdrawn.setdefault(reason, []).append(notice.id)


def _end_answers(case: Case, record: Record, work: Climbed) -> tuple[list[tuple[Any, AnswerEnd]], list[Any]]:
    """(answers that end now and how, those that go on holding)."""
    ended: list[tuple[Any, AnswerEnd]] = []
    holding: list[Any] = []
    for answer in record.answers.get(case.row.id, ()):
        end = _end_of(answer, case)
        if end is None:
            holding.append(answer)
        else:
            ended.append((answer, end))
            work.ended.append({"id": answer.id, "ended_at": case.now, "ended_as": end.value})
    return ended, holding


def _end_of(answer: Any, case: Case) -> AnswerEnd | None:
    if case.judgement.stage in FINISHED_STAGES:
        return AnswerEnd.KEPT if case.judgement.since < answer.until_at else AnswerEnd.BROKEN
    if case.running and answer.promise_number != case.number:
        return AnswerEnd.MOOT
    if answer.until_at > case.now:
        return None
    if not case.running and not case.found:
        return AnswerEnd.MOOT
    return AnswerEnd.OVER if answer.kind == AnswerKind.PUT_OFF else AnswerEnd.BROKEN


def _note(case: Case, due: Iterable[tuple[RungDue, str]], held: bool, record: Record, work: Climbed) -> None:
    """Puts rungs that have come on record, one notice for each role."""
    for item, episode in due:
        name = mark(item.rung.name, item.repeat) + episode
        for role in item.rung.roles:
            state, reason = ("held", "an official answered") if held else ("owed", "")
            if item.folded:
                state, reason = "folded", _FOLDED
            notice = _notice(case, item.rung, role, name, item.at) | {
                "repeat": item.repeat,
                "state": state,
                "reason": reason,
                "closed_at": case.now if item.folded else None,
            }
            _put(notice, case, record, work)


def _put(notice: dict[str, Any], case: Case, record: Record, work: Climbed) -> None:
    revived = record.cancelled.get(notice["key"])
    if revived is None:
        work.notices.append(notice)
    else:  # it was cancelled while the dossier stood still; it runs again
        work.revived.append({"id": revived, **{name: notice[name] for name in _REVIVED}})
    work.folded += notice["state"] == "folded"
    work.owed += notice["state"] == "owed"
    where = (case.row.id, case.number)
    record.marks.setdefault(where, set()).add(notice["key"].split(":", 2)[2].rsplit(":", 1)[0])
    if where not in record.ladders and not any(
        (one["dossier_id"], one["promise_number"]) == where for one in work.ladders[-1:]
    ):
        work.ladders.append(
            {
                "dossier_id": case.row.id,
                "promise_number": case.number,
                "policy_id": record.current.id,
                "started_at": case.now,
            }
        )


def _reopen(
    case: Case,
    answer: Any,
    end: AnswerEnd,
    ladder: Sequence[tuple[RungRule, datetime | None]],
    record: Record,
    work: Climbed,
) -> None:
    """An answer ended and the matter did not: the highest rung held back is owed again, the others fold into it.

    A promise that was not kept also brings the rung above the highest that had come; at the top, the top once more.
    """
    held = [n for n in record.open.get(case.row.id, ()) if n.state == "held" and n.promise_number == case.number]
    occasion = Occasion.PUT_OFF_OVER if end is AnswerEnd.OVER else Occasion.PROMISE_BROKEN
    highest = max(held, key=lambda notice: (notice.rung_at, notice.id)).mark if held else ""
    for notice in held:
        released = notice.mark == highest
        work.released.append(
            {
                "id": notice.id,
                "state": "owed" if released else "folded",
                "reason": f"{end.value}:{answer.id}" if released else _FOLDED,
                "occasion": occasion.value if released else notice.occasion,
                "owed_at": case.now,
                "closed_at": None if released else case.now,
            }
        )
        work.owed += released
        work.folded += not released
    if end is AnswerEnd.OVER:
        if held:  # what was suppressed is said to whoever suppressed it
            report = RungRule(_OVER_RUNG, occasion, ladder[0][0].when, (answer.role,))
            said = {"agency_code": answer.agency_code, "reason": f"held:{len(held)}"}
            row = _notice(case, report, answer.role, f"{_OVER_RUNG}!{answer.id}", case.now) | said
            _put(row, case, record, work)
        return
    above = _above(case, ladder, record)
    known = record.marks.get((case.row.id, case.number), set())
    name = above.name if above.name not in known else f"{above.name}!{answer.id}"
    for role in above.roles:
        said = {"occasion": occasion.value, "reason": f"{end.value}:{answer.id}"}
        _put(_notice(case, above, role, name, case.now) | said, case, record, work)


def _above(case: Case, ladder: Sequence[tuple[RungRule, datetime | None]], record: Record) -> RungRule:
    """The rung above the highest one on record; the first where none is, the last where there is none above."""
    order = [r for r, at in sorted(ladder, key=lambda pair: pair[1] or case.now) if _can_follow(r, case)]
    order = order or [ladder[-1][0]]
    known = {one.partition("@")[0].partition("#")[0].partition("!")[0] for one in record.marks.get(
        (case.row.id, case.number), set())}  # fmt: skip
    reached = max((i for i, rung in enumerate(order) if rung.name in known), default=-1)
    return order[min(reached + 1, len(order) - 1)]


def _can_follow(rung: RungRule, case: Case) -> bool:
    return case.lacks_letter or rung.occasion is not Occasion.NO_LETTER


def _notice(case: Case, rung: RungRule, role: str, name: str, at: datetime) -> dict[str, Any]:
    return {
        "dossier_id": case.row.id,
        "source": "",
        "promise_number": case.number,
        "rung": rung.name,
        "role": role,
        "agency_code": case.row.agency_code,
        "severity": rung.severity,
        "occasion": rung.occasion.value,
        "channels": ",".join(rung.channels),
        "repeat": 0,
        "rung_at": at,
        "owed_at": case.now,
        "state": "owed",
        "reason": "",
        "closed_at": None,
        "key": f"{case.row.id}:{case.number}:{name}:{role}",
    }


def _of_episode(record: Record, dossier_id: int, episode: str) -> set[str]:
    """The rungs on record for one finding, whatever promise was in force then."""
    both = (record.marks.get((dossier_id, number), set()) for number in (1, 2))
    return {one.removesuffix(episode) for some in both for one in some if one.endswith(episode)}


def findings_of(
    row: Any, record: Record, found_now: Mapping[Any, Mapping[int, str]], now: datetime
) -> dict[Occasion, datetime]:
    """The findings with rungs that hold for a dossier, and since when. `found_now`: what this judging found."""
    holding: dict[Occasion, datetime] = {}
    for occasion, kind in FINDING_OF.items():
        since = record.found_at.get((row.id, kind.value))
        if kind in found_now:  # judging decides it each time; the others were decided when they were heard
            since = (since or now) if row.id in found_now[kind] else None
        if since is not None:
            holding[occasion] = since
    return holding


def record_of(session: Session, ids: Collection[int], current: Version) -> Record:
    """What is on record for these dossiers, in a few reads."""
    record = Record(current, ladders={})
    ladders: dict[tuple[int, int], int] = {}
    for batch in in_batches(sorted(ids)):
        _read_notices(session, batch, record)
        ladders.update({(row[0], row[1]): row[2] for row in rows_of(session, _LADDERS, ids=batch)})
        for answer in rows_of(session, _ANSWERS, ids=batch):
            record.answers.setdefault(answer.dossier_id, []).append(answer)
        record.found_at.update({(row[0] or 0, row[1]): row[2] for row in rows_of(session, _FOUND, ids=batch)})
    others = set(ladders.values()) - {current.id}
    versions = policies.load(session, others) if others else {}
    return Record(current, versions, ladders, record.marks, record.open, record.cancelled, record.answers,
                  record.found_at)  # fmt: skip


def _read_notices(session: Session, batch: Sequence[int], record: Record) -> None:
    for row in rows_of(session, _NOTICES, ids=batch):
        if row.state == "cancelled" and row.reason == NOT_RUNNING:
            record.cancelled[row.key] = row.id
            continue
        name = row.key.split(":", 2)[2].rsplit(":", 1)[0]
        record.marks.setdefault((row.dossier_id, row.promise_number), set()).add(name)
        if row.state in _OPEN:
            record.open.setdefault(row.dossier_id, []).append(
                OpenNotice(row.id, row.promise_number, name, row.rung, row.occasion, row.state, row.rung_at)
            )


def write_climbed(session: Session, work: Climbed, now: datetime) -> None:
    """Writes a batch's notices, and takes back what is owed no more."""
    for reason, notice_ids in work.withdrawn.items():
        withdraw(session, notice_ids, reason, now)
    insert_new(session, Ladder, work.ladders)
    insert_new(session, Notice, work.notices)
    update_many(session, Notice, work.revived)
    update_many(session, Notice, work.released)
    update_many(session, Acknowledgement, work.ended)


def case_of(
    row: Any, judgement: Judgement, directory: Directory, lacks_letter: bool, found: Mapping[Occasion, datetime],
    now: datetime,
) -> Case:  # fmt: skip
    """One dossier at one judgement."""
    number = judgement.promise.number if judgement.promise else row.promise_number
    up = [agency.code for agency in directory.up(row.agency_code)] if row.agency_code else []
    return Case(row, judgement, number, up, lacks_letter, found, now)
