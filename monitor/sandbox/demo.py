"""`dunghen demo`: the whole job in front of the reader, against the sandbox, held against the truth.

The instant is chosen, so the machine's date and hour never matter, and nothing waits: a wait moves the clock instead.
"""

import os
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from sqlalchemy import func, select

from monitor import logs
from monitor.clock import FixedClock, RunningClock
from monitor.letters.files import LetterFiles, write_files
from monitor.sandbox.compare import compare
from monitor.sandbox.configure import write_config
from monitor.sandbox.door import open_the_door, show_the_door
from monitor.sandbox.faults import Fault
from monitor.sandbox.province import make_province
from monitor.sandbox.screen import Screen, show_results, show_truth
from monitor.sandbox.servers import Sandbox
from monitor.sandbox.truth import work_out
from monitor.settings_file import load
from monitor.store.tables import Message
from monitor.wiring import Program
from monitor.words import Words, language_of

AT = datetime.fromisoformat("2026-11-23T09:00:00+07:00")  # a Monday; the day after is a day off that weekdays miss
SEED = 20261123
SIZE, LIVE_SIZE = 20_000, 2_000
LIVE_SPEED = 600.0  # ten minutes a second
MARKER = ".dung-hen-demo"
WEB_PORT = 8118
_MOST_ROUNDS = 80
_ROUND_S = 20


def run_demo(
    folder: Path = Path("demo"),
    *,
    live: bool = False,
    size: int | None = None,
    seed: int = SEED,
    at: datetime = AT,
    lang: str | None = None,
    console: Console | None = None,
) -> int:
    """Runs the whole job in `folder`. 0: every number and every set agrees; 1: one does not; 2: not our folder.

    `live` stays up with the scheduler, until SIGINT or SIGTERM, while the sandbox's clock runs `LIVE_SPEED` times as
    fast as the machine's.
    """
    shown = Screen(console or Console(), language_of(lang))
    if not _emptied(folder):
        shown.say(
            Words(
                f"Thư mục {folder} có sẵn tệp không phải của bản trình diễn; hãy chọn thư mục khác.",
                f"{folder} holds files that are not the demo's; choose another folder.",
            )
        )
        return 2
    with _logs_in(folder / "demo.log"):
        return (
            _live(folder, size or LIVE_SIZE, seed, at, shown) if live else _once(folder, size or SIZE, seed, at, shown)
        )


def _once(folder: Path, size: int, seed: int, at: datetime, shown: Screen) -> int:
    with shown.step(Words(f"Dựng một tỉnh bịa với {size:,} hồ sơ", f"Inventing a province with {size:,} dossiers")):
        province = make_province(seed, at, size)
    with Sandbox(province) as sandbox:
        _make_trouble(sandbox)
        settings = load(write_config(folder, sandbox, web_port=WEB_PORT))
        clock = FixedClock(at)
        with Program(settings, clock, upgrade=True) as program:
            files = _whole_job(program, sandbox, clock, shown)
            open_the_door(program, province)
            truth = work_out(province)
            with program.sessions() as session:
                checks = compare(session, sandbox, truth)
                repeats = session.scalar(select(func.count()).where(Message.maybe_repeat.is_(True))) or 0
        show_truth(checks, shown)
        show_results(files, sandbox, truth, repeats, folder, WEB_PORT, shown)
        show_the_door(shown)
    agrees = all(check.agrees for check in checks) and not any(one.problem for one in files)
    shown.say(
        Words("Mọi con số khớp với sự thật.", "Every number agrees with the truth.")
        if agrees
        else Words("CÓ CON SỐ KHÔNG KHỚP.", "THE NUMBERS DO NOT AGREE.")
    )
    return 0 if agrees else 1


def _make_trouble(sandbox: Sandbox) -> None:
    """An ordinary day: some calls fail first, so the retries are part of what is shown."""
    faults = sandbox.faults
    faults.put("one_stop", Fault.ERROR_500, times=1, after=3)
    faults.put("portal", Fault.OLD_SESSION, times=1, after=10)
    faults.put("bot", Fault.TOO_MANY, times=1, after=2)
    faults.put("bot", Fault.CUT, times=1, after=8)
    faults.put("bot", Fault.ERROR_502, times=1, after=20)
    faults.put("mail", Fault.TOO_MANY, times=1, after=3)


