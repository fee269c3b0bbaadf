"""The lines of a message as they stand now: what was told may be solved, answered or later still."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.alerts.lines import day_text, line_for, worst_first
from monitor.alerts.subjects import dossiers_by_id, subjects_of
from monitor.domain.answers import AnswerKind
from monitor.domain.calendar import WorkingCalendar
from monitor.domain.stage import FINISHED_STAGES
from monitor.people import Directory
from monitor.store.tables import Acknowledgement, Dossier, Notice
from monitor.store.writing import in_batches

_FINISHED = frozenset(str(stage) for stage in FINISHED_STAGES)


@dataclass(frozen=True, slots=True)
class Office:
    """What lines are written with."""

    calendar: WorkingCalendar
    directory: Directory
    base_url: str


def lines_now(session: Session, notice_ids: Collection[int], office: Office, now: datetime) -> list[dict[str, Any]]:
    """The lines of these notices as they stand at `now`, the worst first, what is done last. Lines of sources are
    left out: a source that is heard again tells so itself."""
    notices: list[Notice] = []
    for batch in in_batches(sorted(notice_ids)):
        notices += session.scalars(select(Notice).where(Notice.id.in_(batch), Notice.dossier_id.is_not(None)))
    by_dossier: dict[int, list[Notice]] = {}
    for notice in notices:
        by_dossier.setdefault(int(notice.dossier_id or 0), []).append(notice)
    return _written(session, by_dossier, office, now)


def lines_of(session: Session, dossier_ids: Sequence[int], office: Office, now: datetime) -> list[dict[str, Any]]:
    """The same for dossiers that somebody asks about, in the order given."""
    lines = {line["dossier_id"]: line for line in _written(session, {i: [] for i in dossier_ids}, office, now)}
    return [lines[dossier_id] for dossier_id in dossier_ids if dossier_id in lines]


def fingerprint(lines: Sequence[Mapping[str, Any]]) -> str:
    """Changes when what a reader sees of the lines changes."""
    seen = [[line.get(name) for name in ("code", "section", "how", "letter", "note")] for line in lines]
    return hashlib.blake2b(json.dumps(seen, ensure_ascii=False).encode(), digest_size=12).hexdigest()


def _written(
    session: Session, by_dossier: Mapping[int, Sequence[Notice]], office: Office, now: datetime
) -> list[dict[str, Any]]:
    dossiers = dossiers_by_id(session, by_dossier)
    asked = [notice for notices in by_dossier.values() for notice in notices]
    asked += [Notice(dossier_id=i, source="") for i in dossiers if not by_dossier[i]]  # never stored: only keys
    subjects = subjects_of(session, asked, dossiers, office.directory)
    answers = _answers(session, dossiers)
    written: list[tuple[bool, Any, dict[str, Any]]] = []
    for dossier_id, dossier in dossiers.items():
        notices = by_dossier[dossier_id]
        subject = subjects[(dossier_id, "")].seen_as(frozenset(notice.occasion for notice in notices))
        line = line_for(subject, tuple(notice.id for notice in notices), office.calendar, now, office.base_url)
        values = {**line.as_json(), "dossier_id": dossier_id, "answered": ""}
        values = _as_it_stands(values, dossier, answers.get(dossier_id, ()), office)
        written.append((values["section"] == "done", worst_first(line), values))
    written.sort(key=lambda one: one[:2])
    return [values for _, _, values in written]


def _as_it_stands(
    values: dict[str, Any], dossier: Dossier, answers: Sequence[Acknowledgement], office: Office
) -> dict[str, Any]:
    if dossier.stage in _FINISHED:
        on = f" ngày {day_text(office.calendar.local_date(dossier.finished_at))}" if dossier.finished_at else ""
        done = {"section": "done", "how": f"đã có kết quả{on}", "answered": "done"}
        return {**values, **done, "note": "", "letter": ""}  # nothing of it waits for anybody any more
    if answers:
        note = "; ".join(part for part in (values["note"], _answer_text(answers[-1], office)) if part)
        return {**values, "note": note, "answered": answers[-1].kind}
    return values


def _answer_text(answer: Acknowledgement, office: Office) -> str:
    until = day_text(answer.promised_on or office.calendar.local_date(answer.until_at))
    match AnswerKind(answer.kind):
        case AnswerKind.TAKEN:
            return f"đã có người nhận, hẹn xong {until}"
        case AnswerKind.PUT_OFF:
            return f"hoãn nhắc đến hết {day_text(office.calendar.local_date(answer.until_at))}"
        case AnswerKind.SOLVED:
            return "đã báo giải quyết xong, chờ hệ thống nguồn cập nhật"


def _answers(session: Session, dossier_ids: Collection[int]) -> dict[int, list[Acknowledgement]]:
    found: dict[int, list[Acknowledgement]] = {}
    for batch in in_batches(sorted(dossier_ids)):
        open_ = select(Acknowledgement).where(Acknowledgement.dossier_id.in_(batch), Acknowledgement.ended_at.is_(None))
        for answer in session.scalars(open_.order_by(Acknowledgement.id)):
            found.setdefault(answer.dossier_id, []).append(answer)
    return found
