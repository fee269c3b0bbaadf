"""Kinds of sources that other distributions bring: found by entry point, loaded only where configured, never fatal."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connectors.base import UnexpectedAnswer
from connectors.kit.http import RequestsTransport
from monitor.adapters import make_connector
from monitor.clock import SystemClock
from monitor.mistakes import SettingsRefused
from monitor.settings_file import load, read
from monitor.source_kinds import BUILT_IN, brought_by_others

GOOD = """
from typing import Literal
from pydantic import SecretStr
from connectors.base import Capability, ConnectorKind, Page, Probe
from connectors.kit.settings import HttpSourceSettings

class Settings(HttpSourceSettings):
    kind: Literal["hue"]
    room: int
    token: SecretStr = SecretStr("")

class Hue:
    capabilities = frozenset({Capability.LIST})
    def __init__(self, settings, transport): self.settings, self.transport = settings, transport
    def sweep(self, plan): yield Page((), ())
    def lookup(self, codes): return iter(())
    def probe(self): return Probe(f"phòng {self.settings.room}")

KIND = ConnectorKind(Settings, lambda settings, transport, clock: Hue(settings, transport))
"""
SITE = '[site]\nname = "UBND xã Mẫu"\n'
HUE = '[[sources]]\nname = "hue"\nkind = "hue"\nrole = "one_stop"\nurl = "https://hue.example.gov.vn"\n'
FILE = '[[sources]]\nname = "bang"\nkind = "spreadsheet"\nrole = "one_stop"\npath = "a.csv"\ncolumns = { code = "A" }\n'

Installed = Callable[[str], Path]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installed]:
    """Installs a distribution with this module and its entry point, as pip would lay it out."""
    site = tmp_path / "site"
    info = site / "dunghen_hue-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: dunghen-hue\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[dunghen.connectors]\nhue = dunghen_hue:KIND\nsql = dunghen_hue:KIND\n")
    monkeypatch.syspath_prepend(str(site))

    def install(source: str) -> Path:
        (site / "dunghen_hue.py").write_text(source)
        return tmp_path / "dunghen.toml"

    yield install
    sys.modules.pop("dunghen_hue", None)


def test_a_kind_of_others_is_read_with_its_own_keys_and_secrets(installed: Installed) -> None:
    file = installed(GOOD)
    (file.parent / "hue.secret").write_text("bí mật")
    file.write_text(SITE + HUE + 'room = 7\nevery = "9m"\ntoken = { file = "hue.secret" }\n')
    (source,) = load(file).sources
    assert (source.kind, source.every) == ("hue", 540)
    opened: list[object] = []
    assert make_connector(source, SystemClock(), opened).probe().said == "phòng 7"
    assert isinstance(opened[0], RequestsTransport)


def test_its_mistakes_are_told_like_any_other(installed: Installed) -> None:
    file = installed(GOOD)
    file.write_text(SITE + HUE + 'room = "bảy"\nromm = 1\n')
    with pytest.raises(SettingsRefused) as caught:
        load(file)
    assert {mistake.key for mistake in caught.value.mistakes} == {"sources[0].room", "sources[0].romm"}


def test_nothing_is_imported_before_it_is_configured(installed: Installed) -> None:
    file = installed("raise SystemError('imported')")
    file.write_text(SITE + FILE)
    assert len(load(file).sources) == 1
    assert "dunghen_hue" not in sys.modules
    assert "sql" in BUILT_IN and "sql" not in brought_by_others()  # noqa: PT018 - a name of ours cannot be taken


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("raise RuntimeError('bí mật trong lỗi')", "RuntimeError"),
        ("def broken(:", "SyntaxError"),
        ("KIND = 7", "ConnectorKind"),
        (GOOD.replace("transport))", "transport), api_version=99)"), "phiên bản 99"),
        (GOOD.replace("ConnectorKind(Settings,", "ConnectorKind(dict,"), "SourceSettings"),
    ],
)
def test_what_cannot_be_loaded_disables_that_source_only(installed: Installed, source: str, says: str) -> None:
    file = installed(source)
    file.write_text(SITE + FILE + HUE + "room = 7\n")
    settings, warnings = read(file)
    assert [one.name for one in settings.sources] == ["bang", "hue"]
    assert says in warnings[0].line("vi")
    assert "bí mật" not in warnings[0].line("vi")
    with pytest.raises(UnexpectedAnswer, match=says):
        make_connector(settings.sources[1], SystemClock()).probe()
