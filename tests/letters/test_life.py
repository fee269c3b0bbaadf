"""The life of a letter on a real store: every step in its order and on record, every wrong turn refused by name."""

import threading
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from monitor.calendars import load_calendar
from monitor.letters import life
from monitor.letters.confirm import confirm
from monitor.letters.content import Content
from monitor.letters.office import Office
from monitor.letters.register import Entry, Gap, gaps
from monitor.letters.signing import Signer
from monitor.letters.steps import By, Done, StepRefused, history
from monitor.letters.verify import verify
from monitor.settings import CalendarSettings, Letters
from monitor.store.tables import Dossier, FindingRow, Letter
from tests.letters.samples import ZONE, local
from tests.letters.test_draft import draft, put, words

OFFICE = Office(load_calendar(CalendarSettings(), ZONE.key, Path()), Letters())
MONDAY = local(23, 9)  # the last lawful day: the promise is Tuesday 24 November, 16:30
NEW = date(2026, 12, 1)
REASON = "Cần xác minh thực địa."
NAME = "Lê Văn Nháp"
Turn = Callable[[Session], Done]


def by(actor: str = "Trần Thị Thử", at: datetime = MONDAY) -> By:
    return By(actor, at)


def decide(s: Session, letter: int = 1, at: datetime = MONDAY, reason: str = REASON, new: date | None = NEW) -> Done:
    return life.decide(s, letter, OFFICE, by(at=at), reason=reason, new_date=new)


def approve(s: Session, letter: int = 1, at: datetime = MONDAY, signer: Signer | None = None) -> Done:
    return life.approve(s, letter, OFFICE, by(at=at), signer=signer)


def sign(s: Session, letter: int = 1, at: datetime = MONDAY, name: str = NAME, capacity: str = "head") -> Done:
    return life.sign(s, letter, OFFICE, by(at=at), name=name, capacity=capacity)


def register(s: Session, letter: int = 1, number: int = 15, on: date = date(2026, 11, 23), symbol: str = "PXL") -> Done:
    return life.register(s, letter, OFFICE, by("Văn thư"), Entry(number, symbol, on))


def counter(s: Session, letter: int = 1, proof: str = "Văn bản 15/PXL, ký nhận 10 giờ") -> Done:
    return life.tell_counter(s, letter, by(), proof=proof)


def change(s: Session, letter: int = 1, proof: str = "Đã đổi trên một cửa, có ảnh màn hình") -> Done:
    return life.change_date(s, letter, OFFICE, by("Một cửa"), proof=proof)


def applicant(s: Session, letter: int = 1, channel: str = "email", proof: str = "Thư đã đi 10 giờ 15") -> Done:
    return life.tell_applicant(s, letter, by("Một cửa"), channel=channel, proof=proof)


def void(s: Session, letter: int = 1, why: str = "Sai số liệu") -> Done:
    return life.void(s, letter, by(), why=why)


def reissue(s: Session, letter: int = 1) -> Done:
    return life.reissue(s, letter, by())


WAY: list[Turn] = [decide, approve, sign, register, counter, change, applicant]


def go(sessions: sessionmaker[Session], *turns: Turn) -> list[Done]:
    done = []
    for turn in turns:
        with sessions.begin() as session:
            done.append(turn(session))
    return done


def state(sessions: sessionmaker[Session], letter: int = 1) -> str:
    with sessions() as session:
        return session.scalars(select(Letter.state).where(Letter.id == letter)).one()


def refused(sessions: sessionmaker[Session], turn: Turn) -> StepRefused:
    before = state(sessions)
    with pytest.raises(StepRefused) as said, sessions.begin() as session:
        turn(session)
    assert state(sessions) == before, "a refused step leaves no trace"
    assert said.value.words.vi != said.value.words.en
    assert said.value.words.vi[0].isupper()
    return said.value


