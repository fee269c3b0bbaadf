"""An API described in the settings: its pages, one dossier by code and changes since an instant where it can."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.base import (
    AccessRefused,
    BadRecord,
    Capability,
    Connector,
    DossierRecord,
    Gate,
    Page,
    Probe,
    Reach,
    Sweep,
    Transport,
    UnexpectedAnswer,
)
from connectors.kit.dates import instant_text
from connectors.kit.fields import Unreadable, joined, read_rows
from connectors.kit.json import Ambiguous, evidence
from connectors.kit.paging import check_total
from connectors.kit.sanity import DateWatch
from connectors.kit.table import TableMapping
from connectors.kit.text import clean, normal_code
from connectors.kit.together import in_order
from connectors.rest.settings import RestSettings
from connectors.rest.wire import Part, RestApi, at
from monitor.clock import Clock

_CODES_A_PAGE = 50
_LONGEST_KEY = 200


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a listing stands: rows read so far, pages read so far, the cursor to send."""

    rows: int = 0
    pages: int = 0
    cursor: str = ""


class RestConnector:
    """Reads one list of one API."""

    def __init__(self, settings: RestSettings, transport: Transport) -> None:
        self._settings = settings
        self._api = RestApi(settings, transport)
        self._mapping = TableMapping(settings, settings.timezone)
        self._zone = ZoneInfo(settings.timezone)
        can = {
            Capability.LIST: True,
            Capability.LOOKUP: bool(settings.code_param),
            Capability.MODIFIED_SINCE: bool(settings.since_param),
            Capability.TOTALS: bool(settings.total) and not settings.window_days,  # a window is never the whole
            Capability.EXTENSIONS: "extended_at" in settings.columns,
            Capability.FINISH_INSTANT: "finished_at" in settings.columns,
        }
        self.capabilities = frozenset(name for name, is_so in can.items() if is_so)

    def sweep(self, plan: Sweep) -> Iterator[Page]:
        """Every page; for CHANGES only what changed since, if the API can be asked that."""
        since = plan.since if plan.reach is Reach.CHANGES and self._settings.since_param else None
        place = _place(plan.resume)
        watch = DateWatch()
        any_rows = place != _Place()
        for page in self._listing(place, {**self._window(plan.now), **self._since(since)}):
            watch.look_at(page.records)
            any_rows = any_rows or bool(page.records or page.bad)
            yield page
        if since is None:
            self._expect_rows(any_rows)

    def lookup(self, codes: Sequence[str]) -> Iterator[Page]:
        """One request a code, several under way where the settings say so; only rows that really bear it."""
        watch = DateWatch()
        for first in range(0, len(codes), _CODES_A_PAGE):
            some = map(normal_code, codes[first : first + _CODES_A_PAGE])
            page = joined(list(in_order(self._lookup_one, some, self._settings.concurrency)))
            watch.look_at(page.records)
            yield page

    def probe(self) -> Probe:
        """Reads one page."""
        part = self._api.ask(self._params(_Place()))
        page = self._page(part)
        self._expect_rows(bool(part.rows))
        unknown = sorted({record.status_raw for record in page.records if record.status == "unknown"})
        details = {"set_aside": str(len(page.bad)), "unknown_statuses": ", ".join(unknown)}
        return Probe(f"đọc được {len(page.records)} hồ sơ mẫu", len(part.rows), details)

    def _listing(self, place: _Place, filters: Mapping[str, str]) -> Iterator[Page]:
        """Pages until the source says that it is the last, the stated total is reached, or one is empty. A short page
        is no end: many servers give fewer rows than they were asked for."""
        seen_pages: set[int] = set()
        said: int | None = None
        for _ in range(self._settings.max_pages):
            part = self._api.ask({**filters, **self._params(place)})
            mark = hash(tuple(evidence(row) for row in part.rows))
            following = _Place(place.rows + len(part.rows), place.pages + 1, part.cursor)
            repeats = self._settings.paging == "cursor" and bool(part.cursor) and part.cursor == place.cursor
            if (part.rows and mark in seen_pages) or repeats:
                raise UnexpectedAnswer("nguồn trả lại mãi cùng một trang", gate=Gate.PAGES_REPEAT)
            seen_pages.add(mark)
            said = part.total or said
            is_last = self._is_last(part, following, said)
            if is_last:
                check_total(following.rows, said or 0)
            page = self._page(part)
            yield Page(page.records, page.raws, page.bad, part.total, "" if is_last else _token(following))
            if is_last:
                return
            place = following
        raise UnexpectedAnswer(f"danh sách dài quá {self._settings.max_pages} trang", gate=Gate.PAGES_REPEAT)

    def _is_last(self, part: Part, following: _Place, said: int | None) -> bool:
        paging = self._settings.paging
        if paging == "none" or not part.rows or part.more is False:
            return True
        if paging == "cursor":
            return not part.cursor
        return part.more is None and said is not None and following.rows >= said

    def _params(self, place: _Place) -> dict[str, str]:
        settings = self._settings
        params: dict[str, str] = {settings.size_param: str(settings.page_size)} if settings.size_param else {}
        if settings.paging == "offset":
            params[settings.offset_param] = str(place.rows)
        elif settings.paging == "page":
            params[settings.page_param] = str(settings.first_page + place.pages)
        elif settings.paging == "cursor" and place.cursor:
            params[settings.cursor_param] = place.cursor
        return params

    def _window(self, now: datetime) -> dict[str, str]:
        """The days of reception that a list by window is asked for; older dossiers are asked for by code."""
        settings = self._settings
        if not settings.window_days:
            return {}
        begin = now - timedelta(days=settings.window_days)
        return {
            settings.window_from_param: instant_text(begin, settings.window_format, self._zone),
            settings.window_to_param: instant_text(now, settings.window_format, self._zone),
        }

    def _since(self, since: datetime | None) -> dict[str, str]:
        if since is None:
            return {}
        return {self._settings.since_param: instant_text(since, self._settings.since_format, self._zone)}

    def _lookup_one(self, code: str) -> Page:
        page = self._page(self._api.ask({self._settings.code_param: code}))
        pairs = zip(page.records, page.raws, strict=True)
        asked = [(record, raw) for record, raw in pairs if code in (record.code, *record.alternates)]
        return replace(page, records=tuple(record for record, _ in asked), raws=tuple(raw for _, raw in asked))

    def _page(self, part: Part) -> Page:
        records, raws, bad = read_rows(part.rows, self._record, self._mapping.key_fields)
        return Page(records, raws, tuple(self._named(one) for one in bad))

    def _named(self, bad: BadRecord) -> BadRecord:
        """With the key of its dossier, wherever in the row that stands: what we hold of it is not trusted on."""
        row = json.loads(bad.raw)
        found = [at(row, place) for place in self._mapping.key_fields]
        keys = [str(value) for value in found if isinstance(value, str | int) and str(value)]
        return replace(bad, key=clean(keys[0])[:_LONGEST_KEY] if keys else "")

    def _record(self, wire: Mapping[str, Any]) -> DossierRecord:
        values = {place: at(wire, place) for place in self._settings.columns.values()}
        if any(isinstance(value, Ambiguous) for value in wire.values()):
            raise Unreadable("", "một khoá xuất hiện hai lần")
        return self._mapping.record(values)

    def _expect_rows(self, any_rows: bool) -> None:
        if not any_rows and self._settings.expect_rows:
            raise AccessRefused(
                "nguồn không cho thấy hồ sơ nào: kiểm tra quyền của tài khoản và các tham số", gate=Gate.GUEST_VIEW
            )


def build(settings: RestSettings, transport: Transport, clock: Clock) -> Connector:
    """The connector of one `[[sources]]` table."""
    del clock  # nothing here ends with time
    return RestConnector(settings, transport)


def _token(place: _Place) -> str:
    return json.dumps({"rows": place.rows, "pages": place.pages, "cursor": place.cursor})


def _place(token: str) -> _Place:
    """Where a sweep goes on; its beginning for a token of another kind."""
    try:
        kept = json.loads(token)
        place = _Place(int(kept["rows"]), int(kept["pages"]), str(kept["cursor"]))
    except (ValueError, TypeError, KeyError):
        return _Place()
    return place if place.rows >= 0 and place.pages >= 0 else _Place()