def _whole_job(program: Program, sandbox: Sandbox, clock: FixedClock, shown: Screen) -> list[LetterFiles]:
    for source in program.settings.sources:
        with shown.step(Words(f"Đọc nguồn {source.name}", f"Reading {source.name}")):
            counts = program.pull([source.name])
        for count in counts:
            shown.say(
                Words(
                    "  {result}: {seen} hồ sơ, để riêng {aside} {said}",
                    "  {result}: {seen} dossiers, {aside} set aside {said}",
                ).fill(result=count.result, seen=count.seen, aside=count.set_aside, said=count.said)
            )
    with shown.step(Words("Xét từng hồ sơ", "Judging every dossier")):
        program.judge()
    with shown.step(Words("Soạn thư xin lỗi", "Wording the letters")):
        program.write_letters(files=False)
    files = _write_files(program, shown)
    with shown.step(Words("Báo cho người chịu trách nhiệm", "Telling those who answer for it")):
        _send_all(program, clock)
    return files


def _write_files(program: Program, shown: Screen) -> list[LetterFiles]:
    """Every letter as PDF and DOCX."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=shown.console, transient=True) as bar, program.sessions() as session:
        task = bar.add_task(Words("In thư ra PDF và DOCX", "Letters as PDF and DOCX").say(shown.language), total=None)
        return write_files(
            session,
            program.letters_folder,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )


def _send_all(program: Program, clock: FixedClock) -> None:
    """Passes as the daemon makes them, until nothing waits any more."""
    for _ in range(_MOST_ROUNDS):
        program.plan_and_send()
        with program.sessions() as session:
            waiting = session.scalar(
                select(func.count()).select_from(Message).where(Message.state.in_(("pending", "sending", "unknown")))
            )
        if not waiting:
            return
        clock.sleep(_ROUND_S)


def _live(folder: Path, size: int, seed: int, at: datetime, shown: Screen) -> int:
    from monitor import daemon

    province = make_province(seed, at, size, upcoming=size // 10)
    clock = RunningClock(at, LIVE_SPEED)
    stop = threading.Event()
    with Sandbox(province) as sandbox:
        port = _free_port(WEB_PORT)
        settings = load(write_config(folder, sandbox, web_port=port, every="2h", stale_after="12h", judge_every="20m"))

        def tick() -> None:
            while not stop.wait(0.5):
                sandbox.set_now(clock.now())

        ticking = threading.Thread(target=tick, name="sandbox-clock", daemon=True)
        ticking.start()
        try:
            with Program(settings, clock, upgrade=True) as program:
                open_the_door(program, province)
                show_the_door(shown)
                return daemon.run(
                    program, daemon.Options(speed=LIVE_SPEED, on_ready=lambda where: _live_at(where, shown))
                )
        finally:
            stop.set()
            ticking.join(5)


def _live_at(address: str, shown: Screen) -> None:
    shown.say(
        Words(
            f"Đang chạy: {address} – mười phút trôi trong một giây. Ctrl+C để dừng.",
            f"Running: {address} – ten minutes pass in a second. Ctrl+C stops it.",
        )
    )


def _emptied(folder: Path) -> bool:
    """Makes the folder and empties it, but only if it is the demo's own (or empty). False: it is not."""
    if folder.exists():
        if not folder.is_dir() or (any(folder.iterdir()) and not (folder / MARKER).is_file()):
            return False
        for entry in folder.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).write_text("Written by `dunghen demo`; emptied at its next run.\n", "utf-8")
    return True


def _free_port(wanted: int) -> int:
    """The wanted port, or another one if something sits there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _logs_in(path: Path) -> Iterator[None]:
    """The programme's own log goes into a file, so that the screen stays readable."""
    with path.open("a", encoding="utf-8") as stream:
        logs.set_up(json=True, stream=stream)
        try:
            yield
        finally:
            # nothing may write to a closed file after this
            with Path(os.devnull).open("w") as nowhere:
                logs.set_up(json=True, stream=nowhere)
            logs.set_up()
