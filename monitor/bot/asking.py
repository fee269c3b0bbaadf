"""The commands: /homnay, /trehan, /hoso, /nhan, /hoan. Each sees only what its person answers for."""

from collections.abc import Collection
from datetime import date, datetime, timedelta

from markupsafe import escape
from sqlalchemy.orm import Session

from monitor.alerts.acknowledge import AnswerNotTaken, acknowledge, snooze
from monitor.alerts.buttons import Signer, answers_keyboard
from monitor.alerts.current import lines_of
from monitor.alerts.lines import day_text, moment_text
from monitor.alerts.outgoing import Outgoing
from monitor.alerts.telegram import compose
from monitor.bot import words
from monitor.bot.heard import Back, Heard, Say
from monitor.bot.needs import BotNeeds
from monitor.bot.scope import agencies_of, dossier_of, office_of
from monitor.reports.census import late_number
from monitor.reports.late import late_dossiers
from monitor.reports.sources import stale_sources

_LISTED = 15
_JUST_PAST = timedelta(days=60)
_TODAY = ("due_today", "letter_due", "due_soon")
_LATE = ("late",)


class Asking:
    """Answers commands."""

    def __init__(self, needs: BotNeeds, signer: Signer) -> None:
        self._needs = needs
        self._signer = signer

    def today(self, session: Session, heard: Heard, person: str, _rest: str) -> list[Back]:
        return [Say(heard.chat, self._listed(session, person, _TODAY, words.NOTHING_TODAY))]

    def late(self, session: Session, heard: Heard, person: str, _rest: str) -> list[Back]:
        return [Say(heard.chat, self._listed(session, person, _LATE, words.NOTHING_LATE))]

    def dossier(self, session: Session, heard: Heard, person: str, rest: str) -> list[Back]:
        if not rest:
            return [Say(heard.chat, words.WHICH_DOSSIER)]
        now, office = self._needs.clock.now(), office_of(self._needs)
        found = dossier_of(session, self._needs, person, rest, office.calendar.local_date(now))
        if found is None:
            return [Say(heard.chat, words.NO_SUCH_DOSSIER.format(code=escape(rest)))]
        (line,) = lines_of(session, [found.id], office, now)
        text = self._text([line], now)
        if line["section"] == "done":
            return [Say(heard.chat, text)]
        # message 0: these buttons stand under no alert of the outbox, but under an answer
        return [Say(heard.chat, text, answers_keyboard(self._signer, 0, found.id, heard.chat, back=False))]

    def take(self, session: Session, heard: Heard, person: str, rest: str) -> list[Back]:
        return [Say(heard.chat, self._answered(session, person, rest, taken=True))]

    def put_off(self, session: Session, heard: Heard, person: str, rest: str) -> list[Back]:
        return [Say(heard.chat, self._answered(session, person, rest, taken=False))]

    def not_understood(self, _session: Session, heard: Heard, _person: str, _rest: str) -> list[Back]:
        return [Say(heard.chat, words.NOT_UNDERSTOOD)]

    def _answered(self, session: Session, person: str, rest: str, *, taken: bool) -> str:
        now = self._needs.clock.now()
        today = self._needs.calendar.local_date(now)
        code, _, more = rest.partition(" ")
        day, _, reason = more.strip().partition(" ")
        on = _day(day, today)
        if not code or on is None or not reason.strip():
            return words.HOW_TO_TAKE if taken else words.HOW_TO_PUT_OFF
        found = dossier_of(session, self._needs, person, code, today)
        if found is None:
            return words.NO_SUCH_DOSSIER.format(code=escape(code))
        rules = self._needs.answer_rules
        try:
            if taken:
                done = acknowledge(
                    session, found.id, person,
                    reason=reason, promised_on=on, now=now, rules=rules, where_from="telegram",
                )  # fmt: skip
            else:
                done = snooze(
                    session, found.id, person,
                    reason=reason, until_on=on, now=now, rules=rules, where_from="telegram",
                )  # fmt: skip
        except AnswerNotTaken as refused:
            return str(escape(refused.words.vi))
        said = words.TAKEN if taken else words.PUT_OFF
        return said.format(code=escape(code), day=day_text(done.until_on))

    def _listed(self, session: Session, person: str, stages: Collection[str], nothing: str) -> str:
        needs, now, office = self._needs, self._needs.clock.now(), office_of(self._needs)
        stale = stale_sources(session, needs.settings.sources, now=now)
        ids: list[int] = []
        number = 0
        for agency in agencies_of(needs.directory, person, office.calendar.local_date(now)):  # one, seldom two
            ids += [
                row.dossier_id
                for row in late_dossiers(
                    session, now=now, agency=agency, stages=stages, limit=_LISTED,
                    directory=needs.directory, stale_sources=stale,
                )
            ]  # fmt: skip
            number += late_number(
                session, now=now, agency=agency, stages=stages, directory=needs.directory, stale_sources=stale
            )
        shown = list(dict.fromkeys(ids))[:_LISTED]
        silent = words.SILENT.format(sources=escape(", ".join(sorted(stale)))) if stale else ""
        if not shown:
            text = nothing.format(at=moment_text(office.calendar.local(now)))
        else:
            text = self._text(lines_of(session, shown, office, now), now)
            if number > len(shown):
                link = escape(f"{office.base_url.rstrip('/')}/")
                text += "\n\n" + words.MORE.format(rest=number - len(shown), link=link)
        return f"{text}\n\n{silent}" if silent else text

    def _text(self, lines: list[dict[str, object]], now: datetime) -> str:
        """As an alert looks; a list is cut to one message."""
        at = moment_text(self._needs.calendar.local(now))
        view = {"at": now.isoformat(), "at_text": at, "lines": lines}
        texts, _ = compose(Outgoing("", "", view, now), self._needs.settings.channels.telegram.detail)
        return texts[0]


def _day(text: str, today: date) -> date | None:
    """`25/11` or `25/11/2026`; without a year the nearest such day; one just past is refused aloud later."""
    parts = text.split("/")
    try:
        day, month, *year = (int(part) for part in parts)
        if year:
            return date(year[0], month, day)
        this_year = date(today.year, month, day)
        return this_year if this_year >= today - _JUST_PAST else date(today.year + 1, month, day)
    except (ValueError, IndexError):
        return None
