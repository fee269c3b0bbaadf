"""The letter as DOCX, for offices that finish in Word: the same words, and the same bytes for the same words."""

import hashlib
import io
import zipfile
from functools import cache
from typing import Any

from jinja2 import Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

from monitor import TEMPLATES
from monitor.letters.content import MOTTO, NATION, Content, split_fill
from monitor.letters.density import density_of
from monitor.letters.paper import check

LAYOUT = TEMPLATES / "letters" / "letter.docx"

_DOCUMENT = "word/document.xml"
_STYLES = "word/styles.xml"
_FOOTER = "word/footer1.xml"
_CORE = "docProps/core.xml"
_WORDED = (_DOCUMENT, _STYLES, _FOOTER, _CORE)
_MIDNIGHT = (1980, 1, 1, 0, 0, 0)  # a fixed time in the archive: the same bytes on any day


def docx(content: Content) -> bytes:
    """One letter. Raises `GlyphMissing` for what the paper could not print either, so that both say the same."""
    check(content)
    context = context_of(content)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in _layout():
            info = zipfile.ZipInfo(name, _MIDNIGHT)
            # the properties stay uncompressed: the mark in them is found without unpacking
            info.compress_type = zipfile.ZIP_STORED if name == _CORE else zipfile.ZIP_DEFLATED
            archive.writestr(info, data.render(context).encode() if isinstance(data, Template) else data)
    return out.getvalue()


def mark(content: Content) -> str:
    """What tells whether a file still is these words in this layout; stands in the file's properties."""
    return hashlib.sha256(f"{_layout_hash()}{content.hash}".encode()).hexdigest()[:32]


@cache
def _layout_hash() -> str:
    return hashlib.sha256(LAYOUT.read_bytes()).hexdigest()


@cache
def _layout() -> tuple[tuple[str, "bytes | Template"], ...]:
    """The template's parts, those with words in them compiled once (5 ms a letter instead of 18)."""
    from docxtpl import DocxTemplate  # a quarter of a second; only who writes a letter waits for it

    environment = ImmutableSandboxedEnvironment(autoescape=True)
    patch = DocxTemplate(LAYOUT).patch_xml
    with zipfile.ZipFile(LAYOUT) as archive:
        return tuple(
            (
                name,
                environment.from_string(patch(archive.read(name).decode())) if name in _WORDED else archive.read(name),
            )
            for name in archive.namelist()
        )


def context_of(content: Content) -> dict[str, Any]:
    """What the template's tags may name."""
    return {
        "half_points": 2 * density_of(content).points,
        "nation": NATION,
        "motto": MOTTO,
        "letter": content,
        "body": [{"words": words, "fill": fill} for words, fill in map(split_fill, content.body)],
        "mark": mark(content),
    }
