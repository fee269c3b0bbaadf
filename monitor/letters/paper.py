"""The letter as PDF for printing, by typst: PDF/A-2a, tagged, and the same bytes for the same words."""

import hashlib
import json
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.metadata import version
from typing import Any

import segno
import typst

from monitor import TEMPLATES
from monitor.letters.content import MOTTO, NATION, Content, split_fill
from monitor.letters.cover import Cover
from monitor.letters.density import density_of
from monitor.letters.fonts import FOLDER, check_glyphs

LAYOUT = TEMPLATES / "letters" / "letter.typ"
MOST_IN_ONE_FILE = 100  # letters: 0.3 s and 127 MB; a thousand in one would take 600 MB (feasibility.md §1.2)

_QR_MASK = 2
_QR_BORDER = 2  # modules of white around it, which stand on white paper
_DARK = re.compile(rb"\x01+")
_FEW, _KEPT = 20, 10  # letters whose layout may stay in memory; for so many compilations it would
_LONGEST_WORD = 24  # letters: anything longer may be broken, or it would run off the sheet
_CELL = 10  # the same in the narrow cells of a list
lock = threading.Lock()  # one compiler, many callers


def pdf(contents: Sequence[Content], cover: Cover | None = None) -> bytes:
    """One PDF of one or several letters, each beginning on its own page 1, under the list of them if there is one.

    Raises `GlyphMissing` for a character that the font lacks and `ValueError` for none or too many letters.
    """
    if not 1 <= len(contents) <= MOST_IN_ONE_FILE:
        raise ValueError(f"a file holds 1 to {MOST_IN_ONE_FILE} letters, not {len(contents)}")
    for content in contents:
        check(content)
    if cover is not None:
        check_glyphs(cover.texts())
    made = typeset(inputs_of(contents, cover), max(content.instant for content in contents))
    if len(contents) > _FEW:
        _forget()
    return made


def typeset(inputs: dict[str, str], at: datetime) -> bytes:
    """The layout with these inputs; `at` is the moment that the file bears."""
    with lock:
        made = _compiler().compile(sys_inputs=inputs, format="pdf", pdf_standards="a-2a", timestamp=int(at.timestamp()))
    assert isinstance(made, bytes)
    return made


@dataclass(frozen=True, slots=True)
class Place:
    """A point on a letter: page from 1, millimetres from the left and the upper edge."""

    page: int
    x_mm: float
    y_mm: float


def signature_place(content: Content) -> Place:
    """Where the signature goes: the middle of the signer's column, the top of the gap left for it."""
    found = typst.query(
        LAYOUT,
        "<sign-place>",
        field="value",
        one=True,
        root=LAYOUT.parent,
        font_paths=fonts(),
        sys_inputs=inputs_of([content], None),
    )
    place = json.loads(found)
    return Place(int(place["page"]), float(place["x"]), float(place["y"]))


def inputs_of(contents: Sequence[Content], cover: Cover | None) -> dict[str, str]:
    """What the layout is given: words as JSON, never as markup."""
    first = contents[0]
    return {
        "letters": json.dumps([_data(content) for content in contents], ensure_ascii=False),
        # no person's name in what a file manager shows
        "cover": json.dumps(_cover(cover) if cover is not None else None, ensure_ascii=False),
        "title": f"Phiếu xin lỗi – {first.dossier_code}" if len(contents) == 1 else "Phiếu xin lỗi",
        "mark": mark(contents),
    }


def check(content: Content) -> None:
    """Raises `GlyphMissing` naming the field, the applicant's data first, where a character cannot be printed."""
    check_glyphs((name, value) for name, value in content.values.items() if isinstance(value, str))
    check_glyphs(content.lines())


def mark(contents: Sequence[Content]) -> str:
    """What tells whether a file still is these words in this layout; stands in the file's keywords."""
    words = "".join(content.hash for content in contents)
    return hashlib.sha256(f"{_layout_hash()}{words}".encode()).hexdigest()[:32]


@cache
def _layout_hash() -> str:
    return hashlib.sha256(LAYOUT.read_bytes() + version("typst").encode()).hexdigest()


@cache
def fonts() -> typst.Fonts:
    """The letters' own fonts and no other."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FOLDER])


def _forget() -> None:
    """typst keeps what it laid out for ten more compilations: 70 MB for each stack. Ten empty ones cost 1 ms."""
    with lock:
        for _ in range(_KEPT + 1):
            typst.compile(b"", font_paths=fonts(), format="svg")


@cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(LAYOUT, root=LAYOUT.parent, font_paths=fonts())


def _data(content: Content) -> dict[str, Any]:
    def each(lines: Sequence[str]) -> list[list[str]]:
        return [pieces(line) for line in lines]

    density = density_of(content)
    return {
        "size": density.points,
        "leading": density.leading,
        "layout": content.layout,
        "nation": NATION,
        "motto": MOTTO,
        "parent": each(content.parent),
        "issuer": each(content.issuer),
        "number": content.number,
        "place_and_date": pieces(content.place_and_date),
        "title": each(content.title),
        "addressee": each(content.addressee),
        "body": [
            {"words": pieces(words) if words else [], "fill": fill} for words, fill in map(split_fill, content.body)
        ],
        "signer": each(content.signer),
        "signer_note": pieces(content.signer_note),
        "signer_name": pieces(content.signer_name) if content.signer_name else "",
        "recipients": each(content.recipients),
        "footer": pieces(content.footer),
        "qr": qr_svg(content.qr),
        "qr_says": f"Mã QR: {content.qr}",
    }


def _cover(cover: Cover) -> dict[str, Any]:
    data = cover.to_dict()
    for line in data["lines"]:
        line |= {name: pieces(line[name], _CELL) for name in ("code", "addressee", "number")}
    return data


def pieces(line: str, longest: int = _LONGEST_WORD) -> list[str]:
    """The line in pieces between which it may be broken; words of ordinary length stay whole."""
    words = line.split(" ")
    if len(max(words, key=len)) <= longest:
        return [line]
    pieces = [""]
    for i, word in enumerate(words):
        pieces[-1] += " " if i else ""
        pieces[-1] += word[:longest]
        pieces += [word[at : at + longest] for at in range(longest, len(word), longest)]
    return pieces


def qr_svg(text: str) -> str:
    """An SVG of an ordinary QR code (`make` would choose a Micro QR, which phones cannot read)."""
    # trying all eight masks takes longer than typesetting the letter; a reader takes any of them
    matrix = segno.make_qr(text, error="m", mask=_QR_MASK).matrix
    side = len(matrix) + 2 * _QR_BORDER
    runs = "".join(
        f"M{run.start() + _QR_BORDER} {y}.5h{run.end() - run.start()}"
        for y, row in enumerate(matrix, _QR_BORDER)
        for run in _DARK.finditer(row)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" width="{side}" height="{side}">'
        f'<path stroke="#000" d="{runs}"/></svg>'
    )
