"""What `dunghen check` looks at, one after the other. Nothing is written, nothing is sent."""

import contextlib
import smtplib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from connectors.base import SourceError
from monitor.calendar_file import CalendarFileError
from monitor.calendars import agencies_named, load_calendar
from monitor.cli.exits import Exit
from monitor.cli.opening import is_unused
from monitor.clock import Clock
from monitor.people import Directory, PeopleFileError, load_directory
from monitor.procedures import ProcedureFileError, load_terms
from monitor.settings import AnySource, LetterKey, Settings
from monitor.store import database, migrate
from monitor.words import Language, Words

if TYPE_CHECKING:
    from monitor.cli.desk import Desk


class Result(Enum):
    """How one part stands."""

    OK = Words("được", "ok")
    OFF = Words("tắt", "off")
    LOOK = Words("xem lại", "look")
    WRONG = Words("sai", "wrong")

    @property
    def words(self) -> Words:
        return self.value


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the table. `exit` is what it would end the command with."""

    part: str
    result: Result
    said: Words
    exit: Exit = Exit.OK

    def as_json(self, language: Language) -> dict[str, str]:
        return {"part": self.part, "result": self.result.name.lower(), "said": self.said.say(language)}


def checks(desk: "Desk", settings: Settings, *, offline: bool) -> Iterator[Check]:
    """Files, store, then (unless `offline`) every source and every channel."""
    yield _calendar(settings)
    yield _procedures(settings)
    directory, check = _people(settings)
    yield check
    if directory is not None:
        yield from _roles(settings, directory)
        yield from _agencies_of_the_calendar(settings, directory)
    store = _store(settings)
    yield store
    if store.result is Result.OK and not is_unused(settings.database.url):
        yield from _parked(settings)
    yield from _letters(settings)
    if not settings.sources:
        said = Words("chưa khai báo nguồn nào trong dunghen.toml", "no source in dunghen.toml yet")
        yield Check("sources", Result.LOOK, said)
    for source in settings.sources:
        yield _offline(f"source {source.name}") if offline else _source(source, desk.clock)
    yield from _channels(settings, offline=offline)


def _both(text: str) -> Words:
    return Words(text, text)


def _offline(part: str) -> Check:
    return Check(part, Result.OFF, Words("không thử (--offline)", "not tried (--offline)"))


def _calendar(settings: Settings) -> Check:
    try:
        calendar = load_calendar(settings.calendar, settings.site.timezone, settings.folder)
    except CalendarFileError as error:
        return Check("calendar", Result.WRONG, _both(str(error)), Exit.REFUSED)
    return Check(
        "calendar", Result.OK, _both(f"{settings.calendar.country}, {settings.site.timezone}, {calendar.version[:12]}")
    )


def _agencies_of_the_calendar(settings: Settings, directory: Directory) -> Iterator[Check]:
    """Days and hours of an agency nobody knows would count for no dossier."""
    try:
        named = agencies_named(settings.calendar, settings.folder)
    except CalendarFileError:
        return  # told already
    strange = [code for code in named if directory.agency(code) is None]
    if strange:
        names = ", ".join(strange)
        said = Words(f"lịch riêng của cơ quan không có trong people.toml: {names}", f"not in the people file: {names}")
        yield Check("calendar agencies", Result.LOOK, said)


def _procedures(settings: Settings) -> Check:
    try:
        terms = load_terms(settings.procedures.file)
    except ProcedureFileError as error:
        return Check("procedures", Result.WRONG, _both(str(error)), Exit.REFUSED)
    counted = sum(term.limit is not None for term in terms.terms)
    said = Words(
        f"{counted} thời hạn tính được, {len(terms.set_aside)} dòng để riêng",
        f"{counted} limits that can be counted, {len(terms.set_aside)} rows set aside",
    )
    return Check("procedures", Result.LOOK if terms.set_aside else Result.OK, said)


def _people(settings: Settings) -> tuple[Directory | None, Check]:
    try:
        directory = load_directory(settings.people.file)
    except PeopleFileError as error:
        return None, Check("people", Result.WRONG, _both(str(error)), Exit.REFUSED)
    agencies, people = len(directory.agencies()), len(directory.people())
    said = Words(f"{agencies} cơ quan, {people} người", f"{agencies} agencies, {people} people")
    return directory, Check("people", Result.OK if agencies else Result.LOOK, said)


def _roles(settings: Settings, directory: Directory) -> Iterator[Check]:
    """A rung that nobody would ever hear is not a mistake of the file's form, but it is one."""
    known = {post.role for post in directory.posts()} if hasattr(directory, "posts") else None
    if known is None or not directory.people():
        return
    for rung in settings.escalation:
        silent = [role for role in rung.tell if role not in known]
        if silent:
            names = ", ".join(silent)
            said = Words(f"không ai giữ vai trò {names}", f"nobody holds the role {names}")
            yield Check(f"escalation {rung.name or rung.at}", Result.LOOK, said)


