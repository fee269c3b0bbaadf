"""Drafts the letters that are owed: their words, kept in the store. Sends nothing, prints nothing."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from itertools import islice
from typing import Any, Protocol, TypeVar

from sqlalchemy import Select, and_, or_, select, update
from sqlalchemy.orm import Session

from monitor.domain.dossier import Precision
from monitor.letters.content import Content
from monitor.letters.forms import Forms
from monitor.letters.letterhead import DirectoryLike, agency_on, head_of, name_above, name_in_text, setting_of
from monitor.letters.wording import Facts, compose, retold, tells
from monitor.settings import Letters
from monitor.store.seals import seal_letters
from monitor.store.tables import ApplicantRow, Dossier, Letter, SourceDossier

_BATCH = 500  # rows in one statement

T = TypeVar("T")


class LocalTime(Protocol):
    """What letters ask of the calendar: an instant on the office's own clock."""

    def local(self, at: datetime) -> datetime: ...


@dataclass(frozen=True, slots=True)
class DraftCount:
    """`problems` name dossier codes and what is missing, never a person."""

    drafted: int = 0
    reworded: int = 0  # drafts whose promise was moved or has passed since
    skipped: int = 0
    by_form: Mapping[str, int] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Known:
    """The person and the view that speaks, for one dossier."""

    applicant: ApplicantRow | None
    promised_date_only: bool


_NOBODY = _Known(None, False)


def draft_letters(
    session: Session,
    *,
    now: datetime,
    calendar: LocalTime,
    directory: DirectoryLike,
    settings: Letters,
    only: Collection[int] | None = None,
) -> DraftCount:
    """Words every letter that is owed and not suspended; `only` limits it to these letter ids.

    Works inside the caller's transaction. A draft is left as it is, but for one whose promise has passed since
    ("expected" would be untrue); so a second run changes nothing. Raises `TemplateRefused`
    where the office's wording cannot be used.
    """
    forms = Forms(settings.templates)
    owed = list(_owed(session, only))
    known = _known(session, [dossier for _, dossier in owed])
    changes: list[dict[str, Any]] = []
    problems: list[str] = []
    today = calendar.local(now).date()
    for letter, dossier in owed:
        entry = setting_of(letter.agency_code, settings.agencies, today)
        agency = agency_on(letter.agency_code, directory, today)
        in_text = name_in_text(agency, dossier.agency_name)
        person = known.get(dossier.id, _NOBODY)
        facts = _facts(letter, dossier, person, in_text, calendar.local, now)
        if facts is None:
            problems.append(f"{dossier.code}: không có ngày hẹn trả")
            continue
        code = settings.procedures.get(dossier.procedure_code, entry.form)
        form = forms.choose(code, today, extension=letter.promise_number == 1)
        facts = replace(
            facts,
            counter=entry.counter,
            title=form.title_named(entry.title if form.code == entry.form else ""),
            agency_above=name_above(agency, directory),
            legal_basis=settings.legal_basis,
            contact=entry.contact,
            id_number=facts.id_number if entry.show_id_number else "",
        )
        head = head_of(entry, agency, directory, in_text)
        content = compose(form, head, facts, now, today.year)
        changes.append(_row(letter.id, content) | {"state": "drafted", "drafted_at": now})
    turned = [
        _row(letter.id, retold_for(forms, letter, dossier, content, calendar.local, now)) | {"drafted_at": now}
        for letter, dossier, content in _outdated(session, only, calendar.local, now)
    ]
    for batch in (*_batches(changes), *_batches(turned)):
        session.execute(update(Letter), list(batch))
    seal_letters(session, [row["id"] for row in changes + turned], at=now, actor="dunghen", action="letters.drafted")
    return DraftCount(
        drafted=len(changes),
        reworded=len(turned),
        skipped=len(problems),
        by_form=dict(Counter(str(change["form"]) for change in changes)),
        problems=tuple(problems),
    )


def _outdated(
    session: Session, only: Collection[int] | None, local: Callable[[datetime], datetime], now: datetime
) -> Iterator[tuple[Letter, Dossier, Content]]:
    """Drafts, untouched by any person yet, that tell another promise or say "expected" of one that has passed."""
    query = (
        select(Letter, Dossier)
        .join(Dossier, Dossier.id == Letter.dossier_id)
        .where(
            Letter.state == "drafted",
            Letter.suspended_for == "",
            or_(
                Dossier.facts_at > Letter.drafted_at,
                and_(
                    Letter.content["values"]["da_qua_han"].as_boolean().is_(False),
                    or_(Dossier.promised_at < now, Dossier.extended_at < now, Letter.slip_promised_at < now),
                ),
            ),
        )
        .order_by(Letter.id)
        .with_for_update(of=Letter, skip_locked=True)
    )
    for letter, dossier in _chosen(session, query, only):
        promised = promise_of(letter, dossier, local)
        assert letter.content is not None
        content = Content.from_dict(letter.content)
        if promised is None:
            continue
        over = is_overdue(dossier.precision, local(promised), local(now))
        if not tells(content, local(promised), is_overdue=over):
            yield letter, dossier, content


