"""Address labels for a stack of letters: 24 on a sheet of A4, the addressee, the address, the dossier's code."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import typst

from monitor.letters import paper
from monitor.letters.content import Content
from monitor.letters.fonts import check_glyphs
from monitor.words import Words

LAYOUT = paper.LAYOUT.with_name("labels.typ")
LONGEST = 240  # characters of addressee and address: what a label holds at 7 pt
_WORD = 20  # letters of a word that stays whole


class LabelTooLong(Exception):
    """Addressee and address do not fit on a label. `words` do not quote them."""

    def __init__(self, length: int) -> None:
        self.words = Words(
            f"tên và địa chỉ dài {length} ký tự, quá {LONGEST}: không vừa một nhãn, hãy viết tay.",
            f"name and address have {length} characters, more than {LONGEST}: write this label by hand.",
        )
        super().__init__(self.words.en)


@dataclass(frozen=True, slots=True)
class Label:
    """One label. PERSONAL DATA: addressee and address."""

    addressee: str
    address: str
    code: str


def label_of(content: Content) -> Label:
    """The letter's label. Raises `LabelTooLong` and `GlyphMissing`."""
    addressee, address = (str(content.values.get(name, "")) for name in ("nguoi_nop", "dia_chi"))
    check_glyphs([("nguoi_nop", addressee), ("dia_chi", address), ("ma_ho_so", content.dossier_code)])
    length = len(addressee) + len(address)
    if length > LONGEST:
        raise LabelTooLong(length)
    return Label(addressee, address, content.dossier_code)


def sheet(labels: Sequence[Label], instant: int) -> bytes:
    """The labels as PDF, in order. `instant` is the moment in it, in seconds since 1970."""
    if not labels:
        raise ValueError("a sheet needs labels")
    data = [
        {
            "addressee": paper.pieces(label.addressee, _WORD),
            "address": paper.pieces(label.address, _WORD) if label.address else [],
            "code": paper.pieces(label.code, _WORD),
        }
        for label in labels
    ]
    inputs = {"labels": json.dumps(data, ensure_ascii=False), "mark": ""}
    with paper.lock:
        made = _compiler().compile(sys_inputs=inputs, format="pdf", pdf_standards="a-2a", timestamp=instant)
    assert isinstance(made, bytes)
    return made


@cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(LAYOUT, root=LAYOUT.parent, font_paths=paper.fonts())


__all__ = ["LONGEST", "Label", "LabelTooLong", "label_of", "sheet"]
