"""A Bot API that speaks as Telegram's does: getMe, long-poll getUpdates, messages, documents,
edits, and its refusals."""

import json
import re
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl

from monitor.sandbox.faults import Faults
from monitor.sandbox.http import Peer, Reply, Request, json_reply

MOST_CHARACTERS = 4096
_TAGS = frozenset(
    [
        "b",
        "strong",
        "i",
        "em",
        "u",
        "ins",
        "s",
        "strike",
        "del",
        "code",
        "pre",
        "a",
        "blockquote",
        "tg-spoiler",
        "span",
        "tg-emoji",
    ]
)  # what the Bot API lets through in HTML


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message that the stand-in accepted: from then on the recipient has it."""

    chat: str
    text: str
    message_id: int
    method: str
    buttons: tuple[str, ...] = ()
    file_name: str = ""
    file: bytes = b""
    reply_to: int = 0
    topic: int = 0
    labels: tuple[tuple[str, ...], ...] = ()  # what stands on the buttons, row by row


@dataclass(frozen=True, slots=True)
class Edited:
    """A message as it reads after an edit; `text` None where only the buttons changed."""

    chat: str
    message_id: int
    text: str | None
    buttons: tuple[str, ...] = ()
    labels: tuple[tuple[str, ...], ...] = ()


@dataclass(slots=True)
class _Update:
    number: int
    body: dict[str, Any] = field(default_factory=dict)


class BotApi(Peer):
    """Records what arrives in `delivered`. `press` and `say` put updates in front of the next getUpdates."""

    name = "bot"

    def __init__(self, faults: Faults, token: str) -> None:
        super().__init__(faults)
        self._token = token
        self.delivered: list[Delivered] = []
        self.edited: list[Edited] = []
        self.popped: list[str] = []  # what came up on the screen of somebody who pressed a button
        self.webhook: dict[str, str] = {}  # where updates are to be brought, as the bot asked
        self.blocked: set[str] = set()  # chats that have blocked the bot: 403
        self.unknown: set[str] = set()  # chats that do not exist: 400
        self._updates: deque[_Update] = deque()
        self._number = 1000
        self._news = threading.Condition()

    @property
    def url(self) -> str:
        """What goes into `[channels.telegram] api_url`."""
        return self.origin

    def answer(self, request: Request) -> Reply | None:
        """Faults hit sending only, so that polling and getMe don't use them up."""
        if "/send" not in request.path:
            self.calls += 1
            return self.handle(request)
        return super().answer(request)

    def too_many(self) -> Reply:
        return _refused(429, "Too Many Requests: retry after 1", {"retry_after": 1})

    def handle(self, request: Request) -> Reply:
        found = re.fullmatch(r"/bot([^/]+)/(\w+)", request.path)
        if found is None:
            return _refused(404, "Not Found")
        if found[1] != self._token:
            return _refused(401, "Unauthorized")
        fields, file_name, file = _fields(request)
        match found[2].lower():
            case "getme":
                return _ok(
                    {"id": 1, "is_bot": True, "first_name": "Đúng Hẹn", "username": "dunghen_sandbox_bot"}
                    | {"can_join_groups": False, "can_read_all_group_messages": False, "supports_inline_queries": False}
                )
            case "getupdates":
                return self._get_updates(fields)
            case "sendmessage" | "senddocument" | "sendphoto" as method:
                return self._send(method, fields, file_name, file)
            case "editmessagetext" | "editmessagereplymarkup" as method:
                return self._edit(method, fields)
            case "answercallbackquery":
                self.popped.append(fields.get("text", ""))
                return _ok(True)
            case "setwebhook":
                with self._news:
                    self.webhook = fields
                    self._news.notify_all()
                return _ok(True)
            case "setmycommands" | "deletewebhook":
                return _ok(True)
            case _:
                return _refused(404, "Not Found")

    def press(self, chat: str, message_id: int, data: str) -> None:
        """Someone presses a button under a message."""
        message = {"message_id": message_id, "date": 1_800_000_000, "chat": _chat(chat), "text": "…"}
        self._put(
            {"callback_query": {"id": "1", "from": _user(chat), "chat_instance": "1", "data": data, "message": message}}
        )

    def say(self, chat: str, text: str) -> None:
        """Someone writes to the bot."""
        entities = (
            [{"type": "bot_command", "offset": 0, "length": len(text.split(maxsplit=1)[0])}] if text[:1] == "/" else []
        )
        message = {"message_id": self._next(), "date": 1_800_000_000, "chat": _chat(chat), "from": _user(chat)}
        self._put({"message": message | {"text": text, "entities": entities}})

    def wait_until(self, done: Callable[[], bool], seconds: float = 20) -> bool:
        """Waits until what arrived satisfies `done`; whether it did in time."""
        with self._news:
            return self._news.wait_for(done, seconds)

    def stop(self) -> None:
        self._stopped.set()
        with self._news:
            self._news.notify_all()
        super().stop()

    def _put(self, body: dict[str, Any]) -> None:
        with self._news:
            self._updates.append(_Update(self._next(), body))
            self._news.notify_all()

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _get_updates(self, fields: dict[str, str]) -> Reply:
        offset, wait = int(fields.get("offset") or 0), float(fields.get("timeout") or 0)
        with self._news:
            while self._updates and self._updates[0].number < offset:
                self._updates.popleft()
            if not self._updates and wait:
                self._news.wait_for(lambda: bool(self._updates) or self._stopped.is_set(), min(wait, 50))
            return _ok([{"update_id": update.number} | update.body for update in self._updates])

    def _send(self, method: str, fields: dict[str, str], file_name: str, file: bytes) -> Reply:
        chat = fields.get("chat_id", "")
        text = fields.get("text", "") if method == "sendmessage" else fields.get("caption", "")
        if chat in self.blocked:
            return _refused(403, "Forbidden: bot was blocked by the user")
        if not chat or chat in self.unknown:
            return _refused(400, "Bad Request: chat not found")
        if method == "sendmessage" and not text.strip():
            return _refused(400, "Bad Request: message text is empty")
        if method != "sendmessage" and not file:
            return _refused(400, f"Bad Request: there is no {method.removeprefix('send')} in the request")
        plain = text
        if fields.get("parse_mode", "").upper() == "HTML":
            checker = _Html(text)
            if checker.problem:
                return _refused(400, f"Bad Request: can't parse entities: {checker.problem}")
            plain = checker.plain
        if _length(plain) > (MOST_CHARACTERS if method == "sendmessage" else 1024):
            return _refused(400, "Bad Request: message is too long")
        with self._news:
            number = self._next()
            reply_to = json.loads(fields.get("reply_parameters") or "{}").get("message_id", 0)
            topic = int(fields.get("message_thread_id") or 0)
            self.delivered.append(
                Delivered(
                    chat, text, number, method, _buttons(fields), file_name, file, reply_to, topic, _labels(fields)
                )
            )
            self._news.notify_all()
        message = {"message_id": number, "date": 1_800_000_000, "chat": _chat(chat), "text": plain}
        return _ok(message)

    def _edit(self, method: str, fields: dict[str, str]) -> Reply:
        chat, number = fields.get("chat_id", ""), int(fields.get("message_id") or 0)
        text = fields.get("text", "") if method == "editmessagetext" else None
        if not any(one.chat == chat and one.message_id == number for one in self.delivered):
            return _refused(400, "Bad Request: message to edit not found")
        problem = _Html(text).problem if text is not None and fields.get("parse_mode", "").upper() == "HTML" else ""
        if problem:
            return _refused(400, f"Bad Request: can't parse entities: {problem}")
        with self._news:
            self.edited.append(Edited(chat, number, text, _buttons(fields), _labels(fields)))
            self._news.notify_all()
        return _ok({"message_id": number, "date": 1_800_000_000, "chat": _chat(chat), "text": text or "…"})


