"""A chat becomes a person's by a one-time code and a confirmation; nothing else makes it so."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from monitor.alerts import linking
from monitor.alerts.addresses import linked
from monitor.bot.heard import Say
from monitor.store.tables import Link
from tests.alerts.world import NOW, add_dossiers, owe, plan
from tests.bot.conftest import BotOffice

MOBILE = 777_001  # a chat that stands in no people file


def said(office: BotOffice, text: str, user: int = MOBILE) -> str:
    (back,) = office.says(text, user)
    assert isinstance(back, Say)
    return back.text


def code_for(office: BotOffice, person: str = "head2") -> str:
    with office.sessions.begin() as session:
        return linking.make_code(session, person, "admin", office.clock.now())


def confirm(office: BotOffice) -> str | None:
    with office.sessions.begin() as session:
        (claim,) = linking.claims(session, office.clock.now())
        assert (claim.person, claim.shown_name) == ("head2", "Cán bộ <Một> (@canbo1)")
        return linking.confirm(session, claim.id, "admin", office.clock.now())


def test_a_code_brought_and_confirmed_makes_the_chat_the_persons(office: BotOffice) -> None:
    code = code_for(office)
    assert "chưa gắn với cán bộ nào" in said(office, "/trehan")
    answer = said(office, f"/start {code}")
    assert "Người Hai" in answer
    assert "Cán bộ &lt;Một&gt;" in answer, "the name a stranger chose is escaped"
    assert "chưa gắn" in said(office, "/trehan"), "a claim alone opens nothing"
    assert confirm(office) == "head2"
    assert "Không có hồ sơ nào đang quá hạn" in said(office, "/trehan")


def test_alerts_go_to_the_linked_chat_from_then_on(office: BotOffice) -> None:
    """head2 has only an e-mail address in the people file."""
    said(office, f"/start {code_for(office)}")
    confirm(office)
    (dossier_id,) = add_dossiers(office.sessions, {"agency_code": "H19.2"})
    owe(office.sessions, dossier_id, "late", "agency_head", agency_code="H19.2")
    plan(office.sessions)
    from monitor.store.tables import Message

    with office.sessions() as session:
        message = session.scalars(select(Message)).one()
        assert (message.channel, message.address) == ("telegram", str(MOBILE))
        assert linked(session) == {"head2": str(MOBILE)}


def test_a_code_works_once(office: BotOffice) -> None:
    code = code_for(office)
    said(office, f"/start {code}")
    assert "đã dùng" in said(office, f"/start {code}", 999)


def test_a_code_holds_for_ten_minutes(office: BotOffice) -> None:
    code = code_for(office)
    office.clock.sleep(600)
    assert "quá 10 phút" in said(office, f"/start {code}")
    with office.sessions() as session:
        assert linking.claims(session, office.clock.now()) == []


@pytest.mark.parametrize("guess", ["", "x", "A" * 22, "' OR 1=1 --", "\x00", "a" * 400])
def test_a_guess_does_nothing(office: BotOffice, guess: str) -> None:
    code_for(office)
    answer = said(office, f"/start {guess}")
    assert "không đúng" in answer or "Mã trò chuyện" in answer


def test_a_code_has_128_bits_and_is_not_kept(office: BotOffice) -> None:
    codes = {code_for(office) for _ in range(20)}
    assert len(codes) == 20
    assert all(len(code) == 22 for code in codes), "22 letters of base64 are 128 bits and more"
    with office.sessions() as session:
        kept = [str(value) for link in session.scalars(select(Link)) for value in vars(link).values()]
    assert not any(code in text for code in codes for text in kept)


def test_a_code_is_not_taken_in_a_group(office: BotOffice) -> None:
    (back,) = office.says(f"/start {code_for(office)}", 101, id=-100, type="group")
    assert isinstance(back, Say)
    assert "nhắn riêng" in back.text


def test_a_claim_nobody_confirms_lapses(office: BotOffice) -> None:
    said(office, f"/start {code_for(office)}")
    with office.sessions.begin() as session:
        (claim,) = linking.claims(session, NOW)
        later = NOW + linking.CLAIM_HOLDS + timedelta(seconds=1)
        assert linking.claims(session, later) == []
        assert linking.confirm(session, claim.id, "admin", later) is None


def test_a_new_chat_takes_the_place_of_the_old_and_an_end_leaves_none(office: BotOffice) -> None:
    said(office, f"/start {code_for(office)}")
    confirm(office)
    with office.sessions.begin() as session:
        again = linking.make_code(session, "head2", "admin", NOW)
        brought = linking.bring_code(session, again, "888", "máy mới", NOW)
        assert isinstance(brought, linking.Claim)
        assert linking.confirm(session, brought.id, "admin", NOW) == "head2"
        assert linked(session) == {"head2": "888"}
    assert "chưa gắn" in said(office, "/trehan"), "the old phone sees nothing any more"
    with office.sessions.begin() as session:
        assert linking.end(session, "head2", "admin", "left", NOW) == 1
        assert linked(session) == {}
