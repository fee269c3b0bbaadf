"""Drafting on a real store: what is owed is worded once, by the source that speaks, under the agency's own head."""

import tomllib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session, sessionmaker

from monitor import DEFAULTS
from monitor.letters.content import Content
from monitor.letters.draft import DraftCount, draft_letters
from monitor.letters.templates import TemplateRefused
from monitor.people import Agency, Directory
from monitor.settings import LetterAgency, Letters
from monitor.store.tables import ApplicantRow, Dossier, Letter, Source, SourceDossier
from tests.letters.samples import NOW, ZONE, local

PROVINCE = Agency("H19", "Ủy ban nhân dân thành phố Đồng Nai", kind="province")
WARD = Agency("H19.126", "UBND phường Chơn Thành", "H19", "commune")
DEPARTMENT = Agency("H19.03", "Sở Xây dựng", "H19", "department")
OTHER = Agency("H19.99", "Chi nhánh Văn phòng Đăng ký đất đai Chơn Thành", "H19.03", "centre")
DIRECTORY = Directory([PROVINCE, WARD, DEPARTMENT, OTHER])


class Office:
    """The office's clock."""

    def local(self, at: datetime) -> datetime:
        return at.astimezone(ZONE)


def put(session: Session, number: int, *, letter: dict[str, Any] | None = None, **changed: Any) -> None:
    """One dossier seen by both systems, the one-stop speaking, and the letter it is owed."""
    session.merge(Source(name="motcua", kind="opencps", role="one_stop"))
    session.merge(Source(name="cong", kind="dvcqg", role="portal"))
    session.flush()
    facts: dict[str, Any] = {
        "code": f"H19.126-251103-{number:04d}",
        "status": "processing",
        "speaking_source": "motcua",
        "precision": "date",
        "procedure_name": "Đăng ký khai sinh",
        "agency_code": "H19.126",
        "received_at": local(3, 9),
        "promised_at": local(24, 16, 30),
        "facts_at": NOW,
        "confirmed_at": NOW,
    }
    session.add(Dossier(id=number, **(facts | changed)))
    session.flush()
    for view, source, name in ((number * 2, "motcua", "TRẦN THỊ BÉ"), (number * 2 + 1, "cong", "TRAN THI BE")):
        session.add(
            SourceDossier(
                id=view,
                source=source,
                key=str(number),
                dossier_id=number,
                code=facts["code"],
                record_hash="x",
                status="processing",
                first_heard_at=NOW,
                changed_at=NOW,
                confirmed_at=NOW,
            )
        )
        session.flush()
        session.add(ApplicantRow(view_id=view, name=name, kind="citizen", id_number="075300000001"))
    duty: dict[str, Any] = {"promise_number": 1, "agency_code": "H19.126", "owed_at": NOW}
    session.add(Letter(id=number, dossier_id=number, **(duty | (letter or {}))))


@pytest.fixture
def put_in(sessions: sessionmaker[Session]) -> Callable[..., None]:
    def run(number: int, **changed: Any) -> None:
        with sessions.begin() as session:
            put(session, number, **changed)

    return run


def draft(sessions: sessionmaker[Session], settings: Letters | None = None, **more: Any) -> DraftCount:
    with sessions.begin() as session:
        arguments: dict[str, Any] = {
            "now": NOW,
            "calendar": Office(),
            "directory": DIRECTORY,
            "settings": settings or Letters(),
        }
        return draft_letters(session, **(arguments | more))


def words(sessions: sessionmaker[Session], number: int = 1) -> Content:
    with sessions() as session:
        stored = session.scalars(select(Letter.content).where(Letter.id == number)).one()
        assert stored is not None
        return Content.from_dict(stored)