def retold_for(
    forms: Forms,
    letter: Letter,
    dossier: Dossier,
    content: Content,
    local: Callable[[datetime], datetime],
    now: datetime,
) -> Content:
    """The letter's words about the promise as it stands now; as they are where there is none or nothing changed."""
    promised = promise_of(letter, dossier, local)
    if promised is None:
        return content
    at = local(promised)
    over = is_overdue(dossier.precision, at, local(now))
    if tells(content, at, is_overdue=over):
        return content
    date_only = "giờ" not in str(content.values["han_cu"]) or at.time() == time(0)
    form = forms.get(letter.form)
    return retold(form, content, promised=at, date_only=date_only, is_overdue=over, now=now)


def _chosen(
    session: Session, query: Select[Letter, Dossier], only: Collection[int] | None
) -> Iterator[tuple[Letter, Dossier]]:
    parts = [query] if only is None else [query.where(Letter.id.in_(batch)) for batch in _batches(sorted(only))]
    return ((letter, dossier) for part in parts for letter, dossier in session.execute(part))


def _owed(session: Session, only: Collection[int] | None) -> Iterator[tuple[Letter, Dossier]]:
    query = (
        select(Letter, Dossier)
        .join(Dossier, Dossier.id == Letter.dossier_id)
        .where(Letter.state == "owed", Letter.suspended_for == "")
        .order_by(Letter.id)
        # two daemons at once never word the same letter (SQLite has one writer anyway)
        .with_for_update(of=Letter, skip_locked=True)
    )
    if only is None:
        yield from session.execute(query)
        return
    for batch in _batches(sorted(only)):
        yield from session.execute(query.where(Letter.id.in_(batch)))


def _known(session: Session, dossiers: Sequence[Dossier]) -> dict[int, _Known]:
    """By dossier: the applicant as the source that speaks states it, else as any other does."""
    speaking = {d.id: d.speaking_source for d in dossiers}
    best: dict[int, tuple[tuple[bool, bool, int], _Known]] = {}
    for batch in _batches(sorted(speaking)):
        rows = session.execute(
            select(SourceDossier, ApplicantRow, ApplicantRow.name)
            .outerjoin(ApplicantRow, ApplicantRow.view_id == SourceDossier.id)
            .where(SourceDossier.dossier_id.in_(batch))
        )
        date_only = {}
        for view, applicant, name in rows:
            speaks = view.source == speaking[view.dossier_id]
            if speaks:
                date_only[view.dossier_id] = view.promised_date_only
            rank = (not name, not speaks, view.id)
            if view.dossier_id not in best or rank < best[view.dossier_id][0]:
                best[view.dossier_id] = (rank, _Known(applicant, False))
        for dossier_id, only_date in date_only.items():
            rank, kept = best[dossier_id]
            best[dossier_id] = (rank, _Known(kept.applicant, only_date))
    return {dossier_id: kept for dossier_id, (_, kept) in best.items()}


def _facts(
    letter: Letter,
    dossier: Dossier,
    known: _Known,
    in_text: str,
    to_local: Callable[[datetime], datetime],
    now: datetime,
) -> Facts | None:
    promised = promise_of(letter, dossier, to_local)
    if promised is None:
        return None
    local = to_local(promised)
    person = known.applicant or ApplicantRow()
    return Facts(
        dossier_code=dossier.code,
        promise_number=letter.promise_number,
        procedure=dossier.procedure_name,
        agency=in_text,
        applicant=person.name or "",
        applicant_kind=person.kind or "",
        received_at=to_local(dossier.received_at) if dossier.received_at else None,
        promised_at=local,
        promised_date_only=known.promised_date_only or local.time() == time(0),
        is_overdue=is_overdue(dossier.precision, local, to_local(now)),
        is_late=letter.is_late,
        id_number=person.id_number or "",
        address=person.address or "",
    )


def promise_of(letter: Any, dossier: Any, local: Callable[[datetime], datetime]) -> datetime | None:
    """The promise this letter is about: the first, or the extended one; else the slip's, as a person told it. The date
    of a letter taken back is neither, also where a source shows it in place of the first.

    `letter` and `dossier` are rows of these tables; one row that holds the columns of both will do twice.
    """
    slip: datetime | None = letter.slip_promised_at
    shown: datetime | None = dossier.extended_at if letter.promise_number > 1 else dossier.promised_at
    in_force: datetime | None = dossier.promise_at
    first: datetime | None = dossier.original_promised_at
    if slip is not None:
        return slip
    if letter.promise_number == 1 and shown is not None and first is not None and first < shown:
        return first if local(shown).date() == dossier.taken_back_on else shown
    return shown or in_force


def is_overdue(precision: str, promised: datetime, now: datetime) -> bool:
    """A promise by the day runs to the end of that day; one by the instant to the second (law.md §4.2)."""
    return now > promised if precision == Precision.INSTANT else now.date() > promised.date()


def _row(letter_id: int, content: Content) -> dict[str, Any]:
    return {
        "id": letter_id,
        "form": content.form,
        "template_version": content.template_version,
        "content": content.to_dict(),
        "content_hash": content.hash,
    }


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    left = iter(items)
    while batch := list(islice(left, _BATCH)):
        yield batch
