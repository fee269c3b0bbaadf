"""A small office to try the commands on: a CSV of five dossiers, three people, one clock that a test moves."""

import atexit
import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from monitor.cli import desk
from monitor.clock import FixedClock
from monitor.store import database
from monitor.store.migrate import upgrade
from tests.cli.runner import run

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
MONDAY = datetime(2026, 10, 12, 9, 0, tzinfo=ZONE)

CONFIG = """
[site]
name = "UBND xã Mẫu"
[calendar]
file = "calendar.toml"
[procedures]
file = "procedures.toml"
[people]
file = "people.toml"
[[sources]]
name = "bang"
kind = "spreadsheet"
role = "one_stop"
path = "ho-so.csv"
columns = { code = "Mã", received_at = "Nhận", promised_at = "Hẹn", finished_at = "Xong", agency_code = "Đơn vị" }
[[escalation]]
name = "nhac"
at = "-3wd 08:00"
tell = ["officer"]
[[escalation]]
name = "qua-han"
at = "+1wd 08:00"
when = "late"
tell = ["agency_head"]
[[letters.agencies]]
agency = "*"
place = "Xã Mẫu"
"""
PEOPLE = """
[[agencies]]
code = "H19"
name = "Ủy ban nhân dân tỉnh Mẫu"
kind = "province"
[[agencies]]
code = "H19.1"
name = "Ủy ban nhân dân xã Mẫu"
kind = "commune"
parent = "H19"
[[people]]
code = "nv01"
name = "Trần Thị Thử"
email = "nv01@example.gov.vn"
[[people]]
code = "ct01"
name = "Lê Văn Nháp"
telegram = "1001"
[[posts]]
person = "nv01"
role = "officer"
agency = "H19.1"
[[posts]]
person = "ct01"
role = "agency_head"
agency = "H19"
"""
# What the source says on Monday 12 October 2026, 09:00.
CSV = """Mã,Nhận,Hẹn,Xong,Đơn vị
H19.1-261001-0001,2026-10-01 08:00,2026-10-08 17:00,,H19.1
H19.1-261005-0002,2026-10-05 08:00,2026-10-13 17:00,,H19.1
H19.1-261005-0003,2026-10-05 09:00,2026-10-30 17:00,,H19.1
H19.1-261001-0004,2026-10-01 08:00,2026-10-06 17:00,2026-10-07 10:00,H19.1
H19.1-261001-0005,2026-10-01 08:00,2026-10-07 17:00,2026-10-05 10:00,H19.1
"""
LATE, TOMORROW, QUIET = "H19.1-261001-0001", "H19.1-261005-0002", "H19.1-261005-0003"


BY = ("--by", "Trần Thị Thử")
PROOF = ("--proof", "Sổ chuyển giao, dòng 4")
LIFE: list[tuple[str, ...]] = [
    ("reason", "--reason", "Cần xác minh thực địa.", "--new-date", "2026-10-20"),
    ("approve", "--capacity", "KT.", "--title", "PHÓ CHỦ TỊCH", "--signer", "Lê Văn Nháp"),
    ("sign", "--signer", "Lê Văn Nháp", "--capacity", "KT."),
    ("register", "--number", "15", "--date", "12/10/2026"),
    ("told-counter", *PROOF),
    ("date-changed", *PROOF),
    ("told-applicant", "--channel", "printed", *PROOF),
]


@dataclass(frozen=True, slots=True)
class Said:
    """What a command left behind."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        assert self.out, f"no output, exit code {self.code}: {self.err}"
        return json.loads(self.out)


@dataclass
class Office:
    """`dunghen` in one folder, at one moment."""

    folder: Path
    clock: FixedClock
    env: dict[str, str] = field(default_factory=dict)

    def __call__(self, *words: str, config: bool = True) -> Said:
        """Runs the command. The configuration is named by the variable, as under systemd."""
        env = {"DUNGHEN_CONFIG": str(self.folder / "dunghen.toml") if config else "", "DUNGHEN_LANG": "en"}
        result = run(words, env | self.env)
        return Said(result.exit_code, result.stdout, result.stderr)

    def csv(self, text: str) -> None:
        (self.folder / "ho-so.csv").write_text(text, "utf-8")

    def config(self, text: str) -> None:
        (self.folder / "dunghen.toml").write_text(text, "utf-8")

    @property
    def store(self) -> Path:
        return self.folder / "dunghen.db"

    def give_store(self) -> None:
        """Puts there the empty store that the first command would make."""
        shutil.copy(_empty_store(), self.store)


@cache
def _empty_store() -> Path:
    """An empty store of this version, made once for each process that tests."""
    path = Path(tempfile.mkdtemp(prefix="dh-office-")) / "empty.db"
    engine = database.open_engine(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()
    atexit.register(shutil.rmtree, path.parent, ignore_errors=True)
    return path


def open_office(folder: Path, monkeypatch: Any) -> Office:
    """The office on Monday morning; nothing is read yet."""
    clock = FixedClock(MONDAY)
    monkeypatch.setattr(desk, "clock", clock)
    office = Office(folder, clock)
    said = office("init", str(folder), config=False)
    assert said.code == 0, said.err
    office.config(CONFIG)
    (folder / "people.toml").write_text(PEOPLE, "utf-8")
    office.csv(CSV)
    return office


def open_copy(kept: Path, folder: Path, monkeypatch: Any) -> Office:
    """The office as it was left in a folder, on the same Monday morning, in a folder of its own."""
    clock = FixedClock(MONDAY)
    monkeypatch.setattr(desk, "clock", clock)
    shutil.copytree(kept, folder, dirs_exist_ok=True)
    return Office(folder, clock)


def live(office: Office, code: str, life: Sequence[tuple[str, ...]]) -> None:
    """Takes these steps of a letter's life, as clerks type them."""
    for name, *words in life:
        said = office("letters", name, code, *BY, *words, "--json")
        assert said.code == 0, (name, said.err)
        assert said.json()["letter_id"]
