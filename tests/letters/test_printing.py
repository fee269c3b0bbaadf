"""Stacks for the printer: in order, under their list, at most so many, each recorded; and a real print server."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pypdf
import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from monitor.clock import FixedClock, SystemClock
from monitor.letters import paper
from monitor.letters.cups import PrinterTrouble, Queue
from monitor.letters.printing import Press, Printed, Wanted, print_letters, printers
from monitor.letters.steps import By, history
from monitor.letters.verify import verify
from monitor.settings import LetterAgency, Letters
from monitor.store.tables import ApplicantRow, Letter
from tests.cups import PRINTER, Cups
from tests.letters.samples import printed as pages_of
from tests.letters.samples import squeezed
from tests.letters.test_draft import draft, put
from tests.letters.test_life import MONDAY, OFFICE, approve, decide, register, sign
from tests.peers.deaf import nobody_listening
from tests.peers.scripted import Reply, serving

Fill = Callable[..., None]
CODE = "H19.126-251103-{:04d}"


@pytest.fixture
def approved(sessions: sessionmaker[Session]) -> Fill:
    """Letters with these numbers, their words approved."""

    def run(*numbers: int, name: str | None = None, **changed: Any) -> None:
        with sessions.begin() as session:
            for number in numbers:
                put(session, number, **changed)
            if name is not None:
                session.execute(update(ApplicantRow).values(name=name))
        draft(sessions)
        for number in numbers:
            with sessions.begin() as session:
                decide(session, number)
                approve(session, number)

    return run


def press(to: Path | Queue, **changed: Any) -> Press:
    at = changed.pop("at", MONDAY)
    by = By("Trần Thị Thử", at)
    return Press(to, by, changed.pop("clock", FixedClock(at)), OFFICE.calendar, lambda code: "UBND phường Chơn Thành")


def run(sessions: sessionmaker[Session], to: Path | Queue, wanted: Wanted | None = None, **changed: Any) -> Printed:
    return print_letters(sessions, wanted or Wanted(), press(to, **changed))


def steps(sessions: sessionmaker[Session], letter: int) -> list[str]:
    with sessions() as session:
        return [step.step for step in history(session, letter)]


def test_a_stack_lies_in_order_under_its_list_and_is_recorded(
    sessions: sessionmaker[Session], approved: Fill, tmp_path: Path
) -> None:
    approved(3, 1, 2)
    with sessions.begin() as session:
        sign(session, 2)
        register(session, 2, number=7)
    (stack,) = run(sessions, tmp_path).stacks
    assert stack.file is not None
    assert stack.file.name == "H19.126-20261123-090000-001.pdf"
    cover, *letters = pages_of(stack.file.read_bytes())
    assert [CODE.format(n) in squeezed(page) for n, page in enumerate(letters, 1)] == [True, True, True]
    listed = squeezed(cover)
    places = [listed.index(CODE.format(n)) for n in (1, 2, 3)]
    assert places == sorted(places)
    assert "BẢNGKÊPHIẾUXINLỖI" in listed
    assert "ngườiin:TrầnThịThử" in listed
    assert listed.count("Ông/BàTrầnThịBé") == 3
    assert "07/PXL" in listed
    # the registry's number and day stand on the paper once they are given; the check stays the stored letter's
    assert "Số:07/PXL" in squeezed(letters[1])
    assert "ngày23tháng11năm2026" in squeezed(letters[1])
    assert "Số:/PXL" in squeezed(letters[0])
    with sessions() as session:
        stored = session.scalars(select(Letter.content_hash).where(Letter.id == 2)).one()
        step = history(session, 2)[-1]
        assert verify(session) == []
    assert stored[:12].upper() in squeezed(letters[1])
    assert (step.step, step.detail["file"], step.detail["place"]) == ("printed", stack.file.name, 2)


def test_printed_once_unless_asked_again_and_anew_where_the_words_changed(
    sessions: sessionmaker[Session], approved: Fill, tmp_path: Path
) -> None:
    approved(1, 2)
    assert run(sessions, tmp_path).letters == 2
    assert run(sessions, tmp_path).stacks == []
    assert run(sessions, tmp_path, Wanted(again=True)).letters == 2
    with sessions.begin() as session:
        decide(session, 1, reason="Chờ ý kiến của cơ quan phối hợp.")
        approve(session, 1)
    assert run(sessions, tmp_path).stacks[0].letter_ids == (1,)
    assert steps(sessions, 1).count("printed") == 3


def test_what_is_wanted(sessions: sessionmaker[Session], approved: Fill, tmp_path: Path) -> None:
    """Approved ones of the agency; today's; by number; drafts only where asked; never one that is held back."""
    approved(1)
    approved(2, agency_code="H19.03", letter={"agency_code": "H19.03"})
    with sessions.begin() as session:
        put(session, 3)
        put(session, 4)
    draft(sessions)
    with sessions.begin() as session:
        session.execute(update(Letter).where(Letter.id == 4).values(suspended_for="state_mismatch"))

    def letters(**wanted: Any) -> list[int]:
        done = run(sessions, tmp_path, Wanted(again=True, **wanted))
        return [letter for stack in done.stacks for letter in stack.letter_ids]

    assert letters() == [2, 1]  # by agency: a stack never mixes them
    assert letters(agencies=["H19.126"]) == [1]
    assert letters(only=[2, 3]) == [2]
    assert letters(drafts=True) == [2, 1, 3]
    assert letters(today=True) == [2, 1]
    tomorrow = MONDAY.replace(day=24)
    assert print_letters(sessions, Wanted(again=True, today=True), press(tmp_path, at=tomorrow)).stacks == []


