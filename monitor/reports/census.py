"""How many dossiers there are in each stage as it may be shown now, and how many letters are open. No personal data.

A stored stage may have been overtaken by time or by silence (`Shown`): a dossier whose moment of change has passed is
"being judged again", one whose source has been silent too long is "source silent". Neither is ever counted as fine.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_, select, true
from sqlalchemy.orm import Session

from monitor.domain.course import Measure, class_of
from monitor.domain.letter import UNSIGNED
from monitor.domain.stage import Stage
from monitor.reports.figures import standing_now
from monitor.store.scope import MANY, Reach, reach_of
from monitor.store.tables import BadRecordRow, Dossier, FindingRow, Letter, Message, MessageNotice, Notice, Standing
from monitor.store.writing import in_batches

FINISHED_STAGES = ("finished_early", "finished_on_time", "finished_late")
# What asks a person to act now, worst first.
URGENT_STAGES = ("late", "due_today", "letter_due")
_BATCH = 500
_ALL_STAGES = frozenset(stage.value for stage in Stage)
_UNFINISHED = _ALL_STAGES - set(FINISHED_STAGES)
_CLASS_OF = {stage.value: class_of(stage).value for stage in Stage}
# of the stages that share a class, the one that is not counted by itself
_LARGEST = {class_: stage for stage, class_ in _CLASS_OF.items()} | {
    Measure.IN_TIME.value: Stage.IN_TIME.value,
    Measure.UNKNOWN.value: Stage.UNKNOWN.value,
}
_SMALLER = _ALL_STAGES - set(_LARGEST.values())


class Shown(StrEnum):
    """Words shown in place of a stage that cannot be relied on at this moment."""

    BEING_JUDGED_AGAIN = "being_judged_again"
    SOURCE_SILENT = "source_silent"


class AgencyTree(Protocol):
    """The part of `monitor.people.Directory` that a report needs."""

    def agencies(self) -> Collection[Any]: ...

    def up(self, code: str) -> Iterator[Any]: ...


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

    def listed(self, names: Collection[str]) -> dict[str, int]:
        """How many rows `late_dossiers` has of each of these names: what a silent source said last is found under its
        stage too. They must be among what was counted."""
        silent = sum(number for stage, number in self.silent_by_stage.items() if stage in names)
        found = {name: self.by_stage.get(name, 0) for name in {*names, Shown.SOURCE_SILENT.value}}
        return found if Shown.SOURCE_SILENT in names else found | {Shown.SOURCE_SILENT.value: silent}

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


def counts(
    session: Session,
    *,
    now: datetime,
    stale_sources: Collection[str] = (),
    agency: str | None = None,
    directory: AgencyTree | None = None,
) -> Counts:
    """The figures of the moment, in ten grouped queries at most, whatever the number of dossiers.

    `agency` (and its subtree) narrows dossiers and letters; rows set aside, findings and messages are the site's.
    """
    by_stage, silent = _shown_stages(session, now, stale_sources, agency, directory, None)
    # only what broke a promise, from an index of its own: a few in a hundred
    promise, original = Dossier.late_vs_promise.is_(True), Dossier.late_vs_original.is_(True)
    ways = (promise, original, and_(original, Dossier.late_vs_promise.is_(False)))
    finished = Dossier.stage.in_(FINISHED_STAGES)
    broken = select(*(func.sum(case((way, 1), else_=0)) for way in ways)).where(
        or_(promise, original),
        Dossier.stage != "",
        # in one expression: SQLite would gather those without such a moment, nearly all there are, by their index
        func.coalesce(Dossier.next_change_at > now, true()),
        or_(finished, ~is_silent(stale_sources)),
        of_agency(Dossier.agency_code, agency, directory),
    )
    late = [int(number or 0) for number in session.execute(broken).one()]
    site, letters = site_counts(session), _open_letters(session, agency, directory)
    return replace(
        site,
        total=sum(by_stage.values()),
        late_vs_promise=late[0],
        late_vs_original=late[1],
        late_vs_original_only=late[2],
        by_stage=by_stage,
        silent_by_stage=silent,
        **letters,
    )


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
    names = names_of(stages)
    return sum(census(session, now, stale_sources, agency, directory, names).listed(names).values())


def urgent_counts(
    session: Session,
    *,
    now: datetime,
    stages: Collection[str] | None,
    stale_sources: Collection[str] = (),
    agency: str | None = None,
    directory: AgencyTree | None = None,
) -> Counts:
    """The part of `counts` that a page of the day needs: these stages (None: all) and the letters. `total` is theirs
    alone."""
    found = census(session, now, stale_sources, agency, directory, stages)
    return replace(found, **_open_letters(session, agency, directory))


def letter_counts(session: Session, *, agency: str | None = None, directory: AgencyTree | None = None) -> Counts:
    """The part of `counts` that is about letters, in one query."""
    return Counts(**_open_letters(session, agency, directory))


def site_counts(session: Session) -> Counts:
    """What is the site's: rows set aside, open findings by kind, messages by state."""
    return Counts(
        set_aside=_number(session, select(func.count(BadRecordRow.id)).where(BadRecordRow.cleared_at.is_(None))),
        findings=open_findings(session),
        messages=_grouped(session, _messages(reach_of(session)).group_by(Message.state)),
    )