@pytest.fixture
def drafted(sessions: sessionmaker[Session]) -> sessionmaker[Session]:
    """Letters 1 (first promise) and 2, both drafted on Sunday, to be out by Monday."""
    with sessions.begin() as session:
        for number in (1, 2):
            put(session, number, letter={"letter_by_on": date(2026, 11, 23)})
    draft(sessions)
    return sessions


def test_a_whole_life_is_lived_in_order_and_stays_on_record(drafted: sessionmaker[Session]) -> None:
    assert [done.flags for done in go(drafted, *WAY)] == [()] * 7
    with drafted() as session:
        steps = history(session, 1)
        assert [step.step for step in steps] == [
            "decided", "approved", "signed", "registered", "counter_told", "date_changed", "applicant_told", "closed",
        ]  # fmt: skip
        letter = session.get_one(Letter, 1)
        assert (letter.state, letter.closed_at, letter.is_late) == ("closed", MONDAY, False)
        assert steps[2].detail["capacity"] == "head"
        assert (steps[3].detail["number"], steps[3].detail["dated_on"]) == (15, "2026-11-23")
        assert {step.detail["content_hash"] for step in steps[1:]} == {letter.content_hash}, "frozen from approval on"
        assert "TRẦN THỊ BÉ" not in str([step.detail for step in steps])
        assert verify(session) == []
    text = " ".join(words(drafted).body)
    assert REASON in text
    assert "ngày 01 tháng 12 năm 2026" in text


MAY: list[set[Turn]] = [  # after so many steps of WAY, what may follow
    {decide},
    {decide, approve},
    {decide, sign},
    {register, void},
    {counter, void},
    {change, void, applicant},  # telling the applicant waits for the date, by a name of its own
    {applicant, void},
    set(),
]


def test_every_step_out_of_order_is_refused(drafted: sessionmaker[Session]) -> None:
    """Whatever was done so far, only what may follow is done."""
    for taken, may in enumerate(MAY):
        for turn in {*WAY, void, reissue} - may:
            assert refused(drafted, turn).name == "wrong_order", (taken, turn)
        go(drafted, *WAY[taken : taken + 1])


WRONG: list[tuple[int, Turn, str]] = [
    (0, lambda s: decide(s, reason=" … "), "reason"),
    (0, lambda s: decide(s, reason="Ốm 😀"), "glyph"),
    (0, lambda s: decide(s, new=None), "new_date"),
    (0, lambda s: decide(s, new=date(2026, 11, 24)), "new_date"),
    (0, lambda s: decide(s, new=date(2026, 11, 29)), "new_date"),  # a Sunday
    (0, lambda s: life.decide(s, 1, OFFICE, by(" "), reason=REASON, new_date=NEW), "no_actor"),
    (0, lambda s: decide(s, letter=99), "no_letter"),
    (1, lambda s: approve(s, at=local(25, 9)), "words_outdated"),  # it says "expected" of a day gone by
    (1, lambda s: approve(s, signer=Signer("KT.")), "no_title"),
    (1, lambda s: approve(s, signer=Signer("PP.", "PHÓ")), "capacity_unknown"),
    (2, lambda s: sign(s, at=local(25, 9)), "words_outdated"),
    (2, lambda s: sign(s, capacity="KT."), "capacity"),
    (2, lambda s: sign(s, capacity="x"), "capacity_unknown"),
    (2, lambda s: sign(s, name=" "), "no_signer"),
    (3, lambda s: register(s, number=0), "bad_number"),
    (3, lambda s: register(s, symbol=" "), "no_symbol"),
    (3, lambda s: register(s, on=date(2026, 11, 24)), "date_ahead"),
    (3, lambda s: register(s, on=date(2026, 11, 20)), "dated_before_signing"),
    (3, lambda s: void(s, why=""), "no_why"),
    (4, lambda s: counter(s, proof="…"), "no_proof"),
    (4, lambda s: counter(s, proof="x" * 201), "long_proof"),
    (5, lambda s: applicant(s), "date_not_changed"),
    (6, lambda s: applicant(s, channel="pigeon"), "channel"),
    (6, lambda s: applicant(s, proof="Gọi 0912345678 lúc 9 giờ"), "person_in_proof"),
    (6, lambda s: applicant(s, proof="Gửi tới be@example.vn"), "person_in_proof"),
    (6, lambda s: applicant(s, proof="Trao tận tay bà Trần Thị Bé"), "person_in_proof"),
]


