"""The whole conversation over the wire: the channel and the listener against a Bot API on loopback, on both stores."""

import asyncio
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import select, update

from monitor.alerts import linking
from monitor.alerts.acknowledge import acknowledge
from monitor.alerts.current import Office
from monitor.alerts.keeping_up import keep_up
from monitor.alerts.outgoing import Result
from monitor.alerts.sending import send_pending
from monitor.alerts.telegram import TelegramChannel
from monitor.polling import Polling
from monitor.sandbox.bot import BotApi, Delivered
from monitor.sandbox.faults import Fault, Faults
from monitor.settings import Telegram
from monitor.store import database
from monitor.store.tables import Dossier, Message, MessageNotice
from tests.alerts.world import BASE_URL, CALENDAR, DIRECTORY, NOW, add_dossiers, owe, plan
from tests.bot.conftest import BotOffice, make_office
from tests.peers.bot_api import TOKEN

PHONE = "777001"


@dataclass
class Site:
    """A running Bot API, a channel that sends, a listener, an office."""

    api: BotApi
    channel: TelegramChannel
    office: BotOffice
    listener: Polling

    def send(self) -> None:
        plan(self.office.sessions, self.office.clock.now())
        send_pending(self.office.sessions, {"telegram": self.channel}, clock=self.office.clock)

    def keep_up(self) -> int:
        about = Office(CALENDAR, DIRECTORY, BASE_URL)
        return keep_up(self.office.sessions, {"telegram": self.channel}, about, self.office.clock)

    def owe(self, rung: str, *dossiers: int) -> None:
        for dossier_id in dossiers:
            owe(self.office.sessions, dossier_id, rung, "agency_head")

    def answer(self, dossier_id: int) -> None:
        """The head takes it on."""
        now = self.office.clock.now()
        with self.office.sessions.begin() as session:
            rules = self.office.answer_rules
            acknowledge(session, dossier_id, "head1", reason="đang xử lý", promised_on=now.date(), now=now, rules=rules,
                        where_from="web")  # fmt: skip

    def copy_messages(self, times: int, **values: object) -> None:
        """As many messages more as the first one, each with its notices."""
        with self.office.sessions.begin() as session:
            first = session.scalars(select(Message).order_by(Message.id)).first()
            assert first is not None
            notices = session.scalars(select(MessageNotice.notice_id).where(MessageNotice.message_id == first.id)).all()
            row = {c.name: getattr(first, c.name) for c in Message.__table__.c if c.name != "id"}
            for _ in range(times):
                copy = Message(**{**row, "key": secrets.token_hex(8), **values})
                session.add(copy)
                session.flush()
                session.add_all(MessageNotice(message_id=copy.id, notice_id=notice) for notice in notices)

    def become(self, dossier_id: int, **values: object) -> None:
        """Judging found something new of a dossier."""
        with self.office.sessions.begin() as session:
            found = {"judged_at": self.office.clock.now(), **values}
            session.execute(update(Dossier).where(Dossier.id == dossier_id).values(**found))

    def listening(self, story: Callable[[], None]) -> None:
        """Runs the listener while the story is told."""

        async def run() -> None:
            stop = asyncio.Event()
            ear = asyncio.create_task(self.listener.run(stop))
            try:
                await asyncio.to_thread(story)
            finally:
                stop.set()
                await asyncio.wait_for(ear, 20)

        asyncio.run(run())


def running(store_url: str) -> Iterator[Site]:
    api = BotApi(Faults(), TOKEN)
    api.start()
    settings = Telegram(enabled=True, token=SecretStr(TOKEN), api_url=api.url)
    engine = database.open_engine(store_url)
    office = make_office(engine, database.session_factory(engine), settings)
    channel = TelegramChannel(settings)
    yield Site(api, channel, office, Polling(settings, office.desk, first_wait_s=0.05))
    channel.close()
    api.stop()
    engine.dispose()


@pytest.fixture
def site(store_url: str) -> Iterator[Site]:
    yield from running(store_url)


@pytest.fixture(params=["sqlite_url", "postgres_url"])
def both(request: pytest.FixtureRequest) -> Iterator[Site]:
    yield from running(request.getfixturevalue(request.param))


def button(delivered: Delivered, act: str) -> str:
    return next(data for data in delivered.buttons if data.startswith(act + "."))


