"""Telegram as a channel: python-telegram-bot behind a plain call, every answer of the Bot API put in its class.

The token is part of the Bot API's addresses: httpx would log it, so its logger is kept at WARNING, and no error text
leaves this module without a look for it. `send` blocks; call it from a thread without a running event loop.
"""

import asyncio
import logging
import os
import threading
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

import httpx
from telegram import Bot, LinkPreviewOptions
from telegram.constants import ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.request import HTTPXRequest

from monitor.alerts.outgoing import ChannelUnavailable, Outcome, Outgoing, Result
from monitor.alerts.tags import LIMIT, plain, split_html, units
from monitor.alerts.wording import Attachment, render, whole_list
from monitor.settings import Telegram

os.environ.setdefault("PTB_TIMEDELTA", "1")  # the library's coming way to state waits, without its warning

T = TypeVar("T")
_CONNECT_S = 5.0
_ANSWER_S = 20.0
# How many lines the text shows before the list goes into a file: the most that fit one message.
_LINES_SHOWN = (15, 12, 10, 8, 6, 4, 2, 1)
_BEFORE_WRITING = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


class TelegramChannel:
    """Sends to one chat at a time. Raises `ValueError` at construction where there is no token."""

    name = "telegram"

    def __init__(self, settings: Telegram) -> None:
        if settings.token is None or not settings.token.get_secret_value().strip():
            raise ValueError("channels.telegram.token is missing")
        for noisy in ("httpx", "httpcore"):
            logging.getLogger(noisy).setLevel(logging.WARNING)
        self._token = settings.token.get_secret_value().strip()
        self._lock = threading.Lock()
        self._loop = asyncio.new_event_loop()
        api = settings.api_url.rstrip("/")
        self._request = self._make_request(settings.proxy)
        self._bot = Bot(
            self._token,
            base_url=f"{api}/bot",
            base_file_url=f"{api}/file/bot",
            request=self._request,
            get_updates_request=self._request,  # this bot only sends
        )

    def send(self, message: Outgoing) -> Outcome:
        """Text first, then the list as a file where the text can't hold it. Parts that arrived aren't repeated."""
        texts, attachment = _compose(message)
        steps: list[Callable[[str], Coroutine[Any, Any, int]]] = [self._text_step(text) for text in texts]
        if attachment is not None:
            steps.append(self._file_step(attachment))
        receipts: list[str] = []
        address, moved = message.address, ""
        for done, step in enumerate(steps):
            if done < message.parts_sent:
                continue
            outcome = self._try(step, address)
            if outcome.new_address:
                address = moved = outcome.new_address
                outcome = self._try(step, address)
            if outcome.result is not Result.SENT:
                return replace(outcome, parts_sent=done, new_address=moved)
            receipts.append(outcome.receipt)
        return Outcome(Result.SENT, receipt=",".join(receipts), parts_sent=len(steps), new_address=moved)

    def check(self) -> str:
        """The bot's name, by asking the API. Raises `ChannelUnavailable`."""
        try:
            return f"@{self._run(self._bot.get_me()).username}"
        except TelegramError as error:
            raise ChannelUnavailable(self._clean(error)) from None

    def close(self) -> None:
        """Closes connections and the private event loop."""
        with self._lock:
            if not self._loop.is_closed():
                self._loop.run_until_complete(self._request.shutdown())
                self._loop.close()

    @staticmethod
    def _make_request(proxy: str | None) -> HTTPXRequest:
        return HTTPXRequest(
            connection_pool_size=2,
            connect_timeout=_CONNECT_S,
            read_timeout=_ANSWER_S,
            write_timeout=_ANSWER_S,
            media_write_timeout=_ANSWER_S,
            pool_timeout=_CONNECT_S,
            proxy=proxy,
        )

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        with self._lock:
            return self._loop.run_until_complete(work)

    def _text_step(self, text: str) -> Callable[[str], Coroutine[Any, Any, int]]:
        async def step(chat: str) -> int:
            quiet = LinkPreviewOptions(is_disabled=True)
            try:
                sent = await self._bot.send_message(chat, text, parse_mode=ParseMode.HTML, link_preview_options=quiet)
            except BadRequest as error:
                if "parse entities" not in error.message:
                    raise
                sent = await self._bot.send_message(chat, plain(text)[:LIMIT], link_preview_options=quiet)
            return sent.message_id

        return step

    def _file_step(self, attachment: Attachment) -> Callable[[str], Coroutine[Any, Any, int]]:
        async def step(chat: str) -> int:
            sent = await self._bot.send_document(chat, attachment.data, filename=attachment.name)
            return sent.message_id

        return step

    def _try(self, step: Callable[[str], Coroutine[Any, Any, int]], chat: str) -> Outcome:
        try:
            return Outcome(Result.SENT, receipt=str(self._run(step(chat))))
        except TelegramError as error:
            return self._classed(error)

    def _classed(self, error: TelegramError) -> Outcome:
        """What may be done next after this error (reliability.md §1.1)."""
        detail = self._clean(error)
        match error:
            case RetryAfter():
                return Outcome(Result.FLOOD, detail=detail, retry_after_s=_seconds(error.retry_after))
            case ChatMigrated():
                return Outcome(Result.NOT_SENT, detail=detail, new_address=str(error.new_chat_id))
            case InvalidToken() | Conflict():  # our own fault, not the recipient's: every message would fail
                return Outcome(Result.NOT_SENT, detail=detail, channel_down=True)
            case Forbidden() | BadRequest():
                return Outcome(Result.REFUSED, detail=detail)
            case TimedOut() | NetworkError():
                if isinstance(error.__cause__, _BEFORE_WRITING):
                    return Outcome(Result.NOT_SENT, detail=detail, channel_down=True)
                if "Too Many Requests" in error.message:
                    return Outcome(Result.FLOOD, detail=detail, retry_after_s=30.0)
                return Outcome(Result.UNKNOWN, detail=detail)
            case _:
                return Outcome(Result.UNKNOWN, detail=detail)

    def _clean(self, error: TelegramError) -> str:
        text = f"{type(error).__name__}: {error.message}".replace(self._token, "…")
        return " ".join(text.split())[:200]


def _compose(message: Outgoing) -> tuple[list[str], Attachment | None]:
    """(texts to send in order, the list as a file where the texts don't show all of it)."""
    text, shown = "", 0
    for shown in _LINES_SHOWN:
        text = render("telegram.html.j2", message, shown)
        if units(text) <= LIMIT:
            break
    return split_html(text), whole_list(message, shown)


def _seconds(wait: int | timedelta) -> float:
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
