"""A view as a source: pages by key, so that a row that comes or goes between two pages shifts nothing."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from connectors.base import (
    AccessRefused,
    BadRecord,
    Capability,
    Connector,
    Gate,
    Page,
    Probe,
    Reach,
    Sweep,
    UnexpectedAnswer,
)
from connectors.kit.dates import instant_text
from connectors.kit.fields import read_rows
from connectors.kit.json import evidence
from connectors.kit.paging import check_total
from connectors.kit.sanity import DateWatch
from connectors.kit.table import TableMapping
from connectors.kit.text import normal_code
from connectors.sql.settings import SqlSettings
from connectors.sql.wire import Key, SqlView, key_of
from monitor.clock import Clock

_CODES_AT_ONCE = 200
_SAMPLE = 20
_MOST_KEYLESS = 1000


class SqlConnector:
    """Reads one view."""

    def __init__(self, settings: SqlSettings) -> None:
        self._settings = settings
        self._view = SqlView(settings)
        self._mapping = TableMapping(settings, settings.timezone)
        self._zone = ZoneInfo(settings.timezone)
        can = {
            Capability.LIST: True,
            Capability.LOOKUP: True,
            Capability.TOTALS: True,
            Capability.MODIFIED_SINCE: bool(settings.since_column),
            Capability.EXTENSIONS: "extended_at" in settings.columns,
            Capability.FINISH_INSTANT: "finished_at" in settings.columns,
        }
        self.capabilities = frozenset(name for name, is_so in can.items() if is_so)

    def sweep(self, plan: Sweep) -> Iterator[Page]:
        """FULL: the whole view. CHANGES: what changed since, where a column says so."""
        since = plan.since if plan.reach is Reach.CHANGES and self._settings.since_column else None
        after = _place(plan.resume)
        total = None if since is not None else self._view.count()
        if total is not None and total < self._settings.expect_rows:
            raise AccessRefused(
                f"{self._settings.view} chỉ cho thấy {total} dòng (cần ít nhất {self._settings.expect_rows}): "
                "kiểm tra quyền của tài khoản đọc",
                gate=Gate.GUEST_VIEW,
            )
        watch, seen, whole = DateWatch(), 0, after is None
        for page, rows in self._pages(after, None if since is None else self._since(since), total):
            watch.look_at(page.records)
            seen += rows
            yield page
        if total is not None and whole:
            check_total(seen, total)

    def lookup(self, codes: Sequence[str]) -> Iterator[Page]:
        """Rows that bear these codes, as the view writes them."""
        for first in range(0, len(codes), _CODES_AT_ONCE):
            some = codes[first : first + _CODES_AT_ONCE]
            wanted = {normal_code(code) for code in some}
            page = self._page(self._view.of_codes(some))
            pairs = zip(page.records, page.raws, strict=True)
            asked = [(record, raw) for record, raw in pairs if wanted & {record.code, *record.alternates}]
            yield Page(tuple(record for record, _ in asked), tuple(raw for _, raw in asked), page.bad)

    def probe(self) -> Probe:
        """The count and the first rows."""
        total = self._view.count()
        page = self._page(self._view.page(None, None, _SAMPLE))
        unknown = sorted({record.status_raw for record in page.records if record.status == "unknown"})
        details = {"total": str(total), "set_aside": str(len(page.bad)), "unknown_statuses": ", ".join(unknown)}
        return Probe(f"đọc được {len(page.records)} hồ sơ mẫu, {self._settings.view} có {total} dòng", total, details)

    def _pages(self, after: Key | None, since: object | None, total: int | None) -> Iterator[tuple[Page, int]]:
        """(page, how many new rows it had) to the end of the view; what has no key comes last and is set aside."""
        limit = self._settings.page_rows
        while True:
            rows = self._view.page(after, since, limit + (after is not None))
            new = len(rows) - (after is not None and bool(rows) and _key(rows[0], self._view.key_name) == after)
            is_last = len(rows) < limit + (after is not None)
            last = _key(rows[-1], self._view.key_name) if rows else None
            if not is_last and (last is None or last == after):
                problem = "không phải chữ hay số nguyên" if last is None else "không duy nhất"
                raise UnexpectedAnswer(f"cột khóa {self._view.key_name} của {self._settings.view} {problem}")
            page = self._page(rows)
            if is_last:
                page = self._with_keyless(page)
            yield replace(page, total=total, resume="" if is_last else json.dumps({"after": last})), new
            if is_last:
                return
            after = last

    def _with_keyless(self, page: Page) -> Page:
        keyless = [
            BadRecord("", self._view.key_name[:64], "thiếu", evidence(row))
            for row in self._view.without_key(_MOST_KEYLESS)
        ]
        return replace(page, bad=(*page.bad, *keyless))

    def _page(self, rows: Sequence[Mapping[str, Any]]) -> Page:
        return Page(*read_rows(rows, self._mapping.record, self._mapping.key_fields))

    def _since(self, since: datetime) -> object:
        if self._settings.since_format == "native":
            return since.astimezone(self._zone).replace(tzinfo=None)
        return instant_text(since, self._settings.since_format, self._zone)


def build(settings: SqlSettings, clock: Clock) -> Connector:
    """The connector of one `[[sources]]` table."""
    del clock  # every instant comes from the plan
    return SqlConnector(settings)


def _key(row: Mapping[str, Any], name: str) -> Key | None:
    return key_of(row.get(name))


def _place(token: str) -> Key | None:
    """The key after which a sweep goes on; None (its beginning) for a token of another kind."""
    try:
        return key_of(json.loads(token)["after"])
    except (ValueError, TypeError, KeyError):
        return None
