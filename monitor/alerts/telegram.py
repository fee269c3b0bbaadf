"""Telegram as a channel: python-telegram-bot behind a plain call, every answer of the Bot API put in its class.

The token is part of the Bot API's addresses: httpx would log it, so its logger is kept at WARNING, and no error text
leaves this module without a look for it. `send` blocks; call it from a thread without a running event loop.
"""

import asyncio
import logging
import os
import threading
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

import httpx
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, ReplyParameters
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

from monitor.alerts.buttons import Keyboard, Signer, first_keyboard
from monitor.alerts.outgoing import ChannelUnavailable, Outcome, Outgoing, Result
from monitor.alerts.tags import LIMIT, plain, split_html, units
from monitor.alerts.wording import Attachment, chart, cleaned_view, render, whole_list
from monitor.settings import Telegram

os.environ.setdefault("PTB_TIMEDELTA", "1")  # the library's coming way to state waits, without its warning

T = TypeVar("T")
_CONNECT_S = 5.0
_ANSWER_S = 20.0
# How many lines the text shows before the list goes into a file: the most that fit one message.
_LINES_SHOWN = (15, 12, 10, 8, 6, 4, 2, 1)
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_NO_RIGHT = "bot không có quyền viết trong nhóm này"
_REFUSALS = (
    ("bot was blocked", "người nhận đã chặn bot"),
    ("user is deactivated", "tài khoản Telegram của người nhận không còn"),
    ("bot was kicked", "bot đã bị đưa ra khỏi nhóm"),
    ("bot is not a member", "bot không còn là thành viên của nhóm"),
    ("can't initiate conversation", "người nhận chưa bấm Bắt đầu (Start) với bot"),
    ("group chat was deactivated", "nhóm không còn"),
    ("chat not found", "không có cuộc trò chuyện này"),
    ("peer id invalid", "không có cuộc trò chuyện này"),
    ("not enough rights", _NO_RIGHT),
    ("chat write forbidden", _NO_RIGHT),
    ("have no rights", _NO_RIGHT),
)
Step = Callable[[str, int | None], Coroutine[Any, Any, int]]
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
        self._detail = settings.detail
        self._signer = Signer(self._token)
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
        texts, attachment = compose(message, self._detail)
        keyboard = first_keyboard(self._signer, message.id, message.view["lines"], message.address)
        last = len(texts) - 1
        steps = [self._text_step(text, message.reply_to, keyboard if n == last else []) for n, text in enumerate(texts)]
        picture = chart(message)
        if picture is not None:
            steps.append(self._picture_step(picture))
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

    def edit(self, message: Outgoing, receipt: str) -> Outcome:
        """Puts the message as it stands now in the place of one sent before. Refused (deleted, too old, chat moved):
        the news goes as an answer to it, without a sound."""
        first = receipt.partition(",")[0]
        texts, _ = compose(message, self._detail)
        keyboard = first_keyboard(self._signer, message.id, message.view["lines"], message.address)
        outcome = self._try(self._edit_step(texts[0], int(first), keyboard), message.address)
        if outcome.result is not Result.REFUSED or outcome.dead_address:
            return outcome
        return self._try(self._text_step(texts[0], first, keyboard, quietly=True), message.address)

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

    def _text_step(self, text: str, reply_to: str, keyboard: Keyboard, *, quietly: bool = False) -> Step:
        reply = _reply_to(reply_to)
        markup = markup_of(keyboard)

        async def step(chat: str, topic: int | None) -> int:
            async def say(text: str, parse_mode: str | None) -> int:
                sent = await self._bot.send_message(
                    chat,
                    text,
                    parse_mode=parse_mode,
                    link_preview_options=NO_PREVIEW,
                    message_thread_id=topic,
                    reply_parameters=reply,
                    reply_markup=markup,
                    disable_notification=quietly,
                )
                return sent.message_id

            return await _plain_if_unreadable(say, text)

        return step

    def _edit_step(self, text: str, number: int, keyboard: Keyboard) -> Step:
        async def step(chat: str, _topic: int | None) -> int:
            async def say(text: str, parse_mode: str | None) -> int:
                await self._bot.edit_message_text(
                    text,
                    chat_id=chat,
                    message_id=number,
                    parse_mode=parse_mode,
                    link_preview_options=NO_PREVIEW,
                    reply_markup=markup_of(keyboard),
                )
                return number

            try:
                return await _plain_if_unreadable(say, text)
            except BadRequest as error:
                if "not modified" in error.message:  # an earlier try arrived
                    return number
                raise

        return step

    def _picture_step(self, picture: Attachment) -> Step:
        async def step(chat: str, topic: int | None) -> int:
            sent = await self._bot.send_photo(chat, picture.data, filename=picture.name, message_thread_id=topic)
            return sent.message_id

        return step

    def _file_step(self, attachment: Attachment) -> Step:
        async def step(chat: str, topic: int | None) -> int:
            sent = await self._bot.send_document(
                chat, attachment.data, filename=attachment.name, message_thread_id=topic
            )
            return sent.message_id

        return step

    def _try(self, step: Step, address: str) -> Outcome:
        chat, _, topic = address.partition("/")
        try:
            try:
                return Outcome(Result.SENT, receipt=str(self._run(step(chat, int(topic) if topic else None))))
            except BadRequest as error:
                if not topic or not _is_about_the_topic(error):
                    raise
                # closed or deleted: the group itself still reads
                return Outcome(Result.SENT, receipt=str(self._run(step(chat, None))))
        except TelegramError as error:
            return self._classed(error, chat)

    def _classed(self, error: TelegramError, chat: str) -> Outcome:
        """What may be done next after this error (reliability.md §1.1)."""
        detail = self._clean(error)
        match error:
            case RetryAfter():
                wait = _seconds(error.retry_after)
                return Outcome(Result.FLOOD, detail=detail, retry_after_s=wait, one_address=chat.startswith("-"))
            case ChatMigrated():
                return Outcome(Result.NOT_SENT, detail=detail, new_address=str(error.new_chat_id))
            case InvalidToken() | Conflict():  # our own fault, not the recipient's: every message would fail
                return Outcome(Result.NOT_SENT, detail=detail, channel_down=True)
            case Forbidden() | BadRequest():
                named = _named(error.message)
                return Outcome(Result.REFUSED, detail=named or detail, dead_address=named != "" and named != _NO_RIGHT)
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


