"""The demo is green because the numbers agree, and turns red when the program is wrong."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.faulty import FAULTS

ROWS_THAT_TELL = {
    "mark_before_send": ("Cảnh báo (người × hồ sơ)",),
    "monday_to_friday": ("Thư xin lỗi phải gửi", "Hạn cuối gửi thư xin lỗi"),
    "portal_wins": ("Đang quá hạn", "Không xác định được", "Trả đúng hạn"),
}


def demo(folder: Path, fault: str, size: int = 400) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.e2e.faulty", fault, "demo", "--folder", str(folder), "--size", str(size)]
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
    done = demo(tmp_path / "demo", "none")
    assert (done.returncode, red_rows(done.stdout)) == (0, [])
    letters = list((tmp_path / "demo").rglob("*.pdf"))
    assert len(letters) == len(list((tmp_path / "demo").rglob("*.docx"))) > 10


@pytest.mark.parametrize("fault", [name for name in FAULTS if name != "none"])
def test_a_seeded_fault_turns_the_demo_red(tmp_path: Path, fault: str) -> None:
    done = demo(tmp_path / "demo", fault)
    assert done.returncode == 1, done.stderr[-2000:]
    red = "\n".join(red_rows(done.stdout))
    assert any(row in red for row in ROWS_THAT_TELL[fault])
