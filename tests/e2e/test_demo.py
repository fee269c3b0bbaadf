"""The demo is green because the numbers agree, and turns red when the program is wrong."""

import random
import subprocess
import sys
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from monitor.sandbox import calendar as days
from monitor.sandbox.demo import run_demo
from tests.counts import proof_examples
from tests.e2e.faulty import FAULTS, PLACES

ROWS_THAT_TELL = {
    "mark_before_send": ("Cảnh báo (người × hồ sơ)",),
    "monday_to_friday": ("Thư xin lỗi phải gửi", "Hạn cuối gửi thư xin lỗi"),
    "portal_wins": ("Đang quá hạn", "Không xác định được", "Trả đúng hạn"),
}


def demo(folder: Path, size: int = 400) -> subprocess.CompletedProcess[str]:
    """The command, as somebody types it."""
    command = [sys.executable, "-m", "monitor", "demo", "--folder", str(folder), "--size", str(size)]
    return subprocess.run(
        [*command, "--lang", "vi"], capture_output=True, text=True, timeout=300, check=False, env=environment()
    )


def environment() -> dict[str, str]:
    """Wide enough that the table is not broken, at an hour and in a zone that must not matter."""
    import os

    return os.environ | {"COLUMNS": "160", "TZ": "Pacific/Auckland", "PYTHONIOENCODING": "utf-8"}


def red_rows(output: str) -> list[str]:
    return [line for line in output.splitlines() if "✗" in line]


def test_the_demo_ends_green(tmp_path: Path) -> None:
    done = demo(tmp_path / "demo")
    assert (done.returncode, red_rows(done.stdout)) == (0, [])
    letters = list((tmp_path / "demo").rglob("*.pdf"))
    assert len(letters) == len(list((tmp_path / "demo").rglob("*.docx"))) > 10


@pytest.mark.parametrize("fault", list(FAULTS))
def test_a_seeded_fault_turns_the_demo_red(tmp_path: Path, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in PLACES:  # put back afterwards
        monkeypatch.setattr(module, name, getattr(module, name))
    FAULTS[fault]()
    code, screen = shown(tmp_path, size=300)
    assert code == 1, screen[-2000:]
    red = "\n".join(red_rows(screen))
    assert any(row in red for row in ROWS_THAT_TELL[fault])


def shown(folder: Path, **how: Any) -> tuple[int, str]:
    """The demo's exit code and all it wrote on the screen."""
    with (folder / "screen").open("w+") as screen:
        code = run_demo(folder / "demo", console=Console(file=screen, width=160), lang="vi", **how)
        screen.seek(0)
        return code, screen.read()


# The 40th has a dossier that the one-stop gave no code yet.
OTHER_MOMENTS = sorted({40, *range(proof_examples(2, 100))})


@pytest.mark.parametrize("number", OTHER_MOMENTS)
def test_other_provinces_agree_at_other_moments_of_a_working_day(tmp_path: Path, number: int) -> None:
    chosen = random.Random(number)
    first = datetime(2026, 1, 5).date()
    on = days.working_day_from(first + timedelta(days=chosen.randrange(400)))
    minute = chosen.choice((7 * 60 + 40 + chosen.randrange(220), 13 * 60 + 5 + chosen.randrange(200)))
    at = datetime.combine(on, time(minute // 60, minute % 60), days.VN)
    code, screen = shown(tmp_path, size=300, seed=chosen.randrange(10**6), at=at)
    assert (code, red_rows(screen)) == (0, []), at
