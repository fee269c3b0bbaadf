"""What a judgement owes: letters by the law, notices by the ladder; and what is owed no more. It sends nothing."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.climbing import NOT_RUNNING, Climbed, Record, case_of, findings_of, owe_notices, record_of, write_climbed
from monitor.domain.calendar import WorkingCalendar
from monitor.domain.duties import COUNT_TOLERANCE
from monitor.domain.escalation import Occasion, RungRule
from monitor.domain.findings import FindingKind
from monitor.domain.letter import UNSIGNED, LetterState
from monitor.domain.stage import Judgement, Stage, Warning
from monitor.letter_duty import LETTER_COLUMNS, owe_letter, write_letters
from monitor.people import Directory
from monitor.policies import Version
from monitor.store.tables import Letter
from monitor.store.writing import in_batches, one_of, rows_of, table_of

_LETTER = table_of(Letter)
_LETTERS = select(*(_LETTER.c[name] for name in LETTER_COLUMNS)).where(one_of(_LETTER.c.dossier_id))


@dataclass(frozen=True, slots=True)
class Rules:
    """What judging goes by."""

    calendar: WorkingCalendar
    warning: Warning
    rungs: Sequence[RungRule]
    directory: Directory
    count_tolerance: int = COUNT_TOLERANCE  # working days a promise may lie from our own count
    keeps_figures: bool = True  # of a store that is thrown away afterwards nobody reads any


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

    letters: dict[tuple[int, int], Any]
    blocked: dict[int, set[str]]
    ladders: Record


@dataclass(slots=True)
class Work:
    """Everything a batch will write."""

    now: datetime
    updates: list[dict[str, Any]] = field(default_factory=list)
    crossings: list[dict[str, Any]] = field(default_factory=list)
    letters: list[dict[str, Any]] = field(default_factory=list)
    letter_updates: list[dict[str, Any]] = field(default_factory=list)
    climbed: Climbed = field(default_factory=Climbed)
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
    """Letters and notices this judgement owes; returns when the next rung comes. Its findings are noted before."""
    entered_by = owe_letter(row, judgement, context.letters, context.blocked, rules.calendar, work, count)
    number = judgement.promise.number if judgement.promise else row.promise_number
    found = findings_of(row, context.ladders, work.findings, work.now)
    if judgement.stage is Stage.LATE and number > 1 and judgement.late_from is not None:
        found[Occasion.LATE_AGAIN] = judgement.late_from
    lacks_letter = _lacks_letter(context.letters.get((row.id, number)))
    case = case_of(row, judgement, rules.directory, lacks_letter, found, work.now)
    wakes = owe_notices(case, context.ladders, rules.calendar.of(row.agency_code), work.climbed)
    return min((at for at in (wakes, entered_by) if at is not None), default=None)


def _lacks_letter(letter: Any) -> bool:
    """Whether no letter stands for this promise: none is owed yet, none is signed, or the signed one was voided."""
    return letter is None or letter.state in UNSIGNED | {LetterState.VOID}


def context_of(session: Session, ids: Collection[int], ladder: Version) -> Context:
    """What is there already for these dossiers; `ladder` is the version that a ladder begun now goes by."""
    letters: dict[tuple[int, int], Any] = {}
    for batch in in_batches(sorted(ids)):
        for row in rows_of(session, _LETTERS, ids=batch):
            letters[row.dossier_id, row.promise_number] = row
    record = record_of(session, ids, ladder)
    blocked: dict[int, set[str]] = {}
    for dossier_id, kind in record.found_at:
        blocked.setdefault(dossier_id, set()).add(kind)
    return Context(letters, blocked, record)


def write_owed(session: Session, work: Work, now: datetime) -> None:
    """Writes a batch's letters and notices, and takes back what is owed no more."""
    write_climbed(session, work.climbed, now)
    write_letters(session, work.letters, work.letter_updates, now)


__all__ = ["NOT_RUNNING", "Context", "JudgeCount", "Rules", "Work", "context_of", "owe", "write_owed"]
