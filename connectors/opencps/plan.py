"""Which listings a sweep of OpenCPS walks, and where it goes on after a crash."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from connectors.base import Reach, Sweep
from connectors.kit.dates import DateReader, DateUnreadable
from connectors.kit.text import status_key

_WINDOWS = {  # listing: (filter from, filter to, the row's own date)
    "received": ("fromReceiveDate", "toReceiveDate", "receiveDate"),
    "released": ("fromReleaseDate", "toReleaseDate", "releaseDate"),
    "finished": ("fromFinishDate", "toFinishDate", "finishDate"),
}
CHANGES = ("open", *_WINDOWS)
FULL = ("all",)


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a sweep. The window travels with it: a resumed sweep reads the window it began with."""

    listing: str
    start: int = 0
    since: str = ""
    until: str = ""

    def token(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))


def first_place(plan: Sweep, dates: DateReader) -> Place:
    """Where the sweep begins. Without `since` there is no "changes": everything is read."""
    kept = _from_token(plan.resume)
    if kept is not None and (kept.listing in FULL) == (plan.reach is Reach.FULL or plan.since is None):
        return kept
    if plan.reach is Reach.FULL or plan.since is None:
        return Place(FULL[0])
    return Place(CHANGES[0], 0, dates.local_date(plan.since).isoformat(), dates.local_date(plan.now).isoformat())


def listings_from(place: Place) -> Sequence[Place]:
    """This listing from where it stood, then those after it from their beginning."""
    order = FULL if place.listing in FULL else CHANGES
    later = order[order.index(place.listing) + 1 :]
    return (place, *(Place(name, 0, place.since, place.until) for name in later))


def filters_of(place: Place, open_statuses: Sequence[str]) -> Mapping[str, str]:
    """The query of a listing. Dates as dd/MM/yyyy: OpenCPS drops a filter it cannot read and answers more."""
    if place.listing in FULL:
        return {}
    if place.listing == "open":
        return {"status": ",".join(open_statuses)}
    begin, end, _ = _WINDOWS[place.listing]
    return {begin: _slashed(place.since), end: _slashed(place.until)}


class Membership:
    """Whether a row belongs to the listing that was asked for: every filter is applied again here (§11 case 21)."""

    def __init__(self, place: Place, open_statuses: Sequence[str], dates: DateReader) -> None:
        self._place = place
        self._open = frozenset(map(status_key, open_statuses))
        self._dates = dates

    def __call__(self, row: object) -> bool:
        """Rows that cannot be told are kept: they may be bad records, which must be seen."""
        if self._place.listing in FULL or not isinstance(row, dict):
            return True
        if self._place.listing == "open":
            status = row.get("dossierStatus")
            return not isinstance(status, str) or status_key(status) in self._open
        try:
            moment = self._dates.read(row.get(_WINDOWS[self._place.listing][2]))
        except DateUnreadable:
            return True
        return (
            moment is not None
            and self._place.since <= self._dates.local_date(moment.at).isoformat() <= self._place.until
        )


def _slashed(day: str) -> str:
    return date.fromisoformat(day).strftime("%d/%m/%Y")


def _from_token(token: str) -> Place | None:
    """The place a token names; None for a token of another version."""
    try:
        plain = json.loads(token)
        place = Place(str(plain["listing"]), int(plain["start"]), str(plain["since"]), str(plain["until"]))
        if place.listing in CHANGES:
            date.fromisoformat(place.since), date.fromisoformat(place.until)
    except (ValueError, TypeError, KeyError):
        return None
    return place if place.listing in FULL + CHANGES and place.start >= 0 else None