def test_an_owed_letter_becomes_a_draft_with_all_that_is_known_of_it(
    sessions: sessionmaker[Session], put_in: Callable[..., None]
) -> None:
    put_in(1)
    assert draft(sessions) == DraftCount(drafted=1, by_form={"pxl_2025": 1})
    content = words(sessions)
    assert content.addressee == ("Kính gửi: Ông/Bà Trần Thị Bé",)  # the one-stop's name, not the portal's
    assert content.issuer == ("ỦY BAN NHÂN DÂN", "PHƯỜNG CHƠN THÀNH")
    assert content.parent == ()  # a People's Committee names none above it
    assert content.signer == ("CHỦ TỊCH",)
    assert content.place_and_date.startswith("Chơn Thành, ngày ……")
    assert "16 giờ 30 phút, ngày 24 tháng 11 năm 2026" in content.body[1]
    assert "075300000001" not in str(content.to_dict())  # shown only where the office asks for it
    with sessions() as session:
        letter = session.scalars(select(Letter)).one()
        assert (letter.state, letter.drafted_at, letter.form) == ("drafted", NOW, "pxl_2025")
        assert letter.content_hash == content.hash
        assert letter.template_version == content.template_version != ""


def test_a_second_run_changes_nothing(sessions: sessionmaker[Session], put_in: Callable[..., None]) -> None:
    put_in(1)
    draft(sessions)
    before = words(sessions)
    assert draft(sessions, now=NOW + timedelta(minutes=1)) == DraftCount()
    assert words(sessions) == before


@pytest.mark.parametrize("letter", [{"suspended_for": "state_mismatch"}, {"state": "not_needed"}, {"state": "closed"}])
def test_what_is_suspended_or_not_owed_gets_no_words(
    sessions: sessionmaker[Session], put_in: Callable[..., None], letter: dict[str, str]
) -> None:
    put_in(1, letter=letter)
    assert draft(sessions).drafted == 0


def test_only_the_chosen_letters(sessions: sessionmaker[Session], put_in: Callable[..., None]) -> None:
    for number in (1, 2, 3):
        put_in(number)
    assert draft(sessions, only={2, 9}).drafted == 1
    assert draft(sessions, only=()).drafted == 0
    assert draft(sessions).drafted == 2


@pytest.mark.parametrize(
    ("precision", "now", "said"),
    [
        ("date", local(24, 23, 59), "dự kiến chưa thể trả"),  # a promise by the day runs to its end
        ("date", local(25, 0, 0), "Tuy nhiên đến nay"),
        ("instant", local(24, 16, 30), "dự kiến chưa thể trả"),
        ("instant", local(24, 16, 31), "Tuy nhiên đến nay"),
    ],
)
def test_the_words_depend_on_whether_the_promise_has_passed(
    sessions: sessionmaker[Session], put_in: Callable[..., None], precision: str, now: datetime, said: str
) -> None:
    put_in(1, precision=precision)
    draft(sessions, now=now.astimezone(UTC))
    assert any(line.startswith(said) or said in line for line in words(sessions).body)


def test_a_draft_whose_promise_has_passed_since_is_told_in_the_past(
    sessions: sessionmaker[Session], put_in: Callable[..., None]
) -> None:
    """A letter that says "expected" of a day gone by would be untrue; worded anew once, then left alone."""
    put_in(1)
    draft(sessions)
    late = local(26, 8).astimezone(UTC)
    assert draft(sessions, now=late) == DraftCount(reworded=1)
    assert any(line.startswith("Tuy nhiên đến nay") for line in words(sessions).body)
    assert draft(sessions, now=late) == DraftCount()


def test_a_second_promise_is_the_extended_one(sessions: sessionmaker[Session], put_in: Callable[..., None]) -> None:
    put_in(1, extended_at=local(30), letter={"promise_number": 2})
    draft(sessions)
    assert words(sessions).title == ("PHIẾU XIN LỖI",)
    assert words(sessions).body[1].endswith("đã gia hạn: ngày 30 tháng 11 năm 2026.")  # midnight is a day, not an hour


def test_a_dossier_without_a_promise_is_told_not_invented(
    sessions: sessionmaker[Session], put_in: Callable[..., None]
) -> None:
    put_in(1, promised_at=None)
    count = draft(sessions)
    assert (count.drafted, count.skipped) == (0, 1)
    assert count.problems == ("H19.126-251103-0001: không có ngày hẹn trả",)


