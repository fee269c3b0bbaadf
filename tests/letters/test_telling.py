"""Telling the counter and the applicant by e-mail: a real mail server takes it, the outbox proves it, nobody's address
stays behind."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session, sessionmaker

from monitor.alerts.outgoing import Channel
from monitor.alerts.sending import send_pending
from monitor.calendars import load_calendar
from monitor.clock import FixedClock
from monitor.letters import life, pades, telling
from monitor.letters.messages import SMS_LENGTH, sms_text
from monitor.letters.office import Office
from monitor.letters.sealing import seal
from monitor.letters.steps import history
from monitor.letters.verify import verify
from monitor.mailroom import LetterMail
from monitor.settings import CalendarSettings, Email, LetterKey, Letters
from monitor.store.tables import ApplicantRow, Base, Letter, Message
from tests.letters import keys
from tests.letters.samples import printed, squeezed
from tests.letters.test_life import MONDAY, OFFICE, WAY, ZONE, by, change, go, refused, register, state, void
from tests.letters.test_life import drafted as drafted_letters
from tests.peers.smtp import MailServer, mail_server

drafted = drafted_letters
COUNTER, ADDRESS = "motcua@vidu.gov.vn", "be.tran@vidu.test"
REACHED: Office = replace(OFFICE, counter_mailbox=lambda _: COUNTER)


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


class Post:
    """The outbox with the letters' channel, and the pass that sees what was sent."""

    def __init__(self, sessions: sessionmaker[Session], mail: MailServer) -> None:
        self.sessions, self.mail, self.clock = sessions, mail, FixedClock(MONDAY)
        settings = Email(
            enabled=True,
            host="127.0.0.1",
            port=mail.port,
            security="none",
            sender="Đúng Hẹn <dh@vidu.gov.vn>",
            timeout=5,
        )
        self.office = OFFICE
        channel = LetterMail(settings, sessions, lambda: self.office, "https://dunghen.vidu.gov.vn/")
        self.channels: dict[str, Channel] = {channel.name: channel}

    def goes(self) -> int:
        """Sends what waits; returns how many steps that proved."""
        send_pending(self.sessions, self.channels, clock=self.clock)
        with self.sessions.begin() as session:
            return telling.see_mails(session, self.clock.now())


@pytest.fixture
def post(drafted: sessionmaker[Session], mail: MailServer) -> Post:
    with drafted.begin() as session:
        session.execute(update(ApplicantRow).where(ApplicantRow.view_id == 2).values(email=ADDRESS))
    return Post(drafted, mail)


def to_counter(s: Session) -> life.Done:
    return telling.mail_counter(s, 1, REACHED, by())


def to_applicant(s: Session) -> life.Done:
    return telling.mail_applicant(s, 1, REACHED, by())


def words_of(mail: MailServer, number: int = 0) -> tuple[str, str, str]:
    """(to, subject, text) of a mail that was really taken."""
    recipient, message = mail.taken[number]
    body = message.get_body()
    assert body is not None
    return recipient, str(message["Subject"]), str(body.get_content())