def open_findings(session: Session) -> dict[str, int]:
    """How many findings are open, by kind."""
    found = select(FindingRow.kind, func.count()).where(FindingRow.closed_at.is_(None))
    return _grouped(session, found.group_by(FindingRow.kind))


def _messages(reach: Reach) -> Select[str, int]:
    """(state, number) of the messages that exist for somebody. Of a few agencies from their notices outwards: else each
    message of the province would be asked whose it is."""
    if reach.everything or len(reach.codes) >= MANY:
        return select(Message.state, func.count())
    statement = select(Message.state, func.count(Message.id.distinct())).select_from(Notice)
    statement = statement.join(MessageNotice, MessageNotice.notice_id == Notice.id)
    return statement.join(Message, Message.id == MessageNotice.message_id)


def census(
    session: Session,
    now: datetime,
    stale_sources: Collection[str],
    agency: str | None,
    directory: AgencyTree | None,
    names: Collection[str] | None,
) -> Counts:
    """How many are shown under each name (None: every one): the stages alone."""
    by_stage, silent = _shown_stages(session, now, stale_sources, agency, directory, names)
    return Counts(total=sum(by_stage.values()), by_stage=by_stage, silent_by_stage=silent)


def _shown_stages(
    session: Session,
    now: datetime,
    stale_sources: Collection[str],
    agency: str | None,
    directory: AgencyTree | None,
    names: Collection[str] | None,
) -> tuple[dict[str, int], dict[str, int]]:
    """(how many are shown under each name, of the silent ones how many in each stage), in five queries at most."""
    # asked for the silent ones: they are shown so whatever their stage, so all that runs is counted
    every = _UNFINISHED if stale_sources and (names is None or Shown.SOURCE_SILENT in names) else frozenset()
    wanted = (_UNFINISHED | set(FINISHED_STAGES) if names is None else _ALL_STAGES.intersection(names)) | every
    codes = None if agency is None else subtree(agency, directory)
    here = of_agency(Dossier.agency_code, agency, directory)
    new = select(func.count()).where(Dossier.stage == "", here)
    again = select(func.count()).where(Dossier.next_change_at <= now, Dossier.stage != "", here)
    counted: Counter[str] = Counter({Shown.BEING_JUDGED_AGAIN: _number(session, new) + _number(session, again)})
    silent: Counter[str] = Counter()
    for (stage, source), number in _stages_now(session, wanted, codes, now).items():
        if source in stale_sources and stage not in FINISHED_STAGES:
            silent[stage] += number
            counted[Shown.SOURCE_SILENT] += number
        else:
            counted[stage] += number
    kept = None if names is None else {*names, Shown.SOURCE_SILENT.value}
    return (
        {str(name): number for name, number in counted.items() if number and (kept is None or name in kept)},
        {stage: number for stage, number in silent.items() if number},
    )


