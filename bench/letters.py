"""Letters typeset: ours against bare typst on the same layout, WeasyPrint, and docxtpl + LibreOffice; and memory.

Run: python -m bench.letters [LETTERS] [SAMPLE] [MANY]. All in one run on this machine; the ratios are the result, not
the milliseconds. Each is told twice: by the wall, and by the processor with its children, in which other work on the
machine weighs less. What a peer needs of the system and does not find is said, and that line is left out.
"""

import html
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from monitor.letters import paper, word
from monitor.letters.content import MOTTO, NATION, Content
from monitor.letters.fonts import FOLDER
from monitor.letters.wording import reworded
from tests.letters.samples import FORMS, NOW, ZONE, letter

REASON = "Cần xác minh thực địa ranh giới thửa đất với các hộ liền kề."
FACES = {"Regular": "", "Bold": "font-weight: bold;", "Italic": "font-style: italic;"}
# the same font files as ours, from the same folder: an office's server has none of its own
CSS = "".join(
    f'@font-face {{ font-family: "Letter"; src: url("file://{FOLDER}/LiberationSerif-{face}.ttf"); {how} }}\n'
    for face, how in FACES.items()
)
CSS += """
@page { size: A4; margin: 20mm 20mm 20mm 30mm }
body { font: 14pt "Letter"; text-align: justify }
p { text-indent: 12.7mm; margin: 0 0 6pt }
.head { display: flex }
.head div { flex: 1; text-align: center }
.c { text-align: center }
footer img { width: 13mm }
"""


