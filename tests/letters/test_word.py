"""The Word letter says what the printed one says, and Word can read it."""

import importlib.util
import io
import zipfile
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import docx as python_docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.letters import word
from monitor.letters.content import Content, split_fill
from monitor.letters.fonts import GlyphMissing, repertoire
from monitor.letters.paper import pdf
from monitor.letters.sheet import notice
from monitor.letters.wording import Head, reworded
from tests.counts import proof_examples
from tests.letters.samples import FORMS, HEAD, filled, letter, printed, squeezed


def said(data: bytes) -> str:
    """All text in the order of the document, the footer last."""
    document = python_docx.Document(io.BytesIO(data))
    paragraphs = [p.text for p in document.element.body.iter() if p.tag.endswith("}p")]
    return "\n".join([*paragraphs, *(p.text for p in document.sections[0].footer.paragraphs)])


def by_part(content: Content) -> dict[str, str]:
    """The words of the letter by part, both papers must hold each of them."""
    return {f"{part} {i}": squeezed(words) for i, (part, words) in enumerate(content.lines())}


OTHER = Head(("SỞ X",), ("CHI NHÁNH Y",), "Y", "PXL-CNY", ("KT. GIÁM ĐỐC", "PHÓ GIÁM ĐỐC"), "Trần Văn Quang")


@pytest.mark.parametrize("form", FORMS.codes)
@pytest.mark.parametrize("head", [HEAD, OTHER])
def test_both_papers_say_the_same(form: str, head: Head) -> None:
    purpose = FORMS.get(form).purpose
    content = letter("pxl_2025" if purpose == "notice" else form, head=head, is_overdue=True)
    content = reworded(FORMS.get(content.form), content, reason="Chờ xác minh thực địa.")
    content = notice(FORMS, content, None) if purpose == "notice" else content
    assert content.form == form
    # a head of two columns is read row by row in one and column by column in the other: compare as sorted lines
    in_word = sorted(squeezed(line) for line in said(word.docx(content)).split("\n") if line.strip())
    wanted = sorted(by_part(content).values())
    assert in_word == wanted
    printed_text = squeezed("".join(printed(pdf([content]))))
    assert all(words in printed_text for words in wanted)


def test_dots_to_write_on_are_leaders_not_characters() -> None:
    document = python_docx.Document(io.BytesIO(word.docx(letter())))
    dotted = [p.text for p in document.paragraphs if "\t" in p.text]
    assert dotted == ["Lý do: \t", "\t"]
    assert [split_fill(line) for line in letter().body if split_fill(line)[1]] == [("Lý do:", True), ("", True)]


def test_the_page_is_the_decrees() -> None:
    section = python_docx.Document(io.BytesIO(word.docx(letter()))).sections[0]
    sizes = [section.page_width, section.page_height]
    assert [round(x.mm) for x in sizes if x] == [210, 297]
    margins = [section.top_margin, section.right_margin, section.bottom_margin, section.left_margin]
    assert [round(x.mm) for x in margins if x] == [20, 20, 20, 30]
    assert section.different_first_page_header_footer  # numbers from page 2


def test_it_is_small_vietnamese_and_names_times_new_roman() -> None:
    data = word.docx(letter())
    assert len(data) < 12_000
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        styles = archive.read("word/styles.xml").decode()
        assert 'w:lang w:val="vi-VN"' in styles
        assert "Times New Roman" in styles
        assert 'w:sz w:val="28"' in styles
        for name in archive.namelist():
            ElementTree.fromstring(archive.read(name))  # each part is XML
    dense = word.docx(letter(procedure=filled("thủ tục", 600)))
    with zipfile.ZipFile(io.BytesIO(dense)) as archive:
        assert 'w:sz w:val="26"' in archive.read("word/styles.xml").decode()  # 13 pt, as on the other paper


def test_the_same_words_make_the_same_bytes_and_bear_their_mark() -> None:
    content = letter()
    assert word.docx(content) == word.docx(Content.from_dict(content.to_dict()))
    assert word.mark(content).encode() in word.docx(content)
    assert "Hạnh".encode() not in _part(word.docx(content), "docProps/core.xml")  # no person in the properties


def _part(data: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(name)


def _builder() -> ModuleType:
    path = Path(word.LAYOUT).with_name("build_docx.py")
    spec = importlib.util.spec_from_file_location("build_docx", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_layout_in_the_repository_is_the_one_that_its_script_builds() -> None:
    assert word.LAYOUT.read_bytes() == _builder().build()


@pytest.mark.parametrize("text", ["a\x00b", "a\ufffeb", "😀"])
def test_what_the_paper_refuses_word_refuses_too(text: str) -> None:
    with pytest.raises(GlyphMissing):
        word.docx(letter(applicant=text))


_NASTY = ["<", ">", "&", "{{", "}}", "{%p if %}", "{#", "</w:t>", "&amp;", "]]>", "{{r x }}", "\\", "$", '"', "'"]
_TEXTS = st.lists(st.sampled_from(_NASTY) | st.sampled_from(sorted(repertoire())), max_size=80).map("".join)


@settings(max_examples=proof_examples(200, 10_000), deadline=None)
@given(applicant=_TEXTS, reason=_TEXTS)
def test_any_text_is_data_in_word_too(applicant: str, reason: str) -> None:
    content = letter(applicant=applicant, applicant_kind="organisation")
    content = reworded(FORMS.get("pxl_2025"), content, reason=reason)
    composed = {c for value in content.values.values() for c in str(value)}
    if composed - repertoire():  # two printable characters may compose to one that is not
        with pytest.raises(GlyphMissing):
            word.docx(content)
        return
    lines = [squeezed(line) for line in said(word.docx(content)).split("\n") if line.strip()]
    assert sorted(lines) == sorted(by_part(content).values())
