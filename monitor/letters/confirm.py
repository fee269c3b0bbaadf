"""A person looked at a doubt and says, with a word why, that the letter may go (findings.confirmed_by)."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.domain.findings import BLOCKS_LETTER
from monitor.domain.letter import UNSIGNED
from monitor.letters.steps import By, Case, Done, StepRefused, note, open_case, record
from monitor.store.tables import FindingRow


def confirm(session: Session, letter_id: int, by: By, *, why: str) -> Done:
    """Confirms every open doubt that holds this letter back. A doubt that changes is a new one and holds it again.

    The dossier is judged again at once. Raises `StepRefused`.
    """
    case: Case = open_case(session, letter_id, by, UNSIGNED)
    doubts = session.scalars(
        select(FindingRow)
        .where(
            FindingRow.dossier_id == case.dossier.id,
            FindingRow.kind.in_([kind.value for kind in BLOCKS_LETTER]),
            FindingRow.closed_at.is_(None),
            FindingRow.confirmed_by == "",
        )
        .order_by(FindingRow.id)
        .with_for_update()
    ).all()
    if not doubts:
        held = case.letter.suspended_for
        raise StepRefused(
            "nothing_to_confirm",
            f"Không có gì chờ xác nhận{f'; phiếu chờ vì: {held}' if held else ''}.",
            f"Nothing waits to be confirmed{f'; the letter waits for: {held}' if held else ''}.",
        )
    said = note(session, case, why, "why")
    for doubt in doubts:
        doubt.confirmed_by = by.actor
    kinds = [doubt.kind for doubt in doubts]
    if case.letter.suspended_for in BLOCKS_LETTER:
        case.letter.suspended_for = ""
    case.dossier.next_change_at = by.at
    return record(session, case, None, "confirmed", by, why=said, findings=[d.id for d in doubts], kinds=kinds)
