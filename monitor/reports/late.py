"""What is late, what is about to be, what letters are needed. Read-only; no personal data in any row.

A stored stage may have been overtaken by time or by silence, so every row also says how far it can be
trusted (`Shown`): a dossier whose moment of change has passed is "being judged again", one whose source
has been silent too long is "source silent". Neither is ever shown as fine.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_, select, true
from sqlalchemy.orm import Session

from monitor.domain.letter import OPEN, UNSIGNED
from monitor.domain.stage import Stage
from monitor.store.tables import BadRecordRow, Dossier, FindingRow, Letter, Message

FINISHED_STAGES = ("finished_early", "finished_on_time", "finished_late")
# What asks a person to act now, worst first.
URGENT_STAGES = ("late", "due_today", "letter_due")
_RANK = (*URGENT_STAGES, "being_judged_again", "uncertain", "due_soon", "source_silent", "unknown", "no_promise")
_BATCH = 500
_UNFINISHED = {stage.value for stage in Stage} - set(FINISHED_STAGES)


class Shown(StrEnum):
    """Words shown in place of a stage that cannot be relied on at this moment."""

    BEING_JUDGED_AGAIN = "being_judged_again"
    SOURCE_SILENT = "source_silent"


class AgencyTree(Protocol):
    """The part of `monitor.people.Directory` that a report needs."""

    def agencies(self) -> Collection[Any]: ...

    def up(self, code: str) -> Iterator[Any]: ...


@dataclass(frozen=True, slots=True)
class LateRow:
    """One dossier in a list. `shown` is the stage, or a word of `Shown`; instants are aware UTC."""

    dossier_id: int
    code: str
    procedure_code: str
    procedure_name: str
    agency_code: str
    agency_name: str
    stage: str
    shown: str
    reason: str
    source: str
    received_at: datetime | None
    promise_at: datetime | None
    promise_number: int
    late_from_at: datetime | None
    letter_by_on: date | None
    confirmed_at: datetime
    precision: str
    letter_id: int | None
    letter_state: str
    letter_suspended_for: str
    letter_provisional: bool = False  # the letter's day hangs on a day not officially announced
    due_on: date | None = None  # our own count
    due_provisional: bool = False
    late_vs_promise: bool | None = None  # against the promise in force; None: not known, or none
    late_vs_original: bool | None = None  # against the first one

    def late_seconds(self, now: datetime) -> int:
        """Seconds since the promise was broken; 0 while it is not."""
        if self.late_from_at is None or now <= self.late_from_at:
            return 0
        return int((now - self.late_from_at).total_seconds())


@dataclass(frozen=True, slots=True)
class LetterRow:
    """One letter that is owed or drafted and not yet closed."""

    letter_id: int
    dossier_id: int
    code: str
    procedure_name: str
    agency_code: str
    agency_name: str
    promise_number: int
    promise_at: datetime | None
    state: str
    letter_by_on: date | None
    is_late: bool
    suspended_for: str
    owed_at: datetime
    drafted_at: datetime | None
    has_content: bool
    letter_provisional: bool = False  # its last day hangs on a day not officially announced
    is_overtaken: bool = False  # its dossier is being judged again: what stands here may be past


@dataclass(frozen=True, slots=True)
class Counts:
    """The figures of the moment. `by_stage` counts each dossier once: those that cannot be relied on now are
    not in their stored stage but under `being_judged_again` or `source_silent`."""

    total: int = 0
    late_vs_promise: int = 0  # of those that can be relied on: broke the promise in force, finished or not
    late_vs_original: int = 0  # broke the first one, whatever came after
    late_vs_original_only: int = 0  # the same, and a later date is kept so far: what an extension hides
    by_stage: Mapping[str, int] = field(default_factory=dict)
    silent_by_stage: Mapping[str, int] = field(default_factory=dict)
    letters_by_state: Mapping[str, int] = field(default_factory=dict)
    letters_suspended: int = 0
    letters_after_last_day: int = 0
    set_aside: int = 0
    findings: Mapping[str, int] = field(default_factory=dict)
    messages: Mapping[str, int] = field(default_factory=dict)

    @property
    def late_now(self) -> int:
        return self.by_stage.get("late", 0)

    @property
    def finished_late(self) -> int:
        return self.by_stage.get("finished_late", 0)

    @property
    def due_soon(self) -> int:
        return self.by_stage.get("due_soon", 0)

    @property
    def due_today(self) -> int:
        return self.by_stage.get("due_today", 0)

    @property
    def letter_due(self) -> int:
        return self.by_stage.get("letter_due", 0)

    @property
    def being_judged_again(self) -> int:
        return self.by_stage.get(Shown.BEING_JUDGED_AGAIN, 0)

    @property
    def source_silent(self) -> int:
        return self.by_stage.get(Shown.SOURCE_SILENT, 0)

    @property
    def letters_owed(self) -> int:
        """Owed and not yet drafted, the suspended ones left out."""
        return self.letters_by_state.get("owed", 0)

    @property
    def letters_drafted(self) -> int:
        return self.letters_by_state.get("drafted", 0)


def late_dossiers(
    session: Session,
    *,
    now: datetime,
    agency: str | None = None,
    stages: Collection[str] | None = None,
    limit: int | None = None,
    offset: int = 0,
    directory: AgencyTree | None = None,
    stale_sources: Collection[str] = (),
) -> list[LateRow]:
    """Dossiers worst first. `stages` takes stage names and the words of `Shown`; without it: what asks for action.

    `agency` is a canonical code; with a `directory` its subtree is included. A dossier of a silent source is found
    under its last known stage too, but shown as silent.
    """
    names = _names(stages)
    census = _census(session, now, stale_sources, agency, directory, names) if offset else {}
    silent = _silent(stale_sources)
    overtaken = or_(Dossier.stage == "", Dossier.next_change_at <= now)
    holds = and_(Dossier.stage != "", or_(Dossier.next_change_at.is_(None), Dossier.next_change_at > now))
    found: list[LateRow] = []
    # stage by stage, each in the order of its index: a long list never has to be gathered and sorted as a whole
    for name in sorted(names | {Shown.SOURCE_SILENT.value}, key=_rank):
        number = census.get(name, 0)
        if offset and offset >= number:
            offset -= number
            continue
        if name == Shown.BEING_JUDGED_AGAIN:
            of_name = overtaken
        elif name == Shown.SOURCE_SILENT:
            if not stale_sources:
                continue
            stored = true() if name in names else Dossier.stage.in_(sorted(names))
            of_name = and_(holds, silent, Dossier.stage.not_in(FINISHED_STAGES), stored)
        else:
            of_name = and_(Dossier.stage == name, holds, true() if name in FINISHED_STAGES else ~silent)
        query = (
            _rows(_shown(now, stale_sources))
            .where(of_name, _of_agency(Dossier.agency_code, agency, directory))
            .order_by(Dossier.late_from_at, Dossier.promise_at, Dossier.code, Dossier.id)
        )
        left = None if limit is None else limit - len(found)
        found += [LateRow(*_cells(row)) for row in session.execute(query.limit(left).offset(offset or None))]
        offset = 0
        if limit is not None and len(found) >= limit:
            break
    return found


def rows_of(
    session: Session, ids: Sequence[int], *, now: datetime, stale_sources: Collection[str] = ()
) -> list[LateRow]:
    """The rows of these dossiers (at most a few hundred), whatever their stage."""
    query = _rows(_shown(now, stale_sources)).where(Dossier.id.in_(ids)).order_by(Dossier.id)
    return [LateRow(*_cells(row)) for row in session.execute(query)]


def late_number(
    session: Session,
    *,
    now: datetime,
    agency: str | None = None,
    stages: Collection[str] | None = None,
    directory: AgencyTree | None = None,
    stale_sources: Collection[str] = (),
) -> int:
    """How many rows `late_dossiers` has without a limit."""
    return sum(_census(session, now, stale_sources, agency, directory, _names(stages)).values())


def counts(
    session: Session,
    *,
    now: datetime,
    stale_sources: Collection[str] = (),
    agency: str | None = None,
    directory: AgencyTree | None = None,
) -> Counts:
    """The figures of the moment, in seven grouped queries at most, whatever the number of dossiers.

    `agency` (and its subtree) narrows dossiers and letters; rows set aside, findings and messages are the site's.
    """
    shown = _shown(now, stale_sources)
    by_stage: dict[str, int] = {}
    silent: dict[str, int] = {}
    answers = Dossier.late_vs_promise, Dossier.late_vs_original
    late: Counter[str] = Counter()
    dossiers = select(shown, Dossier.stage, *answers, func.count())
    dossiers = dossiers.where(_of_agency(Dossier.agency_code, agency, directory))
    for name, stage, promise, original, number in session.execute(dossiers.group_by(shown, Dossier.stage, *answers)):
        by_stage[name] = by_stage.get(name, 0) + number
        if name not in set(Shown):
            late.update(promise=number * bool(promise), original=number * bool(original))
            late["only"] += number * (bool(original) and promise is False)
        if name == Shown.SOURCE_SILENT:
            silent[stage] = silent.get(stage, 0) + number
    site, letters = site_counts(session), _open_letters(session, agency, directory)
    return replace(
        site,
        total=sum(by_stage.values()),
        late_vs_promise=late["promise"],
        late_vs_original=late["original"],
        late_vs_original_only=late["only"],
        by_stage=by_stage,
        silent_by_stage=silent,
        **letters,
    )


def urgent_counts(
    session: Session,
    *,
    now: datetime,
    stages: Collection[str],
    stale_sources: Collection[str] = (),
    agency: str | None = None,
    directory: AgencyTree | None = None,
) -> Counts:
    """The part of `counts` that a page of the day needs: these stages and the letters. `total` is theirs alone."""
    by_stage = _census(session, now, stale_sources, agency, directory, stages)
    return Counts(total=sum(by_stage.values()), by_stage=by_stage, **_open_letters(session, agency, directory))


def site_counts(session: Session) -> Counts:
    """What is the site's: rows set aside, open findings by kind, messages by state."""
    open_findings = select(FindingRow.kind, func.count()).where(FindingRow.closed_at.is_(None))
    return Counts(
        set_aside=_number(session, select(func.count(BadRecordRow.id)).where(BadRecordRow.cleared_at.is_(None))),
        findings=_grouped(session, open_findings.group_by(FindingRow.kind)),
        messages=_grouped(session, select(Message.state, func.count()).group_by(Message.state)),
    )


