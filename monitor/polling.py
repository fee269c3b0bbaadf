"""Listens to the bot: /start tells people the id under which they are entered, /trogiup tells what the bot is for.

The Bot API may be down for hours, also at start: that must never stop the daemon, so everything here is retried.
"""

import asyncio
import contextlib
import logging
from typing import Any

from telegram import Update
from telegram.error import InvalidToken, TelegramError
from telegram.ext import Application, CommandHandler, ContextTypes

from monitor import logs
from monitor.settings import Telegram

_FIRST_WAIT_S = 2.0
_LONGEST_WAIT_S = 300.0

log = logs.get("bot")  # "telegram" is the library's own name, kept quiet

START = (
    "Chào anh/chị. Đây là kênh cảnh báo hồ sơ thủ tục hành chính của Đúng Hẹn.\n"
    "Mã trò chuyện của anh/chị: {chat_id}\n"
    "Đề nghị gửi mã này cho quản trị hệ thống để được nhận cảnh báo theo nhiệm vụ được giao."
)
HELP = (
    "Đúng Hẹn báo cho người có trách nhiệm khi hồ sơ sắp đến hạn, quá hạn hoặc cần thư xin lỗi.\n"
    "/start – xem mã trò chuyện để đăng ký nhận cảnh báo\n"
    "/trogiup – xem hướng dẫn này\n"
    "Tin nhắn chỉ có mã hồ sơ, thủ tục, cơ quan và ngày hẹn; không có thông tin của người dân."
)


class Polling:
    """Long polling until `stop` is set. `first_wait_s` is the first pause after a failure, in seconds."""

    def __init__(self, settings: Telegram, *, first_wait_s: float = _FIRST_WAIT_S) -> None:
        self._settings = settings
        self._first_wait_s = first_wait_s
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
                await _close(app)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), wait_s)
            wait_s = min(wait_s * 2, _LONGEST_WAIT_S)

    async def _listen(self, app: "Application[Any, Any, Any, Any, Any, Any]", stop: asyncio.Event) -> None:
        await app.initialize()
        await app.start()
        assert app.updater is not None
        # old updates are kept: somebody who wrote /start while we were down still gets an answer
        await app.updater.start_polling(
            allowed_updates=["message"], bootstrap_retries=0, error_callback=_polling_failed, timeout=10
        )
        self.is_listening = True
        log.info("telegram_polling_started")
        await stop.wait()

    def _application(self) -> "Application[Any, Any, Any, Any, Any, Any]":
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
        app.add_handler(CommandHandler("start", _start))
        app.add_handler(CommandHandler("trogiup", _help))
        app.add_error_handler(_answer_failed)
        return app


async def _start(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    if update.effective_chat is not None:
        await update.effective_chat.send_message(START.format(chat_id=update.effective_chat.id))


async def _help(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    if update.effective_chat is not None:
        await update.effective_chat.send_message(HELP)


async def _answer_failed(_update: object, context: ContextTypes.DEFAULT_TYPE) -> None:
    log.warning("telegram_answer_failed", reason=type(context.error).__name__)


def _polling_failed(error: TelegramError) -> None:
    log.error("telegram_polling_failed", reason=type(error).__name__)


async def _close(app: "Application[Any, Any, Any, Any, Any, Any]") -> None:
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
