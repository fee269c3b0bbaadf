"""A table in a file: read whole each time, in pages; a crash goes on where it stood if the file is still the same."""

import json
from collections.abc import Iterator, Sequence
from itertools import islice

from connectors.base import (
    BadRecord,
    Capability,
    Connector,
    DossierRecord,
    Page,
    Probe,
    SourceUnavailable,
    Sweep,
    UnexpectedAnswer,
)
from connectors.kit.fields import read_rows
from connectors.kit.sanity import DateWatch
from connectors.kit.table import TableMapping
from connectors.kit.text import normal_code
from connectors.spreadsheet.folder import file_of
from connectors.spreadsheet.guess import as_toml, encoding_of, guess
from connectors.spreadsheet.line import Line
from connectors.spreadsheet.settings import SpreadsheetSettings
from connectors.spreadsheet.wire import Version, first_rows, read_lines, version_of
from monitor.clock import Clock

_SAMPLE = 20


class SpreadsheetConnector:
    """Reads one file. CHANGES and FULL are the same: a file has no "since"."""

    def __init__(self, settings: SpreadsheetSettings, clock: Clock) -> None:
        self._declared = settings
        self._clock = clock
        self._mapping = TableMapping(settings, settings.timezone)
        columns = settings.columns
        self.capabilities = frozenset(
            {Capability.LIST, Capability.LOOKUP, Capability.FILE}
            | ({Capability.EXTENSIONS} if "extended_at" in columns else set())
            | ({Capability.FINISH_INSTANT} if "finished_at" in columns else set())
        )

    def sweep(self, plan: Sweep) -> Iterator[Page]:
        """Every row. Raises `SourceUnavailable` when the file is replaced while it is read."""
        settings = self._now()
        version = _version(settings)
        first = _row_of(plan.resume, version)
        seen: set[str] = set()
        watch = DateWatch()
        lines = read_lines(settings)
        for row in range(0, _ENDLESS, settings.page_rows):
            chunk = list(islice(lines, settings.page_rows))
            if _version(settings) != version:
                raise SourceUnavailable(f"tệp {settings.path.name} thay đổi trong khi đọc")
            if not chunk:
                return
            page = self._page(chunk, seen)
            watch.look_at(page.records)
            if row + len(chunk) > first:
                yield _resumable(page, version, row + len(chunk))

    def lookup(self, codes: Sequence[str]) -> Iterator[Page]:
        """The rows of the named dossiers, found by reading the file once."""
        wanted = {normal_code(code) for code in codes}
        settings = self._now()
        lines = read_lines(settings)
        seen: set[str] = set()
        while chunk := list(islice(lines, settings.page_rows)):
            page = self._page(chunk, seen)
            asked = [
                (record, raw)
                for record, raw in zip(page.records, page.raws, strict=True)
                if wanted & {record.code, *record.alternates}
            ]
            if asked:
                yield Page(tuple(record for record, _ in asked), tuple(raw for _, raw in asked))

    def probe(self) -> Probe:
        """The first rows; without `columns`, a guess of them for a person to confirm."""
        settings = self._located()
        _version(settings)
        if not settings.columns:
            return _guessed(settings)
        try:
            page = self._page(list(islice(read_lines(settings), _SAMPLE)), set())
        except UnexpectedAnswer as error:
            better = as_toml(guess(first_rows(settings)))
            raise UnexpectedAnswer(f"{error.said}; có thể là: {better}") from None
        unknown = sorted({record.status_raw for record in page.records if record.status == "unknown"})
        details = {"set_aside": str(len(page.bad)), "unknown_statuses": ", ".join(unknown)}
        rows = len(page.records) + len(page.bad)
        return Probe(f"đọc được {len(page.records)} trên {rows} dòng đầu của {settings.path.name}", rows, details)

    def _located(self) -> SpreadsheetSettings:
        """The settings with the file that is read now."""
        return self._declared.model_copy(update={"path": file_of(self._declared.path, self._clock.now())})

    def _now(self) -> SpreadsheetSettings:
        if not self._declared.columns:
            raise UnexpectedAnswer("chưa khai báo cột nào (columns): chạy dunghen check để xem các cột đoán được")
        return self._located()

    def _page(self, lines: Sequence[Line], seen: set[str]) -> Page:
        """Good and bad rows. The second row of a key is set aside: which of them is right, a person must say."""
        broken = [BadRecord("", f"dòng {line.number}", line.problem, _raw(line)) for line in lines if line.problem]
        records: list[DossierRecord] = []
        raws: list[bytes] = []
        bad: list[BadRecord] = []
        for line in lines:
            if line.problem:
                continue
            some, raw, wrong = read_rows([line.cells], self._mapping.record, self._mapping.key_fields)
            bad += wrong
            for record in some:
                if record.key in seen:
                    problem = f"mã đã có ở dòng trên (dòng {line.number})"
                    bad.append(BadRecord(record.key, self._mapping.key_fields[0][:64], problem, raw[0]))
                    continue
                seen.add(record.key)
                records.append(record)
                raws += raw
        return Page(tuple(records), tuple(raws), (*broken, *bad))


_ENDLESS = 10**12


def build(settings: SpreadsheetSettings, clock: Clock) -> Connector:
    """The connector of one `[[sources]]` table; `settings.path` is already absolute or relative to the process."""
    return SpreadsheetConnector(settings, clock)


def _version(settings: SpreadsheetSettings) -> Version:
    return version_of(settings.path, settings.max_bytes)


def _guessed(settings: SpreadsheetSettings) -> Probe:
    name = settings.path.name
    found = guess(first_rows(settings))
    if not found:
        raise UnexpectedAnswer(
            f'không đoán được cột nào của {name}: ghi columns = {{ code = "…" }} theo tiêu đề của tệp'
        )
    lines = [as_toml(found)]
    encoding = encoding_of(settings.path, settings.encoding)
    if encoding == "cp1258" != settings.encoding:
        lines.append('encoding = "cp1258"')
    said = f"các cột đoán được của {name}; xem lại rồi ghi vào cấu hình: {' ; '.join(lines)}"
    return Probe(said, 0, {"columns": lines[0], **({"encoding": encoding} if len(lines) > 1 else {})})


def _raw(line: Line) -> bytes:
    return line.text.encode("utf-8", "replace")


def _resumable(page: Page, version: Version, row: int) -> Page:
    token = json.dumps({"file": str(version), "row": row})
    return Page(page.records, page.raws, page.bad, None, token)


def _row_of(token: str, version: Version) -> int:
    """How many rows were stored before the crash; 0 when the file is another one now."""
    try:
        kept = json.loads(token)
        return int(kept["row"]) if kept["file"] == str(version) else 0
    except (ValueError, TypeError, KeyError):
        return 0
