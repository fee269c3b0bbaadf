"""Which views are the same dossier. By proof only: an id that a source itself declares, or the same code at the
same unit; never by name and date. Links are appended, so every one can be shown and undone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from monitor.figures import forget
from monitor.joined_letters import follow_views, part_letters
from monitor.people import Directory
from monitor.store.tables import Alias, CrossingRow, DeclaredId, Dossier, FindingRow, Notice, SourceDossier
from monitor.store.writing import AT_ONCE, among, in_batches, insert_many, insert_returning_ids, table_of, update_many


@dataclass(frozen=True, slots=True)
class Bearer:
    """What a view goes by: its code, the other ids its source declares, and the unit, as the source writes it."""

    key: str
    code: str
    alternates: tuple[str, ...]
    agency_code: str


@dataclass(frozen=True, slots=True)
class Link:
    """Another system's view that is proven to be the same dossier."""

    view_id: int
    dossier_id: int
    rule: str  # declared_id | same_code_and_unit
    evidence: str


def proven_links(session: Session, source: str, bearers: Iterable[Bearer], directory: Directory) -> dict[str, Link]:
    """key -> the link of that view, for those that have one. A few queries a batch, whatever their number.

    A declared id is proof by itself; the same code only at the same unit.
    """
    if not _has_others(session, source):
        return {}
    bearers = list(bearers)
    codes = sorted({b.code for b in bearers if b.code})
    declared = sorted({code for b in bearers for code in b.alternates})
    by_code = _others_by_code(session, source, [*codes, *declared])
    by_their_word = _others_by_declared(session, source, codes)
    links: dict[str, Link] = {}
    for bearer in bearers:
        found = _link(bearer, source, by_code, by_their_word, directory)
        if found is not None:
            links[bearer.key] = found
    return links


def _has_others(session: Session, source: str) -> bool:
    """Whether any other system has a view: while a site's first source is read, there is nothing to link to."""
    name = table_of(SourceDossier).c.source
    ends = (session.scalar(select(end(name))) for end in (func.min, func.max))  # each from an end of an index
    return any(end is not None and end != source for end in ends)


def _link(
    bearer: Bearer,
    source: str,
    by_code: Mapping[str, Sequence[Any]],
    by_their_word: Mapping[str, Sequence[Any]],
    directory: Directory,
) -> Link | None:
    for code in bearer.alternates:
        for row in by_code.get(code, ()):
            return Link(row.id, row.dossier_id, "declared_id", code)
    if not bearer.code:
        return None
    for row in by_their_word.get(bearer.code, ()):
        return Link(row.id, row.dossier_id, "declared_id", bearer.code)
    ours = directory.canonical(source, bearer.agency_code) or bearer.agency_code
    for row in by_code.get(bearer.code, ()):
        if ours == (directory.canonical(row.source, row.agency_code) or row.agency_code):
            return Link(row.id, row.dossier_id, "same_code_and_unit", bearer.code)
    return None


def _others_by_code(session: Session, source: str, codes: Iterable[str]) -> dict[str, list[Any]]:
    view = table_of(SourceDossier)
    found: dict[str, list[Any]] = {}
    for batch in in_batches(sorted(set(codes)), AT_ONCE):
        statement = select(view.c.id, view.c.source, view.c.dossier_id, view.c.agency_code, view.c.code).where(
            among(session, view.c.code, batch), view.c.source != source
        )
        for row in session.execute(statement.order_by(view.c.id)):
            found.setdefault(row.code, []).append(row)
    return found


def _others_by_declared(session: Session, source: str, codes: Sequence[str]) -> dict[str, list[Any]]:
    view, declared = table_of(SourceDossier), table_of(DeclaredId)
    found: dict[str, list[Any]] = {}
    for batch in in_batches(codes, AT_ONCE):
        statement = (
            select(view.c.id, view.c.dossier_id, declared.c.code)
            .join(declared, declared.c.view_id == view.c.id)
            .where(among(session, declared.c.code, batch), view.c.source != source)
        )
        for row in session.execute(statement.order_by(view.c.id)):
            found.setdefault(row.code, []).append(row)
    return found


def record_links(session: Session, links: Sequence[tuple[int, Link]], now: datetime) -> None:
    """Appends (view, link) pairs, so that each can be shown and undone."""
    rows = [
        {
            "view_id": view_id,
            "other_view_id": link.view_id,
            "rule": link.rule,
            "evidence": link.evidence,
            "linked_at": now,
            "undone": False,
        }
        for view_id, link in links
    ]
    insert_many(session, Alias, rows)


def relink(session: Session, moved: Mapping[int, tuple[int, Link]], now: datetime) -> set[int]:
    """Views we already held (id -> (its dossier, a link)) whose new code or ids prove another dossier: moves them,
    unless a person undid that very link. Returns the dossiers that gained a view."""
    undone = _undone(session, list(moved))
    wanted = {
        view_id: (dossier_id, link)
        for view_id, (dossier_id, link) in moved.items()
        if dossier_id != link.dossier_id and frozenset((view_id, link.view_id)) not in undone
    }
    update_many(session, SourceDossier, [{"id": v, "dossier_id": link.dossier_id} for v, (_, link) in wanted.items()])
    record_links(session, [(view_id, link) for view_id, (_, link) in wanted.items()], now)
    left = {dossier_id for dossier_id, _ in wanted.values()}
    still_held: set[int] = set()
    for batch in in_batches(sorted(left)):
        held = select(SourceDossier.dossier_id).where(SourceDossier.dossier_id.in_(batch))
        still_held.update(session.scalars(held))
    taken_over = {dossier_id: link.dossier_id for dossier_id, link in wanted.values() if dossier_id not in still_held}
    _void(session, taken_over, now)
    return {link.dossier_id for _, link in wanted.values()} | still_held


