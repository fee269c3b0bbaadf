"""What the conformance suite needs of a kind of connector: a peer that speaks, and one way to read it all."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from connectors.base import BadRecord, Connector, DossierRecord, Page
from connectors.kit.http import RequestsTransport
from connectors.kit.settings import HttpSourceSettings
from monitor.clock import Clock, FixedClock
from tests.peers.scripted import Script, ScriptedServer, serving

NOW = datetime(2025, 11, 20, 2, 0, tzinfo=UTC)


@dataclass
class Seen:
    """All that a reading brought."""

    records: list[DossierRecord] = field(default_factory=list)
    bad: list[BadRecord] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)

    def add(self, page: Page) -> None:
        assert len(page.records) == len(page.raws), "every record has its evidence"
        self.pages.append(page)
        self.records += page.records
        self.bad += page.bad

    @property
    def codes(self) -> list[str]:
        return [record.code for record in self.records]

    @property
    def only(self) -> DossierRecord:
        assert len(self.records) == 1, (self.codes, self.bad)
        return self.records[0]

    def by_code(self) -> dict[str, DossierRecord]:
        return {record.code: record for record in self.records}


@dataclass
class Under:
    """A connector under test, with its clock and its peer."""

    connector: Connector
    clock: FixedClock
    server: ScriptedServer
    transport: RequestsTransport


Build = Callable[[Any, RequestsTransport, Clock], Connector]


@contextmanager
def under(settings: Callable[[str], HttpSourceSettings], build: Build, script: Script) -> Iterator[Under]:
    """A connector that reads `script` over a real socket. Its clock stands, so that waiting costs nothing."""
    clock = FixedClock(NOW)
    with serving(script) as server:
        made = settings(server.url)
        with RequestsTransport(made, clock, draw=lambda: 1.0) as transport:
            yield Under(build(made, transport, clock), clock, server, transport)


def seen(pages: Iterator[Page]) -> Seen:
    result = Seen()
    for page in pages:
        result.add(page)
    return result


def codes(numbers: Sequence[int]) -> list[str]:
    return [f"H99.14-251103-{number:04d}" for number in numbers]
