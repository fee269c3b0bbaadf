"""The buttons: each shows the next ones, the last one acts, once. Nothing is done on text alone."""

from collections.abc import Callable
from datetime import date, datetime

from sqlalchemy.orm import Session

from monitor.alerts.acknowledge import AnswerNotTaken, Taken, acknowledge, already_solved, posts_over, snooze
from monitor.alerts.buttons import (
    DOING,
    Act,
    Button,
    Keyboard,
    Signer,
    answers_keyboard,
    claim,
    first_keyboard,
    pick_keyboard,
)
from monitor.alerts.current import fingerprint, lines_of
from monitor.alerts.keeping_up import now_shown
from monitor.alerts.lines import day_text, moment_text
from monitor.alerts.outgoing import Outgoing
from monitor.alerts.telegram import compose
from monitor.bot import words
from monitor.bot.heard import Answer, Back, Change, Heard
from monitor.bot.needs import BotNeeds
from monitor.bot.scope import office_of
from monitor.domain.calendar import CalendarExhausted
from monitor.store.tables import Dossier, Message

_PROMISE_DAYS = (0, 1, 2, 3, 5)
_OFF_DAYS = (1, 2, 3)


class Pressing:
    """Answers pressed buttons."""

    def __init__(self, needs: BotNeeds, signer: Signer) -> None:
        self._needs = needs
        self._signer = signer

    def pressed(self, session: Session, heard: Heard, person: str) -> list[Back]:
        """What a button leads to, for the person who pressed it."""
        button = self._signer.read(heard.data, heard.chat)
        if button is None:
            return [Answer(heard.callback, words.NOT_OURS, loud=True)]
        now = self._needs.clock.now()
        if button.dossier and not self._is_theirs(session, button.dossier, person, now):
            return [Answer(heard.callback, words.GONE, loud=True)]
        if button.act in DOING:
            return self._do(session, heard, button, person, now)
        keyboard = self._next(session, heard, button, now)
        return [Answer(heard.callback), Change(heard.chat, heard.message, keyboard)]

    def _is_theirs(self, session: Session, dossier_id: int, person: str, now: datetime) -> bool:
        dossier = session.get(Dossier, dossier_id)
        on = self._needs.calendar.local_date(now)
        return dossier is not None and bool(posts_over(self._needs.directory, person, dossier.agency_code, on))

    def _next(self, session: Session, heard: Heard, button: Button, now: datetime) -> Keyboard:
        """The buttons that come after this one."""

        def to(act: Act, choice: str = "") -> str:
            return self._signer.data(Button(act, button.message, button.dossier, choice), heard.chat)

        back = [("« Quay lại", to(Act.DOSSIER))]
        match button.act:
            case Act.MENU:
                return self._first(session, heard, button, now)
            case Act.PICK:
                message = session.get(Message, button.message)
                lines = now_shown(session, message, office_of(self._needs), now)["lines"] if message else []
                return pick_keyboard(self._signer, button.message, lines, heard.chat)
            case Act.TAKE:
                return [[(why, to(Act.TAKE_BY, str(n)))] for n, why in enumerate(words.REASONS_TAKEN)] + [back]
            case Act.PUT_OFF:
                return [[(why, to(Act.PUT_OFF_TO, str(n)))] for n, why in enumerate(words.REASONS_OFF)] + [back]
            case Act.TAKE_BY:
                return [*self._days(_PROMISE_DAYS, "Xong ", button, to, Act.TAKEN, now), back]
            case Act.PUT_OFF_TO:
                return [*self._days(_OFF_DAYS, "Hết ", button, to, Act.OFF, now), back]
            case Act.SOLVED:
                return [[("✔ Đúng, đã giải quyết xong", to(Act.SOLVED_YES))], back]
            case _:
                several = self._is_several(session, button, now)
                return answers_keyboard(self._signer, button.message, button.dossier, heard.chat, back=several)

    def _days(
        self,
        days: tuple[int, ...],
        label: str,
        button: Button,
        to: Callable[[Act, str], str],
        act: Act,
        now: datetime,
    ) -> Keyboard:
        """Working days to choose from, two in a row."""
        calendar = self._needs.calendar
        today = calendar.local_date(now)
        offered: list[tuple[str, str]] = []
        for number in days:
            try:
                on = calendar.add_working_days(today, number) if number else today
            except CalendarExhausted:
                break
            if number or calendar.is_working_day(today):
                text = f"{label}hôm nay" if on == today else f"{label}{on:%d/%m}"
                offered.append((text, to(act, f"{button.choice}-{on:%y%m%d}")))
        return [offered[n : n + 2] for n in range(0, len(offered), 2)]

    def _do(self, session: Session, heard: Heard, button: Button, person: str, now: datetime) -> list[Back]:
        dossier = session.get_one(Dossier, button.dossier)
        with session.begin_nested() as nested:
            if not claim(session, button, heard.chat, person, now):
                return [Answer(heard.callback, words.USED, loud=True)]
            try:
                taken, said = self._answer(session, button, person, now)
            except AnswerNotTaken as refused:
                nested.rollback()  # the button may be tried again when what stood in the way is gone
                return [Answer(heard.callback, refused.words.vi, loud=True)]
        text = said.format(code=dossier.code, day=day_text(taken.until_on))
        return [Answer(heard.callback, text[:200], loud=True), self._as_it_stands(session, heard, button, now)]

    def _answer(self, session: Session, button: Button, person: str, now: datetime) -> tuple[Taken, str]:
        rules = self._needs.answer_rules
        if button.act is Act.SOLVED_YES:
            taken = already_solved(
                session, button.dossier, person,
                reason=words.REASON_SOLVED, now=now, rules=rules, where_from="telegram",
            )  # fmt: skip
            return taken, words.SOLVED
        why, _, day = button.choice.partition("-")
        on = _day(day)
        if button.act is Act.TAKEN:
            reason = words.REASONS_TAKEN[int(why)]
            taken = acknowledge(
                session, button.dossier, person,
                reason=reason, promised_on=on, now=now, rules=rules, where_from="telegram",
            )  # fmt: skip
            return taken, words.TAKEN
        reason = words.REASONS_OFF[int(why)]
        taken = snooze(
            session, button.dossier, person,
            reason=reason, until_on=on, now=now, rules=rules, where_from="telegram",
        )  # fmt: skip
        return taken, words.PUT_OFF

    def _as_it_stands(self, session: Session, heard: Heard, button: Button, now: datetime) -> Change:
        """The message under which it was pressed, with what was just answered in it."""
        message = session.get(Message, button.message) if button.message else None
        office = office_of(self._needs)
        if message is not None:
            view = now_shown(session, message, office, now)
            message.shown, message.shown_at = fingerprint(view["lines"]), now
        else:
            lines = lines_of(session, [button.dossier], office, now)
            view = {"at": now.isoformat(), "at_text": moment_text(office.calendar.local(now)), "lines": lines}
        outgoing = Outgoing("", heard.chat, view, now, id=button.message)
        texts, _ = compose(outgoing, self._needs.settings.channels.telegram.detail)
        keyboard = first_keyboard(self._signer, button.message, view["lines"], heard.chat)
        return Change(heard.chat, heard.message, keyboard, texts[0])

    def _first(self, session: Session, heard: Heard, button: Button, now: datetime) -> Keyboard:
        message = session.get(Message, button.message)
        if message is None:
            return []
        lines = now_shown(session, message, office_of(self._needs), now)["lines"]
        return first_keyboard(self._signer, button.message, lines, heard.chat)

    def _is_several(self, session: Session, button: Button, now: datetime) -> bool:
        message = session.get(Message, button.message) if button.message else None
        return message is not None and len(message.payload["lines"]) > 1


def _day(text: str) -> date:
    return date(2000 + int(text[:2]), int(text[2:4]), int(text[4:6]))
