"""Whether a paper is genuine, and whether a stored letter is still what was drafted. Tells nothing of the person."""

import re
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from monitor.domain.letter import ISSUED, UNSIGNED, LetterState
from monitor.letters.content import Content
from monitor.letters.steps import ASIDE
from monitor.store import audit
from monitor.store.audit import Fault
from monitor.store.seals import seal_of
from monitor.store.tables import Dossier, Letter, LetterNumber, LetterStep
from monitor.store.writing import table_of

_FIXED = ISSUED | {LetterState.DECIDED, LetterState.APPROVED}  # words that only a step may change
_CHECK = re.compile(r"[0-9A-Fa-f]{12}")


class Paper(StrEnum):
    """What can be said of a paper by its code and check alone."""

    ISSUED = "issued"  # signed, with these words
    DRAFT = "draft"  # these words are in the store, and nobody has signed them
    WITHDRAWN = "withdrawn"  # signed and taken back, or its duty ended before it was signed
    UNKNOWN = "unknown"  # not genuine, or printed before its words were changed


def paper_state(session: Session, dossier_code: str, check: str) -> Paper:
    """Whether a letter with this code and check (both stand at its foot and in its QR) is in the store as drafted.

    Only the words in force count: a paper printed before a later change of words is not genuine any more. The notice
    to the one-stop unit bears the check of its letter.
    """
    if not _CHECK.fullmatch(check):
        return Paper.UNKNOWN
    stored = session.execute(
        select(Letter.content, Letter.state)
        .join(Dossier, Dossier.id == Letter.dossier_id)
        .where(Dossier.code == dossier_code, Letter.content_hash.startswith(check.lower(), autoescape=True))
    )
    states = {state for content, state in stored if content and _hash(content).startswith(check.lower())}
    if states & ISSUED:
        return Paper.ISSUED
    if states & UNSIGNED:
        return Paper.DRAFT
    return Paper.WITHDRAWN if states else Paper.UNKNOWN


def altered(session: Session) -> list[int]:
    """The ids of letters whose stored words no longer give the hash that was stored with them."""
    found: list[int] = []
    rows = session.execute(
        select(Letter.id, Letter.content, Letter.content_hash)
        .where(Letter.content_hash != "")
        .order_by(Letter.id)
        .execution_options(yield_per=500)
    )
    for letter_id, content, content_hash in rows:
        if content is None or _hash(content) != content_hash:
            found.append(letter_id)
    return found


def verify(session: Session) -> list[Fault]:
    """Everything that is no longer as it was written: the log, the steps, the numbers, the letters' words and states.

    The log is the measure: a letter whose words and hash were changed together still disagrees with the log.
    """
    faults = audit.verify(session)
    if any(fault.problem == "unreadable" for fault in faults):
        return faults
    try:
        logged, seals = _logged(session)
        return (
            faults
            + _steps(session, logged)
            + _letters(session, logged)
            + _seals(session, seals)
            + _numbers(session, logged)
        )
    except (ValueError, TypeError, KeyError, DBAPIError):
        return [*faults, Fault("letter", 0, "unreadable")]


def _logged(session: Session) -> tuple[dict[int, Any], dict[int, str]]:
    """(the log's rows about steps, by step; the last seal of every letter)."""
    steps: dict[int, Any] = {}
    seals: dict[int, str] = {}
    for row in audit.rows(session):
        if row.action.startswith("letter."):
            steps[row.detail["step_id"]] = row
            seals[int(row.subject.removeprefix("letter:"))] = row.detail["seal"]
        elif row.action.startswith("letters."):
            seals |= {int(letter_id): seal for letter_id, seal in row.detail["seals"].items()}
    return steps, seals


def _seals(session: Session, seals: dict[int, str]) -> list[Fault]:
    """Letters with a column that is not as the program last wrote it; letters it never wrote; letters gone."""
    faults: list[Fault] = []
    seen: set[int] = set()
    for row in session.execute(select(table_of(Letter)).execution_options(yield_per=500)).mappings():
        seen.add(row["id"])
        sealed = seals.get(row["id"])
        if sealed is None:
            faults.append(Fault("letter", row["id"], "not in the log"))
        elif seal_of(dict(row)) != sealed:
            faults.append(Fault("letter", row["id"], "altered"))
    return faults + [Fault("letter", letter_id, "missing") for letter_id in sorted(seals.keys() - seen)]


def _steps(session: Session, logged: dict[int, Any]) -> list[Fault]:
    faults: list[Fault] = []
    seen: set[int] = set()
    for step in session.execute(select(*LetterStep.__table__.c).execution_options(yield_per=500)):
        seen.add(step.id)
        row = logged.get(step.id)
        if row is None:
            faults.append(Fault("letter_step", step.id, "not in the log"))
            continue
        told = {"step_id": step.id, **step.detail}
        in_log = {name: value for name, value in row.detail.items() if name != "seal"}
        if (row.subject, row.action, row.at, row.actor, in_log) != (
            f"letter:{step.letter_id}", f"letter.{step.step}", step.at, step.actor, told,
        ):  # fmt: skip
            faults.append(Fault("letter_step", step.id, "altered"))
    return faults + [Fault("letter_step", step_id, "missing") for step_id in sorted(logged.keys() - seen)]


def _letters(session: Session, logged: dict[int, Any]) -> list[Fault]:
    faults = [Fault("letter", letter_id, "words altered") for letter_id in altered(session)]
    last = {row.subject: row for _, row in sorted(logged.items()) if row.action.removeprefix("letter.") not in ASIDE}
    for letter_id, state, stored in session.execute(select(Letter.id, Letter.state, Letter.content_hash)):
        row = last.get(f"letter:{letter_id}")
        reached = row.action.removeprefix("letter.") if row is not None else ""
        # before signing a draft may be worded again and the duty may end by itself; from then on only steps count
        if (state in ISSUED or reached in ISSUED) and state != reached:
            faults.append(Fault("letter", letter_id, "its state is not the one of its last step"))
        if row is not None and state in _FIXED and row.detail["content_hash"] != stored:
            faults.append(Fault("letter", letter_id, "its words are not the ones in the log"))
    return faults


def _numbers(session: Session, logged: dict[int, Any]) -> list[Fault]:
    given = {
        (row.subject, *(row.detail[name] for name in ("number_id", "agency", "book", "number", "symbol", "dated_on")))
        for row in logged.values()
        if row.action == "letter.registered"
    }
    faults: list[Fault] = []
    for entry in session.scalars(select(LetterNumber)):
        day = entry.dated_on.isoformat()
        key = (f"letter:{entry.letter_id}", entry.id, entry.agency_code, entry.book, entry.number, entry.symbol, day)
        if key not in given or entry.year != entry.dated_on.year:
            faults.append(Fault("letter_number", entry.id, "not in the log"))
        given.discard(key)
    return faults + [Fault("letter_number", key[1], "missing") for key in sorted(given)]


def _hash(content: dict[str, object]) -> str:
    try:
        return Content.from_dict(content).hash
    except ValueError:  # parts are missing or were added
        return ""