def _open_letters(session: Session, agency: str | None, directory: AgencyTree | None) -> dict[str, Any]:
    is_suspended = Letter.suspended_for != ""
    open_letters = (
        select(Letter.state, is_suspended, Letter.is_late, func.count())
        .where(Letter.closed_at.is_(None), _of_agency(Letter.agency_code, agency, directory))
        .group_by(Letter.state, is_suspended, Letter.is_late)
    )
    letters = [(row[0], row[1], row[2], row[3]) for row in session.execute(open_letters)]
    return {
        "letters_by_state": _letters_by_state(letters),
        "letters_suspended": sum(n for _, suspended, _, n in letters if suspended),
        "letters_after_last_day": sum(n for state, _, late, n in letters if late and state in UNSIGNED),
    }


def letters_needed(
    session: Session,
    *,
    now: datetime,
    agency: str | None = None,
    directory: AgencyTree | None = None,
    limit: int | None = None,
) -> list[LetterRow]:
    """Letters that somebody still has to do something about: those past their last lawful day first, then by that day.

    `now` leaves out duties that had not yet arisen at that moment.
    """
    query = (
        select(
            Letter.id,
            Letter.dossier_id,
            Dossier.code,
            Dossier.procedure_name,
            Letter.agency_code,
            Dossier.agency_name,
            Letter.promise_number,
            Dossier.promise_at,
            Letter.state,
            Letter.letter_by_on,
            Letter.is_late,
            Letter.suspended_for,
            Letter.owed_at,
            Letter.drafted_at,
            Letter.content_hash != "",
            Dossier.letter_provisional,
            func.coalesce(Dossier.next_change_at <= now, False),
        )
        .join(Dossier, Dossier.id == Letter.dossier_id)
        .where(Letter.state.in_(sorted(OPEN)), Letter.closed_at.is_(None), Letter.owed_at <= now)
        .where(_of_agency(Letter.agency_code, agency, directory))
        .order_by(Letter.suspended_for != "", Letter.is_late.desc(), Letter.letter_by_on, Dossier.code, Letter.id)
    )
    return [LetterRow(*_cells(row)) for row in session.execute(query.limit(limit))]


