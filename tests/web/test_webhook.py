"""Updates brought to an open port: only with the secret, only small ones, each handled once and before the answer."""

import asyncio
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from monitor.web.webhook import MOST_BYTES, SECRET_HEADER, route

SECRET = "s" * 43


@pytest.fixture
def heard() -> list[Any]:
    return []


@pytest.fixture
def app(heard: list[Any]) -> FastAPI:
    app = FastAPI()

    async def feed(update: Any) -> None:
        if update == {"fail": True}:
            raise RuntimeError
        heard.append(update)

    app.router.routes.insert(0, route("/bot", SECRET, feed))
    return app


def post(app: FastAPI, headers: dict[str, Any], body: bytes) -> int:
    async def ask() -> int:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://site") as client:
            return (await client.post("/bot", headers=headers, content=body)).status_code

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("headers", "body", "status", "meaning"),
    [
        ({SECRET_HEADER: SECRET}, b'{"update_id": 1}', 200, "as the Bot API brings it"),
        ({}, b'{"update_id": 1}', 404, "nobody learns that the route is there"),
        ({SECRET_HEADER: SECRET[:-1]}, b'{"update_id": 1}', 404, "a wrong secret"),
        ({SECRET_HEADER: ""}, b'{"update_id": 1}', 404, "an empty secret"),
        ({SECRET_HEADER: "é".encode("latin-1")}, b"{}", 404, "no letters of the Bot API's"),
        ({SECRET_HEADER: SECRET}, b"[1]", 400, "no object"),
        ({SECRET_HEADER: SECRET}, b"{", 400, "no JSON"),
        ({SECRET_HEADER: SECRET}, b"[" * 100_000, 400, "deep nonsense"),
        ({SECRET_HEADER: SECRET}, b" " * (MOST_BYTES + 1), 413, "too large"),
        ({SECRET_HEADER: SECRET}, b'{"fail": true}', 500, "not stored: it will be brought again"),
    ],
)
def test_who_may_bring_what(
    app: FastAPI, heard: list[Any], headers: dict[str, Any], body: bytes, status: int, meaning: str
) -> None:
    assert post(app, headers, body) == status, meaning
    assert heard == ([{"update_id": 1}] if status == 200 else [])