class NoSuchView(LookupError):
    """A source shows no dossier by that key or code, or several. `said` names it."""


class NotLinked(ValueError):
    """What was to be linked is one dossier already, or what was to be parted is alone."""


def view_named(session: Session, name: str) -> SourceDossier:
    """The view called `source:key` or `source:code`. Raises `NoSuchView`."""
    source, _, word = name.partition(":")
    named = or_(SourceDossier.key == word, SourceDossier.code == word)
    found = session.scalars(select(SourceDossier).where(SourceDossier.source == source, named).limit(2)).all()
    if len(found) != 1:
        raise NoSuchView(name)
    return found[0]


def link_by_hand(session: Session, one: SourceDossier, other: SourceDossier, why: str, now: datetime) -> set[int]:
    """A person says that both views are one dossier: `one` moves to the other's, whose duties stand; those of the
    emptied one are voided. Returns the dossiers to project anew."""
    if one.dossier_id == other.dossier_id:
        raise NotLinked
    link = Link(other.id, other.dossier_id, "by_hand", why[:200])
    left = one.dossier_id
    one.dossier_id = other.dossier_id
    session.flush()
    record_links(session, [(one.id, link)], now)
    held = session.scalar(select(SourceDossier.id).where(SourceDossier.dossier_id == left).limit(1))
    if held is None:
        _void(session, {left: other.dossier_id}, now)
    return {other.dossier_id, *({left} if held is not None else ())}


def part_by_hand(session: Session, view: SourceDossier, why: str, now: datetime) -> int:
    """A person says that this view is another dossier than the rest of its group. Every link it has is undone, so that
    none is made again by itself; it begins a dossier of its own. Returns that dossier, still to be projected."""
    rest = session.scalars(
        select(SourceDossier.id).where(SourceDossier.dossier_id == view.dossier_id, SourceDossier.id != view.id)
    ).all()
    if not rest:
        raise NotLinked
    row = session.get_one(Dossier, view.dossier_id)
    facts = {c.name: getattr(row, c.name) for c in table_of(Dossier).columns if c.name not in _JUDGED}
    (own,) = insert_returning_ids(session, Dossier, [facts | _UNJUDGED])
    undone = [
        {
            "view_id": view.id, "other_view_id": other, "rule": "by_hand", "evidence": why[:200], "linked_at": now,
            "undone": True,
        }
        for other in rest
    ]  # fmt: skip
    insert_many(session, Alias, undone)
    before, view.dossier_id = view.dossier_id, own
    session.flush()
    part_letters(session, view, before, own, now)
    return own


_JUDGED = frozenset(
    {"id", "stage", "stage_reason", "stage_since_at", "promise_number", "promise_at", "late_from_at", "letter_by_on",
     "judged_at", "taken_days", "late_days"}
)  # fmt: skip
_UNJUDGED: dict[str, Any] = {"stage": "", "stage_reason": "", "promise_number": 1}


def _undone(session: Session, view_ids: Sequence[int]) -> set[frozenset[int]]:
    """Links a person has undone: not to be made again by themselves."""
    pairs: set[frozenset[int]] = set()
    for batch in in_batches(sorted(view_ids)):
        statement = select(Alias.view_id, Alias.other_view_id).where(
            Alias.undone.is_(True), or_(Alias.view_id.in_(batch), Alias.other_view_id.in_(batch))
        )
        pairs.update(frozenset((a, b)) for a, b in session.execute(statement))
    return pairs


def _void(session: Session, taken_over: Mapping[int, int], now: datetime) -> None:
    """Dossiers that lost their last view (id -> the dossier that took it). One that nothing was ever decided about is
    removed; one with a history keeps it, but for its signed letters, and its open duties are voided: the dossier that
    took its views owes them."""
    emptied = sorted(taken_over)
    forget(session, emptied)
    follow_views(session, taken_over, now)
    for batch in in_batches(emptied):
        with_history = set(session.scalars(select(CrossingRow.dossier_id).where(CrossingRow.dossier_id.in_(batch))))
        bare = [dossier_id for dossier_id in batch if dossier_id not in with_history]
        session.execute(delete(FindingRow).where(FindingRow.dossier_id.in_(bare)))
        session.execute(delete(Dossier).where(Dossier.id.in_(bare)))
        session.execute(
            update(Notice)
            .where(Notice.dossier_id.in_(with_history), Notice.state.in_(("owed", "planned")))
            .values(state="cancelled", reason="linked to another view of the same dossier", closed_at=now)
        )
        session.execute(
            update(FindingRow)
            .where(FindingRow.dossier_id.in_(with_history), FindingRow.closed_at.is_(None))
            .values(closed_at=now)
        )
        session.execute(
            update(Dossier)
            .where(Dossier.id.in_(with_history))
            .values(stage="", status="unknown", next_change_at=None, code="")
        )
