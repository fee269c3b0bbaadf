"""What the reader of the demo sees."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from monitor.letters.files import LetterFiles
from monitor.sandbox.compare import Check
from monitor.sandbox.servers import Sandbox
from monitor.sandbox.truth import Truth
from monitor.words import Language, Words

_PATHS_SHOWN = 5


class Screen:
    """What the reader sees, in one language."""

    def __init__(self, console: Console, language: Language) -> None:
        self.console = console
        self.language = language

    def say(self, words: Words) -> None:
        self.console.print(words.say(self.language), markup=False, soft_wrap=True)

    @contextmanager
    def step(self, words: Words) -> Iterator[None]:
        """Something that takes longer than a second."""
        with self.console.status(words.say(self.language)):
            yield
        self.console.print(f"✓ {words.say(self.language)}", markup=False)


def show_truth(checks: list[Check], shown: Screen) -> None:
    names = (
        Words("Mục", "Figure"),
        Words("Sự thật", "Truth"),
        Words("Đúng Hẹn thấy", "Found"),
        Words("Khớp", "Agrees"),
    )
    table = Table(title=Words("Đối chiếu với sự thật", "Held against the truth").say(shown.language))
    for number, name in enumerate(names):
        table.add_column(name.say(shown.language), justify="left" if number == 0 else "right")
    for check in checks:
        verdict = "✓" if check.agrees else f"✗ {check.differences()}"
        style = "" if check.agrees else "bold red"
        table.add_row(check.name.say(shown.language), f"{check.expected:,}", f"{check.found:,}", verdict, style=style)
    shown.console.print(table)


def show_results(
    files: list[LetterFiles], sandbox: Sandbox, truth: Truth, repeats: int, folder: Path, web_port: int, shown: Screen
) -> None:
    index = folder / "letters.txt"
    paths = [str(path) for one in files for path in one.paths.values()]
    index.write_text("\n".join(paths) + "\n", "utf-8")
    shown.say(
        Words(
            f"Thư xin lỗi: {len(files):,} (mỗi thư một PDF, một DOCX); toàn bộ đường dẫn ở {index}",
            f"Letters: {len(files):,} (a PDF and a DOCX each); every path is in {index}",
        )
    )
    for path in paths[: 2 * _PATHS_SHOWN]:
        shown.say(Words(f"  {path}", f"  {path}"))
    show_deliveries(sandbox, repeats, shown)
    aside = ", ".join(f"{source}: {count}" for source, count in sorted(truth.set_aside.items()))
    shown.say(Words(f"Bản ghi để riêng: {aside}", f"Records set aside: {aside}"))
    address = f"http://127.0.0.1:{web_port}"
    shown.say(
        Words(
            f"Trang web: {address} khi chạy `make demo-live` (hồ sơ trễ dần trước mắt).",
            f"Web page: {address} while `make demo-live` runs (watch dossiers become late).",
        )
    )


def show_deliveries(sandbox: Sandbox, repeats: int, shown: Screen) -> None:
    """What arrived, and what went wrong on the way."""
    chats, mails = len(sandbox.bot.delivered), len(sandbox.mail.mails)
    shown.say(
        Words(
            f"Tin đã đến: {chats:,} qua Telegram, {mails:,} thư điện tử; có thể lặp lại: {repeats}",
            f"Delivered: {chats:,} by Telegram, {mails:,} mails; possible repeats: {repeats}",
        )
    )
    troubles = ", ".join(f"{peer}: {fault.value}" for peer, fault in sandbox.faults.met)
    shown.say(Words(f"Sự cố đã vượt qua: {troubles}", f"Troubles overcome: {troubles}"))
