"""A portal of the `mapi` family: dossiers by code, and by window of reception where the deployment lists them."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from connectors.base import BadRecord, Capability, Connector, Page, Probe, Reach, Sweep, Transport
from connectors.dvcqg.mapping import DvcqgMapping
from connectors.dvcqg.settings import DvcqgSettings
from connectors.dvcqg.wire import CallFailed, DvcqgApi
from connectors.kit.fields import Unreadable, joined, read_rows
from connectors.kit.sanity import DateWatch
from connectors.kit.together import in_order
from monitor.clock import Clock

_CODES_A_PAGE = 50
_FAILURES_IN_A_ROW = 5


class DvcqgConnector:
    """Reads one portal. `capabilities` depends on whether a list service is configured."""

    def __init__(self, settings: DvcqgSettings, transport: Transport, clock: Clock) -> None:
        self._settings = settings
        self._zone = ZoneInfo(settings.timezone)
        self._api = DvcqgApi(settings, transport, clock)
        self._mapping = DvcqgMapping(settings)
        listing = {Capability.LIST} if settings.list_verb else set()
        self.capabilities = frozenset({Capability.LOOKUP, Capability.EXTENSIONS, Capability.HISTORY, *listing})

    def sweep(self, plan: Sweep) -> Iterator[Page]:
        """What was received in each window up to now. Later changes of older dossiers need `lookup`
        (§11 case 24): a window by reception never shows them."""
        watch = DateWatch()
        for since, until in self._windows(plan):
            page = self._window(since, until, _token(until + timedelta(days=1)) if until < self._day(plan) else "")
            watch.look_at(page.records)
            yield page

    def lookup(self, codes: Sequence[str]) -> Iterator[Page]:
        """One call a code, several under way where the settings say so. A code that the service answers with an error
        is set aside; several in a row stop it."""
        failures = 0
        watch = DateWatch()
        for first in range(0, len(codes), _CODES_A_PAGE):
            pages: list[Page] = []
            some = codes[first : first + _CODES_A_PAGE]
            for code, told in zip(some, in_order(self._told_of, some, self._settings.concurrency), strict=True):
                if isinstance(told, Page):
                    failures = 0
                    pages.append(told)
                    continue
                failures += 1
                if failures >= min(_FAILURES_IN_A_ROW, len(codes)):
                    raise told
                pages.append(Page((), (), (BadRecord(code, "error_code", told.said, b""),)))
            page = joined(pages)
            watch.look_at(page.records)
            yield page

    def probe(self) -> Probe:
        """Signs in; reads one window where there is a list."""
        self._api.sign_in()
        if not self._settings.list_verb:
            return Probe("đăng nhập được; tra cứu từng hồ sơ theo mã")
        return Probe("đăng nhập được; có dịch vụ danh sách")

    def _windows(self, plan: Sweep) -> Iterator[tuple[date, date]]:
        last = self._day(plan)
        begin = last - timedelta(days=self._settings.list_back_days)
        if plan.reach is Reach.CHANGES and plan.since is not None:
            begin = plan.since.astimezone(self._zone).date()
        begin = max(begin, _from_token(plan.resume) or begin)
        while begin <= last:
            end = min(begin + timedelta(days=self._settings.list_window_days - 1), last)
            yield begin, end
            begin = end + timedelta(days=1)

    def _day(self, plan: Sweep) -> date:
        return plan.now.astimezone(self._zone).date()

    def _window(self, since: date, until: date, resume: str) -> Page:
        settings = self._settings
        arguments = {
            settings.list_since_key: since.strftime(settings.list_date_format),
            settings.list_until_key: until.strftime(settings.list_date_format),
        }
        rows = [row for row in self._api.rows(settings.list_verb, arguments) if self._is_within(row, since, until)]
        named = [row for row in rows if not self._mapping.has_status(row) and self._mapping.code_of(row)]
        codes = dict.fromkeys(self._mapping.code_of(row) for row in named)
        stated = [row for row in rows if self._mapping.has_status(row) or not self._mapping.code_of(row)]
        listed = Page(*read_rows(stated, self._mapping.record, self._mapping.key_fields))
        return replace(joined([listed, *self.lookup(list(codes))]), resume=resume)

    def _is_within(self, row: object, since: date, until: date) -> bool:
        """The window applied again here; a row whose date cannot be told is kept, to be seen as bad."""
        try:
            moment = self._mapping.received_on(row)
        except Unreadable:
            return True
        return moment is None or since <= moment.at.astimezone(self._zone).date() <= until

    def _told_of(self, code: str) -> Page | CallFailed:
        try:
            return self._lookup_one(code)
        except CallFailed as error:
            return error

    def _lookup_one(self, code: str) -> Page:
        settings = self._settings
        rows = self._api.rows(settings.lookup_verb, {settings.lookup_key: code})
        records, raws, bad = read_rows(rows, self._mapping.record, self._mapping.key_fields)
        asked = [
            (record, raw) for record, raw in zip(records, raws, strict=True) if self._mapping.answers_to(record, code)
        ]
        return Page(tuple(record for record, _ in asked), tuple(raw for _, raw in asked), bad)


def build(settings: DvcqgSettings, transport: Transport, clock: Clock) -> Connector:
    """The connector of one `[[sources]]` table."""
    return DvcqgConnector(settings, transport, clock)


def _token(day: date) -> str:
    return json.dumps({"from": day.isoformat()})


def _from_token(token: str) -> date | None:
    try:
        return date.fromisoformat(json.loads(token)["from"])
    except (ValueError, TypeError, KeyError):
        return None
