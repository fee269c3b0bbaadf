"""The printed letter: exactly the words, on one page, in the office's own fonts, the same bytes every time."""

import io
import subprocess
import unicodedata

import pikepdf
import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.letters.content import Content
from monitor.letters.density import CLOSER, CLOSEST, ROOMY, density_of
from monitor.letters.fonts import FOLDER, GlyphMissing, repertoire
from monitor.letters.paper import MOST_IN_ONE_FILE, mark, pdf
from monitor.letters.sheet import notice
from monitor.letters.wording import Head, reworded
from tests.counts import proof_examples
from tests.letters.samples import FORMS, filled, letter, printed, squeezed

# What one page is promised to hold (docs/letters.md): agency, applicant, procedure, reason, in characters.
MOST = {"agency": 80, "applicant": 200, "procedure": 300, "reason": 300}


def says_exactly(data: bytes, content: Content) -> None:
    """Every line of the letter is on the paper, whole and in order, and nothing else but page numbers."""
    wanted = squeezed("".join(words for part, words in content.lines() if part != "footer"))
    got = ""
    for number, page in enumerate(map(squeezed, printed(data)), 1):
        assert page.endswith(squeezed(content.footer))  # on each page
        got += page.removesuffix(squeezed(content.footer)).removeprefix(str(number) if number > 1 else "")
    assert unicodedata.is_normalized("NFC", got)
    assert got == wanted


@pytest.mark.parametrize("form", ["pxl_2025", "pxl_2018", "cong_van"])
@pytest.mark.parametrize("overdue", [True, False])
@pytest.mark.parametrize("promise", [1, 2])  # the second miss is written on xin_loi
def test_the_paper_says_the_words_and_nothing_else(form: str, overdue: bool, promise: int) -> None:
    content = letter(form, is_overdue=overdue, promise_number=promise)
    says_exactly(pdf([content]), content)


def test_a_full_letterhead_with_recipients_and_a_name() -> None:
    head = Head(
        parent=("VĂN PHÒNG ĐĂNG KÝ ĐẤT ĐAI", "THÀNH PHỐ ĐỒNG NAI"),
        issuer=("CHI NHÁNH CHƠN THÀNH",),
        place="Chơn Thành",
        symbol="PXL-CNCT",
        signer=("KT. GIÁM ĐỐC", "PHÓ GIÁM ĐỐC"),
        signer_name="Trần Văn Quang",
    )
    content = letter(head=head)
    assert len(printed(pdf([content]))) == 1
    says_exactly(pdf([content]), content)


def test_the_same_words_make_the_same_bytes() -> None:
    one, again = letter(), Content.from_dict(letter().to_dict())
    assert pdf([one]) == pdf([again])
    assert pdf([one]) != pdf([letter(applicant="TRẦN VĂN AN")])


def test_it_is_declared_pdf_a_2a_tagged_vietnamese_with_fonts_embedded() -> None:
    """Declared and checked structurally; no validator such as veraPDF has looked at it."""
    with pikepdf.open(io.BytesIO(pdf([letter()]))) as document, document.open_metadata() as told:
        assert (told["pdfaid:part"], told["pdfaid:conformance"]) == ("2", "A")
        assert document.Root.MarkInfo.Marked
        assert str(document.Root.Lang).startswith("vi")
        assert "/OutputIntents" in document.Root
        assert "/StructTreeRoot" in document.Root
        fonts = [o for o in document.objects if isinstance(o, pikepdf.Dictionary) and o.get("/Type") == "/Font"]
        described = [o for o in document.objects if isinstance(o, pikepdf.Dictionary) and "/FontDescriptor" in o]
        assert len(described) >= 3  # regular, bold, italic
        for font in described:
            assert "LiberationSerif" in str(font.BaseFont)
            assert "/FontFile2" in font.FontDescriptor or "/FontFile3" in font.FontDescriptor
        for font in fonts:
            assert "/DescendantFonts" in font or "/FontDescriptor" in font, "a font that is not embedded"
            if "/DescendantFonts" in font:
                assert "/ToUnicode" in font


def test_no_person_in_what_a_file_manager_shows() -> None:
    content = letter()
    about = pypdf.PdfReader(io.BytesIO(pdf([content]))).metadata
    assert about is not None
    assert about.title == "Phiếu xin lỗi – H19.126-251103-0042"
    assert "Hạnh" not in str(dict(about))
    assert mark([content]).encode() in pdf([content])  # found without unpacking


