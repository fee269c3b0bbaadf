"""Which column is which, guessed from the headings an office uses, for a person to confirm; nothing is read by it."""

import unicodedata
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

from connectors.kit.text import clean, status_key

# Our field = headings seen in exports of one-stops and in offices' own tables, without accents, the surest first.
HEADINGS: Mapping[str, tuple[str, ...]] = {
    "code": ("ma ho so", "so ho so", "ma hs", "so hs", "ma so ho so", "so bien nhan", "ma bien nhan", "ma", "code"),
    "received_at": (
        "ngay tiep nhan", "ngay nhan", "ngay nhan ho so", "thoi gian tiep nhan", "tiep nhan", "nhan", "ngay nop ho so",
    ),
    "promised_at": (
        "ngay hen tra", "ngay hen tra ket qua", "hen tra", "ngay hen", "han tra", "han giai quyet", "han xu ly",
        "thoi han", "thoi gian hen tra", "hen",
    ),
    "finished_at": (
        "ngay co ket qua", "ngay ket thuc xu ly", "ngay hoan thanh", "ngay giai quyet xong", "ngay xong", "co ket qua",
        "xong",
    ),
    "returned_at": ("ngay tra ket qua", "ngay tra", "da tra ngay", "ngay tra kq", "tra ket qua"),
    "extended_at": ("ngay hen lai", "hen lai", "gia han den", "ngay gia han", "ngay hen tra moi"),
    "status": ("trang thai", "trang thai ho so", "tinh trang", "tinh trang ho so", "tinh trang xu ly"),
    "procedure_code": ("ma thu tuc", "ma tthc", "ma thu tuc hanh chinh"),
    "procedure_name": ("ten thu tuc", "thu tuc", "ten tthc", "thu tuc hanh chinh", "noi dung", "loai ho so"),
    "field_name": ("linh vuc", "ten linh vuc"),
    "agency_code": ("ma don vi", "ma co quan"),
    "agency_name": ("don vi", "don vi xu ly", "co quan", "co quan giai quyet", "don vi giai quyet", "phong ban"),
    "channel": ("hinh thuc", "kenh", "hinh thuc nop", "kenh tiep nhan", "hinh thuc tiep nhan"),
    "officer": ("can bo xu ly", "nguoi xu ly", "can bo thu ly", "chuyen vien", "nguoi thu ly"),
    "applicant_name": (
        "chu ho so", "ho ten", "ho va ten", "nguoi nop", "ten nguoi nop", "ho ten nguoi nop", "ten ca nhan to chuc",
        "ten cong dan", "to chuc ca nhan", "nguoi nop ho so",
    ),
    "applicant_phone": ("so dien thoai", "dien thoai", "sdt"),
    "applicant_address": ("dia chi",),
    "applicant_email": ("email", "thu dien tu"),
    "applicant_id_number": ("so cccd", "cccd", "so dinh danh", "cmnd", "so giay to"),
}  # fmt: skip
_NEEDED = 2  # fields beside the code, before a row is taken for a heading at all


def guess(rows: Sequence[Sequence[str]]) -> dict[str, str]:
    """Our field = the heading as the file writes it, from the row that explains most; {} where no row looks like one.

    A heading of two rows is taken together: the lower word where there is one, else the upper.
    """
    best: dict[str, str] = {}
    above: Sequence[str] = ()
    for row in rows:
        for cells in (row, [lower.strip() or upper for upper, lower in zip_longest(above, row, fillvalue="")]):
            found = _fields_of(cells)
            if len(found) > len(best):
                best = found
        above = row
    return best if "code" in best and len(best) > _NEEDED else {}


def _fields_of(cells: Sequence[str]) -> dict[str, str]:
    keys = [folded(cell) for cell in cells]
    found: dict[str, str] = {}
    for field, headings in HEADINGS.items():
        for heading in headings:
            if keys.count(heading) == 1:
                found[field] = clean(cells[keys.index(heading)])
                break
    return found


def folded(text: str) -> str:
    """A heading without accents, case, punctuation at its end and double spaces."""
    plain = unicodedata.normalize("NFD", status_key(text).replace("đ", "d"))
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).replace("/", " ").replace(",", "")


def as_toml(columns: Mapping[str, str]) -> str:
    """The line to write into the configuration."""
    pairs = ", ".join(f'{field} = "{_escaped(heading)}"' for field, heading in columns.items())
    return f"columns = {{ {pairs} }}"


def _escaped(heading: str) -> str:
    return heading.replace("\\", "\\\\").replace('"', '\\"')


def encoding_of(path: Path, declared: str) -> str:
    """What the first bytes say the text is: a mark decides; what is no UTF-8 is likely cp1258; else as declared."""
    with path.open("rb") as file:
        head = file.read(65_536)
    marked = marked_encoding(head)
    if marked:
        return marked
    try:
        head[: head.rfind(b"\n") + 1 or len(head)].decode("utf-8-sig")
    except UnicodeDecodeError:
        return "cp1258" if declared.lower().startswith("utf") else declared
    return declared


def marked_encoding(head: bytes) -> str:
    """The encoding that a byte order mark names; "" without one."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    return "utf-8-sig" if head.startswith(b"\xef\xbb\xbf") else ""
