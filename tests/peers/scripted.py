"""A server whose every answer is a function of the request. It runs on loopback, on a port of the system's choice."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

# A self-signed certificate for 127.0.0.1 that nothing outside these tests trusts, and the key that goes with it.
CERTIFICATE = Path(__file__).parent / "tls" / "loopback.pem"
KEY = Path(__file__).parent / "tls" / "loopback.key"


@dataclass(frozen=True)
class Asked:
    """A request as the server saw it. Header names are lower-case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """What to answer. `cut` closes the connection after so many bytes of the body; `silent` never answers."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None
    silent: bool = False


def json_reply(value: object, status: int = 200, **headers: str) -> Reply:
    return Reply(json.dumps(value).encode(), status, {"Content-Type": "application/json", **headers})


Script = Callable[[Asked], Reply]


class ScriptedServer:
    """`script` may be exchanged at any time; `asked` is the list of requests so far."""

    def __init__(self, script: Script, tls: bool = False) -> None:
        self.script = script
        self.asked: list[Asked] = []
        self._over = threading.Event()
        self._scheme = "https" if tls else "http"
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATE, KEY)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def wait_over(self) -> None:
        """Holds a request until the test is over: a peer that accepts and never answers."""
        self._over.wait(30)


@contextmanager
def serving(script: Script, tls: bool = False) -> Iterator[ScriptedServer]:
    server = ScriptedServer(script, tls)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _handler_of(server: ScriptedServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet; two would wait for each other

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            asked = Asked(
                self.command,
                parts.path,
                dict(parse_qsl(parts.query, keep_blank_values=True)),
                {name.lower(): value for name, value in self.headers.items()},
                self.rfile.read(length),
            )
            server.asked.append(asked)
            self._answer(server.script(asked))

        do_POST = do_GET

        def _answer(self, reply: Reply) -> None:
            if reply.silent:
                server.wait_over()
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body if reply.cut is None else reply.body[: reply.cut])
            self.wfile.flush()
            self.close_connection = self.close_connection or reply.cut is not None

        def log_message(self, format: str, *args: object) -> None:
            """Tests speak for themselves."""

    return Handler
