"""The systemd unit: hardened, ready only when ready, restarted when it stops judging."""

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

from monitor import DEFAULTS
from monitor.settings import Daemon
from tests.conftest import need

UNIT = DEFAULTS / "systemd" / "dunghen.service"


class _Keys(configparser.RawConfigParser):
    def optionxform(self, optionstr: str) -> str:
        return optionstr


def _unit() -> configparser.RawConfigParser:
    # SystemCallFilter= stands twice: an allow-list, then what is taken from it
    parser = _Keys(strict=False, interpolation=None)
    parser.read_string(UNIT.read_text("utf-8"))
    return parser


def test_the_manager_knows_when_it_is_ready_and_when_it_hangs() -> None:
    service = _unit()["Service"]
    assert service["Type"] == "notify"
    assert service["Restart"] == "always"
    assert service["ExecStart"].split()[1:] == ["run", "--config", "/etc/dunghen/dunghen.toml"]
    # three judging cycles of the default fit in, and the 10 s of a clean stop
    assert int(service["WatchdogSec"]) >= 3 * Daemon().judge_every
    assert int(service["TimeoutStopSec"]) > 10


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("User", "dunghen"),
        ("NoNewPrivileges", "yes"),
        ("CapabilityBoundingSet", ""),
        ("ProtectSystem", "strict"),
        ("ProtectHome", "yes"),
        ("PrivateTmp", "yes"),
        ("PrivateDevices", "yes"),
        ("RestrictAddressFamilies", "AF_INET AF_INET6 AF_UNIX"),
        ("MemoryDenyWriteExecute", "yes"),
        ("SystemCallArchitectures", "native"),
        ("StateDirectoryMode", "0700"),
        ("UMask", "0077"),
        ("LimitCORE", "0"),
    ],
)
def test_the_unit_is_hardened(key: str, value: str) -> None:
    assert _unit()["Service"][key] == value


def test_the_unit_holds_no_secret() -> None:
    text = UNIT.read_text("utf-8").lower()
    assert "token=" not in text
    assert "password=" not in text


def test_systemd_itself_has_no_complaint(tmp_path: Path) -> None:
    """`verify` exits 0 even for unknown keys, so its stderr must be empty; the exposure stays at 1.5 or below."""
    analyze = shutil.which("systemd-analyze")
    need(bool(analyze), "systemd-analyze", "apt-get install systemd")
    assert analyze is not None
    copy = tmp_path / "dunghen.service"
    # verify insists that the command exists
    copy.write_text(UNIT.read_text("utf-8").replace("/opt/dunghen/bin/dunghen", "/bin/true"), "utf-8")
    verified = subprocess.run([analyze, "verify", str(copy)], capture_output=True, text=True, check=False, timeout=60)
    ours = [line for line in verified.stderr.splitlines() if "dunghen.service" in line]
    assert (verified.returncode, ours) == (0, [])
    exposure = subprocess.run(
        [analyze, "security", "--offline=true", "--threshold=15", str(copy)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert exposure.returncode == 0, exposure.stdout
