"""Every form looked at: rendered with hard samples, kept as small pictures, and compared with them."""

import io
import os
import subprocess
import unicodedata
from datetime import datetime
from functools import cache
from pathlib import Path

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from monitor.letters import labels
from monitor.letters.cover import COLUMNS, TITLE, Cover, CoverLine
from monitor.letters.fonts import GlyphMissing, repertoire
from monitor.letters.forms import Forms
from monitor.letters.labels import LONGEST, Label, LabelTooLong, label_of, sheet
from monitor.letters.names import tidy
from monitor.letters.paper import pdf
from monitor.letters.preview import samples
from monitor.settings import Letters
from tests.counts import proof_examples
from tests.letters.samples import ZONE, filled, letter, printed, squeezed
from tests.letters.test_paper import TEXTS

PICTURES = Path(__file__).parent / "pictures"
DPI = 60
BLOCK = 10  # pixels, 4 mm: what a difference is measured over
TOGETHER = 8  # texts on one sheet of a property: typesetting it is what costs
MOST = 30  # of 255: another renderer's edges stay below, a line moved by 2 mm does not
# One picture of each paper: the letters beside law.md §2-3, the sheet of labels, the list of a stack.
LOOKED_AT = [f"{code}-kho-da-qua-han" for code in Forms().codes] + ["pxl_2025-dai-truoc-han", "nhan-thu", "bang-ke"]


@cache
def papers() -> dict[str, bytes]:
    return dict(samples(Letters(), datetime(2026, 11, 23, 9, tzinfo=ZONE)))


def picture(data: bytes) -> Image.Image:
    command = ["pdftoppm", "-r", str(DPI), "-gray", "-png", "-f", "1", "-l", "1", "-"]
    done = subprocess.run(command, input=data, capture_output=True, check=True)
    return Image.open(io.BytesIO(done.stdout)).convert("L")


