"""A VNPT iGate one-stop: pages by last change, open dossiers by status, one dossier by code."""

import json
from collections.abc import Hashable, Iterator, Mapping, Sequence
from datetime import datetime

from connectors.base import AccessRefused, Capability, Connector, Gate, Page, Probe, Reach, Sweep, Transport
from connectors.igate.mapping import KEY_FIELDS, IgateMapping
from connectors.igate.settings import IgateSettings
from connectors.igate.wire import IgateApi
from connectors.kit.fields import joined, read_rows
from connectors.kit.json import evidence
from connectors.kit.paging import numbered_pages
from connectors.kit.sanity import DateWatch
from connectors.kit.text import normal_code
from connectors.kit.together import in_order
from monitor.clock import Clock

_LOOKUP_ROWS = 20
_CODES_A_PAGE = 50
_ORDER = {Reach.FULL: ("all",), Reach.CHANGES: ("open", "updated")}


class IgateConnector:
    """Reads one tenant, with the rights of its account."""

    capabilities = frozenset(
        {
            Capability.LIST,
            Capability.LOOKUP,
            Capability.MODIFIED_SINCE,
            Capability.STATUS_FILTER,
            Capability.FINISH_INSTANT,
        }
    )

    def __init__(self, settings: IgateSettings, transport: Transport, clock: Clock) -> None:
        self._settings = settings
        self._api = IgateApi(settings, transport, clock)
        self._mapping = IgateMapping(settings)

    def sweep(self, plan: Sweep) -> Iterator[Page]:
        """FULL: every page. CHANGES: all open dossiers, then the last changed ones back to `since`."""
        reach = plan.reach if plan.since is not None else Reach.FULL
        order = _ORDER[reach]
        listing, start = _place(plan.resume, order)
        watch = DateWatch()
        any_rows = bool(plan.resume)
        for name in order[order.index(listing) :]:
            after = order[order.index(name) + 1 :]
            for page in self._listing(name, start if name == listing else 0, after, plan.since):
                watch.look_at(page.records)
                any_rows = any_rows or bool(page.records or page.bad)
                yield page
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
        """Signs in and reads one page."""
        page = self._api.search(0, _LOOKUP_ROWS, {})
        records, _, bad = read_rows(page.rows, self._mapping.record, KEY_FIELDS)
        unknown = sorted({record.status_raw for record in records if record.status == "unknown"})
        self._expect_rows(bool(page.rows))
        details = {"set_aside": str(len(bad)), "unknown_statuses": ", ".join(unknown)}
        return Probe(f"đọc được {len(records)} hồ sơ mẫu", len(page.rows), details)

    def _listing(self, name: str, start: int, after: Sequence[str], since: datetime | None) -> Iterator[Page]:
        filters = self._filters(name)
        pages = numbered_pages(
            lambda number: self._api.search(number, self._settings.page_size, filters),
            _identity,
            self._settings.page_size,
            self._settings.max_pages,
            start,
        )
        for number, page, is_last in pages:
            records, raws, bad = read_rows(page.rows, self._mapping.record, KEY_FIELDS)
            stamps = [record.source_updated_at for record in records if record.source_updated_at is not None]
            enough = name == "updated" and since is not None and bool(stamps) and max(stamps) < since
            following = _token(name, number + 1) if not (is_last or enough) else _token(after[0], 0) if after else ""
            yield Page(records, raws, bad, page.total, following)
            if enough:
                return

    def _filters(self, name: str) -> Mapping[str, str]:
        if name != "open":
            return {}
        return {"dossier-status": ",".join(str(number) for number in self._settings.open_status_ids)}

    def _lookup_one(self, code: str) -> Page:
        page = self._api.search(0, _LOOKUP_ROWS, {"code-match": code})
        records, raws, bad = read_rows(page.rows, self._mapping.record, KEY_FIELDS)
        asked = [
            (record, raw) for record, raw in zip(records, raws, strict=True) if self._mapping.answers_to(record, code)
        ]
        return Page(tuple(record for record, _ in asked), tuple(raw for _, raw in asked), bad)

    def _expect_rows(self, any_rows: bool) -> None:
        if not any_rows and self._settings.expect_rows:
            raise AccessRefused(
                "nguồn không cho thấy hồ sơ nào: kiểm tra quyền của tài khoản và agency_id", gate=Gate.GUEST_VIEW
            )


def build(settings: IgateSettings, transport: Transport, clock: Clock) -> Connector:
    """The connector of one `[[sources]]` table."""
    return IgateConnector(settings, transport, clock)


def _identity(row: object) -> Hashable:
    key = row.get("id") if isinstance(row, dict) else None
    return key if isinstance(key, int | str) and key else evidence(row)


def _token(listing: str, page: int) -> str:
    return json.dumps({"listing": listing, "page": page})


def _place(token: str, order: Sequence[str]) -> tuple[str, int]:
    """Where a sweep goes on; its beginning for a token of another kind of sweep."""
    try:
        kept = json.loads(token)
        listing, page = str(kept["listing"]), int(kept["page"])
    except (ValueError, TypeError, KeyError):
        return order[0], 0
    return (listing, page) if listing in order and page >= 0 else (order[0], 0)
