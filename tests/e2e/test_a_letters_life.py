"""A whole life, as people live it: a file found late, its letter decided, signed, numbered, printed through a real print
server, told to the counter by a real mail server, its new date seen at the source, and the applicant told: closed.

At every stop each wrong turn is tried first, and refused with a clear word.
"""

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pypdf
import pytest
from sqlalchemy import select

from monitor.cli import desk
from monitor.clock import FixedClock
from monitor.sandbox import values
from monitor.sandbox.servers import Sandbox
from monitor.store.tables import ApplicantRow, Dossier, Letter, SourceDossier
from monitor.wiring import Program
from tests.cli.runner import run
from tests.cups import PRINTER, Cups
from tests.e2e.stand import stand, whole_job

NEW, REASON, HEAD = "2026-12-01", "Cần xác minh nguồn gốc thửa đất", "Lê Văn Nháp"


class Office:
    """`dunghen letters …` about one dossier, in the folder of a running site."""

    def __init__(self, folder: Path, code: str) -> None:
        self.folder, self.code = folder, code

    def run(self, *words: str) -> Any:
        env = {"DUNGHEN_CONFIG": str(self.folder / "dunghen.toml"), "DUNGHEN_LANG": "vi"}
        return run(["letters", words[0], self.code, *words[1:]], env)

    def __call__(self, *words: str) -> None:
        said = self.run(*words)
        assert said.exit_code == 0, (words, said.stderr)

    def refused(self, expected: str, *words: str) -> None:
        """A wrong turn: it ends with 2 and says why in Vietnamese."""
        said = self.run(*words)
        assert said.exit_code == 2, (words, said.stdout, said.stderr)
        assert expected.casefold() in " ".join(said.stderr.split()).casefold(), (words, said.stderr)


def late_with_mailbox(program: Program, sandbox: Sandbox) -> values.Dossier:
    """A late file whose letter is drafted, whose applicant left a mailbox, and whose counter has one."""
    on = program.calendar.local_date(program.clock.now())
    counters = {
        agency.code
        for agency in program.directory.agencies()
        if any(person.email for person in program.directory.who("one_stop_head", agency.code, on))
    }
    with program.sessions() as session:
        codes = session.scalars(
            select(Dossier.code)
            .join(Letter, Letter.dossier_id == Dossier.id)
            .join(SourceDossier, SourceDossier.dossier_id == Dossier.id)
            .join(ApplicantRow, ApplicantRow.view_id == SourceDossier.id)
            .where(
                Dossier.stage == "late",
                Dossier.promise_number == 1,
                Letter.state == "drafted",
                ApplicantRow.email != "",
                Dossier.agency_code.in_(counters),
                Dossier.speaking_source == "mot-cua",
            )
        )
        found = set(codes)
    return next(one for one in sandbox.province.dossiers if one.code in found)