def test_a_letter_is_told_to_both_by_mail_and_closes_itself(post: Post) -> None:
    go(post.sessions, *WAY[:4], to_counter)
    assert state(post.sessions) == "registered", "put in the outbox is not told yet"
    assert refused(post.sessions, to_counter).name == "mail_under_way"
    assert post.goes() == 1
    to, subject, said = words_of(post.mail)
    assert (to, subject) == (COUNTER, "Đề nghị đổi ngày hẹn trả hồ sơ H19.126-251103-0001")
    for needed in ("số 15/PXL", "ngày 01 tháng 12 năm 2026", "Cần xác minh thực địa.", "Điều 19", "hết ngày 25/11/2026",
                   "https://dunghen.vidu.gov.vn/hoso/H19.126-251103-0001"):  # fmt: skip
        assert needed in said
    (paper,) = post.mail.taken[0][1].iter_attachments()
    assert paper.get_filename() == "thong-bao-H19.126-251103-0001.pdf"
    printed_notice = squeezed("".join(printed(paper.get_content())))
    assert squeezed("điều chỉnh thời gian hẹn trả kết quả của hồ sơ thành ngày 01 tháng 12 năm 2026") in printed_notice
    for words in (said, printed_notice):
        assert "Bé" not in words, "the counter looks the person up in the system"
    go(post.sessions, change, to_applicant)
    assert post.goes() == 1
    to, subject, said = words_of(post.mail, 1)
    assert (to, subject) == (ADDRESS, "Xin lỗi và hẹn lại ngày trả kết quả hồ sơ H19.126-251103-0001")
    assert "Kính gửi: Ông/Bà Trần Thị Bé" in said
    assert "xin trân trọng gửi lời xin lỗi" in said
    assert state(post.sessions) == "closed"
    with post.sessions() as session:
        steps = {step.step: step for step in history(session, 1)}
        told, heard = steps["counter_told"], steps["applicant_told"]
        assert str(post.mail.taken[0][1]["Message-ID"]) == told.detail["proof"]
        assert told.actor == "dunghen"
        assert told.detail["sent_at"]
        assert heard.detail["proof"].endswith(" b…@v…")
        assert verify(session) == []


def test_no_address_stays_behind(post: Post) -> None:
    """Only the source's own word holds it (law.md §8): no message, step, log or attempt does."""
    go(post.sessions, *WAY[:4], to_counter)
    post.goes()
    go(post.sessions, change, to_applicant)
    post.goes()
    with post.sessions() as session:
        for table in Base.metadata.sorted_tables:
            if table.name not in ("applicant", "observation"):
                held = session.execute(select(table)).all()
                assert ADDRESS not in str(held), table.name
                assert "be.tran" not in str(held), table.name


def test_a_mail_that_is_refused_is_on_record_and_may_be_sent_again(post: Post) -> None:
    go(post.sessions, *WAY[:4], to_counter)
    post.mail.script.append(("rcpt", "550 no such user"))
    assert post.goes() == 0
    assert post.goes() == 0
    assert state(post.sessions) == "registered"
    with post.sessions() as session:
        assert [s.step for s in history(session, 1)][-2:] == ["mail_queued", "mail_failed"], "once"
    go(post.sessions, to_counter)
    assert post.goes() == 1
    assert state(post.sessions) == "counter_told"


def test_a_lost_answer_doubles_the_mail_and_not_the_step(post: Post) -> None:
    go(post.sessions, *WAY[:4], to_counter)
    post.mail.script.append(("data", "cut_after"))
    assert post.goes() == 0
    post.clock.sleep(timedelta(minutes=5).total_seconds())
    assert post.goes() == 1
    assert [str(mail["Message-ID"]) for _, mail in post.mail.taken] == [str(post.mail.taken[0][1]["Message-ID"])] * 2
    with post.sessions() as session:
        assert [s.step for s in history(session, 1)].count("counter_told") == 1


def test_what_was_voided_meanwhile_is_not_sent(post: Post) -> None:
    go(post.sessions, *WAY[:4], to_counter, void)
    post.goes()
    assert post.mail.taken == []
    with post.sessions() as session:
        assert session.scalars(select(Message.state)).all() == ["failed"]


@pytest.mark.parametrize(
    ("office", "name"),
    [(OFFICE, "no_mailbox"), (replace(REACHED, mails=False), "no_mail")],
)
def test_mails_that_cannot_go_are_refused_at_once(post: Post, office: Office, name: str) -> None:
    go(post.sessions, *WAY[:4])
    assert refused(post.sessions, lambda s: telling.mail_counter(s, 1, office, by())).name == name


def test_an_applicant_without_a_mailbox_is_told_another_way(post: Post) -> None:
    go(post.sessions, *WAY[:5])
    assert refused(post.sessions, to_applicant).name == "date_not_changed"
    go(post.sessions, change)
    with post.sessions.begin() as session:
        session.execute(text("UPDATE applicant SET email = ''"))
    assert refused(post.sessions, to_applicant).name == "no_email"


