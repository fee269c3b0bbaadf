"""What the letter says, word for word as the form has it (law-forms-channels §1.1), before and after the due date."""

import json
from datetime import date
from typing import Any

import pytest

from monitor.letters.content import Content, split_fill
from monitor.letters.wording import Head, reworded
from tests.letters.samples import FORMS, HEAD, letter

WARD = "Ủy ban nhân dân phường Chơn Thành"
ADDRESSED = "Ông/Bà Nguyễn Thị Hồng Hạnh"


def test_the_2025_form_after_the_due_date_is_the_form_itself() -> None:
    words = letter(is_overdue=True)
    assert words.title == ("PHIẾU XIN LỖI VÀ ĐỀ NGHỊ GIA HẠN THỜI GIAN GIẢI QUYẾT",)
    assert words.addressee == (f"Kính gửi: {ADDRESSED}",)
    assert words.body == (
        f"Ngày 03 tháng 11 năm 2026, {WARD} tiếp nhận giải quyết hồ sơ đề nghị giải quyết thủ tục hành chính "
        "Đăng ký biến động quyền sử dụng đất trong trường hợp chuyển nhượng "
        f"của {ADDRESSED}; mã số hồ sơ: H19.126-251103-0042.",
        "Thời gian hẹn trả kết quả giải quyết hồ sơ: 16 giờ 30 phút, ngày 24 tháng 11 năm 2026.",
        f"Tuy nhiên đến nay, {WARD} chưa trả kết quả giải quyết hồ sơ của Ông/Bà đúng thời hạn quy định ghi trên "
        "Giấy tiếp nhận hồ sơ và hẹn trả kết quả.",
        "Lý do: ……",
        "……",
        f"{WARD} xin trân trọng gửi lời xin lỗi đến Ông/Bà vì sự chậm trễ trong quá trình giải quyết hồ sơ có thể "
        "gây phiền hà, tốn kém về chi phí, công sức của Ông/Bà.",
        f"{WARD} xin lỗi Ông/Bà và sẽ trả kết quả giải quyết hồ sơ cho Ông/Bà vào ngày …… tháng …… năm ……….",
        "Mong nhận được sự thông cảm của Ông/Bà vì sự chậm trễ này./.",
    )
    assert words.signer_note == "(Ký và ghi rõ họ tên)"
    assert words.recipients == ()  # the form has no "Nơi nhận"


def test_before_the_due_date_it_does_not_say_that_the_date_has_passed() -> None:
    body = " ".join(letter(is_overdue=False).body)
    assert "dự kiến chưa thể trả kết quả" in body
    assert "đến nay" not in body


def test_the_people_of_the_law_stay_people() -> None:
    """Number, day of signing, reason and new date are left to those who answer for them (house decision 9)."""
    words = letter()
    assert words.number.split() == ["Số:", "/PXL"]
    assert words.place_and_date == "Chơn Thành, ngày …… tháng …… năm 2026"
    assert "Lý do: ……" in words.body
    assert any("vào ngày …… tháng …… năm ………" in line for line in words.body)


def test_a_second_miss_offers_no_second_extension() -> None:
    """The date is moved at most once (NĐ 118/2025 Điều 19 khoản 6)."""
    words = letter(promise_number=2, is_overdue=True)
    assert words.title == ("PHIẾU XIN LỖI",)
    text = " ".join(words.body)
    assert "vào ngày" not in text
    assert "sẽ trả kết quả cho Ông/Bà ngay sau khi giải quyết xong hồ sơ" in text


def test_a_promise_without_an_hour_prints_none() -> None:
    assert letter(promised_date_only=True).body[1].endswith("hồ sơ: ngày 24 tháng 11 năm 2026.")


