"""A Bot API on loopback whose next answers are written down beforehand, with a parser of Telegram's HTML of its own."""

import json
import re
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

TOKEN = "123456:canary-token-that-must-not-be-seen"


@dataclass(frozen=True)
class Taken:
    """A message the peer has: whatever it answered, the recipient sees it."""

    method: str
    chat: str
    text: str
    file_name: str = ""
    file: bytes = b""
    topic: str = ""


@dataclass
class BotApi:
    """`script` holds the next answers: "ok", "cut_before", "cut_after", "502", "garbage", or (status, body)."""

    url: str = ""
    taken: list[Taken] = field(default_factory=list)
    script: deque[Any] = field(default_factory=deque)
    calls: int = 0
    lost_answers: int = 0

    def answer(
        self, handler: BaseHTTPRequestHandler, path: str, fields: dict[str, str], file: tuple[str, bytes]
    ) -> None:
        method = path.rpartition("/")[2]
        if path != f"/bot{TOKEN}/{method}":
            return _reply(handler, 401, {"ok": False, "error_code": 401, "description": "Unauthorized"})
        if method.lower() == "getme":
            return _reply(
                handler, 200, {"ok": True, "result": {"id": 1, "is_bot": True, "first_name": "x", "username": "x_bot"}}
            )
        self.calls += 1
        action = self.script.popleft() if self.script else "ok"
        if isinstance(action, tuple):
            return _reply(handler, *action)
        if action == "502":
            return _reply(handler, 502, b"<html>bad gateway</html>")
        if action == "cut_before":
            return _cut(handler)
        problem = html_problem(fields.get("text", "")) if fields.get("parse_mode") == "HTML" else ""
        if problem:
            return _reply(handler, *refused(400, f"Bad Request: can't parse entities: {problem}"))
        topic = fields.get("message_thread_id", "")
        self.taken.append(Taken(method, fields["chat_id"], fields.get("text", ""), *file, topic=topic))
        if action == "cut_after":
            self.lost_answers += 1
            return _cut(handler)
        if action == "garbage":
            self.lost_answers += 1
            return _reply(handler, 200, b"<html>proxy login</html>")
        chat = {"id": int(fields["chat_id"]), "type": "private"}
        return _reply(handler, 200, {"ok": True, "result": {"message_id": len(self.taken), "date": 1, "chat": chat}})


def refused(status: int, description: str, **parameters: int) -> tuple[int, dict[str, Any]]:
    """A scripted refusal."""
    body: dict[str, Any] = {"ok": False, "error_code": status, "description": description}
    return status, body | ({"parameters": parameters} if parameters else {})


_TAG = re.compile(r"<(?:(b|i|u|s|code|pre)|a href=\"[^\"<>]*\"|/(b|i|u|s|code|pre|a))>")
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|#\d{1,7}|#x[0-9a-f]{1,6});")
_PLAIN = re.compile(r"[^<>&]+")


def html_problem(text: str) -> str:
    """What Telegram would object to in this text, or "". Written from the Bot API's page, not from our splitter."""
    if len(text.encode("utf-16-le", "surrogatepass")) // 2 > 4096:
        return "message is too long"
    if not re.sub(r"<[^>]*>", "", text).strip():
        return "message text is empty"
    stack: list[str] = []
    position = 0
    while position < len(text):
        char = text[position]
        if char == "<":
            tag = _TAG.match(text, position)
            if tag is None:
                return f"unsupported tag at {position}"
            if tag[2]:
                if not stack or stack.pop() != tag[2]:
                    return f"unexpected end tag at {position}"
            else:
                stack.append(tag[1] or "a")
            position = tag.end()
        elif char == "&":
            entity = _ENTITY.match(text, position)
            if entity is None:
                return f"bare ampersand at {position}"
            position = entity.end()
        elif char == ">":
            return f"bare > at {position}"
        else:
            plain = _PLAIN.match(text, position)
            assert plain is not None
            position = plain.end()
    return f"unclosed {stack}" if stack else ""


@contextmanager
def bot_api() -> Iterator[BotApi]:
    """A running peer."""
    peer = BotApi()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            peer.answer(self, self.path, *_parsed(self.headers.get("content-type", ""), body))

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    peer.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield peer
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def _parsed(kind: str, body: bytes) -> tuple[dict[str, str], tuple[str, bytes]]:
    if not kind.startswith("multipart/"):
        return dict(parse_qsl(body.decode(), keep_blank_values=True)), ("", b"")
    whole = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
    fields: dict[str, str] = {}
    file = ("", b"")
    for part in whole.walk():
        name, content = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)
        if part.get_filename():
            file = (str(part.get_filename()), content if isinstance(content, bytes) else b"")
        elif isinstance(content, bytes):
            fields[str(name)] = content.decode()
    return fields, file


def _reply(handler: BaseHTTPRequestHandler, status: int, body: Any) -> None:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


def _cut(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    handler.connection.shutdown(2)
