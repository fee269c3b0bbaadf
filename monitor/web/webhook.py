"""Where the Bot API brings updates, for sites that have an open port: a secret header, a small body, nothing else."""

import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from monitor.web.visit import anyone

MOST_BYTES = 1_000_000
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name

Feed = Callable[[Mapping[str, Any]], Awaitable[None]]


def route(path: str, secret: str, feed: Feed) -> Route:
    """A route that takes updates from whoever knows the secret; nobody else learns that it is there.

    It stands beside the pages' gate (no account, no form): its secret is all there is to it.
    """

    @anyone
    async def update(request: Request) -> Response:
        given = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode(), secret.encode()):
            return Response(status_code=404)
        body = await _small_body(request)
        if body is None:
            return Response(status_code=413)
        try:
            said = json.loads(body)
        except (ValueError, RecursionError):
            return Response(status_code=400)
        if not isinstance(said, dict):
            return Response(status_code=400)
        await feed(said)  # fails: 500, and the Bot API brings it again
        return Response(status_code=200)

    return Route(path, update, methods=["POST"], include_in_schema=False)


async def _small_body(request: Request) -> bytes | None:
    """The body, or None for one that is too large; it is not read to its end then."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return None
    return bytes(body)