def test_the_older_form_has_its_older_words() -> None:
    words = letter("pxl_2018", is_overdue=True, id_number="079200000001")
    assert words.title == ("PHIẾU XIN LỖI VÀ HẸN LẠI NGÀY TRẢ KẾT QUẢ",)
    text = " ".join(words.body)
    assert "Sự chậm trễ này đã gây phiền hà, tốn kém chi phí, công sức của Ông/Bà." in text
    assert "giờ" not in words.body[1]  # it has no hour
    assert "định danh" not in text  # nor the id number


@pytest.mark.parametrize(("id_number", "printed"), [("079200000001", True), ("", False)])
def test_the_id_number_stands_where_the_office_shows_it(id_number: str, printed: bool) -> None:
    assert ("; số định danh: 079200000001; mã số hồ sơ:" in letter(id_number=id_number).body[0]) is printed


def test_what_is_unknown_is_left_open_never_invented() -> None:
    words = letter(received_at=None, applicant="", procedure="")
    assert words.addressee == ("Kính gửi: ……",)
    assert words.body[0].startswith("Ngày …… tháng …… năm ………, ")


def test_the_officers_words_take_the_place_of_the_dots() -> None:
    words = reworded(FORMS.get("pxl_2025"), letter(), reason="Cần xác minh  thực địa.", new_date=date(2026, 12, 1))
    assert "Lý do: Cần xác minh thực địa." in words.body
    assert "……" not in words.body
    assert any("vào ngày 01 tháng 12 năm 2026." in line for line in words.body)
    blank = reworded(FORMS.get("pxl_2025"), words, reason=" ")
    assert "Lý do: ……" in blank.body  # taken back, it is blank again


def test_a_company_is_spoken_to_as_a_company() -> None:
    words = letter(applicant="CÔNG TY TNHH HOÀNG LONG", applicant_kind="organisation")
    assert words.addressee == ("Kính gửi: Công ty TNHH Hoàng Long",)
    assert "Ông/Bà" not in " ".join(words.body)


def test_the_stored_form_comes_back_equal_and_any_change_shows() -> None:
    words = letter()
    stored = json.loads(json.dumps(words.to_dict()))
    assert Content.from_dict(stored) == words
    assert Content.from_dict(stored).hash == words.hash
    changed: Any
    for part, value in stored.items():
        if part == "recipients" or (part == "parent"):
            changed = [*value, "x"]
        elif isinstance(value, str):
            changed = value + "x"
        elif isinstance(value, list):
            changed = [v + "x" for v in value]
        elif isinstance(value, dict):
            changed = value | {"ly_do": "x"}
        else:
            changed = not value
        assert Content.from_dict(stored | {part: changed}).hash != words.hash, part


@pytest.mark.parametrize("change", [{"extra": 1}, None])
def test_a_stored_form_of_another_shape_is_refused(change: dict[str, int] | None) -> None:
    stored = letter().to_dict() | (change or {})
    if change is None:
        del stored["body"]
    with pytest.raises(ValueError, match=r"body|extra"):
        Content.from_dict(stored)


@pytest.mark.parametrize(
    ("line", "words", "fill"),
    [("Lý do: ……", "Lý do:", True), ("……", "", True), ("năm ……….", "năm ……….", False), ("v.v…", "v.v…", False)],
)
def test_dots_at_the_end_become_a_line(line: str, words: str, fill: bool) -> None:
    assert split_fill(line) == (words, fill)


def test_the_check_is_of_the_words_and_tells_nothing_of_the_person() -> None:
    one, other = letter(), letter(applicant="TRẦN VĂN AN")
    assert one.check != other.check
    assert one.qr == f"H19.126-251103-0042 {one.check}"
    assert len(one.check) == 12


def test_the_gap_for_the_number_survives_and_the_head_is_tidied() -> None:
    words = letter(head=Head(("SỞ  X",), ("CHI  NHÁNH",), "", "PXL", HEAD.signer))
    assert (words.parent, words.issuer) == (("SỞ X",), ("CHI NHÁNH",))
    assert "\u00a0" * 8 in words.number
    assert words.place_and_date.startswith("……, ngày")