def difference(one: Image.Image, other: Image.Image) -> int:
    """The largest difference of any block's mean, 0 to 255."""
    apart = ImageChops.difference(one, other)
    blocks = apart.resize((apart.width // BLOCK, apart.height // BLOCK), Image.Resampling.BOX)
    return int(blocks.getextrema()[1])  # type: ignore[arg-type]


def test_every_form_in_every_case_is_rendered() -> None:
    names = list(papers())
    assert len(names) == len(Forms().codes) * 6 + 2
    for code in Forms().codes:
        assert sum(name.startswith(f"{code}-") for name in names) == 6


@pytest.mark.poppler
@pytest.mark.usefixtures("pdftoppm")
@pytest.mark.parametrize("name", LOOKED_AT)
def test_it_looks_as_it_did_when_a_person_looked_at_it(name: str) -> None:
    """DUNGHEN_PICTURES=write writes the pictures anew; then look at each before it is kept."""
    now, file = picture(papers()[f"{name}.pdf"]), PICTURES / f"{name}.png"
    if os.environ.get("DUNGHEN_PICTURES") == "write":
        now.quantize(16).save(file, optimize=True)
    kept = Image.open(file).convert("L")
    assert kept.size == now.size
    assert difference(kept, now) < MOST
    assert difference(kept, ImageChops.offset(now, 0, 5)) > MOST, "the comparison has teeth: 2 mm would be seen"


@pytest.mark.parametrize("name", ["bao_mot_cua-kho-da-qua-han", "cong_van-dai-da-qua-han", "nhan-thu", "bang-ke"])
def test_the_other_papers_are_archival_too(name: str) -> None:
    """PDF/A-2a declared and looked at in its structure, as for the letters (test_paper.py)."""
    with pikepdf.open(io.BytesIO(papers()[f"{name}.pdf"])) as document, document.open_metadata() as told:
        assert (told["pdfaid:part"], told["pdfaid:conformance"]) == ("2", "A")
        assert document.Root.MarkInfo.Marked
        assert "/StructTreeRoot" in document.Root
        fonts = [o for o in document.objects if isinstance(o, pikepdf.Dictionary) and "/FontDescriptor" in o]
        assert fonts
        assert all("/FontFile2" in f.FontDescriptor or "/FontFile3" in f.FontDescriptor for f in fonts)


def test_labels_say_who_where_and_which_dossier_in_order() -> None:
    made = [Label(f"Ông/Bà Người Thứ {i}", f"Số {i} đường <Mẫu> & #Đơn", f"H19.999-261103-{i:04d}") for i in range(26)]
    pages = [squeezed(page) for page in printed(sheet(made, 0))]
    assert len(pages) == 2  # 24 on a sheet
    text = "".join(pages)
    for one in made:
        assert squeezed(f"Kính gửi: {one.addressee} {one.address} Hồ sơ: {one.code}") in text
    assert text.index("Thứ0Số") < text.index("Thứ25Số")


@settings(max_examples=proof_examples(200 // TOGETHER, 10_000 // TOGETHER), deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS), min_size=TOGETHER, max_size=TOGETHER))
def test_any_address_is_on_its_label_exactly_or_refused(wanted: list[tuple[str, str, str]]) -> None:
    """As many texts as the letters get, several to a sheet."""
    made: list[Label] = []
    for name, address, code in wanted:
        content = letter(applicant=name, applicant_kind="organisation", address=address, dossier_code=code)
        texts = [str(content.values["nguoi_nop"]), str(content.values["dia_chi"])]
        if strange := set("".join([*texts, content.dossier_code])) - repertoire():
            with pytest.raises(GlyphMissing) as refused:
                label_of(content)
            assert refused.value.character in strange
        elif sum(map(len, texts)) > LONGEST:
            with pytest.raises(LabelTooLong):
                label_of(content)
        else:
            made.append(label_of(content))
            assert [made[-1].addressee, made[-1].address] == texts
    made = [label for label in made if not _loose(label.addressee + label.address + label.code)]
    if made:
        told = squeezed("".join(printed(sheet(made, 0))))
        assert told == squeezed("".join(f"Kính gửi: {one.addressee} {one.address} Hồ sơ: {one.code}" for one in made))


@settings(max_examples=proof_examples(200 // TOGETHER, 10_000 // TOGETHER), deadline=None)
@given(agency=TEXTS, actor=TEXTS, rows=st.lists(st.tuples(TEXTS, TEXTS), min_size=TOGETHER, max_size=TOGETHER))
def test_any_text_is_on_the_list_exactly_or_refused(agency: str, actor: str, rows: list[tuple[str, str]]) -> None:
    content = letter()
    agency, actor = tidy(agency), tidy(actor)
    lines = [CoverLine(tidy(code), tidy(name), "07/PXL", "0" * 12) for code, name in rows]
    list_ = Cover(agency, (f"người in: {actor}",), tuple(lines))
    if strange := set("".join(words for _, words in list_.texts())) - repertoire():
        with pytest.raises(GlyphMissing) as refused:
            pdf([content], list_)
        assert refused.value.character in strange
        clean = [line for line in lines if not set(line.code + line.addressee) - repertoire()]
        agency, actor = ("" if set(text.upper() + text) - repertoire() else text for text in (agency, actor))
        list_ = Cover(agency, (f"người in: {actor}",), tuple(clean))
    lines = [line for line in list_.lines if not _loose(line.code + line.addressee)]
    agency, actor = ("" if _loose(text + text.upper()) else text for text in (agency, actor))
    list_ = Cover(agency, (f"người in: {actor}",), tuple(lines))
    told = ""
    columns = squeezed("".join(COLUMNS))
    for number, page in enumerate(map(squeezed, printed(pdf([content], list_))[:-1]), 1):
        assert page.endswith(str(number))
        told += page.removesuffix(str(number)).removeprefix("" if number == 1 else columns)
    head = squeezed(f"{agency.upper()}{TITLE}người in: {actor}")
    body = "".join(squeezed(f"{n}{x.code}{x.addressee}07/PXL{'0' * 12}") for n, x in enumerate(lines, 1))
    assert told == f"{head}{columns}{body}"


def test_capitals_that_cannot_be_printed_are_refused_though_the_small_letter_can() -> None:
    """`ɐ` is in the fonts, its capital (U+2C6F) is not; no name has it, and a crash would stop the whole stack."""
    strange = next(c for c in sorted(repertoire()) if set(c.upper()) - repertoire())
    with pytest.raises(GlyphMissing) as refused:
        pdf([letter()], Cover(f"Xã {strange}", (), ()))
    assert refused.value.character in strange.upper()


def _loose(text: str) -> bool:
    """Letters with a loose mark are told by ActualText, which pypdf does not read (test_paper.py looks at them)."""
    return any(unicodedata.combining(character) for character in text)


def test_a_label_holds_the_stated_length_and_no_more() -> None:
    long = label_of(letter(applicant=filled("Nguyễn Hoàng", 120), address=filled("Khu phố Mẫu", LONGEST - 127)))
    text = squeezed("".join(printed(sheet([long], 0))))
    assert squeezed(long.addressee) in text
    assert squeezed(long.address) in text
    assert "H19.126-251103-0042" in text
    with pytest.raises(LabelTooLong) as refused:
        label_of(letter(address="x" * (LONGEST + 1)))
    assert "xxx" not in refused.value.words.vi
    with pytest.raises(GlyphMissing):
        label_of(letter(address="Số 1 😀"))
    assert labels.LAYOUT.is_file()