def test_a_leader_links_a_phone_hears_of_a_late_dossier_and_answers_it_there(both: Site) -> None:
    site, api = both, both.api
    with site.office.sessions.begin() as session:
        code = linking.make_code(session, "head1", "admin", NOW)

    def story() -> None:
        api.say(PHONE, f"/start {code}")
        assert api.wait_until(lambda: any("Đã nhận mã" in one.text for one in api.delivered))
        with site.office.sessions.begin() as session:
            (claim,) = linking.claims(session, NOW)
            linking.confirm(session, claim.id, "admin", NOW)
        (dossier_id,) = add_dossiers(site.office.sessions, {"code": "tre-1", "stage": "late"})
        site.owe("late", dossier_id)
        site.send()
        alert = api.delivered[-1]
        assert (alert.chat, "tre-1" in alert.text) == (PHONE, True)
        api.press(PHONE, alert.message_id, button(alert, "n"))
        assert api.wait_until(lambda: len(api.edited) == 1)
        api.press(PHONE, alert.message_id, next(data for data in api.edited[-1].buttons if data.startswith("t.")))
        assert api.wait_until(lambda: len(api.edited) == 2)
        last = next(data for data in api.edited[-1].buttons if data.startswith("T.") and "-261124." in data)
        api.press(PHONE, alert.message_id, last)
        assert api.wait_until(lambda: len(api.edited) == 3)
        assert "hẹn xong 24/11/2026" in (api.edited[-1].text or "")
        assert any("Đã ghi nhận" in text for text in api.popped)

    site.listening(story)


def test_the_message_on_the_phone_is_edited_as_the_matter_goes_on(both: Site) -> None:
    site = both
    one, two = add_dossiers(site.office.sessions, {"code": "c1", "stage": "late"}, {"code": "c2", "stage": "late"})
    site.owe("late", one, two)
    site.send()
    first = site.api.delivered[0]
    assert site.keep_up() == 0, "nothing happened since"
    site.office.clock.sleep(3600)
    site.become(one, stage="finished_late", finished_at=site.office.clock.now())
    assert site.keep_up() == 1
    edited = site.api.edited[-1]
    assert (edited.chat, edited.message_id) == (first.chat, first.message_id)
    assert "✅ 1 đã có kết quả" in (edited.text or "")
    assert "Cập nhật 09:00 ngày 23/11/2026" in (edited.text or "")
    assert site.keep_up() == 0, "said once"
    site.office.clock.sleep(3600)
    site.become(two, stage="finished_late", finished_at=site.office.clock.now())
    assert site.keep_up() == 1
    assert site.api.edited[-1].buttons == ()
    site.office.clock.sleep(3600)
    site.become(two)
    assert site.keep_up() == 0, "all is done: it is followed no longer"
    assert len(site.api.delivered) == 1, "an edit makes no sound"


def test_a_refused_edit_is_said_as_an_answer_to_the_message_instead(site: Site) -> None:
    (one,) = add_dossiers(site.office.sessions, {"code": "c1", "stage": "late"})
    site.owe("late", one)
    site.send()
    gone = site.api.delivered.pop()  # the leader deleted it: "message to edit not found"
    site.office.clock.sleep(60)
    site.become(one, stage="finished_late")
    assert site.keep_up() == 1
    assert (site.api.delivered[-1].chat, site.api.delivered[-1].reply_to) == (gone.chat, gone.message_id)


def test_a_repeat_hangs_under_the_first_message_and_is_numbered(site: Site) -> None:
    (one,) = add_dossiers(site.office.sessions, {"code": "c1", "stage": "late"})
    for rung, times in (("soon", 1), ("late", 2), ("mismatch", 3)):
        site.owe(rung, one)
        site.send()
        last = site.api.delivered[-1]
        assert (f"nhắc lần {times}" in last.text) == (times > 1)
        assert last.reply_to == (site.api.delivered[0].message_id if times > 1 else 0)
        site.office.clock.sleep(3600)


def test_a_flood_wait_during_an_edit_waits_and_nothing_is_lost(site: Site) -> None:
    (one,) = add_dossiers(site.office.sessions, {"code": "c1", "stage": "late"})
    site.owe("late", one)
    site.send()
    site.office.clock.sleep(60)
    site.become(one, stage="finished_late")
    outcome = site.channel.check()
    assert outcome.startswith("@")
    site.api.faults.put("bot", Fault.TOO_MANY, times=1)
    site.owe("mismatch", one)
    site.send()
    assert len(site.api.delivered) == 1, "429"
    site.office.clock.sleep(5)
    site.send()
    assert len(site.api.delivered) == 2
    assert Result.FLOOD == "flood"


def test_messages_of_answered_dossiers_do_not_keep_the_others_from_being_kept_up(site: Site) -> None:
    """An answer concerns the messages shown before it, not every message for as long as an older one is on record."""
    answered, other = add_dossiers(site.office.sessions, *({"code": c, "stage": "late"} for c in ("c1", "c2")))
    site.owe("late", answered)
    site.send()
    site.office.clock.sleep(60)
    site.answer(answered)
    assert site.keep_up() == 1
    site.copy_messages(40, shown_at=site.office.clock.now())
    site.copy_messages(1, shown="", shown_at=NOW)  # one that is followed no longer
    site.owe("late", other)
    site.send()
    site.office.clock.sleep(60)
    site.become(other, stage="finished_late")
    assert site.keep_up() == 1, "at once, not behind forty others that are as they were"


def test_after_a_month_a_message_is_left_as_it_is(site: Site) -> None:
    (one,) = add_dossiers(site.office.sessions, {"code": "c1", "stage": "late"})
    site.owe("late", one)
    site.send()
    site.office.clock.sleep(timedelta(days=31).total_seconds())
    site.become(one, stage="finished_late")
    assert site.keep_up() == 0