def subtree(agency: str, directory: AgencyTree | None) -> list[str]:
    """The agency's code and, with a directory, those of everything below it, sorted."""
    codes = {agency}
    if directory is not None:
        codes |= {a.code for a in directory.agencies() if any(up.code == agency for up in directory.up(a.code))}
    return sorted(codes)


def _rows(shown: ColumnElement[str]) -> Select[*tuple[Any, ...]]:
    """The columns of `LateRow`, in its order."""
    return select(
        Dossier.id,
        Dossier.code,
        Dossier.procedure_code,
        Dossier.procedure_name,
        Dossier.agency_code,
        Dossier.agency_name,
        Dossier.stage,
        shown,
        Dossier.stage_reason,
        Dossier.speaking_source,
        Dossier.received_at,
        Dossier.promise_at,
        Dossier.promise_number,
        Dossier.late_from_at,
        Dossier.letter_by_on,
        Dossier.confirmed_at,
        Dossier.precision,
        Letter.id,
        func.coalesce(Letter.state, ""),
        func.coalesce(Letter.suspended_for, ""),
        Dossier.letter_provisional,
        Dossier.due_on,
        Dossier.due_provisional,
        Dossier.late_vs_promise,
        Dossier.late_vs_original,
    ).outerjoin(Letter, and_(Letter.dossier_id == Dossier.id, Letter.promise_number == Dossier.promise_number))