def test_wrong_turns_are_refused_by_name(drafted: sessionmaker[Session]) -> None:
    for taken in range(len(WAY)):
        for after, turn, name in WRONG:
            if after == taken:
                assert refused(drafted, turn).name == name, (taken, name)
        go(drafted, WAY[taken])


def test_a_changed_reason_must_be_approved_anew(drafted: sessionmaker[Session]) -> None:
    go(drafted, decide, approve, lambda s: decide(s, reason="Chờ ý kiến cơ quan phối hợp."))
    assert state(drafted) == "decided"
    assert "Chờ ý kiến" in " ".join(words(drafted).body)


def test_a_deputy_signs_where_the_paper_says_so(drafted: sessionmaker[Session]) -> None:
    deputy = Signer("KT.", "PHÓ CHỦ TỊCH", NAME)
    go(drafted, decide, lambda s: approve(s, signer=deputy))
    content: Content = words(drafted)
    assert content.signer == ("KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH")
    assert content.signer_name == NAME
    assert refused(drafted, sign).name == "capacity"
    assert refused(drafted, lambda s: sign(s, capacity="KT.", name="Người Khác")).name == "other_signer"
    go(drafted, lambda s: sign(s, capacity="KT."))
    assert state(drafted) == "signed"


def test_signed_after_the_last_lawful_day_is_a_breach_on_record(drafted: sessionmaker[Session]) -> None:
    wednesday = local(25, 9)
    done = go(
        drafted, lambda s: decide(s, at=wednesday), lambda s: approve(s, at=wednesday), lambda s: sign(s, at=wednesday)
    )
    assert done[-1].flags == ("issued_late",)
    assert "đến nay" in " ".join(words(drafted).body), "told in the past, as it is by then"
    with drafted() as session:
        assert session.get_one(Letter, 1).is_late