def test_stacks_of_at_most_so_many_and_a_letter_that_cannot_be_printed(
    sessions: sessionmaker[Session], approved: Fill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper, "MOST_IN_ONE_FILE", 2)
    approved(1, 2, 3, 4)
    with sessions.begin() as session:
        letter = session.get_one(Letter, 2)
        assert letter.content is not None
        values = letter.content["values"] | {"nguoi_nop": "Bé 😀"}
        letter.content = letter.content | {"addressee": ["Kính gửi: Bé 😀"], "values": values}
    told: list[tuple[int, int]] = []
    done = print_letters(sessions, Wanted(), press(tmp_path), lambda n, of: told.append((n, of)))
    assert [stack.letter_ids for stack in done.stacks] == [(1, 3), (4,)]
    assert [(code, "U+1F600" in why.vi) for code, why in done.left_out] == [(CODE.format(2), True)]
    assert told == [(2, 4), (3, 4)]
    assert [len(pypdf.PdfReader(stack.file or "").pages) for stack in done.stacks] == [3, 2]
    assert "printed" not in steps(sessions, 2)


def test_a_letter_that_changes_while_it_is_printed_is_told_and_not_recorded(
    sessions: sessionmaker[Session], approved: Fill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    approved(1, 2)
    real = paper.pdf

    def slow(*arguments: Any) -> bytes:
        with sessions.begin() as session:
            decide(session, 1, reason="Chờ kết quả kiểm nghiệm.")
        return real(*arguments)

    monkeypatch.setattr(paper, "pdf", slow)
    done = run(sessions, tmp_path)
    assert done.discard == [CODE.format(1)]
    assert "printed" not in steps(sessions, 1)
    assert "printed" in steps(sessions, 2)


def test_through_a_real_print_server_byte_for_byte(
    sessions: sessionmaker[Session], approved: Fill, cups: Cups, tmp_path: Path
) -> None:
    approved(1, 2)
    queue = Queue(cups.server, PRINTER)
    done = run(sessions, queue, clock=SystemClock())
    assert done.trouble is None
    assert (done.stacks[0].printer, done.stacks[0].waiting) == (PRINTER, False)
    same = run(sessions, tmp_path, Wanted(again=True)).stacks[0].file
    assert same is not None
    assert cups.device.printed(1) == [same.read_bytes()]
    with sessions() as session:
        step = history(session, 1)[-2]
    assert (step.detail["printer"], step.detail["job"]) == (PRINTER, done.stacks[0].job)

    # wrong turns, each with a clear word and nothing recorded
    for printer, said in (("khong-co", 'không có máy in "khong-co"'), ("tu-choi", "không nhận lệnh in (IPP 0x0506)")):
        trouble = run(sessions, Queue(cups.server, printer), Wanted(again=True)).trouble
        assert trouble is not None
        assert said in trouble.vi
    assert steps(sessions, 1).count("printed") == 2


def test_no_server_or_a_strange_one() -> None:
    with nobody_listening() as port, pytest.raises(PrinterTrouble, match="cannot be reached"):
        Queue(f"http://127.0.0.1:{port}", PRINTER).send(b"%PDF", "x", "dunghen")
    page = Reply(b"<html>the printer's own page</html>")
    with serving(lambda _: page) as strange, pytest.raises(PrinterTrouble, match="does not speak IPP"):
        Queue(strange.url, PRINTER).send(b"%PDF", "x", "dunghen")


def test_each_agency_prints_on_its_own_printer(
    sessions: sessionmaker[Session], approved: Fill, cups: Cups, tmp_path: Path
) -> None:
    approved(1, 2)
    with sessions.begin() as session:
        session.execute(update(Letter).where(Letter.id == 2).values(agency_code="H19.127"))
    settings = Letters(
        print_server=cups.server,
        agencies=(
            LetterAgency(agency="H19.127", printer="cu", valid_to=date(2026, 10, 31)),
            LetterAgency(agency="H19.127", printer=PRINTER, valid_from=date(2026, 11, 1)),
        ),
    )
    went = replace(press(tmp_path, clock=SystemClock()), queue_of=printers(settings, date(2026, 11, 23)))
    done = print_letters(sessions, Wanted(), went)
    assert [(stack.printer, stack.file is not None) for stack in done.stacks] == [("", True), (PRINTER, False)]
    (data,) = cups.device.printed(1)
    assert CODE.format(2) in "".join(pages_of(data))