def test_from_a_late_file_to_a_letter_in_the_citizens_hand(
    tmp_path: Path, cups: Cups, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stand(tmp_path, size=400) as (sandbox, program, clock):
        whole_job(program, clock)
        monkeypatch.setattr(desk, "clock", clock)
        one = late_with_mailbox(program, sandbox)
        office, by = Office(tmp_path, one.code), ("--by", "Trần Thị Thử")
        before = len(sandbox.mail.mails)

        _decide(office, by)
        _sign(office, by)
        _print(office, by, cups)
        _tell_counter(office, by, program, sandbox, clock, before)
        _change_date(office, by, program, sandbox, clock, one)
        _tell_applicant(office, by, program, sandbox, clock, one)

        office.refused("đã xong", "void", *by, "--why", "Muốn làm lại")
        said = office.run("steps")
        for word in (
            "decided",
            "approved",
            "signed",
            "registered",
            "printed",
            "counter_told",
            "date_changed",
            "closed",
        ):
            assert word in said.stdout
        for secret in (one.name, one.email, one.phone):
            assert secret not in said.stdout + said.stderr
        checked = run(["verify"], {"DUNGHEN_CONFIG": str(tmp_path / "dunghen.toml")})
        assert checked.exit_code == 0, checked.stdout


def _decide(office: Office, by: tuple[str, ...]) -> None:
    office.refused('đang ở bước "đã soạn"', "approve", *by)
    office.refused("chưa ghi lý do", "reason", *by, "--reason", " … ", "--new-date", NEW)
    office.refused("quy cho người có tên", "reason", *by, "--reason", "Do ông Phạm Văn Bịa nghỉ", "--new-date", NEW)
    office.refused("là ngày nghỉ", "reason", *by, "--reason", REASON, "--new-date", "2026-11-24")
    office.refused("phải sau ngày hẹn cũ", "reason", *by, "--reason", REASON, "--new-date", "2026-01-05")
    office("reason", *by, "--reason", REASON, "--new-date", NEW)


def _sign(office: Office, by: tuple[str, ...]) -> None:
    office.refused("chờ duyệt", "sign", *by)
    office("approve", *by, "--capacity", "KT.", "--title", "PHÓ CHỦ TỊCH", "--signer", HEAD)
    office.refused("duyệt lại với đúng người ký", "sign", *by, "--signer", HEAD, "--capacity", "head")
    office("sign", *by, "--signer", HEAD, "--capacity", "KT.")
    office.refused("chờ vào sổ", "mail-counter", *by)
    office.refused("Chưa ghi số", "register", *by, "--date", "2026-11-23")
    office.refused("trước ngày ký", "register", *by, "--number", "7", "--date", "2026-11-20")
    office("register", *by, "--number", "7", "--date", "2026-11-23")


def _print(office: Office, by: tuple[str, ...], cups: Cups) -> None:
    printer = ("--printer", PRINTER, "--server", cups.server)
    no_such = office.run("print", *by, "--printer", "khong-co", "--server", cups.server)
    assert (no_such.exit_code, 'không có máy in "khong-co"' in no_such.stderr) == (3, True), no_such.stderr
    office("print", *by, *printer)
    (paper,) = cups.device.printed(1)
    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(paper)).pages)
    squeezed = "".join(text.split())
    for words in (office.code, REASON, "ngày 01 tháng 12 năm 2026", "07/PXL", HEAD):
        assert "".join(words.split()) in squeezed, words


def _tell_counter(
    office: Office, by: tuple[str, ...], program: Program, sandbox: Sandbox, clock: FixedClock, before: int
) -> None:
    office.refused("đã báo Bộ phận Một cửa", "date-changed", *by, "--proof", "Ảnh màn hình")
    office.refused("không được có tên", "told-counter", *by, "--proof", "gọi 0912345678")
    office("mail-counter", *by)
    office.refused("đang trên đường gửi", "mail-counter", *by)
    program.plan_and_send()
    mail = sandbox.mail.mails[before]
    heads = {person.email for person in sandbox.province.officials}
    assert set(mail.recipients) <= heads
    assert "Đề nghị đổi ngày hẹn trả" in mail.text
    assert "01 tháng 12 năm 2026" in mail.text
    program.write_letters(files=False)
    clock.sleep(60)


def _change_date(
    office: Office,
    by: tuple[str, ...],
    program: Program,
    sandbox: Sandbox,
    clock: FixedClock,
    one: values.Dossier,
) -> None:
    office.refused("chưa được đổi trên hệ thống", "mail-applicant", *by)
    office.refused("cho thấy ngày hẹn lại", "date-changed", *by, "--proof", "Đã đổi")
    assert one.promised_at is not None
    one.extended_at = one.promised_at.replace(year=2026, month=12, day=1, hour=17, minute=0)
    clock.sleep(timedelta(hours=1).total_seconds())
    sandbox.set_now(clock.now())
    program.pull(full=True, even_if_waiting=True)
    program.write_letters(files=False)
    program.judge()
    with program.sessions() as session:
        dossier = session.scalars(select(Dossier).where(Dossier.code == one.code)).one()
        assert (dossier.promise_number, dossier.stage) == (2, "in_time")


def _tell_applicant(
    office: Office,
    by: tuple[str, ...],
    program: Program,
    sandbox: Sandbox,
    clock: FixedClock,
    one: values.Dossier,
) -> None:
    office.refused("Kênh báo là một trong", "told-applicant", *by, "--channel", "bo-cau", "--proof", "Đã báo")
    assert "Ngay tra moi: 01/12/2026" in office.run("sms").stdout
    office("mail-applicant", *by)
    program.plan_and_send()
    apology = next(mail for mail in sandbox.mail.mails if one.email in mail.recipients)
    assert "xin trân trọng gửi lời xin lỗi" in apology.text
    assert REASON in apology.text
    program.write_letters(files=False)
    with program.sessions() as session:
        state = select(Letter.state).join(Dossier, Dossier.id == Letter.dossier_id).where(Dossier.code == one.code)
        assert session.scalars(state.where(Letter.promise_number == 1)).one() == "closed"
