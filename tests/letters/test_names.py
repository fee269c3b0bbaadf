"""How people are named and addressed: sources shout, letters do not."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.letters.names import address_word, addressed, tidy
from tests.counts import proof_examples


@pytest.mark.parametrize(
    ("said", "kind", "on_paper", "meaning"),
    [
        ("NGUYỄN VĂN AN", "citizen", "Ông/Bà Nguyễn Văn An", "capitals become proper case"),
        ("nguyễn văn an", "citizen", "Ông/Bà Nguyễn Văn An", "so do small letters"),
        ("Trần thị Bé", "citizen", "Ông/Bà Trần thị Bé", "a name that is mixed already is the source's business"),
        ("H'HEN NIÊ", "citizen", "Ông/Bà H'Hen Niê", "Ê Đê names have a capital after the stroke"),
        ("ÔNG LÊ VĂN C", "citizen", "Ông Lê Văn C", "a form of address that is there already is kept, once"),
        ("Bà Lê Thị D", "", "Bà Lê Thị D", "also in proper case"),
        ("TRẦN VĂN A;  LÊ THỊ B ;", "", "Ông/Bà Trần Văn A; Ông/Bà Lê Thị B", "co-owners, each addressed"),
        ("CÔNG TY TNHH MTV HOÀNG LONG", "organisation", "Công ty TNHH MTV Hoàng Long", "acronyms stay large"),
        (
            "CÔNG TY CỔ PHẦN THƯƠNG MẠI VÀ DỊCH VỤ SAO MAI 27/7",
            "",
            "Công ty Cổ phần Thương mại và Dịch vụ Sao Mai 27/7",
            "common phrases have one capital, and a company is known by its name where the source gives no kind",
        ),
        ("HỘ KINH DOANH BA SẠCH", "", "Hộ kinh doanh Ba Sạch", "a household business is an organisation"),
        ("CÔNG TY TNHH A B", "citizen", "Công ty TNHH A B", "a source that files every one under citizen is corrected"),
        ("HỘI AN LÊ", "citizen", "Ông/Bà Hội An Lê", "the source's word on the kind goes before the look of the name"),
        ("", "", "", "no name, no address"),
    ],
)
def test_a_name_is_written_as_on_paper(said: str, kind: str, on_paper: str, meaning: str) -> None:
    assert addressed(said, kind) == on_paper, meaning


@pytest.mark.parametrize(
    ("said", "kind", "word"),
    [
        ("NGUYỄN VĂN AN", "citizen", "Ông/Bà"),
        ("CÔNG TY TNHH ABC", "", "Quý công ty"),
        ("TỔNG CÔNG TY X", "", "Quý tổng công ty"),
        ("UBND PHƯỜNG X", "organisation", "Quý cơ quan"),
        ("Sao Mai", "organisation", "Quý cơ quan"),
        ("CÔNG TY A; TRẦN VĂN B", "", "Ông/Bà"),  # one person among them is spoken to as a person
        ("", "", "Ông/Bà"),
    ],
)
def test_the_letter_speaks_to_each_kind(said: str, kind: str, word: str) -> None:
    assert address_word(said, kind) == word


@settings(max_examples=proof_examples(200, 10_000))
@given(st.text(max_size=80))
def test_only_the_case_of_a_name_changes(name: str) -> None:
    """Whatever a source says, no letter of a name is lost or invented."""
    after = addressed(name.replace(";", " "), "organisation")
    assert after.casefold() == tidy(name.replace(";", " ")).casefold()
    assert unicodedata.is_normalized("NFC", after) or after == tidy(name)