def _store(settings: Settings) -> Check:
    url = make_url(settings.database.url)
    part = "database"
    if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).exists():
        said = Words("chưa có; lần chạy đầu sẽ tạo: ", "not there yet; the first run makes it: ")
        return Check(part, Result.OK, Words(said.vi + url.database, said.en + url.database))
    try:
        engine = database.open_engine(settings.database.url)
        try:
            migrate.check(engine)
        finally:
            engine.dispose()
    except migrate.SchemaTooOld:
        return Check(part, Result.LOOK, Words("cần chạy: dunghen db upgrade", "run: dunghen db upgrade"), Exit.STORE)
    except (migrate.SchemaTooNew, database.StoreUnsafe) as error:
        return Check(part, Result.WRONG, _both(str(error)), Exit.STORE)
    except OperationalError as error:
        return Check(part, Result.WRONG, _both(str(error.orig).splitlines()[0]), Exit.STORE)
    return Check(part, Result.OK, _both(url.render_as_string(hide_password=True)))


def _letters(settings: Settings) -> Iterator[Check]:
    """Every form and every wording this office uses, tried with samples: each slip with file, line and fix."""
    from monitor.letters.wording import check_templates

    problems = check_templates(settings.letters)
    for problem in problems:
        where = f"{problem.file}:{problem.line}: "
        said = Words(f"{where}{problem.wrong.vi} {problem.fix.vi}", f"{where}{problem.wrong.en} {problem.fix.en}")
        yield Check("letters", Result.WRONG, said, Exit.REFUSED)
    if not problems:
        yield Check("letters", Result.OK, _both(str(settings.letters.folder)))
    for key in settings.letters.keys:
        yield _letter_key(key)


def _letter_key(key: LetterKey) -> Check:
    """The files of a key are there; the key itself is not opened: a token counts wrong tries of its PIN."""
    part = f"letter key {key.agency} {key.role}"
    for file in (key.file, key.module, key.image):
        if file is not None and not file.is_file():
            said = Words(f"không có tệp {file}", f"there is no file {file}")
            return Check(part, Result.WRONG, said, Exit.REFUSED)
    if find_spec("pyhanko") is None:
        said = Words("chưa cài phần ký số: pip install 'dunghen[sign]'", "not installed: pip install 'dunghen[sign]'")
        return Check(part, Result.WRONG, said, Exit.REFUSED)
    return Check(part, Result.OK, _both(key.token or (key.file.name if key.file else "")))


def _source(source: AnySource, clock: Clock) -> Check:
    from monitor.adapters import make_connector

    part = f"source {source.name}"
    try:
        probe = make_connector(source, clock).probe()
    except SourceError as error:
        return Check(part, Result.WRONG, _both(error.said), Exit.PEER)
    return Check(part, Result.LOOK if "columns" in probe.details else Result.OK, _both(probe.said))


