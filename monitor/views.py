"""From what a source said to what we hold: one system's view, and the dossier projected from all its views.

Pure functions over plain values; `monitor.pull` stores what they return, a replay folds the same records again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple
from zoneinfo import ZoneInfo

from connectors.base import DossierRecord
from monitor.domain.dossier import FINISHED, PAUSED, Facts, Pause, Precision, Status
from monitor.domain.findings import View, disagreement
from monitor.domain.pauses import PauseLog, Seen, as_told


class SourceView(NamedTuple):
    """One system's view of one dossier after everything it said so far. The columns of `source_dossier`.

    A poll sees states, not events: `finished_after_at`/`finished_by_at` bound an ending the source gave no date for.
    """

    source: str
    # --- what the last record said
    key: str
    code: str
    status: Status
    status_raw: str
    procedure_code: str
    procedure_name: str
    field_code: str
    agency_code: str
    agency_name: str
    channel: str
    submitted_at: datetime | None
    received_at: datetime | None
    promised_at: datetime | None
    promised_date_only: bool
    extended_at: datetime | None
    finished_at: datetime | None
    returned_at: datetime | None
    officer: str
    # --- what we know from all of them
    original_promised_at: datetime | None
    finished_after_at: datetime | None
    finished_by_at: datetime | None
    paused_since_at: datetime | None
    pauses: tuple[Pause, ...]
    sure_until_at: datetime | None
    changed_at: datetime


_said = attrgetter(*SourceView._fields[1 : SourceView._fields.index("original_promised_at")])


def fold(
    previous: SourceView | None, source: str, record: DossierRecord, heard_at: datetime, not_before: datetime | None
) -> SourceView:
    """The view after `record` was heard at `heard_at`; the previous state was last confirmed at `not_before`.

    The first promise ever heard is kept: later ones may be extensions, re-dating or a correction, and a report
    against the original needs it (law.md §4.4).
    """
    status = record.status
    log = _log(previous).heard(Seen(status, heard_at, not_before)) if previous else _begun(status, heard_at)
    stated = [(one.asked_at, one.answered_at) for one in record.supplements] if record.supplements else None
    pauses = as_told(log.pauses, stated, status, heard_at) if stated else log.pauses
    after, by = None, None
    if status in FINISHED and record.finished_at is None:
        after, by = _ended_between(previous, record, heard_at, not_before)
    since = None
    if status in PAUSED or status is Status.PAYMENT:
        was_paused = previous is not None and previous.status is status and previous.paused_since_at is not None
        since = _paused_since(previous if was_paused else None, pauses, heard_at)
    original = (previous.original_promised_at if previous else None) or record.promised_at
    learned = (original, after, by, since, pauses, log.sure_until, heard_at)
    return SourceView._make((source, *_said(record), *learned))


@lru_cache(maxsize=100)
def _begun(status: Status, heard_at: datetime) -> PauseLog:
    """The ledger of a dossier first heard of: a first reading asks the same for every row."""
    return PauseLog().heard(Seen(status, heard_at))


def _ended_between(
    previous: SourceView | None, record: DossierRecord, heard_at: datetime, not_before: datetime | None
) -> tuple[datetime | None, datetime]:
    """(after, by): when it ended, where the source gives no date for it."""
    was_ended = previous is not None and previous.status in FINISHED
    # behind a state nobody understands it may have ended long before the last reading
    known_after = previous.sure_until_at if previous and previous.status is Status.UNKNOWN else not_before
    after = previous.finished_after_at if previous and was_ended else (known_after if previous else None)
    by = previous.finished_by_at if previous and was_ended and previous.finished_by_at else heard_at
    if record.returned_at is not None:
        by = min(by, record.returned_at)  # the result was there when it was handed over
    return after, by


def _paused_since(standing: SourceView | None, pauses: Sequence[Pause], heard_at: datetime) -> datetime | None:
    """Since when it stands still: by the source's own date where it gives one, else since we first heard."""
    last = pauses[-1] if pauses and pauses[-1].is_open else None
    if last is not None and last.began_after == last.began_by:
        return last.began_by
    return standing.paused_since_at if standing else heard_at


def _log(previous: SourceView) -> PauseLog:
    """The ledger as the view holds it. A view from before the ledger was kept knows of its standing pause alone."""
    pauses, since = previous.pauses, previous.paused_since_at
    if since is not None and not (pauses and pauses[-1].is_open):
        pauses = (*pauses, Pause(previous.status, None, since))
    return PauseLog(pauses, previous.status is Status.UNKNOWN, previous.sure_until_at)


@dataclass(frozen=True, slots=True)
class SourceRole:
    """What the projection must know of a source: whose word counts, and how exact its promise is."""

    role: str  # "one_stop" | "portal"
    lateness: Precision


def speaking(views: Sequence[SourceView], roles: Mapping[str, SourceRole]) -> SourceView:
    """The view whose word counts: the one-stop's before the portal's (connectors.md §11 case 39: a portal lags,
    and masks 5, 6 and 8 as 9), of several the one that changed last."""
    if len(views) == 1:  # nearly every dossier
        return views[0]
    return max(views, key=lambda v: (_is_one_stop(v, roles), v.changed_at, v.key))


def disagreements(views: Sequence[SourceView], roles: Mapping[str, SourceRole], zone: ZoneInfo) -> str:
    """How the other systems contradict the speaking one, in words; "" when nothing does."""
    ours = speaking(views, roles)
    said = [disagreement(_as_view(ours, roles), _as_view(other, roles), zone) for other in views if other is not ours]
    return "; ".join(text for text in said if text)


def precision_of(view: SourceView, roles: Mapping[str, SourceRole]) -> Precision:
    """How exactly lateness may be judged: to the instant only where source and promise are."""
    role = roles.get(view.source)
    exact = role is not None and role.lateness is Precision.INSTANT and not view.promised_date_only
    return Precision.INSTANT if exact else Precision.DATE


def facts_of(view: SourceView, roles: Mapping[str, SourceRole], *, payment_pauses: bool = False) -> Facts:
    """What the rules may look at, from the speaking view."""
    return Facts(
        status=view.status,
        received_at=view.received_at,
        promised_at=view.promised_at,
        extended_at=view.extended_at,
        original_promised_at=view.original_promised_at,
        finished_at=view.finished_at,
        finished_after=view.finished_after_at,
        finished_by=view.finished_by_at,
        paused_since=view.paused_since_at,
        submitted_at=view.submitted_at,
        precision=precision_of(view, roles),
        payment_pauses=payment_pauses,
        pauses=view.pauses,
    )


def known_at(histories: Iterable[tuple[str, DossierRecord, datetime, datetime | None]]) -> SourceView | None:
    """The view after a whole history [(source, record, heard_at, not_before)], oldest first."""
    view: SourceView | None = None
    for source, record, heard_at, not_before in histories:
        view = fold(view, source, record, heard_at, not_before)
    return view


def _is_one_stop(view: SourceView, roles: Mapping[str, SourceRole]) -> bool:
    role = roles.get(view.source)
    return role is not None and role.role == "one_stop"


def _as_view(view: SourceView, roles: Mapping[str, SourceRole]) -> View:
    role = roles.get(view.source)
    return View(
        source=view.source,
        role=role.role if role else "",
        status=view.status,
        promised_at=view.promised_at,
        extended_at=view.extended_at,
    )
