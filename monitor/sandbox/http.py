"""A small HTTP/1.1 server on loopback that the stand-ins share: keep-alive, whole answers, faults, a clean stop."""

import json
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from monitor.sandbox.faults import ANSWERS, Fault, Faults

_LOGIN_PAGE = "<!DOCTYPE html><html><head><title>Đăng nhập</title></head><body>Vui lòng đăng nhập</body></html>"


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sent. Header names are lower case; of a repeated parameter the first counts."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON, or None if it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass(slots=True)
class Reply:
    """What goes back."""

    body: bytes
    status: int = 200
    content_type: str = "application/json;charset=UTF-8"
    headers: dict[str, str] = field(default_factory=dict)


def json_reply(value: object, status: int = 200) -> Reply:
    """`value` as compact UTF-8 JSON."""
    return Reply(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), status)


class Peer:
    """A stand-in server. A subclass answers in `handle`; `name` is its name at the switchboard."""

    name = ""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.calls = 0
        self.asked: list[str] = []  # the last addresses asked for, as an access log would hold them
        self._stopped = threading.Event()
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def origin(self) -> str:
        """`http://127.0.0.1:port` while it runs."""
        assert self._server is not None, "not started"
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        self._stopped.clear()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.peer = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name=f"sandbox-{self.name}", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Ends at once, open connections and waiting answers too."""
        self._stopped.set()
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._thread.join(5)
        self._server.hang_up()
        self._server.server_close()
        self._server = self._thread = None

    def handle(self, request: Request) -> Reply:
        """The true answer."""
        raise NotImplementedError

    def wait(self, seconds: float) -> bool:
        """Waits, but not beyond a stop; True when stopped."""
        return self._stopped.wait(seconds)

    def answer(self, request: Request) -> Reply | None:
        """The answer after faults; None means: break the connection."""
        self.calls += 1
        self.asked.append(f"{request.path}?{dict(request.query)}")
        del self.asked[:-10_000]
        fault = self.faults.take(self.name, *ANSWERS)
        match fault:
            case Fault.HTML:
                return Reply(_LOGIN_PAGE.encode(), 200, "text/html;charset=UTF-8")
            case Fault.REDIRECT:
                return Reply(b"", 302, headers={"Location": "https://sso.invalid/dang-nhap"})
            case Fault.ERROR_500:
                return Reply(b"Internal Server Error", 500, "text/plain")
            case Fault.ERROR_502:
                return Reply(b"<html>Bad Gateway</html>", 502, "text/html")
            case Fault.TOO_MANY:
                return self.too_many()
            case Fault.TIMEOUT:
                self.wait(60)
                return None
            case Fault.NULL:
                return Reply(b"null")
            case Fault.CUT:
                self.handle(request)
                return None
            case Fault.HALF_BODY:
                reply = self.handle(request)
                reply.headers["X-Sandbox-Cut"] = "1"
                return reply
            case _:
                return self.handle(request)

    def too_many(self) -> Reply:
        """Come back in a second."""
        return Reply(b"Too Many Requests", 429, "text/plain", {"Retry-After": "1"})


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    peer: Peer

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news; anything else is a mistake of the sandbox and must be seen."""
        import sys

        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def hang_up(self) -> None:
        with self._lock:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 65536
    server: _Server

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.server.peer.answer(Request(self.command, parts.path, query, headers, body))
        if reply is None:
            self.close_connection = True
            return
        cut = reply.headers.pop("X-Sandbox-Cut", "")
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body[: len(reply.body) // 2] if cut else reply.body)
        self.wfile.flush()
        if cut:
            self.close_connection = True

    do_GET = do_POST = _serve

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: paths carry tokens."""
