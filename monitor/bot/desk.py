"""Takes one update at a time and says what goes back. Only people whose chat is known get anything of a dossier, and
only of the agencies they answer for. An update is answered once, however often it is brought.
"""

from collections.abc import Callable, Mapping
from typing import Any

from markupsafe import escape
from sqlalchemy import delete
from sqlalchemy.orm import Session

from monitor import logs
from monitor.alerts.addresses import lift, park
from monitor.alerts.buttons import Signer
from monitor.alerts.linking import Refused, bring_code, person_of
from monitor.bot import words
from monitor.bot.asking import Asking
from monitor.bot.heard import Answer, Back, Heard, Say, heard_in, shut_or_open
from monitor.bot.needs import BotNeeds
from monitor.bot.pressing import Pressing
from monitor.store.tables import BotUpdate
from monitor.store.writing import insert_new, one_writer

log = logs.get("bot")
_REMEMBERED = 10_000  # updates; the Bot API brings none again that is older than a day


class Desk:
    """Answers officials. Safe to call from any thread, one update at a time."""

    def __init__(self, needs: BotNeeds, signer: Signer) -> None:
        self._needs = needs
        self._pressing = Pressing(needs, signer)
        self._asking = Asking(needs, signer)

    def handle(self, update: Mapping[str, Any]) -> list[Back]:
        """What goes back for this update; nothing for one that was handled before."""
        door = shut_or_open(update)
        if door is not None:
            self._door(*door)
        heard = heard_in(update)
        if heard is None:
            return []
        with self._needs.sessions.begin() as session:
            one_writer(session)
            if not self._is_new(session, heard.update):
                log.info("bot_update_repeated")
                return []
            return self._answered(session, heard)

    def _door(self, chat: str, is_open: bool) -> None:
        """A chat that blocked the bot is parked at once, before a message is lost to it."""
        now = self._needs.clock.now()
        with self._needs.sessions.begin() as session:
            one_writer(session)
            if is_open:
                lift(session, "telegram", chat, "telegram", now)
            else:
                park(session, "telegram", chat, "bot đã bị chặn hoặc bị đưa ra khỏi cuộc trò chuyện", now)

    def _is_new(self, session: Session, number: int) -> bool:
        if session.get(BotUpdate, number) is not None:
            return False
        insert_new(session, BotUpdate, [{"id": number, "heard_at": self._needs.clock.now()}])
        session.execute(delete(BotUpdate).where(BotUpdate.id < number - _REMEMBERED))
        return True

    def _answered(self, session: Session, heard: Heard) -> list[Back]:
        person = person_of(session, self._needs.directory, heard.user)
        if heard.callback:
            if person is None:
                return [Answer(heard.callback, words.NOT_LINKED, loud=True)]
            return self._pressing.pressed(session, heard, person)
        command, _, rest = heard.text.strip().partition(" ")
        command = command.partition("@")[0].casefold()  # in groups: /homnay@dunghen_bot
        if not command.startswith("/") and not heard.is_private:
            return []  # people talk to each other there
        if not heard.is_private:
            return [Say(heard.chat, words.GROUP_ONLY_BUTTONS)]
        if command == "/start":
            return [Say(heard.chat, self._start(session, heard, person, rest.strip()))]
        if command == "/trogiup":
            return [Say(heard.chat, words.HELP)]
        if person is None:
            return [Say(heard.chat, words.STRANGER.format(user=heard.user))]
        return self._command(command)(session, heard, person, rest.strip())

    def _command(self, command: str) -> Callable[[Session, Heard, str, str], list[Back]]:
        asking = self._asking
        known: dict[str, Callable[[Session, Heard, str, str], list[Back]]] = {
            "/homnay": asking.today,
            "/trehan": asking.late,
            "/hoso": asking.dossier,
            "/nhan": asking.take,
            "/hoan": asking.put_off,
        }
        return known.get(command, asking.not_understood)

    def _start(self, session: Session, heard: Heard, person: str | None, code: str) -> str:
        if code:
            brought = bring_code(session, code, heard.chat, heard.name, self._needs.clock.now())
            if isinstance(brought, Refused):
                return words.CODE_REFUSED[brought.value]
            return words.CODE_BROUGHT.format(person=self._name(brought.person), name=escape(brought.shown_name))
        if person is None:
            return words.STRANGER.format(user=heard.user)
        return words.KNOWN.format(person=self._name(person))

    def _name(self, code: str) -> str:
        person = self._needs.directory.person(code)
        return str(escape(person.name if person is not None else code))
