"""What iGate puts on the wire: a token that lives five minutes, Spring pages with or without totals (§4.1–4.4)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from connectors.base import AccessRefused, Answer, Transport, UnexpectedAnswer
from connectors.igate.settings import IgateSettings
from connectors.kit.json import Ambiguous, read_json
from connectors.kit.paging import NumberedPage
from connectors.kit.session import SharedSession, Ticket
from monitor.clock import Clock

_SHORTEST_LIFE_S, _LONGEST_LIFE_S = 60, 86_400
_RENEW_BEFORE = 0.2  # of a token's life


class IgateApi:
    """Searches, and the token they need."""

    def __init__(self, settings: IgateSettings, transport: Transport, clock: Clock) -> None:
        self._settings = settings
        self._transport = transport
        self._clock = clock
        self._session = SharedSession(self._sign_in, clock)

    def search(self, page: int, size: int, filters: Mapping[str, str]) -> NumberedPage:
        """One page, from 0. A token may end between two pages (§11 case 9): one new one, the same page again."""
        answer = self._session.call(lambda token: self._ask(token, page, size, filters))
        if not 200 <= answer.status < 300:
            raise UnexpectedAnswer(f"HTTP {answer.status}")
        return read_page(read_json(answer))

    def _sign_in(self) -> Ticket:
        settings = self._settings
        form: dict[str, str] = {"grant_type": settings.grant}
        if settings.grant == "password":
            form |= {"username": settings.username, "password": settings.password.get_secret_value()}
        secret = settings.client_secret.get_secret_value()
        if not secret:
            form["client_id"] = settings.client_id
        basic = (settings.client_id, secret) if secret else None
        answer = self._transport.request("POST", settings.token_url, form=form, basic=basic, repeatable=True)
        if answer.status in (400, 401, 403):
            raise AccessRefused(f"đăng nhập bị từ chối (HTTP {answer.status})")
        if not 200 <= answer.status < 300:
            raise UnexpectedAnswer(f"đăng nhập: HTTP {answer.status}")
        value = read_json(answer)
        token = value.get("access_token") if isinstance(value, dict) else None
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise UnexpectedAnswer("đăng nhập không trả về access_token")
        life = value.get("expires_in")
        seconds = (
            life if isinstance(life, int) and not isinstance(life, bool) and 0 < life < 10**6 else _SHORTEST_LIFE_S
        )
        return Ticket(token, self._clock.now() + timedelta(seconds=seconds * (1 - _RENEW_BEFORE)))

    def _ask(self, token: str, page: int, size: int, filters: Mapping[str, str]) -> Answer:
        settings = self._settings
        params = {"page": str(page), "size": str(size), "sort": settings.sort, **filters}
        if settings.agency_id:
            params["ancestor-agency-id"] = settings.agency_id
        headers = {"Authorization": f"Bearer {token}"}
        answer = self._transport.request(
            "GET", settings.url.rstrip("/") + settings.search_path, params=params, headers=headers
        )
        if answer.status in (401, 403):  # both also mean "token over"
            raise AccessRefused(f"iGate từ chối truy cập (HTTP {answer.status})")
        return answer


def read_page(value: Any) -> NumberedPage:
    """A Spring page, a slice without totals, or a bare list (§4.4). Raises `UnexpectedAnswer`."""
    if isinstance(value, list):
        return NumberedPage(value, None, None)
    if not isinstance(value, dict) or isinstance(value, Ambiguous) or "content" not in value:
        raise UnexpectedAnswer("câu trả lời không có 'content'")
    rows, total, last = value["content"], value.get("totalElements"), value.get("last")
    if not isinstance(rows, list):
        raise UnexpectedAnswer("'content' không phải danh sách")
    is_count = isinstance(total, int) and not isinstance(total, bool) and total >= 0
    return NumberedPage(rows, total if is_count else None, last if isinstance(last, bool) else None)