class _Html(HTMLParser):
    """Holds a text to the Bot API's rules: only its tags, properly nested and closed, `<`, `>` and `&` escaped."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=False)
        self.problem = ""
        self._parts: list[str] = []
        self._stack: list[str] = []
        if re.search(r"<(?![a-zA-Z/])", text):
            self.problem = "Unsupported start tag"
        self.feed(text)
        self.close()
        if self._stack and not self.problem:
            self.problem = f"Can't find end tag corresponding to start tag {self._stack[-1]}"
        self.plain = "".join(self._parts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            self.problem = self.problem or f'Unsupported start tag "{tag}"'
        self._stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._stack or self._stack.pop() != tag:
            self.problem = self.problem or f"Unexpected end tag {tag}"

    def handle_data(self, data: str) -> None:
        self._parts.append(data)

    def handle_entityref(self, name: str) -> None:
        self._parts.append({"lt": "<", "gt": ">", "amp": "&", "quot": '"'}.get(name, f"&{name};"))

    def handle_charref(self, name: str) -> None:
        self._parts.append("?")


def _length(text: str) -> int:
    """UTF-16 units, as Telegram counts."""
    return len(text.encode("utf-16-le")) // 2


def _fields(request: Request) -> tuple[dict[str, str], str, bytes]:
    """The call's fields, and the file if one came (multipart/form-data)."""
    kind = request.headers.get("content-type", "")
    if kind.startswith("application/json"):
        body = request.json()
        pairs = body.items() if isinstance(body, dict) else ()
        return {name: value if isinstance(value, str) else json.dumps(value) for name, value in pairs}, "", b""
    if kind.startswith("multipart/form-data"):
        return _parts(f"Content-Type: {kind}\r\n\r\n".encode() + request.body)
    return dict(request.query) | dict(parse_qsl(request.body.decode(), keep_blank_values=True)), "", b""


def _parts(whole: bytes) -> tuple[dict[str, str], str, bytes]:
    fields: dict[str, str] = {}
    file_name, file = "", b""
    for part in BytesParser(policy=HTTP).parsebytes(whole).walk():
        if part.is_multipart():
            continue
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        name = part.get_filename()
        if name:
            file_name, file = name, content
        else:
            fields[str(part.get_param("name", header="content-disposition"))] = content.decode()
    return fields, file_name, file


def _buttons(fields: dict[str, str]) -> tuple[str, ...]:
    return tuple(str(button.get("callback_data") or button.get("url")) for row in _rows(fields) for button in row)


def _labels(fields: dict[str, str]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(str(button.get("text")) for button in row) for row in _rows(fields))


def _rows(fields: dict[str, str]) -> list[list[dict[str, Any]]]:
    try:
        markup = json.loads(fields.get("reply_markup") or "{}")
    except ValueError:
        return []
    rows = markup.get("inline_keyboard", []) if isinstance(markup, dict) else []
    return rows if isinstance(rows, list) else []


def _chat(chat: str) -> dict[str, Any]:
    return {"id": int(chat) if chat.lstrip("-").isdigit() else 0, "type": "private", "first_name": "Cán bộ"}


def _user(chat: str) -> dict[str, Any]:
    return {"id": int(chat), "is_bot": False, "first_name": "Cán bộ"}


def _ok(result: object) -> Reply:
    return json_reply({"ok": True, "result": result})


def _refused(code: int, description: str, parameters: dict[str, Any] | None = None) -> Reply:
    body: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
    return json_reply(body | ({"parameters": parameters} if parameters else {}), code)
