"""A person looked at a doubt and says, with a word why, that the letter may go; or opens one that no rule opened.

Dossiers that two systems tell differently, of an unknown state, uncertain, of a silent source, paused by law or without
a promised date owe no letter by themselves: it takes a person who knows better.
"""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.domain.findings import BLOCKS_LETTER
from monitor.domain.letter import EXPECTED_LATE, UNSIGNED, LetterState
from monitor.domain.stage import Stage
from monitor.letters.office import Office
from monitor.letters.steps import STALE, By, Case, Done, StepRefused, begin, held_for, note, open_case, record
from monitor.store.tables import Dossier, FindingRow, Letter

_DOUBTFUL = frozenset({Stage.PAUSED, Stage.UNKNOWN, Stage.UNCERTAIN, Stage.NO_PROMISE})
_EARLY = frozenset({Stage.IN_TIME, Stage.DUE_SOON})
_OWED = frozenset({Stage.LETTER_DUE, Stage.DUE_TODAY, Stage.LATE})


def confirm(session: Session, letter_id: int, office: Office, by: By, *, why: str) -> Done:
    """Sets aside what holds this letter back: open doubts, a silent source, a pause. Until it is signed, or something
    else comes up: a doubt that changes is a new one and holds it again. Raises `StepRefused`.
    """
    case = open_case(session, letter_id, by, UNSIGNED)
    held = held_for(case.letter, case.dossier, office.stale)
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
    if not doubts and not held:
        raise StepRefused("nothing_to_confirm", "Không có gì chờ xác nhận.", "Nothing waits to be confirmed.")
    said = note(session, case, why, "why")
    for doubt in doubts:
        doubt.confirmed_by = by.actor
    if held in _DOUBTFUL or held == STALE:
        case.letter.confirmed_for = held
    case.letter.suspended_for = ""
    case.dossier.next_change_at = by.at
    return record(
        session, case, None, "confirmed", by,
        why=said, held_for=held, findings=[d.id for d in doubts], kinds=[d.kind for d in doubts],
    )  # fmt: skip


def open_by_hand(
    session: Session, dossier_id: int, office: Office, by: By, *, why: str, promised_on: date | None = None
) -> Done:
    """Opens the letter of a dossier that owes none by itself: one that will be late though its last day has not come
    ("dự kiến quá hạn"), or one in doubt, which a person confirms thereby. `promised_on` is the slip's date, for a
    dossier whose source gives none. Raises `StepRefused`.
    """
    begin(session, by)
    dossier = session.get(Dossier, dossier_id, with_for_update=True, populate_existing=True)
    if dossier is None or not dossier.stage:
        raise StepRefused("no_dossier", "Không có hồ sơ này.", "There is no such dossier.")
    stage = Stage(dossier.stage)
    if stage not in _DOUBTFUL | _EARLY | _OWED:
        raise StepRefused(
            "not_open", "Hồ sơ đã xong hoặc chưa được tiếp nhận.", "The dossier is finished, or not accepted yet."
        )
    number = dossier.promise_number
    held = session.scalars(
        select(Letter).where(Letter.dossier_id == dossier_id, Letter.promise_number == number)
    ).one_or_none()
    if held is not None and held.state != LetterState.NOT_NEEDED:
        raise StepRefused(
            "letter_exists",
            "Hồ sơ đã có phiếu cho lần hẹn này: dùng phiếu đó (dunghen letters confirm nếu đang tạm treo).",
            "There is a letter for this promise: go on with that one (dunghen letters confirm if it is suspended).",
        )
    slip = office.calendar.midnight(promised_on) if promised_on is not None else None
    if slip is None and (dossier.extended_at if number > 1 else dossier.promised_at) is None:
        raise StepRefused(
            "no_promise",
            "Nguồn không cho ngày hẹn trả: ghi ngày hẹn trên giấy tiếp nhận.",
            "The source gives no promised date: tell the date on the slip.",
        )
    letter = held or Letter(dossier_id=dossier_id, promise_number=number, owed_at=by.at)
    case = Case(letter, dossier)
    said = note(session, case, why, "why")
    confirmed_for = EXPECTED_LATE if stage in _EARLY else stage.value if stage in _DOUBTFUL else ""
    letter.state, letter.agency_code, letter.closed_at = LetterState.OWED, dossier.agency_code, None
    letter.letter_by_on, letter.confirmed_for, letter.slip_promised_at = dossier.letter_by_on, confirmed_for, slip
    letter.suspended_for = ""
    session.add(letter)
    session.flush()
    session.refresh(letter)
    dossier.next_change_at = by.at
    return record(session, case, None, "opened", by, why=said, stage=stage.value)