def test_where_the_speaking_source_names_nobody_the_other_does(
    sessions: sessionmaker[Session], put_in: Callable[..., None]
) -> None:
    put_in(1)
    with sessions.begin() as session:
        person = session.get(ApplicantRow, 2)
        assert person is not None
        person.name = ""
    draft(sessions)
    assert words(sessions).addressee == ("Kính gửi: Ông/Bà Tran Thi Be",)


def test_the_office_says_how_its_letters_look(sessions: sessionmaker[Session], put_in: Callable[..., None]) -> None:
    put_in(1, letter={"agency_code": "H19.99"}, agency_code="H19.99")
    put_in(2, letter={"agency_code": "H19.03"}, agency_code="H19.03")
    put_in(3, letter={"agency_code": "la"}, agency_name="Phòng Kinh tế")
    own = LetterAgency(
        agency="H19.99",
        parent="VĂN PHÒNG ĐĂNG KÝ ĐẤT ĐAI\nTHÀNH PHỐ ĐỒNG NAI",
        issuer="CHI NHÁNH CHƠN THÀNH",
        place="Chơn Thành",
        symbol="PXL-CNCT",
        signer_authority="KT. GIÁM ĐỐC",
        signer_title="PHÓ GIÁM ĐỐC",
        signer_name="Lê Văn Quý",
        show_id_number=True,
        form="pxl_2025",
    )
    draft(sessions, Letters(agencies=(own, LetterAgency(form="pxl_2018"))))
    one, two, three = (words(sessions, n) for n in (1, 2, 3))
    assert one.parent == ("VĂN PHÒNG ĐĂNG KÝ ĐẤT ĐAI", "THÀNH PHỐ ĐỒNG NAI")
    assert one.signer == ("KT. GIÁM ĐỐC", "PHÓ GIÁM ĐỐC")
    assert one.number.endswith("/PXL-CNCT")
    assert "số định danh: 075300000001" in one.body[0]
    assert two.parent == ("ỦY BAN NHÂN DÂN", "THÀNH PHỐ ĐỒNG NAI")  # from the tree
    assert two.values["co_quan_chu_quan"] == "Ủy ban nhân dân thành phố Đồng Nai"
    assert (two.issuer, two.signer, two.form) == (("SỞ XÂY DỰNG",), ("GIÁM ĐỐC",), "pxl_2018")
    assert two.place_and_date.startswith("……, ngày")  # nobody said where it sits
    assert (three.issuer, three.signer) == (("PHÒNG KINH TẾ",), ("THỦ TRƯỞNG CƠ QUAN, ĐƠN VỊ",))  # unknown to the tree


def test_by_the_starter_file_everyone_s_own_head_signs(
    sessions: sessionmaker[Session], put_in: Callable[..., None]
) -> None:
    put_in(1)
    put_in(2, letter={"agency_code": "H19.03"}, agency_code="H19.03")
    starter = tomllib.loads((DEFAULTS / "dunghen.toml").read_text("utf-8"))
    draft(sessions, Letters.model_validate(starter["letters"]))
    assert [words(sessions, n).signer for n in (1, 2)] == [("CHỦ TỊCH",), ("GIÁM ĐỐC",)]


def test_broken_wording_stops_before_any_letter(
    sessions: sessionmaker[Session], put_in: Callable[..., None], tmp_path: Path
) -> None:
    put_in(1)
    (tmp_path / "pxl_2025").mkdir()
    (tmp_path / "pxl_2025" / "title.txt").write_text("{{ sai }}")
    with pytest.raises(TemplateRefused, match="sai"):
        draft(sessions, Letters(templates=tmp_path))
    with sessions() as session:
        assert session.scalar(select(func.count()).where(Letter.state == "owed")) == 1


def test_many_letters_take_few_statements(sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch) -> None:
    """No query inside a loop: 60 letters are two batches."""
    monkeypatch.setattr("monitor.letters.draft._BATCH", 50)
    with sessions.begin() as session:
        for number in range(1, 61):
            put(session, number)
    statements: list[str] = []

    def heard(*args: Any) -> None:
        statements.append(args[2])

    engine = sessions.kw["bind"]
    event.listen(engine, "before_cursor_execute", heard)
    assert draft(sessions).drafted == 60
    event.remove(engine, "before_cursor_execute", heard)
    assert len(statements) < 12