def test_a4() -> None:
    page = pypdf.PdfReader(io.BytesIO(pdf([letter()]))).pages[0]
    assert [round(float(x) / 72 * 25.4) for x in (page.mediabox.width, page.mediabox.height)] == [210, 297]


@pytest.mark.parametrize("overdue", [True, False])
@pytest.mark.parametrize("form", FORMS.codes)
def test_one_page_at_the_promised_lengths(form: str, overdue: bool) -> None:
    purpose = FORMS.get(form).purpose
    content = letter(
        "pxl_2025" if purpose == "notice" else form,
        agency=filled("Ủy ban nhân dân", MOST["agency"]),
        applicant=filled("Nguyễn Hoàng", MOST["applicant"]),
        procedure=filled("Thủ tục đăng ký", MOST["procedure"]),
        is_overdue=overdue,
        promise_number=2 if purpose == "apology" else 1,
        contact=filled("Bộ phận Một cửa, điện thoại", 100),
    )
    content = reworded(FORMS.get(content.form), content, reason=filled("Cần xác minh thực địa", MOST["reason"]))
    content = notice(FORMS, content, None) if purpose == "notice" else content
    assert content.form == form
    assert len(printed(pdf([content]))) == 1
    says_exactly(pdf([content]), content)


def test_beyond_them_a_second_numbered_page_that_is_not_smaller() -> None:
    content = letter(procedure=filled("Thủ tục đăng ký", 2_400))
    pages = printed(pdf([content]))
    assert len(pages) == 2
    assert not pages[0].startswith("1")
    assert pages[1].startswith("2")  # at the top, from page 2
    assert "CHỦ TỊCH" in pages[1]
    assert "thông cảm" in pages[1]  # the signature never stands alone
    assert density_of(content) == ROOMY


def test_density_goes_down_by_steps_and_never_below_13_points() -> None:
    steps = [density_of(letter(procedure=filled("thủ tục", length))) for length in range(100, 1_500, 50)]
    in_order = [ROOMY, CLOSER, CLOSEST]
    fitting = [in_order.index(s) for s in steps[: steps.index(CLOSEST) + 1]]
    assert fitting == sorted(fitting)
    assert {s.points for s in steps} == {13, 14}


def test_several_letters_each_begin_on_their_own_first_page() -> None:
    long, short = letter(procedure=filled("thủ tục", 2_400)), letter(applicant="TRẦN VĂN AN")
    pages = printed(pdf([long, short, short]))
    assert [page[0] for page in pages] == ["Ủ", "2", "Ủ", "Ủ"]
    assert squeezed(pages[2]) == squeezed(printed(pdf([short]))[0])


@pytest.mark.parametrize("count", [0, MOST_IN_ONE_FILE + 1])
def test_none_or_too_many_letters_in_one_file_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match="1 to 100"):
        pdf([letter()] * count)


@pytest.mark.parametrize(
    ("text", "character", "meaning"),
    [
        ("Nguyễn 😀", "😀", "an emoji"),
        ("漢 An", "漢", "a character of another script"),
        ("An \u202egnốhc", "\u202e", "a mark that turns the direction"),
        ("שלום", "ש", "right-to-left letters"),
        ("A\u00adn", "\u00ad", "an invisible hyphen"),
        ("A\x07n", "\x07", "a control character"),
        ("A\ue000n", "\ue000", "a private character"),
    ],
)
def test_a_character_that_cannot_be_printed_is_refused_by_name_and_field(
    text: str, character: str, meaning: str
) -> None:
    with pytest.raises(GlyphMissing) as refused:
        pdf([letter(applicant=text)])
    told = refused.value
    assert (told.field, told.character) == ("nguoi_nop", character), meaning
    assert f"U+{ord(character):04X}" in told.words.vi
    assert "tên người nộp" in told.words.vi
    assert "Nguyễn" not in str(told)  # the rest of the name stays out of logs


def test_the_reason_is_refused_under_its_own_name() -> None:
    with pytest.raises(GlyphMissing) as refused:
        pdf([reworded(FORMS.get("pxl_2025"), letter(), reason="Chờ ✓")])
    assert refused.value.field == "ly_do"