def main(letters: int = 1_000, sample: int = 50, many: int = 10_000) -> None:
    contents = [
        reworded(FORMS.get("pxl_2025"), letter(dossier_code=f"H19.126-251103-{n:05d}"), reason=REASON)
        for n in range(letters)
    ]
    prepared = [paper.inputs_of([content], None) for content in contents]
    paper.pdf(contents[:1])  # fonts are read once in a process

    bare = _timed(letters, lambda n: paper.typeset(prepared[n], contents[n].instant))
    ours = _timed(letters, lambda n: paper.pdf([contents[n]]))
    print(f"{letters} letters, ours: {ours}; bare typst on the same layout: {bare}")
    print(f"  ours / bare typst: {ours / bare} (aim: under 1.5)")
    for name, aim, peer in (("WeasyPrint", 20, _weasyprint), ("docxtpl + LibreOffice", 10, _office)):
        theirs = peer(contents[:sample])
        if isinstance(theirs, str):
            print(f"  {name}: NOT MEASURED, {theirs}")
        else:
            print(f"  {name} / ours: {theirs / ours} (each {theirs}; aim: over {aim})")
    small, large = _peak_mb(many // 10), _peak_mb(many)
    print(f"printing {many // 10} and {many} letters from the store, stacks of 100: peak {small} MB and {large} MB")
    print(
        f"  {many} / {many // 10}: {large / small:.2f} (aim: no more than 1, within what the machine's allocator keeps)"
    )


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds for one letter, or how many times another cost."""

    wall: float
    processor: float

    def __truediv__(self, other: "Cost") -> "Ratio":
        return Ratio(self.wall / other.wall, self.processor / other.processor)

    def __str__(self) -> str:
        return f"{self.wall * 1e3:.1f} ms, {self.processor * 1e3:.1f} ms of the processor"


@dataclass(frozen=True, slots=True)
class Ratio:
    """One cost in terms of another."""

    wall: float
    processor: float

    def __str__(self) -> str:
        return f"{self.wall:.2f} by the wall, {self.processor:.2f} by the processor"


def _timed(times: int, make: Callable[[int], object]) -> Cost:
    """What one costs, over so many different ones."""
    began = _spent()
    for n in range(times):
        make(n)
    return _since(began, times)


def _spent() -> Cost:
    """Until now: by the wall, and of the processor by this process and its finished children."""
    return Cost(time.perf_counter(), sum(os.times()[:4]))


def _since(began: Cost, times: int) -> Cost:
    now = _spent()
    return Cost((now.wall - began.wall) / times, (now.processor - began.processor) / times)


def _weasyprint(contents: list[Content]) -> Cost | str:
    try:
        from weasyprint import HTML
    except OSError as error:
        missing = str(error).splitlines()[0][:60]
        return f"a library is missing ({missing}): apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"

    def write(n: int) -> object:
        return HTML(string=_html(contents[n])).write_pdf(pdf_variant="pdf/a-2u", pdf_tags=True)

    write(0)
    return _timed(len(contents), write)


def _html(content: Content) -> str:
    def lines(parts: tuple[str, ...]) -> str:
        return "<br>".join(map(html.escape, parts))

    code = b64encode(paper.qr_svg(content.qr).encode()).decode()
    body = "".join(f"<p>{html.escape(words)}</p>" for words in content.body)
    return (
        f'<html lang="vi"><style>{CSS}</style><div class="head"><div>{lines(content.issuer)}<br>{content.number}</div>'
        f"<div><b>{NATION}<br>{MOTTO}</b><br><i>{content.place_and_date}</i></div></div>"
        f'<h1 class="c" style="font-size:14pt">{lines(content.title)}</h1>'
        f'<div class="c">{lines(content.addressee)}</div>'
        f'{body}<div class="c">{lines(content.signer)}<br><i>{content.signer_note}</i></div>'
        f'<footer><img src="data:image/svg+xml;base64,{code}">{html.escape(content.footer)}</footer></html>'
    )


def _office(contents: list[Content]) -> Cost | str:
    """The usual way: a DOCX template filled by docxtpl, then one batch through soffice."""
    soffice = shutil.which("soffice")
    if soffice is None:
        return "soffice is missing: apt-get install --no-install-recommends libreoffice-writer-nogui"
    from docxtpl import DocxTemplate

    with tempfile.TemporaryDirectory() as folder:
        began = _spent()
        for n, content in enumerate(contents):
            template = DocxTemplate(word.LAYOUT)
            template.render(word.context_of(content), autoescape=True)
            template.save(f"{folder}/{n}.docx")
        command = [soffice, f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", "pdf"]
        left = [Path(folder, f"{n}.docx") for n in range(len(contents))]
        for _ in range(3):  # it may leave files out and end with 0: what is missing is given to it again
            done = subprocess.run([*command, "--outdir", folder, *map(str, left)], check=False, capture_output=True)
            left = [file for file in left if not file.with_suffix(".pdf").is_file()]
            if not left:
                break
        took = _since(began, len(contents))
    missing = f"soffice (exit code {done.returncode}) left out {len(left)} of {len(contents)} files"
    return missing if left else took


def _peak_mb(letters: int) -> int:
    """The peak memory of a process of its own that prints so many letters from a store."""
    command = [sys.executable, "-m", "bench.letters", "--print", str(letters)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(done.stdout.split()[-1])


def _print(letters: int) -> None:
    """What the process above does."""
    from sqlalchemy import insert

    from monitor.clock import FixedClock
    from monitor.letters.printing import Press, Wanted, print_letters
    from monitor.letters.steps import By
    from monitor.store import database
    from monitor.store.migrate import upgrade
    from monitor.store.tables import Dossier, Letter, Source

    with tempfile.TemporaryDirectory() as folder:
        engine = database.open_engine(f"sqlite:///{Path(folder) / 'bench.db'}")
        upgrade(engine)
        sessions = database.session_factory(engine)
        with sessions.begin() as session:
            session.add(Source(name="motcua", kind="opencps", role="one_stop"))
        for at in range(0, letters, 500):
            dossiers: list[dict[str, Any]] = []
            rows: list[dict[str, Any]] = []
            for n in range(at, min(at + 500, letters)):
                code = f"H19.126-251103-{n:05d}"
                content = letter(dossier_code=code)
                common = {"agency_code": "H19.126"}
                dossiers.append(
                    common
                    | {"id": n + 1, "code": code, "status": "processing", "speaking_source": "motcua"}
                    | {"precision": "date", "facts_at": NOW, "confirmed_at": NOW}
                )
                rows.append(
                    common
                    | {"dossier_id": n + 1, "promise_number": 1, "owed_at": NOW, "state": "approved"}
                    | {"content": content.to_dict(), "content_hash": content.hash}
                )
            with sessions.begin() as session:
                session.execute(insert(Dossier), dossiers)
                session.execute(insert(Letter), rows)
        press = Press(Path(folder) / "in", By("bench", NOW), FixedClock(NOW), _Local(), lambda code: code)
        done = print_letters(sessions, Wanted(), press)
        assert done.letters == letters
        assert all(stack.file and stack.file.stat().st_size > 10_000 for stack in done.stacks)
        engine.dispose()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


class _Local:
    def local(self, at: datetime) -> datetime:
        return at.astimezone(ZONE)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--print"]:
        _print(int(sys.argv[2]))
    else:
        main(*map(int, sys.argv[1:]))
