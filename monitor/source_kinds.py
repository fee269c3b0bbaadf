"""The kinds of sources: those of this distribution, and those that others bring by entry point.

Nothing is imported before a `[[sources]]` table names it. A kind that cannot be loaded disables its sources, never the
daemon: such a source stands in the list, says why it is not read, and grows stale like any other.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module, metadata
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from connectors.base import API_VERSION, Connector, ConnectorKind, Page, Probe, Sweep, UnexpectedAnswer
from connectors.kit.settings import HttpSourceSettings, SourceSettings
from monitor.clock import Clock

GROUP = "dunghen.connectors"
BUILT_IN = {
    "opencps": "connectors.opencps.connector",
    "dvcqg": "connectors.dvcqg.connector",
    "igate": "connectors.igate.connector",
    "td": "connectors.td.connector",
    "rest": "connectors.rest.connector",
    "spreadsheet": "connectors.spreadsheet.connector",
    "sql": "connectors.sql.connector",
}


class KindUnusable(Exception):
    """An entry point that cannot be loaded, or was written for another version of ours. `said` is for people."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said


class UnusableSource(SourceSettings):
    """A source whose kind could not be loaded: known by name, read by nobody, for this `reason`."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    role: Literal["one_stop", "portal"] = "portal"
    reason: str = ""


class UnusableConnector:
    """Stands for a kind that could not be loaded: every reading says why."""

    capabilities: frozenset[Any] = frozenset()

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def sweep(self, plan: Sweep) -> Iterator[Page]:
        del plan
        raise UnexpectedAnswer(self._reason)

    def lookup(self, codes: Sequence[str]) -> Iterator[Page]:
        del codes
        raise UnexpectedAnswer(self._reason)

    def probe(self) -> Probe:
        raise UnexpectedAnswer(self._reason)


def brought_by_others() -> dict[str, metadata.EntryPoint]:
    """kind -> its entry point. Nothing is imported; a name of ours cannot be taken."""
    return {point.name: point for point in metadata.entry_points(group=GROUP) if point.name not in BUILT_IN}


def is_brought_by_others(kind: object) -> bool:
    """Whether another distribution brings this kind. For ours, no distribution is looked at."""
    return kind not in BUILT_IN and kind in brought_by_others()


def load_kind(kind: str) -> ConnectorKind | None:
    """The kind another distribution brings; None where nobody does. Raises `KindUnusable`."""
    point = brought_by_others().get(kind)
    if point is None:
        return None
    try:
        found = point.load()
    except Exception as error:
        raise KindUnusable(f'không nạp được loại nguồn "{kind}" ({point.value}: {type(error).__name__})') from error
    if not isinstance(found, ConnectorKind):
        raise KindUnusable(f'"{point.value}" của loại nguồn "{kind}" không phải ConnectorKind')
    if found.api_version != API_VERSION:
        raise KindUnusable(f'loại nguồn "{kind}" viết cho phiên bản {found.api_version}, ở đây là {API_VERSION}')
    if not issubclass(found.settings, SourceSettings):
        raise KindUnusable(f'khóa cấu hình của loại nguồn "{kind}" không phải SourceSettings')
    return found


@dataclass(frozen=True, slots=True)
class Built:
    """A connector and what must be closed after it."""

    connector: Connector
    holds: object | None = None


def build_connector(source: SourceSettings, clock: Clock, transport: Callable[[HttpSourceSettings], Any]) -> Built:
    """The connector of a configured source; `transport` makes the way to the network of those that need one."""
    if isinstance(source, UnusableSource):
        return Built(UnusableConnector(source.reason))
    if source.kind in BUILT_IN:
        build: Callable[..., Connector] = import_module(BUILT_IN[source.kind]).build
    else:
        try:
            kind = load_kind(source.kind)
        except KindUnusable as error:
            return Built(UnusableConnector(error.said))
        if kind is None:
            return Built(UnusableConnector(f'không có loại nguồn "{source.kind}"'))
        build = kind.build
    if isinstance(source, HttpSourceSettings):
        way = transport(source)
        return Built(build(source, way, clock), way)
    return Built(build(source, clock))


def unusable(table: dict[str, Any], reason: str) -> UnusableSource | None:
    """The table of a kind that could not be loaded, as far as every source has the same keys; None without a name."""
    common = {key: value for key, value in table.items() if key in SourceSettings.model_fields}
    try:
        return UnusableSource(**{**common, "reason": reason})
    except ValidationError:
        pass
    try:
        return UnusableSource(name=table["name"], kind=table["kind"], reason=reason)
    except (ValidationError, KeyError):
        return None


def model_of(kind: str) -> type[BaseModel] | None:
    """The settings table of a kind that others bring. Raises `KindUnusable`."""
    found = load_kind(kind)
    return None if found is None else found.settings