def _stages_now(
    session: Session, stages: Collection[str], agencies: Collection[str] | None, now: datetime
) -> dict[tuple[str, str], int]:
    """How many are in each of these stages by (stage, source), those that are being judged again left out.

    From the kept figures by class. A class of several stages is told apart by counting its smaller ones in an index:
    the great number, what is in time and not yet near its end, is what is left.
    """
    classes = {_CLASS_OF[stage] for stage in stages}
    if not classes:
        return {}
    found = Counter(standing_now(session, sorted(classes), agencies))
    found.subtract(_overtaken_standing(session, classes, agencies, now))
    fine = sorted(stage for stage in _SMALLER if _CLASS_OF[stage] in classes)
    smaller: Counter[tuple[str, str]] = Counter()
    if fine:
        query = select(Dossier.stage, Dossier.speaking_source, func.count()).where(
            Dossier.stage.in_(fine), or_(Dossier.next_change_at.is_(None), Dossier.next_change_at > now)
        )
        if agencies is not None:
            query = query.where(or_(*(Dossier.agency_code.in_(part) for part in in_batches(sorted(agencies)))))
        for stage, source, number in session.execute(query.group_by(Dossier.stage, Dossier.speaking_source)):
            smaller[stage, source] = number
    result: Counter[tuple[str, str]] = Counter()
    for (measure, source), number in found.items():
        result[_LARGEST[measure], source] += number
    for (stage, source), number in smaller.items():
        result[stage, source] += number
        result[_LARGEST[_CLASS_OF[stage]], source] -= number
    return {place: number for place, number in result.items() if number and place[0] in stages}


def _overtaken_standing(
    session: Session, measures: Collection[str], agencies: Collection[str] | None, now: datetime
) -> dict[tuple[str, str], int]:
    """Of what the figures count, how many are being judged again: they may be another agency's by now."""
    counts_as = and_(
        Standing.dossier_id == Dossier.id,
        Standing.measure.in_(sorted(measures)),
        Standing.number == 0,
        Standing.until_on.is_(None),
    )
    if agencies is not None:
        parts = in_batches(sorted(agencies))
        counts_as = and_(counts_as, or_(*(Standing.agency_code.in_(part) for part in parts)))
    # from the few dossiers outwards, which an outer join says to SQLite
    query = select(Standing.measure, Standing.source, func.count(Standing.id)).select_from(Dossier)
    query = query.outerjoin(Standing, counts_as).where(Dossier.next_change_at <= now)
    found = session.execute(query.group_by(Standing.measure, Standing.source))
    return {(row[0], row[1]): row[2] for row in found if row[2]}  # none of it: the dossiers that count nowhere yet


def _open_letters(session: Session, agency: str | None, directory: AgencyTree | None) -> dict[str, Any]:
    # the state as an expression, or SQLite would group by an index that holds the closed ones too
    groups = (func.coalesce(Letter.state, ""), Letter.suspended_for != "", Letter.is_late)
    here = of_agency(Letter.agency_code, agency, directory)
    open_letters = select(*groups, func.count()).where(Letter.closed_at.is_(None), here).group_by(*groups)
    letters = [(row[0], row[1], row[2], row[3]) for row in session.execute(open_letters)]
    return {
        "letters_by_state": _letters_by_state(letters),
        "letters_suspended": sum(n for _, suspended, _, n in letters if suspended),
        "letters_after_last_day": sum(n for state, _, late, n in letters if late and state in UNSIGNED),
    }


def _letters_by_state(letters: Iterable[tuple[str, bool, bool, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for state, suspended, _late, number in letters:
        if not suspended:
            found[state] = found.get(state, 0) + number
    return found


def subtree(agency: str, directory: AgencyTree | None) -> list[str]:
    """The agency's code and, with a directory, those of everything below it, sorted."""
    codes = {agency}
    if directory is not None:
        codes |= {a.code for a in directory.agencies() if any(up.code == agency for up in directory.up(a.code))}
    return sorted(codes)


def of_agency(column: Any, agency: str | None, directory: AgencyTree | None) -> ColumnElement[bool]:
    if agency is None:
        return true()
    codes = subtree(agency, directory)
    # a province's tree can be longer than a statement may have parameters
    return or_(*(column.in_(codes[i : i + _BATCH]) for i in range(0, len(codes), _BATCH)))


def is_silent(stale_sources: Collection[str]) -> ColumnElement[bool]:
    return Dossier.speaking_source.in_(sorted(stale_sources)) if stale_sources else false()


def names_of(stages: Collection[str] | None) -> set[str]:
    if stages is None:
        return {*URGENT_STAGES, Shown.BEING_JUDGED_AGAIN.value}
    return {str(stage) for stage in stages}


def _number(session: Session, query: Select[*tuple[Any, ...]]) -> int:
    return int(session.execute(query).scalar_one())


def _grouped(session: Session, query: Select[*tuple[Any, ...]]) -> dict[str, int]:
    return {row[0]: row[1] for row in session.execute(query)}