def test_a_second_promise_sets_no_date_and_skips_the_change(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        put(session, 1, extended_at=local(30, 16, 30), letter={"promise_number": 2})
    draft(sessions)
    assert refused(sessions, decide).name == "new_date"
    go(sessions, lambda s: decide(s, new=None), approve, sign, register, counter)
    assert refused(sessions, change).name == "no_new_date"
    go(sessions, applicant)
    assert state(sessions) == "closed"


def test_a_number_is_given_once_even_if_its_letter_is_voided(drafted: sessionmaker[Session]) -> None:
    go(drafted, *WAY[:4], void)
    go(drafted, *[lambda s, step=step: step(s, 2) for step in (decide, approve, sign)])  # type: ignore[misc]
    said = refused(drafted, lambda s: register(s, 2))
    assert said.name == "number_taken"
    assert "H19.126-251103-0001" in said.words.vi, "it names the dossier that holds the number"
    go(drafted, lambda s: register(s, 2, number=18))
    with drafted() as session:
        assert gaps(session) == [Gap("H19.126", "PXL", 2026, (16, 17))]


def test_void_and_reissue_keep_the_history(drafted: sessionmaker[Session]) -> None:
    go(drafted, *WAY[:4], void)
    assert state(drafted) == "void"
    go(drafted, reissue, decide, approve, sign, lambda s: register(s, number=16), counter, change, applicant)
    with drafted() as session:
        assert [s.detail["number"] for s in history(session, 1) if s.step == "registered"] == [15, 16]
        (taken_back,) = session.get_one(Letter, 1).voided or []
        assert REASON in str(taken_back["content"]), "the words of the paper that went out stay on record"
        assert verify(session) == []


def test_a_letter_of_a_finished_dossier_is_not_made_again(drafted: sessionmaker[Session]) -> None:
    go(drafted, *WAY[:3], void)
    with drafted.begin() as session:
        session.execute(update(Dossier).where(Dossier.id == 1).values(finished_at=MONDAY))
    assert refused(drafted, reissue).name == "not_to_reissue"


def test_the_new_date_is_seen_at_the_source_and_another_date_is_not_taken(drafted: sessionmaker[Session]) -> None:
    go(drafted, *WAY[:5])
    for shown, seen in ((datetime(2026, 12, 2, 17, tzinfo=ZONE), 0), (datetime(2026, 12, 1, 17, tzinfo=ZONE), 1)):
        with drafted.begin() as session:
            session.execute(update(Dossier).where(Dossier.id == 1).values(extended_at=shown))
        if not seen:
            assert refused(drafted, change).name == "other_date"
        with drafted.begin() as session:
            assert life.see_dates(session, OFFICE, MONDAY) == seen
    assert state(drafted) == "date_changed"
    with drafted() as session:
        assert history(session, 1)[-1].detail["seen"] == "source"
        assert verify(session) == []


def test_a_counter_that_does_not_act_within_a_working_day_is_told(drafted: sessionmaker[Session]) -> None:
    go(drafted, *WAY[:5])
    with drafted() as session:
        # Tuesday 24 November is a day off: Wednesday is the one working day it has
        assert life.slow_counters(session, OFFICE, local(25, 17)) == []
        assert life.slow_counters(session, OFFICE, local(26, 8)) == [1]


def test_a_reason_copied_over_many_letters_is_flagged(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        for number in range(1, 7):
            put(session, number)
    draft(sessions)
    flags = [go(sessions, lambda s, n=n: decide(s, n))[0].flags for n in range(1, 7)]  # type: ignore[misc]
    assert flags == [()] * 5 + [("copied_reason",)]


def test_a_suspended_letter_waits_for_a_person_with_a_word_why(drafted: sessionmaker[Session]) -> None:
    with drafted.begin() as session:
        session.execute(update(Letter).where(Letter.id == 1).values(suspended_for="state_mismatch"))
        session.add(FindingRow(id=1, dossier_id=1, kind="state_mismatch", found_at=MONDAY))
    assert refused(drafted, decide).name == "suspended"
    assert refused(drafted, lambda s: confirm(s, 1, OFFICE, by(), why="")).name == "no_why"
    go(drafted, lambda s: confirm(s, 1, OFFICE, by(), why="Cổng chưa đồng bộ, đã xem sổ giấy"))
    with drafted() as session:
        assert session.get_one(FindingRow, 1).confirmed_by == "Trần Thị Thử"
        assert session.get_one(Dossier, 1).next_change_at == MONDAY
        assert history(session, 1)[-1].detail["kinds"] == ["state_mismatch"]
    assert refused(drafted, lambda s: confirm(s, 1, OFFICE, by(), why="Lại nữa")).name == "nothing_to_confirm"
    go(drafted, decide)


def test_two_sessions_at_once_take_a_step_once_and_a_number_once(drafted: sessionmaker[Session]) -> None:
    go(drafted, decide, approve, sign)
    go(drafted, *[lambda s, step=step: step(s, 2) for step in (decide, approve, sign)])  # type: ignore[misc]
    start, said = threading.Barrier(4), []

    def run(letter: int) -> None:
        start.wait()
        try:
            with drafted.begin() as session:
                register(session, letter)
            said.append("registered")
        except StepRefused as refusal:
            said.append(refusal.name)

    threads = [threading.Thread(target=run, args=(letter,)) for letter in (1, 1, 2, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert said.count("registered") == 1
    assert set(said) <= {"registered", "wrong_order", "number_taken"}
    with drafted() as session:
        assert verify(session) == [], "the chain did not fork"