def test_the_text_for_sms_is_short_plain_and_names_nobody(post: Post) -> None:
    with post.sessions() as session, pytest.raises(life.StepRefused):
        sms_text(session, 1, OFFICE)
    go(post.sessions, *WAY[:4])
    with post.sessions() as session:
        said = sms_text(session, 1, OFFICE)
    assert said == (
        "Uy ban nhan dan phuong Chon Thanh: ho so H19.126-251103-0001 tre hen. Ngay tra moi: 01/12/2026. "
        "Van ban xin loi so 15/PXL."
    )
    assert len(said) <= SMS_LENGTH
    assert said.isascii()


def test_a_letter_on_the_way_holds_no_person_in_the_outbox(post: Post, tmp_path: Path) -> None:
    go(post.sessions, *WAY[:4], to_counter)
    with post.sessions() as session:
        message = session.scalars(select(Message)).one()
        assert (message.address, message.payload["to"]) == (COUNTER, "counter")
        assert session.get_one(Letter, 1).content is not None
        assert set(message.payload) == {"letter_id", "to", "lines", "others"}


def test_a_day_off_taken_up_since_the_start_counts_in_the_next_mail(post: Post, tmp_path: Path) -> None:
    (tmp_path / "calendar.toml").write_text(
        '[[day]]\non = 2026-11-25\nwork = false\nname = "Nghỉ phòng chống bão"\ndocument = "CĐ 1"\n', "utf-8"
    )
    changed = load_calendar(CalendarSettings(file=tmp_path / "calendar.toml"), ZONE.key, tmp_path)
    go(post.sessions, *WAY[:4], to_counter)
    post.office = replace(OFFICE, calendar=changed)
    assert post.goes() == 1
    assert "hết ngày 26/11/2026" in words_of(post.mail)[2], "the counter's one working day, 24 and 25 being off"


class TestSignedElectronically:
    """The applicant's mail carries the letter itself where it was signed as PDF, and only what was signed."""

    @pytest.fixture
    def signed(self, post: Post, tmp_path: Path) -> Path:
        """The signed file of the letter, whose date is in the system."""
        office = keys.made(tmp_path)
        key = LetterKey(file=office.p12, password=SecretStr(keys.PASSWORD))
        settings = Letters(folder=tmp_path / "letters", trust=(office.root,), keys=(key,))
        post.office = replace(OFFICE, settings=settings)
        go(post.sessions, *WAY[:4])
        sealed = seal(post.sessions, 1, settings, by("Văn thư"), role="agency", folder=settings.folder)
        go(post.sessions, *WAY[4:5], change, to_applicant)
        return sealed.file

    def test_the_mail_carries_it(self, post: Post, signed: Path) -> None:
        assert post.goes() == 1
        (paper,) = post.mail.taken[0][1].iter_attachments()
        assert paper.get_filename() == "phieu-xin-loi-H19.126-251103-0001.pdf"
        data = paper.get_content()
        assert data == signed.read_bytes()
        assert [(one.good, one.whole) for one in pades.validate(data, post.office.settings.trust)] == [(True, True)]
        assert "Văn bản đã ký số được gửi kèm thư này." in words_of(post.mail)[2]

    @pytest.mark.parametrize("changed", [b"x", None], ids=["changed", "gone"])
    def test_a_file_that_is_not_what_was_signed_stays_here(
        self, post: Post, signed: Path, changed: bytes | None
    ) -> None:
        if changed is None:
            signed.unlink()
        else:
            signed.write_bytes(signed.read_bytes() + changed)
        assert post.goes() == 0
        assert post.mail.taken == []
        assert state(post.sessions) == "date_changed"
        with post.sessions() as session:
            failed = history(session, 1)[-1]
            assert (failed.step, "ký số lại" in failed.detail["why"]) == ("mail_failed", True)

    def test_what_was_signed_before_a_letter_was_made_anew_is_not_sent(self, post: Post, signed: Path) -> None:
        go(post.sessions, void)
        post.goes()  # the mail that waited is let go of
        again = (lambda s: life.reissue(s, 1, by()), *WAY[:3])
        go(post.sessions, *again, lambda s: register(s, number=16), *WAY[4:5], change, to_applicant)
        post.goes()
        assert [list(message.iter_attachments()) for _, message in post.mail.taken] == [[]]