def compose(message: Outgoing, detail: str) -> tuple[list[str], Attachment | None]:
    """(texts to send in order, the list as a file where the texts don't show all of it).

    `detail` "codes" says no more of a dossier than its code, agency and days; "procedures" names the procedure too.
    """
    view = cleaned_view(reduced(message.view) if detail == "codes" else message.view)
    told = replace(message, view=view)
    text, shown = "", 0
    for shown in _LINES_SHOWN:
        if shown != _LINES_SHOWN[-1] and _at_least(view["lines"][:shown]) > LIMIT:
            continue
        text = render("telegram.html.j2", told, shown)
        if units(text) <= LIMIT:
            break
    return split_html(text), whole_list(told, shown)


def _at_least(lines: Sequence[Mapping[str, Any]]) -> int:
    """Units that these lines surely take: they are not worded only to see that they do not fit."""
    return sum(len(line[name]) for line in lines for name in ("code", "link", "how", "letter", "note"))


def reduced(view: Mapping[str, Any]) -> dict[str, Any]:
    """The view without what a foreign service need not know: the procedure."""
    return {**view, "lines": [{**line, "procedure": ""} for line in view["lines"]]}


def markup_of(keyboard: Keyboard) -> InlineKeyboardMarkup | None:
    """The library's form of our buttons; None for none."""
    if not keyboard:
        return None
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(text, callback_data=data) for text, data in row] for row in keyboard]
    )


async def _plain_if_unreadable(say: Callable[[str, str | None], Awaitable[int]], text: str) -> int:
    try:
        return await say(text, ParseMode.HTML)
    except BadRequest as error:
        if "parse entities" not in error.message:
            raise
        return await say(plain(text)[:LIMIT], None)


def _reply_to(receipt: str) -> ReplyParameters | None:
    """Under the first message about the matter; a deleted one is no obstacle."""
    first = receipt.partition(",")[0]
    return ReplyParameters(int(first), allow_sending_without_reply=True) if first.isdigit() else None


def _is_about_the_topic(error: BadRequest) -> bool:
    said = error.message.casefold().replace("_", " ")
    return "message thread not found" in said or "topic closed" in said or "topic deleted" in said


def _named(message: str) -> str:
    """What a refusal for good means, in the words of the one who has to mend it; "" for any other."""
    said = message.casefold().replace("_", " ")
    return next((words for sign, words in _REFUSALS if sign in said), "")


def _seconds(wait: int | timedelta) -> float:
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
