"""The OpenCPS one-stop: what to read, in which order, and how to tell a guest's view from ours."""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
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
    Sweep,
    Transport,
    UnexpectedAnswer,
)
from connectors.kit.dates import DateReader
from connectors.kit.fields import joined, read_rows
from connectors.kit.json import evidence
from connectors.kit.paging import Chunk, OffsetWalk, Walked
from connectors.kit.sanity import DateWatch
from connectors.kit.text import normal_code
from connectors.kit.together import in_order
from connectors.opencps.mapping import DATES, KEY_FIELDS, OpencpsMapping
from connectors.opencps.plan import Membership, Place, filters_of, first_place, listings_from
from connectors.opencps.settings import OpencpsSettings
from connectors.opencps.wire import OpencpsApi
from monitor.clock import Clock
from monitor.domain.dossier import OPEN

_LOOKUP_ROWS = 20  # "contains" may return neighbours before the one that was asked for
_LOOKUP_PAGES = 5
_CODES_A_PAGE = 50


class OpencpsConnector:
    """Reads one OpenCPS site."""

    capabilities = frozenset(
        {
            Capability.LIST,
            Capability.LOOKUP,
            Capability.MODIFIED_SINCE,
            Capability.STATUS_FILTER,
            Capability.TOTALS,
            Capability.EXTENSIONS,
            Capability.FINISH_INSTANT,
        }
    )

    def __init__(self, settings: OpencpsSettings, transport: Transport) -> None:
        self._settings = settings
        self._api = OpencpsApi(settings, transport)
        self._mapping = OpencpsMapping(settings)
        self._dates = DateReader(DATES, ZoneInfo(settings.timezone))
        self._open = self._mapping.statuses.raw_of(OPEN)
        self._walk = OffsetWalk(settings.page_size, settings.page_overlap, settings.max_pages)

    def sweep(self, plan: Sweep) -> Iterator[Page]:
        """FULL: every page. CHANGES: all open dossiers, then what was received, released or finished since."""
        self._refuse_guest_view()
        watch = DateWatch()
        places = listings_from(first_place(plan, self._dates))
        for place, following in zip_longest(places, places[1:]):
            for page in self._listing(place, "" if following is None else following.token()):
                watch.look_at(page.records)
                yield page

    def lookup(self, codes: Sequence[str]) -> Iterator[Page]:
        """One request a code, several under way where the settings say so; only rows that really bear it."""
        found = False
        for first in range(0, len(codes), _CODES_A_PAGE):
            some = map(normal_code, codes[first : first + _CODES_A_PAGE])
            page = joined(list(in_order(self._lookup_one, some, self._settings.concurrency)))
            found = found or bool(page.records or page.bad)
            yield page
        if codes and not found:
            self._refuse_guest_view()

    def probe(self) -> Probe:
        """One page, and what it looks like."""
        chunk = self._api.dossiers(0, min(self._settings.page_size, _LOOKUP_ROWS))
        self._check_rows(chunk)
        records, _, bad = self._read(chunk.rows)
        unknown = sorted({record.status_raw for record in records if record.status == "unknown"})
        details = {"total": str(chunk.total), "set_aside": str(len(bad)), "unknown_statuses": ", ".join(unknown)}
        said = f"đọc được {len(records)} hồ sơ mẫu, nguồn có {chunk.total} hồ sơ"
        return Probe(said, len(chunk.rows), details)

    def _listing(self, place: Place, after: str) -> Iterator[Page]:
        """One listing from `place` on; `after` is where the sweep goes on when it is done."""
        filters = filters_of(place, self._open)
        belongs = Membership(place, self._open, self._dates)
        shown_last: frozenset[bytes] = frozenset()
        for walked in self._walked(place, filters):
            rows = [row for row in walked.rows if belongs(row)]
            if walked.rows and not rows and len(walked.rows) >= self._settings.page_size:
                raise UnexpectedAnswer(
                    f"nguồn bỏ qua bộ lọc của danh sách '{place.listing}'",
                    gate=Gate.FILTER_IGNORED,
                    evidence=evidence(walked.rows[0]),
                )
            records, raws, bad = self._read(rows)
            fresh = [(record, raw) for record, raw in zip(records, raws, strict=True) if raw not in shown_last]
            shown_last = frozenset(raws)
            here = None if walked.next_start is None else replace(place, start=walked.next_start)
            resume = after if here is None else here.token()
            yield Page(tuple(record for record, _ in fresh), tuple(raw for _, raw in fresh), bad, walked.total, resume)

    def _walked(self, place: Place, filters: Mapping[str, str]) -> Iterator[Walked]:
        """The pages of a listing. Credentials lost midway look like its end: that is checked, not believed."""
        try:
            for walked in self._walk.pages(
                lambda start, end: self._api.dossiers(start, end, filters), _identity, place.start
            ):
                if not walked.rows and walked.start > 0:
                    self._refuse_guest_view()
                yield walked
        except UnexpectedAnswer:
            self._refuse_guest_view()
            raise

    def _lookup_one(self, code: str) -> Page:
        records: list[DossierRecord] = []
        raws: list[bytes] = []
        bad: list[BadRecord] = []
        for start in range(0, _LOOKUP_ROWS * _LOOKUP_PAGES, _LOOKUP_ROWS):
            chunk = self._api.dossiers(start, start + _LOOKUP_ROWS, {"dossierNo": code})
            some, some_raws, some_bad = self._read(chunk.rows)
            for record, raw in zip(some, some_raws, strict=True):
                if self._mapping.answers_to(record, code):
                    records.append(record)
                    raws.append(raw)
            bad += [row for row in some_bad if code.encode() in row.raw]
            if records or len(chunk.rows) < _LOOKUP_ROWS:
                break
        return Page(tuple(records), tuple(raws), tuple(bad))

    def _read(self, rows: Iterable[Any]) -> tuple[tuple[DossierRecord, ...], tuple[bytes, ...], tuple[BadRecord, ...]]:
        """Rows to records; a bad row bears the key its dossier has, so that what we hold of it is not trusted on."""
        records, raws, bad = read_rows(rows, self._mapping.record, KEY_FIELDS)
        whole = tuple(replace(b, key=f"{self._settings.group_id}:{b.key}") if b.key.isdigit() else b for b in bad)
        return records, raws, whole

    def _refuse_guest_view(self) -> None:
        """Without valid credentials OpenCPS answers 200 with what a guest may see (§1.2)."""
        self._check_rows(self._api.dossiers(0, 1))

    def _check_rows(self, chunk: Chunk) -> None:
        rows = max(chunk.total or 0, len(chunk.rows))
        if rows < self._settings.expect_rows:
            raise AccessRefused(
                f"nguồn chỉ cho thấy {rows} hồ sơ (cần ít nhất {self._settings.expect_rows}): "
                "có vẻ là góc nhìn của khách; kiểm tra tài khoản, mật khẩu và group_id",
                gate=Gate.GUEST_VIEW,
            )


def build(settings: OpencpsSettings, transport: Transport, clock: Clock) -> Connector:
    """The connector of one `[[sources]]` table. `clock` is not needed: every instant comes from the plan."""
    del clock
    return OpencpsConnector(settings, transport)


def _identity(row: object) -> Hashable:
    number = row.get("dossierId") if isinstance(row, dict) else None
    return number if isinstance(number, int | str) and number else evidence(row)
