"""What becomes of letters when two views turn out to be one dossier, or one dossier turns out to be two.

A letter that a person has signed goes where its dossier goes: the applicant has it, and the one appointment the law
allows (NĐ 118/2025 Điều 19 khoản 6) is used up, whichever view it was written from.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from monitor.domain.letter import ISSUED, UNSIGNED
from monitor.store.seals import seal_letters
from monitor.store.tables import Dossier, Letter, SourceDossier
from monitor.store.writing import in_batches, table_of, update_many

_ACTOR, _LINKED, _PARTED = "dunghen", "letters.linked", "letters.parted"


def follow_views(session: Session, taken_over: Mapping[int, int], now: datetime) -> None:
    """Dossiers that lost their last view (id -> the dossier that took it): their signed letters go along, and the
    duties left behind are voided, for the other dossier owes them.

    A draft that the other dossier has for the same promise is voided in exchange; a signed one of its own stands, and
    then both stay where they are: two papers did go out, and the record says so.
    """
    # what was signed for the dossier that stays stands before what comes from the ones that go
    held = {(row.dossier_id, row.promise_number): row for row in _letters(session, set(taken_over.values()))}
    came: list[dict[str, Any]] = []
    gave_way: list[dict[str, Any]] = []
    extended: dict[int, int] = {}
    left = _letters(session, taken_over)
    for row in left:
        place = (taken_over[row.dossier_id], row.promise_number)
        other = held.get(place)
        if row.state not in ISSUED or (other is not None and other.state in ISSUED):
            continue
        came.append({"id": row.id, "dossier_id": place[0]})
        held[place] = row
        if row.new_date_on is not None:
            extended[row.dossier_id] = place[0]
        if other is not None:
            gave_way.append({"id": other.id, "dossier_id": row.dossier_id, "promise_number": row.promise_number})
    # (dossier, promise) is unique at every moment: those that give way step aside first
    update_many(session, Letter, [{"id": one["id"], "promise_number": -one["promise_number"]} for one in gave_way])
    update_many(session, Letter, came)
    update_many(session, Letter, gave_way)
    _keep_extensions(session, extended)
    moved = {one["id"] for one in came}
    voided = _void(session, sorted({row.id for row in left} - moved | {one["id"] for one in gave_way}), now)
    seal_letters(session, moved | {one["id"] for one in gave_way} | voided, at=now, actor=_ACTOR, action=_LINKED)


def part_letters(session: Session, view: SourceDossier, from_id: int, to_id: int, now: datetime) -> None:
    """A view became the dossier `to_id`, which has no letters yet: those signed under its code, which no view left in
    `from_id` bears, go with it; and the new date in force with them."""
    rest = select(SourceDossier.code).where(SourceDossier.dossier_id == from_id)
    if not view.code or view.code in set(session.scalars(rest)):
        own: list[Any] = []
    else:
        own = [
            row
            for row in _letters(session, [from_id])
            if row.state in ISSUED and row.content is not None and row.content["dossier_code"] == view.code
        ]
    update_many(session, Letter, [{"id": row.id, "dossier_id": to_id} for row in own])
    goes = any(row.new_date_on is not None for row in own)
    without = from_id if goes else to_id
    session.execute(update(Dossier).where(Dossier.id == without).values(extended_by_letter_on=None))
    seal_letters(session, [row.id for row in own], at=now, actor=_ACTOR, action=_PARTED)


def _letters(session: Session, dossier_ids: Collection[int]) -> Sequence[Any]:
    letter = table_of(Letter)
    columns = (letter.c.id, letter.c.dossier_id, letter.c.promise_number, letter.c.state, letter.c.new_date_on,
               letter.c.content)  # fmt: skip
    found: list[Any] = []
    for batch in in_batches(sorted(dossier_ids)):
        found += session.execute(select(*columns).where(letter.c.dossier_id.in_(batch)).order_by(letter.c.id)).all()
    return found


def _keep_extensions(session: Session, to_of: Mapping[int, int]) -> None:
    """The new date in force, for each dossier whose letter set it and came along."""
    dossier = table_of(Dossier)
    dates: dict[int, date] = {}
    for batch in in_batches(sorted(to_of)):
        told = select(dossier.c.id, dossier.c.extended_by_letter_on).where(dossier.c.id.in_(batch))
        dates |= {to_of[row.id]: on for row in session.execute(told) if (on := row.extended_by_letter_on) is not None}
    update_many(session, Dossier, [{"id": to, "extended_by_letter_on": on} for to, on in sorted(dates.items())])


def _void(session: Session, ids: Sequence[int], now: datetime) -> set[int]:
    """Of these letters, the ones that no person has signed."""
    open_now: set[int] = set()
    for batch in in_batches(ids):
        open_now.update(session.scalars(select(Letter.id).where(Letter.id.in_(batch), Letter.state.in_(UNSIGNED))))
    for batch in in_batches(sorted(open_now)):
        session.execute(update(Letter).where(Letter.id.in_(batch)).values(state="void", closed_at=now))
    return open_now
