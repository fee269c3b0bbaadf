"""Listens to the bot, by long polling or behind a webhook, and carries the desk's answers back.

The Bot API may be down for hours, also at start: that must never stop the daemon, so everything here is retried.
"""

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from telegram import Bot, BotCommand, Update
from telegram.constants import ParseMode
from telegram.error import BadRequest, InvalidToken, TelegramError
from telegram.ext import Application, ContextTypes, TypeHandler

from monitor import logs
from monitor.alerts.telegram import NO_PREVIEW, markup_of
from monitor.bot.heard import Answer, Back, Change, Say
from monitor.settings import Telegram

_FIRST_WAIT_S = 2.0
_LONGEST_WAIT_S = 300.0
_UPDATES = ("message", "callback_query", "my_chat_member")
COMMANDS = (
    ("homnay", "Hồ sơ đến hạn hôm nay và sắp đến hạn"),
    ("trehan", "Hồ sơ đang quá hạn"),
    ("hoso", "Tình trạng một hồ sơ: /hoso MÃ"),
    ("nhan", "Nhận xử lý: /nhan MÃ NGÀY LÝ DO"),
    ("hoan", "Hoãn nhắc: /hoan MÃ NGÀY LÝ DO"),
    ("trogiup", "Hướng dẫn"),
)
App = Application[Any, Any, Any, Any, Any, Any]

log = logs.get("bot")  # "telegram" is the library's own name, kept quiet


class Answering(Protocol):
    """Says what goes back for an update (`monitor.bot.desk.Desk`). Called in a thread."""

    def handle(self, update: Mapping[str, Any]) -> Sequence[Back]: ...


class Polling:
    """Listens until `stop` is set: by a webhook below `site_url` where there is one, else by long polling.

    `first_wait_s` is the first pause after a failure, in seconds.
    """

    path = "/bot"  # of the webhook

    def __init__(
        self, settings: Telegram, desk: Answering, *, site_url: str = "", first_wait_s: float = _FIRST_WAIT_S
    ) -> None:
        self._settings = settings
        self._desk = desk
        self._site_url = site_url.rstrip("/")
        self._first_wait_s = first_wait_s
        self._bot: Bot | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.is_listening = False

    async def run(self, stop: asyncio.Event) -> None:
        """Returns only when `stop` is set, whatever the API answers."""
        wait_s = self._first_wait_s
        while not stop.is_set():
            app = self._application()
            try:
                await self._listen(app, stop)
            except InvalidToken:
                log.error("telegram_token_refused")
                wait_s = _LONGEST_WAIT_S
            except (TelegramError, OSError) as wrong:
                log.error("telegram_unreachable", reason=type(wrong).__name__, seconds=round(wait_s))
            finally:
                self.is_listening = False
                self._bot = None
                await _close(app)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), wait_s)
            wait_s = min(wait_s * 2, _LONGEST_WAIT_S)

    async def feed(self, update: Mapping[str, Any]) -> None:
        """One update that the webhook brought: stored when this returns, so that it need not be brought again."""
        back = await asyncio.to_thread(self._desk.handle, update)
        if back and self._bot is not None:
            task = asyncio.create_task(self._carry(self._bot, back))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _listen(self, app: App, stop: asyncio.Event) -> None:
        await app.initialize()
        self._bot = app.bot
        await self._bot.set_my_commands([BotCommand(name, said) for name, said in COMMANDS])
        secret = self._settings.webhook_secret
        if self._site_url and secret is not None:
            await app.bot.set_webhook(
                self._site_url + self.path, secret_token=secret.get_secret_value(), allowed_updates=_UPDATES
            )
        else:
            await app.start()
            assert app.updater is not None
            # old updates are kept: somebody who wrote while we were down still gets an answer
            await app.updater.start_polling(
                allowed_updates=_UPDATES, bootstrap_retries=0, error_callback=_polling_failed, timeout=10
            )
        self.is_listening = True
        log.info("telegram_polling_started")
        await stop.wait()

    def _application(self) -> App:
        token = self._settings.token
        api = self._settings.api_url.rstrip("/")
        builder = (
            Application.builder()
            .token(token.get_secret_value() if token else "")
            .base_url(f"{api}/bot")
            .base_file_url(f"{api}/file/bot")
            .job_queue(None)  # it would bring a second scheduler
        )
        if self._settings.proxy:
            builder = builder.proxy(self._settings.proxy).get_updates_proxy(self._settings.proxy)
        app = builder.build()
        app.add_handler(TypeHandler(Update, self._polled))
        app.add_error_handler(_answer_failed)
        return app

    async def _polled(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        back = await asyncio.to_thread(self._desk.handle, update.to_dict())
        await self._carry(context.bot, back)

    async def _carry(self, bot: Bot, back: Sequence[Back]) -> None:
        """Each by itself: an answer that came too late must not keep the message from being changed."""
        for one in back:
            try:
                await _sent_back(bot, one)
            except BadRequest as error:
                if "not modified" not in error.message:
                    log.warning("telegram_answer_failed", reason=type(error).__name__)
            except TelegramError as error:
                log.warning("telegram_answer_failed", reason=type(error).__name__)


async def _sent_back(bot: Bot, back: Back) -> None:
    match back:
        case Say(chat, text, keyboard):
            await bot.send_message(
                chat,
                text,
                parse_mode=ParseMode.HTML,
                link_preview_options=NO_PREVIEW,
                reply_markup=markup_of(keyboard or []),
            )
        case Answer(callback, text, loud):
            await bot.answer_callback_query(callback, text or None, show_alert=loud)
        case Change(chat, message, keyboard, None):
            await bot.edit_message_reply_markup(chat, message, reply_markup=markup_of(keyboard))
        case Change(chat, message, keyboard, text):
            await bot.edit_message_text(
                text or "",
                chat,
                message,
                parse_mode=ParseMode.HTML,
                link_preview_options=NO_PREVIEW,
                reply_markup=markup_of(keyboard),
            )


async def _answer_failed(_update: object, context: ContextTypes.DEFAULT_TYPE) -> None:
    log.warning("telegram_answer_failed", reason=type(context.error).__name__)


def _polling_failed(error: TelegramError) -> None:
    log.error("telegram_polling_failed", reason=type(error).__name__)


async def _close(app: App) -> None:
    """Stops whatever had been started; what cannot be closed politely is dropped."""
    with contextlib.suppress(TelegramError, RuntimeError, OSError):
        if app.updater is not None and app.updater.running:
            await app.updater.stop()
        if app.running:
            await app.stop()
    with contextlib.suppress(TelegramError, RuntimeError, OSError):
        await app.shutdown()


# the updater prints the same failure with a traceback before it calls us
logging.getLogger("telegram.ext.Updater").setLevel(logging.CRITICAL)
