"""A TD one-stop: one list, newest first, without any way to ask for changes; one dossier by a filter it may ignore."""

import json
from collections.abc import Hashable, Iterator, Sequence

from connectors.base import AccessRefused, Capability, Connector, DossierRecord, Gate, Page, Probe, Sweep, Transport
from connectors.kit.fields import joined, read_rows
from connectors.kit.json import evidence
from connectors.kit.paging import NumberedPage, numbered_pages
from connectors.kit.sanity import DateWatch
from connectors.kit.text import normal_code
from connectors.kit.together import in_order
from connectors.td.mapping import KEY_FIELDS, TdMapping
from connectors.td.settings import TdSettings
from connectors.td.wire import TdApi
from monitor.clock import Clock

_SAMPLE_ROWS = 20
_CODES_A_PAGE = 50


class TdConnector:
    """Reads one tenant, with the rights of its account."""

    capabilities = frozenset({Capability.LIST, Capability.LOOKUP, Capability.TOTALS, Capability.FINISH_INSTANT})

    def __init__(self, settings: TdSettings, transport: Transport, clock: Clock) -> None:
        self._settings = settings
        self._api = TdApi(settings, transport, clock)
        self._mapping = TdMapping(settings)

    def sweep(self, plan: Sweep) -> Iterator[Page]:
        """Every page. CHANGES and FULL are the same: the list has no "since"."""
        first = _place(plan.resume)
        any_rows = False
        for page in self._listing(first):
            any_rows = any_rows or bool(page.records or page.bad)
            yield page
        if not any_rows and first == 0 and self._settings.expect_rows:
            raise AccessRefused(
                "nguồn không cho thấy hồ sơ nào: kiểm tra quyền của tài khoản và tenant", gate=Gate.GUEST_VIEW
            )

    def lookup(self, codes: Sequence[str]) -> Iterator[Page]:
        """One request a code, several under way where the settings say so. A server that ignores the filter (§5.2) is
        found out by the rows it did not have to send; then the list is read once for all codes."""
        watch = DateWatch()
        for first in range(0, len(codes), _CODES_A_PAGE):
            some = map(normal_code, codes[first : first + _CODES_A_PAGE])
            told = list(in_order(self._lookup_one, some, self._settings.concurrency, until=lambda answer: answer[1]))
            if any(ignored for _, ignored in told):
                yield from self._picked(frozenset(normal_code(code) for code in codes[first:]))
                return
            page = joined([found for found, _ in told])
            watch.look_at(page.records)
            yield page

    def probe(self) -> Probe:
        """Signs in and reads one page."""
        page = self._api.search(1, _SAMPLE_ROWS, {})
        records, _, bad = read_rows(page.rows, self._mapping.record, KEY_FIELDS)
        if not page.rows and self._settings.expect_rows:
            raise AccessRefused(
                "nguồn không cho thấy hồ sơ nào: kiểm tra quyền của tài khoản và tenant", gate=Gate.GUEST_VIEW
            )
        unknown = sorted({record.status_raw for record in records if record.status == "unknown"})
        details = {"set_aside": str(len(bad)), "unknown_statuses": ", ".join(unknown)}
        return Probe(f"đọc được {len(records)} hồ sơ mẫu", len(page.rows), details)

    def _listing(self, first: int) -> Iterator[Page]:
        watch = DateWatch()
        size, said = self._settings.page_size, None

        def fetch(number: int) -> NumberedPage:
            """The page; past the end, with the total that the pages before it stated (§11 case 20)."""
            nonlocal said
            page = self._api.search(number + 1, size, {})
            said = page.total if page.total is not None else said
            return NumberedPage(page.rows, said, page.is_last)

        for number, page, is_last in numbered_pages(fetch, _identity, size, self._settings.max_pages, first):
            records, raws, bad = read_rows(page.rows, self._mapping.record, KEY_FIELDS)
            watch.look_at(records)
            yield Page(records, raws, bad, page.total, "" if is_last else json.dumps({"page": number + 1}))

    def _picked(self, wanted: frozenset[str]) -> Iterator[Page]:
        for page in self._listing(0):
            asked = [pair for pair in zip(page.records, page.raws, strict=True) if _codes(pair[0]) & wanted]
            if asked:
                yield Page(tuple(record for record, _ in asked), tuple(raw for _, raw in asked))

    def _lookup_one(self, code: str) -> tuple[Page, bool]:
        page = self._api.search(1, _SAMPLE_ROWS, {self._settings.code_filter: code})
        records, raws, bad = read_rows(page.rows, self._mapping.record, KEY_FIELDS)
        asked = [(record, raw) for record, raw in zip(records, raws, strict=True) if code in _codes(record)]
        ignored = not asked and any(record.code and code not in record.code for record in records)
        return Page(tuple(record for record, _ in asked), tuple(raw for _, raw in asked), bad), ignored


def build(settings: TdSettings, transport: Transport, clock: Clock) -> Connector:
    """The connector of one `[[sources]]` table."""
    return TdConnector(settings, transport, clock)


def _codes(record: DossierRecord) -> frozenset[str]:
    return frozenset((record.code, *record.alternates))


def _identity(row: object) -> Hashable:
    key = row.get("id") if isinstance(row, dict) else None
    return key if isinstance(key, int | str) and key else evidence(row)


def _place(token: str) -> int:
    """The page on which a sweep goes on, from 0; its beginning for a token of another kind."""
    try:
        page = int(json.loads(token)["page"])
    except (ValueError, TypeError, KeyError):
        return 0
    return max(page, 0)