def test_the_fonts_hold_every_vietnamese_letter_and_travel_with_their_licence() -> None:
    vowels = [v + tone for v in "aăâeêioôơuưy" for tone in ("", "\u0301", "\u0300", "\u0309", "\u0303", "\u0323")]
    letters = "".join(unicodedata.normalize("NFC", v) for v in vowels) + "đbcdghklmnpqrstvx₫–—…“”‘’·"
    assert set(letters) | set(letters.upper()) <= repertoire() | {"…", "₫"}
    assert len({unicodedata.normalize("NFC", v) for v in vowels}) == 72
    licence = (FOLDER / "OFL-1.1.txt").read_text("utf-8")
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence
    assert "Reserved Font Name Liberation" in licence


def test_every_character_of_the_repertoire_is_printed_and_read_back() -> None:
    alone = [c for c in sorted(repertoire()) if not unicodedata.combining(c) and not c.isspace()]
    for at in range(0, len(alone), 400):
        content = letter(procedure=" ".join(f"x{c}z" for c in alone[at : at + 400]))
        says_exactly(pdf([content]), content)
    assert len(alone) > 1_900


_VIETNAMESE = "aăâbcdđeêghiklmnoôơpqrstuưvxyAĂÂBCDĐEÊGHIKLMNOÔƠPQRSTUƯVXY ấầẩẫậắằẳẵặếềểễệíìỉĩịốồổỗộớờởỡợứừửữựýỳỷỹỵ"
_NASTY = [
    "<",
    ">",
    "&",
    "#",
    "$",
    "\\",
    "*",
    "_",
    "`",
    "@",
    "~",
    '"',
    "'",
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "]",
    "[",
    "//",
]
_NASTY += [
    "/*",
    "#panic(1)",
    "</w:t>",
    "&amp;",
    "--",
    "...",
    "…",
    "😀",
    "ש",
    "\u202e",
    "\x00",
    "\n",
    "\u2028",
    "\u0301",
]
_pieces = st.one_of(
    st.sampled_from(_VIETNAMESE),
    st.sampled_from(_VIETNAMESE),
    st.sampled_from(_NASTY),
    st.sampled_from(sorted(repertoire())),
    st.characters(exclude_categories=["Cs"]),
)
TEXTS = st.lists(_pieces, max_size=60).map("".join) | st.lists(
    st.sampled_from(_VIETNAMESE + "<&#$\\*"), max_size=300
).map("".join)


@settings(max_examples=proof_examples(70, 10_000), deadline=None)  # three texts in each
@given(form=st.sampled_from(FORMS.codes), applicant=TEXTS, procedure=TEXTS, reason=TEXTS)
def test_any_text_is_printed_exactly_or_refused_naming_the_character(
    form: str, applicant: str, procedure: str, reason: str
) -> None:
    """On every form; addresses are on labels (test_preview.py)."""
    is_notice = FORMS.get(form).purpose == "notice"
    content = letter(
        "pxl_2025" if is_notice else form, applicant=applicant, applicant_kind="organisation", procedure=procedure
    )
    content = reworded(FORMS.get(content.form), content, reason=reason)
    content = notice(FORMS, content, None) if is_notice else content
    refused, data = None, b""
    try:
        data = pdf([content])
    except GlyphMissing as missing:
        refused = missing
    if refused is not None:
        assert refused.character in str(content.values[refused.field])
        assert refused.character not in repertoire()
    elif not any(unicodedata.combining(c) for _, words in content.lines() for c in words):
        says_exactly(data, content)
    else:  # pypdf does not read ActualText, by which letters with a loose mark are told: the test below does
        assert data.startswith(b"%PDF")


@pytest.mark.poppler
@pytest.mark.usefixtures("pdftoppm")
@pytest.mark.parametrize("name", ["Y Ơ̆n Niê", "H'Ư̆m Ƀuôn Č", "R̶o ẫ͟ ư͌x"])
def test_letters_with_a_loose_mark_are_told_right_too(name: str) -> None:
    """Ê Đê letters that Unicode has no single character for."""
    content = letter(applicant=name)
    text = subprocess.run(["pdftotext", "-raw", "-", "-"], input=pdf([content]), capture_output=True, check=True).stdout
    assert squeezed(content.addressee[0]) in squeezed(text.decode())
