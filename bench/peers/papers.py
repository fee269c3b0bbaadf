"""The same paper as ours by other engines, each used as its makers advise: what letters can share is made once.

The same words, sheet, margins, type sizes, two-column head with its rules, signature, foot on each page, page numbers,
embedded subsets of the same fonts, tags and PDF/A as far as the engine goes (LibreOffice: 2b). The DOCX has no QR, to
its advantage.
"""

import json
import os
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Callable, Sequence
from pathlib import Path

from jinja2 import Environment

from monitor.letters import paper, word
from monitor.letters.content import MOTTO, NATION, Content, split_fill
from monitor.letters.density import density_of
from monitor.letters.fonts import FOLDER

HERE = Path(__file__).parent
FACES = {"Regular": "", "Bold": "font-weight: bold", "Italic": "font-style: italic"}
VARIANT = "pdf/a-2a"
EXPORT = {"SelectPdfVersion": {"type": "long", "value": "2"}, "UseTaggedPDF": {"type": "boolean", "value": "true"}}
TO_PDF = f"pdf:writer_pdf_Export:{json.dumps(EXPORT)}"


class PeerMissing(Exception):
    """What the peer needs of the system is not there; the text says what to install."""


def weasyprint() -> tuple[Callable[[Content], bytes], Callable[[Sequence[Content]], bytes]]:
    """Makes one letter; makes one file of many. Raises `PeerMissing`."""
    try:
        from weasyprint import CSS, HTML
        from weasyprint.text.fonts import FontConfiguration
    except OSError as error:
        missing = str(error).splitlines()[0][:60]
        raise PeerMissing(
            f"a library is missing ({missing}): apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
        ) from None
    # the same font files as ours: an office's server has none of its own; fonts and style are read once for all
    faces = "".join(
        f'@font-face {{ font-family: "Letter"; src: url("file://{FOLDER}/LiberationSerif-{face}.ttf"); {how} }}\n'
        for face, how in FACES.items()
    )
    fonts = FontConfiguration()
    style = CSS(string=faces + (HERE / "letter.css").read_text("utf-8"), font_config=fonts)
    page = Environment(autoescape=True).from_string((HERE / "letter.html").read_text("utf-8"))

    def source(content: Content) -> str:
        code = b64encode(paper.qr_svg(content.qr).encode()).decode()
        return page.render(
            letter=content,
            nation=NATION,
            motto=MOTTO,
            points=density_of(content).points,
            mark=paper.mark([content]),
            qr=f"data:image/svg+xml;base64,{code}",
            body=[split_fill(paragraph) for paragraph in content.body],
        )

    def one(content: Content) -> bytes:
        made = HTML(string=source(content)).write_pdf(pdf_variant=VARIANT, stylesheets=[style], font_config=fonts)
        assert isinstance(made, bytes)
        return made

    def many(contents: Sequence[Content]) -> bytes:
        documents = [HTML(string=source(c)).render(stylesheets=[style], font_config=fonts) for c in contents]
        pages = [page for document in documents for page in document.pages]
        made = documents[0].copy(pages).write_pdf(pdf_variant=VARIANT)
        assert isinstance(made, bytes)
        return made

    return one, many


def soffice() -> str:
    """Where LibreOffice is. Raises `PeerMissing`."""
    found = shutil.which("soffice")
    if found is None:
        raise PeerMissing("soffice is missing: apt-get install --no-install-recommends libreoffice-writer-nogui")
    return found


def office(contents: Sequence[Content], folder: Path) -> None:
    """The usual way: a DOCX template filled by docxtpl, then one batch through soffice, which starts once."""
    from docxtpl import DocxTemplate

    for n, content in enumerate(contents):
        template = DocxTemplate(word.LAYOUT)
        template.render(word.context_of(content), autoescape=True)
        template.save(folder / f"{n}.docx")
    profile = f"-env:UserInstallation=file://{folder}/profile"
    # the letters' own fonts, which stand in for Times New Roman where the system has neither
    config = folder / "fonts.conf"
    config.write_text(f"<fontconfig><include>/etc/fonts/fonts.conf</include><dir>{FOLDER}</dir></fontconfig>", "utf-8")
    environment = os.environ | {"FONTCONFIG_FILE": str(config)}
    command = [soffice(), profile, "--headless", "--convert-to", TO_PDF, "--outdir", str(folder)]
    left = [folder / f"{n}.docx" for n in range(len(contents))]
    for _ in range(3):  # it may leave files out and end with 0: what is missing is given to it again
        done = subprocess.run([*command, *map(str, left)], check=False, capture_output=True, env=environment)
        left = [file for file in left if not file.with_suffix(".pdf").is_file()]
        if not left:
            return
    raise PeerMissing(f"soffice (exit code {done.returncode}) left out {len(left)} of {len(contents)} files")
