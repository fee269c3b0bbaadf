"""Recording a source for those who must look into it without reaching it, and telling a recording again offline."""

from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from connectors.base import Capability, Connector, Page, Reach, SourceError, Sweep, Transport
from connectors.kit.columns import ColumnSettings
from connectors.kit.recording import (
    About,
    RecordingEnds,
    RecordingTransport,
    ReplayTransport,
    read_about,
    without_secrets,
    write_about,
)
from connectors.kit.scrub import Scrubber
from connectors.kit.settings import HttpSourceSettings, SourceSettings
from monitor import source_kinds
from monitor.clock import Clock, FixedClock
from monitor.settings import OWN_SOURCES


class NotRecordable(ValueError):
    """A source that is not read over HTTP: its file or its view is the recording."""


@dataclass(slots=True)
class Told:
    """What a reading brought. `ends`: the recording stops there, which is no trouble; `trouble` is one."""

    pages: int = 0
    records: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    bad: list[tuple[str, str, str]] = field(default_factory=list)  # key, field, problem
    codes: list[str] = field(default_factory=list)
    trouble: str = ""
    gate: str = ""
    ends: bool = False

    def add(self, page: Page) -> None:
        self.pages += 1
        self.records += len(page.records)
        self.codes += [record.code for record in page.records]
        self.statuses.update(record.status.value for record in page.records)
        self.unknown.update(record.status_raw for record in page.records if record.status.value == "unknown")
        self.bad += [(bad.key, bad.field, bad.problem) for bad in page.bad]


def record(
    source: SourceSettings, transport: Transport, clock: Clock, folder: Path, *, pages: int, lookups: int = 3
) -> Told:
    """Reads a little of the source through `transport` and keeps every answer in `folder`, persons replaced.

    Raises `NotRecordable`; what goes wrong at the source is recorded and told.
    """
    if not isinstance(source, HttpSourceSettings):
        raise NotRecordable(source.kind)
    folder.mkdir(parents=True, exist_ok=True)
    write_about(folder, About(without_secrets(source), clock.now()))
    keeping = RecordingTransport(transport, folder, Scrubber(_kept(source)))
    connector = source_kinds.build_connector(source, clock, lambda _: keeping).connector
    return _tell(connector, Sweep(Reach.FULL, clock.now()), pages, lookups)


def replay(folder: Path) -> tuple[SourceSettings, Told]:
    """The recorded source and what its reading brings, at the moment it was recorded. Opens no socket.

    Raises `NotARecording`, and `pydantic.ValidationError` where this version no longer knows the settings.
    """
    about = read_about(folder)
    kind = str(about.settings.get("kind", ""))
    own = {model.model_fields["kind"].annotation.__args__[0]: model for model in OWN_SOURCES}  # type: ignore[union-attr]
    model = own.get(kind) or source_kinds.model_of(kind)
    if model is None:
        raise NotRecordable(kind)
    source = model.model_validate(dict(about.settings))
    assert isinstance(source, SourceSettings)
    clock = FixedClock(about.recorded_at)
    connector = source_kinds.build_connector(source, clock, lambda _: ReplayTransport(folder)).connector
    return source, _tell(connector, Sweep(Reach.FULL, about.recorded_at), None, 3)


def _tell(connector: Connector, plan: Sweep, pages: int | None, lookups: int) -> Told:
    told = Told()
    try:
        if Capability.LIST in connector.capabilities:
            for page in islice(connector.sweep(plan), pages):
                told.add(page)
        if Capability.LOOKUP in connector.capabilities and told.codes and lookups:
            for page in connector.lookup([code for code in told.codes if code][:lookups]):
                told.add(page)
    except RecordingEnds:
        told.ends = True
    except SourceError as error:
        told.trouble, told.gate = error.said, error.gate
    return told


def _kept(source: SourceSettings) -> frozenset[str]:
    """Of a described API: the keys that its description says hold no person."""
    if not isinstance(source, ColumnSettings):
        return frozenset()
    places = [place for name, place in source.columns.items() if not name.startswith("applicant") and name != "officer"]
    envelope = [getattr(source, name, "") for name in ("rows", "total", "more", "success", "next_cursor")]
    return frozenset(step.lower() for place in (*places, *envelope) for step in place.split(".") if step)
