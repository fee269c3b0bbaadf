"""Which characters the letter's fonts can print. A character they lack is refused by name, never dropped."""

import struct
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from monitor import TEMPLATES
from monitor.words import Words

FOLDER = TEMPLATES / "fonts"
_BRANCHES = 0xFFFF  # the end mark of a segment table

# Right-to-left letters, their points, and marks that steer direction: print order and reading order would part.
_WRONG_WAY = frozenset({"R", "AL", "AN", "RLE", "RLO", "RLI", "LRE", "LRO", "LRI", "FSI", "PDF", "PDI"})
# The marks that Latin letters bear; others belong to other scripts (and 034F only joins, unseen).
_DIACRITICS = frozenset(range(0x0300, 0x0370)) - {0x034F}
_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cs", "Cn"})

_PARTS = {
    "parent": "cơ quan chủ quản",
    "issuer": "cơ quan ban hành",
    "number": "số, ký hiệu",
    "place_and_date": "địa danh",
    "title": "tên loại",
    "addressee": "kính gửi",
    "body": "nội dung",
    "signer": "chức vụ người ký",
    "signer_note": "ghi chú chữ ký",
    "signer_name": "họ tên người ký",
    "recipients": "nơi nhận",
    "footer": "chân trang",
    "co_quan": "tên cơ quan",
    "nguoi_nop": "tên người nộp",
    "thu_tuc": "tên thủ tục",
    "ma_ho_so": "mã hồ sơ",
    "so_dinh_danh": "số định danh",
    "dia_chi": "địa chỉ",
    "ly_do": "lý do",
}


class GlyphMissing(Exception):
    """A field holds a character that cannot be printed. `field` and `character` say which; no other text is told."""

    def __init__(self, field: str, character: str) -> None:
        self.field, self.character = field, character
        code = f"U+{ord(character):04X}"
        name = unicodedata.name(character, "không tên")
        label = _PARTS.get(field, field)
        # a reason is the officer's, everything else a source's or a setting's
        vi, en = (
            ("hãy bỏ ký tự đó", "leave it out") if field == "ly_do" else ("hãy sửa ở nguồn", "mend it at the source")
        )
        self.words = Words(
            f'Trường "{label}" có ký tự {code} ({name}) không in được: {vi}.',
            f'The field "{field}" holds {code} ({name}), which cannot be printed: {en}.',
        )
        super().__init__(self.words.en)


def check_glyphs(texts: Iterable[tuple[str, str]]) -> None:
    """Raises `GlyphMissing` for the first (field, text) with a character outside the fonts' repertoire."""
    printable = repertoire()
    for field, text in texts:
        if not printable.issuperset(text):
            raise GlyphMissing(field, next(c for c in text if c not in printable))


@cache
def repertoire() -> frozenset[str]:
    """What every style of the letter's font can print and what reads from left to right."""
    files = sorted(FOLDER.glob("LiberationSerif-*.ttf"))
    if not files:
        raise FileNotFoundError(f"no fonts in {FOLDER}")
    common = frozenset.intersection(*(_characters(file) for file in files))
    return frozenset(c for c in map(chr, common) if _is_plain(c))


def _is_plain(character: str) -> bool:
    return (
        unicodedata.category(character) not in _INVISIBLE
        and unicodedata.bidirectional(character) not in _WRONG_WAY
        and (unicodedata.bidirectional(character) != "NSM" or ord(character) in _DIACRITICS)
        and unicodedata.is_normalized("NFC", character)
    )


def _characters(file: Path) -> frozenset[int]:
    """The code points of a TrueType font's Unicode cmap (format 4: the basic plane is all a letter needs)."""
    data = file.read_bytes()
    tables = struct.unpack_from(">H", data, 4)[0]
    for at in range(12, 12 + 16 * tables, 16):
        tag, _, offset, _ = struct.unpack_from(">4sIII", data, at)
        if tag == b"cmap":
            return frozenset(_cmap(data, offset))
    raise ValueError(f"{file.name} has no cmap")


def _cmap(data: bytes, base: int) -> Iterable[int]:
    for at in range(base + 4, base + 4 + 8 * struct.unpack_from(">H", data, base + 2)[0], 8):
        platform, encoding, offset = struct.unpack_from(">HHI", data, at)
        if (platform, encoding) == (3, 1) and struct.unpack_from(">H", data, base + offset)[0] == 4:
            return _format_4(data, base + offset)
    raise ValueError("no Unicode cmap of format 4")


def _format_4(data: bytes, at: int) -> Iterable[int]:
    count = struct.unpack_from(">H", data, at + 6)[0] // 2
    ends, starts = at + 14, at + 16 + 2 * count
    deltas, offsets = starts + 2 * count, starts + 4 * count
    for i in range(count):
        first = struct.unpack_from(">H", data, starts + 2 * i)[0]
        last = struct.unpack_from(">H", data, ends + 2 * i)[0]
        delta = struct.unpack_from(">H", data, deltas + 2 * i)[0]
        offset = struct.unpack_from(">H", data, offsets + 2 * i)[0]
        for code in range(first, last + 1):
            if code == _BRANCHES:
                continue
            glyph = code
            if offset:
                glyph = struct.unpack_from(">H", data, offsets + 2 * i + offset + 2 * (code - first))[0]
                if not glyph:
                    continue
            if (glyph + delta) & 0xFFFF:
                yield code