def _shown(now: datetime, stale_sources: Collection[str]) -> ColumnElement[str]:
    """The stage as it may be shown at `now`. What is finished stays so, however long its source is silent."""
    overtaken = or_(Dossier.stage == "", Dossier.next_change_at <= now)
    silent = (
        and_(Dossier.speaking_source.in_(sorted(stale_sources)), Dossier.stage.not_in(FINISHED_STAGES))
        if stale_sources
        else false()
    )
    return case((overtaken, Shown.BEING_JUDGED_AGAIN.value), (silent, Shown.SOURCE_SILENT.value), else_=Dossier.stage)


def _names(stages: Collection[str] | None) -> set[str]:
    if stages is None:
        return {*URGENT_STAGES, Shown.BEING_JUDGED_AGAIN.value}
    return {str(stage) for stage in stages}


def _rank(name: str) -> tuple[int, str]:
    return (_RANK.index(name) if name in _RANK else len(_RANK), name)


def _silent(stale_sources: Collection[str]) -> ColumnElement[bool]:
    return Dossier.speaking_source.in_(sorted(stale_sources)) if stale_sources else false()


def _census(
    session: Session,
    now: datetime,
    stale_sources: Collection[str],
    agency: str | None,
    directory: AgencyTree | None,
    names: Collection[str] | None,
) -> dict[str, int]:
    """How many are shown under each name (None: every one), in two queries, both answered from an index."""
    here = _of_agency(Dossier.agency_code, agency, directory)
    stored = select(Dossier.stage, Dossier.speaking_source, func.count()).where(here)
    # asked for the silent ones: they are shown so whatever their stage, so all that runs is counted; what is finished
    # is most of what there is, and is counted only where it was asked for
    every = _UNFINISHED if stale_sources and names is not None and Shown.SOURCE_SILENT in names else set()
    wanted = None if names is None else sorted({*names, ""} | every)
    if wanted is not None:
        stored = stored.where(Dossier.stage.in_(wanted))
    # as expressions: or SQLite would group by the index of stages and read every dossier for those few
    plain = (func.coalesce(Dossier.stage, ""), func.coalesce(Dossier.speaking_source, ""))
    overtaken = select(*plain, func.count()).where(Dossier.next_change_at <= now, here).group_by(*plain)
    counted: dict[str, int] = {}

    def add(name: str, number: int) -> None:
        counted[name] = counted.get(name, 0) + number

    def shown_as(stage: str, source: str) -> str:
        return Shown.SOURCE_SILENT if source in stale_sources and stage not in FINISHED_STAGES else stage

    columns = (Dossier.stage, Dossier.speaking_source)
    for stage, source, number in session.execute(stored.group_by(*columns)):
        add(Shown.BEING_JUDGED_AGAIN if stage == "" else shown_as(stage, source), number)
    for stage, source, number in session.execute(overtaken):
        if stage == "":
            continue
        add(Shown.BEING_JUDGED_AGAIN, number)
        if wanted is None or stage in wanted:
            add(shown_as(stage, source), -number)
    if names is None:
        return {str(name): number for name, number in counted.items() if number}
    kept = {*names, Shown.SOURCE_SILENT.value}
    return {str(name): number for name, number in counted.items() if number and name in kept}


def _of_agency(column: Any, agency: str | None, directory: AgencyTree | None) -> ColumnElement[bool]:
    if agency is None:
        return true()
    codes = subtree(agency, directory)
    # a province's tree can be longer than a statement may have parameters
    return or_(*(column.in_(codes[i : i + _BATCH]) for i in range(0, len(codes), _BATCH)))


def _letters_by_state(letters: Iterable[tuple[str, bool, bool, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for state, suspended, _late, number in letters:
        if not suspended:
            found[state] = found.get(state, 0) + number
    return found


def _cells(row: Sequence[Any]) -> Sequence[Any]:
    return row  # the columns are chosen in the order of the row's fields


def _number(session: Session, query: Select[*tuple[Any, ...]]) -> int:
    return int(session.execute(query).scalar_one())


def _grouped(session: Session, query: Select[*tuple[Any, ...]]) -> dict[str, int]:
    return {row[0]: row[1] for row in session.execute(query)}
