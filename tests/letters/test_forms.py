"""Which form a letter is written on: by the day, the agency, the procedure and what the law still allows."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from monitor.letters.forms import OURS, Forms
from monitor.letters.paper import pdf
from monitor.letters.sheet import notice, numbered
from monitor.letters.templates import TemplateRefused
from monitor.letters.wording import check_templates, reworded
from monitor.people import Agency, Directory
from monitor.settings import LetterAgency, Letters
from monitor.store.tables import Dossier, Letter, LetterNumber
from tests.letters.samples import FORMS, letter, printed, squeezed
from tests.letters.test_draft import draft, put, words

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("code", "on", "extension", "chosen", "why"),
    [
        ("pxl_2025", date(2026, 11, 22), True, "pxl_2025", "the form in force"),
        ("pxl_2025", date(2025, 9, 15), True, "pxl_2025", "its first day"),
        ("pxl_2025", date(2025, 9, 14), True, "pxl_2018", "the day before: the one it replaces"),
        ("pxl_2018", date(2026, 11, 22), True, "pxl_2018", "a procedure that still names it"),
        ("pxl_2025", date(2026, 11, 22), False, "xin_loi", "the one extension is used up"),
        ("cong_van", date(2026, 11, 22), False, "xin_loi", "the same"),
        ("xin_loi", date(2026, 11, 22), False, "xin_loi", "it is the one already"),
    ],
)
def test_the_form_is_chosen(code: str, on: date, extension: bool, chosen: str, why: str) -> None:
    assert FORMS.choose(code, on, extension=extension).code == chosen, why


def own_form(folder: Path, code: str, about: str) -> Forms:
    (folder / code).mkdir()
    for name in ("title.txt", "addressee.txt", "body.txt"):
        (folder / code / name).write_bytes((OURS / "pxl_2025" / name).read_bytes())
    (folder / code / "form.toml").write_text(about, "utf-8")
    return Forms(folder)


def test_a_form_that_ended_gives_way_to_the_one_that_replaces_it(tmp_path: Path) -> None:
    own_form(tmp_path, "mau_a", 'name = "A"\nvalid_to = 2026-06-30\n')
    forms = own_form(tmp_path, "mau_b", 'name = "B"\nvalid_from = 2026-07-01\nreplaces = "mau_a"\n')
    assert forms.choose("mau_a", date(2026, 6, 30)).code == "mau_a"
    assert forms.choose("mau_a", date(2026, 7, 1)).code == "mau_b"
    assert forms.choose("mau_b", date(2026, 1, 1)).code == "mau_a"


def test_a_form_with_no_successor_is_refused_by_name_and_day(tmp_path: Path) -> None:
    forms = own_form(tmp_path, "mau_a", 'name = "A"\nvalid_to = 2026-06-30\n')
    with pytest.raises(TemplateRefused, match="not in force on 2026-11-22"):
        forms.choose("mau_a", TODAY)


@pytest.mark.parametrize(
    ("about", "line", "fix"),
    [
        ('name = "A"\npaper = "A5"\n', 2, "paper = A4"),
        ('name = "A"\npurpose = "thư"\n', 2, "extension | apology | notice"),
        ('name = "A"\nlayout = "x"\n', 2, "phieu | cong_van"),
        ('name = "A"\ntitle = "b"\n[titles]\na = "PHIẾU"\n', 2, "title = a"),
        ('name = "A"\n[titles]\na = 3\n', 2, "titles"),
        ('name = "A"\nsymbol = 3\n', 2, "symbol"),
    ],
)
def test_a_slip_in_form_toml_tells_line_and_fix(tmp_path: Path, about: str, line: int, fix: str) -> None:
    forms = own_form(tmp_path, "mau_a", about)
    with pytest.raises(TemplateRefused) as refused:
        forms.get("mau_a")
    assert (refused.value.line, fix in refused.value.fix.vi) == (line, True)


def test_an_apology_must_not_offer_a_date(tmp_path: Path) -> None:
    forms = own_form(tmp_path, "mau_a", 'name = "A"\npurpose = "apology"\n')
    with pytest.raises(TemplateRefused, match="must not stand here"):
        forms.get("mau_a")


def test_the_titles_in_force_are_a_setting_and_a_wrong_one_is_told() -> None:
    assert check_templates(Letters(agencies=(LetterAgency(title="danh_muc"),))) == []
    (problem,) = check_templates(Letters(agencies=(LetterAgency(title="khac"),)))
    assert "danh_muc" in problem.fix.vi
    assert "xin_loi" in check_templates(Letters(procedures={"1.0": "khong_co"}))[0].fix.vi


def drafted(sessions: sessionmaker[Session], settings: Letters, **changed: Any) -> Any:
    with sessions.begin() as session:
        put(session, 1, **changed)
    draft(sessions, settings)
    return words(sessions)


def test_the_drafts_title_head_and_counter_follow_the_agencys_entry_of_the_day(
    sessions: sessionmaker[Session],
) -> None:
    """One entry after the other: the signer changed on 1 November."""
    before = LetterAgency(agency="H19.126", signer_name="Lê Văn Cũ", valid_to=date(2026, 10, 31))
    since = LetterAgency(
        agency="H19.126",
        signer_name="Trần Văn Mới",
        valid_from=date(2026, 11, 1),
        title="danh_muc",
        form="pxl_2025",
    )
    content = drafted(sessions, Letters(agencies=(before, since)))
    assert content.signer_name == "Trần Văn Mới"
    assert content.title == ("VĂN BẢN XIN LỖI VÀ ĐỀ NGHỊ GIA HẠN THỜI GIAN GIẢI QUYẾT",)
    assert content.number.endswith("/PXL")


def test_a_procedure_that_names_the_older_form_gets_it(sessions: sessionmaker[Session]) -> None:
    content = drafted(sessions, Letters(), procedure_code="1.004873")
    assert content.form == "pxl_2018"
    assert content.title == ("PHIẾU XIN LỖI VÀ HẸN LẠI NGÀY TRẢ KẾT QUẢ",)


def test_an_official_letter_names_the_one_stop_unit_and_its_subject(sessions: sessionmaker[Session]) -> None:
    entry = LetterAgency(form="cong_van", symbol="UBND-VP", counter="Trung tâm Phục vụ hành chính công phường X")
    content = drafted(sessions, Letters(agencies=(entry,)))
    assert content.layout == "cong_van"
    assert content.title == ("V/v xin lỗi và đề nghị gia hạn thời gian trả kết quả",)
    assert content.number.endswith("/UBND-VP")
    assert "- Trung tâm Phục vụ hành chính công phường X;" in content.recipients


def test_an_agency_that_was_merged_writes_under_the_name_valid_that_day(sessions: sessionmaker[Session]) -> None:
    old = Agency("H19.50", "UBND xã Cũ", "H19", "commune", valid_to=date(2026, 6, 30))
    new = Agency("H19.51", "UBND xã Mới", "H19", "commune", old_codes=("H19.50",), valid_from=date(2026, 7, 1))
    province = Agency("H19", "Ủy ban nhân dân tỉnh Mẫu", kind="province")
    with sessions.begin() as session:
        put(session, 1)
        session.execute(update(Dossier).values(agency_code="H19.50"))
        session.execute(update(Letter).values(agency_code="H19.50"))
    draft(sessions, directory=Directory([province, old, new]))
    assert words(sessions).issuer == ("ỦY BAN NHÂN DÂN", "XÃ MỚI")


def entry_of(number: int = 7) -> LetterNumber:
    return LetterNumber(number=number, symbol="PXL", dated_on=date(2026, 11, 23), letter_id=1)


def test_the_notice_to_the_one_stop_unit_tells_the_dossier_and_not_the_person() -> None:
    content = reworded(FORMS.get("pxl_2025"), letter(), reason="Cần xác minh thực địa.", new_date=date(2026, 12, 1))
    told = notice(FORMS, content, entry_of())
    text = " ".join(words for _, words in told.lines())
    assert "Kính gửi: Bộ phận Tiếp nhận và Trả kết quả" in text
    assert "(số 07/PXL, ngày 23 tháng 11 năm 2026)" in text
    assert "Lý do: Cần xác minh thực địa." in text
    assert "thành ngày 01 tháng 12 năm 2026 trên Hệ thống" in text
    assert "Hồng Hạnh" not in text
    assert told.check == content.check  # what `verify` knows
    assert "HồngHạnh" not in squeezed("".join(printed(pdf([told]))))


def test_the_notice_on_a_second_miss_asks_for_no_extension() -> None:
    text = " ".join(words for _, words in notice(FORMS, letter(promise_number=2), None).lines())
    assert "không đề nghị gia hạn thêm" in text
    assert "Hệ thống thông tin" not in text
    assert "số )" not in text


def test_the_registrys_number_and_day_stand_on_the_paper_and_the_check_stays() -> None:
    content = letter()
    paper = numbered(content, entry_of())
    assert (paper.number, paper.place_and_date) == ("Số: 07/PXL", "Chơn Thành, ngày 23 tháng 11 năm 2026")
    assert (paper.check, paper.footer) == (content.check, content.footer)
    assert numbered(content, None) is content


def test_letters_of_an_older_version_keep_their_hash_and_can_be_reworded() -> None:
    """Fields that came later are missing in stored letters: neither hash nor rewording may break."""
    content = letter()
    stored = content.to_dict()
    assert "layout" not in stored
    values = {k: v for k, v in stored["values"].items() if k not in ("ten_loai", "mot_cua", "so_phieu", "ngay_phieu")}
    old = type(content).from_dict(stored | {"values": values})
    assert reworded(FORMS.get("pxl_2025"), old, reason="Chờ.").title == content.title
