"""What stands before every page: only this machine's names as Host, and headers that let nothing foreign run."""

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
HSTS = "max-age=31536000"  # of this name alone: what else lives below it is not ours to decide
LARGEST_BODY = 1_048_576  # no form of ours is near it; a page that takes files reads them in pieces of its own
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


class Guard:
    """ASGI middleware. A foreign Host is refused: a page elsewhere could point its own name at this machine and read
    us through the visitor's browser (DNS rebinding)."""

    def __init__(self, app: ASGIApp, hosts: Collection[str], root: str = "", is_tls: bool = False) -> None:
        """`root` is the path below which a proxy serves us, whether it cuts it off or not."""
        self._app = app
        self._hosts = frozenset(hosts) | LOOPBACK_NAMES
        self._root = root
        self._headers = HEADERS | ({"Strict-Transport-Security": HSTS} if is_tls else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        if host_of(Headers(scope=scope).get("host", "")) not in self._hosts:
            refusal = PlainTextResponse(
                "Tên máy chủ không được phép. / This host name is not allowed.\n", status_code=400
            )
            await refusal(scope, receive, send_guarded)
            return
        if int_of(Headers(scope=scope).get("content-length", "0")) > LARGEST_BODY:
            await PlainTextResponse("Dữ liệu gửi lên quá lớn. / What was sent is too large.\n", 413)(
                scope, receive, send_guarded
            )
            return
        if self._root and scope["path"].startswith(self._root + "/"):
            scope = {**scope, "path": scope["path"].removeprefix(self._root)}
        await self._app(scope, _counted(receive), send_guarded)


class TooLarge(HTTPException):
    """A body went on beyond what is taken, whatever its length was said to be."""

    def __init__(self) -> None:
        super().__init__(413)


def _counted(receive: Receive) -> Receive:
    taken = 0

    async def receive_counted() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > LARGEST_BODY:
            raise TooLarge
        return message

    return receive_counted


def int_of(header: str) -> int:
    """A length as a number; nonsense is too large."""
    return int(header) if header.isascii() and header.isdigit() and len(header) < 19 else LARGEST_BODY + 1


def host_of(header: str) -> str:
    """The name in a Host header, without port and brackets; "" for nonsense."""
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return ""