def _channels(settings: Settings, *, offline: bool) -> Iterator[Check]:
    on = settings.channels.enabled()
    asked: dict[str, Callable[[], str]] = {"telegram": lambda: _telegram(settings), "email": lambda: _email(settings)}
    tries = [(name, name in on, asked.get(name, partial(_other, settings, name))) for name in settings.channels.names()]
    if settings.channels.email.bounces is not None:
        tries.append(("email bounces", settings.channels.email.enabled, partial(_bounces, settings)))
    for name, enabled, attempt in tries:
        part = f"channel {name}"
        if not enabled:
            yield Check(part, Result.OFF, Words("đang tắt", "switched off"))
        elif offline:
            yield _offline(part)
        else:
            try:
                yield Check(part, Result.OK, _both(attempt()))
            except _ChannelTrouble as trouble:
                yield Check(part, Result.WRONG, _both(trouble.said), Exit.PEER)


def _bounces(settings: Settings) -> str:
    """Signs in to the mailbox of returned mail and opens its folder."""
    from monitor.alerts.bounces import BounceMailbox
    from monitor.alerts.outgoing import ChannelUnavailable

    chosen = settings.channels.email.bounces
    assert chosen is not None  # only asked for where it is
    try:
        return BounceMailbox(chosen).check()
    except ChannelUnavailable as error:
        raise _ChannelTrouble(str(error)) from None


class _ChannelTrouble(Exception):
    """Says what is wrong with a channel; no token, no password."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said


def _other(settings: Settings, name: str) -> str:
    """Whether its peer is there; nothing is sent."""
    from monitor.adapters import make_channels
    from monitor.alerts.outgoing import ChannelUnavailable

    only = {"telegram": settings.channels.telegram.model_copy(update={"enabled": False})}
    only["email"] = settings.channels.email.model_copy(update={"enabled": False})  # type: ignore[assignment]
    channels = make_channels(settings.model_copy(update={"channels": settings.channels.model_copy(update=only)}))
    try:
        return channels[name].check()
    except ChannelUnavailable as error:
        raise _ChannelTrouble(str(error)) from None


def _parked(settings: Settings) -> Iterator[Check]:
    """Addresses that take no alerts any more: somebody must mend the people file or lift them."""
    from monitor.alerts.addresses import parked

    engine = database.open_engine(settings.database.url)
    try:
        with database.reading(engine) as session:
            shut = parked(session)
    finally:
        engine.dispose()
    if shut:
        said = Words(
            f"{len(shut)} địa chỉ không nhận tin được nữa; xem dunghen alerts parked",
            f"{len(shut)} addresses take no messages any more; see dunghen alerts parked",
        )
        yield Check("addresses", Result.LOOK, said)


def _telegram(settings: Settings) -> str:
    """Asks the Bot API who we are: no message goes to anybody."""
    import asyncio

    from telegram import Bot
    from telegram.error import InvalidToken, TelegramError
    from telegram.request import HTTPXRequest

    table = settings.channels.telegram
    assert table.token is not None  # the loader refuses an enabled channel without one
    token = table.token.get_secret_value()

    async def who() -> str:
        request = HTTPXRequest(proxy=table.proxy, connect_timeout=10, read_timeout=10)
        async with Bot(token, base_url=f"{table.api_url.rstrip('/')}/bot", request=request) as bot:
            return f"@{(await bot.get_me()).username}"

    try:
        return asyncio.run(who())
    except InvalidToken:
        raise _ChannelTrouble("token refused: ask @BotFather for the right one") from None
    except TelegramError as error:
        raise _ChannelTrouble(f"{type(error).__name__}: no answer as expected from the Bot API") from None


def _email(settings: Settings) -> str:
    """Signs in and says goodbye: no mail is sent."""
    from monitor.alerts.email import connect

    try:
        client = connect(settings.channels.email)
    except (OSError, smtplib.SMTPException) as error:
        code = getattr(error, "smtp_code", "")
        raise _ChannelTrouble(f"{type(error).__name__} {code}".strip()) from None
    with contextlib.suppress(smtplib.SMTPException, OSError):
        client.quit()
    return f"{settings.channels.email.host}:{settings.channels.email.port}"
