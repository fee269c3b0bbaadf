"""What TD puts on the wire: a token by tenant, an envelope that fails with HTTP 200, pages in it (§5.1, §5.2)."""

import re
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.base import AccessRefused, Answer, SourceUnavailable, Transport, UnexpectedAnswer
from connectors.kit.json import Ambiguous, read_json
from connectors.kit.paging import NumberedPage
from connectors.kit.session import SharedSession, Ticket
from connectors.kit.text import clean
from connectors.td.settings import TdSettings
from monitor.clock import Clock

_QUOTA = re.compile(r"giới hạn|lần\s*/\s*ngày|hết lượt", re.IGNORECASE)
_AUTH = re.compile(r"không có quyền|chưa đăng nhập|hết hạn|unauthori[sz]ed|forbidden|token", re.IGNORECASE)
_NO_RIGHT = (401, 403)
_AFTER_MIDNIGHT = time(0, 5)  # the peer's clock may be a little slow


class TdApi:
    """Searches, and the token they need."""

    def __init__(self, settings: TdSettings, transport: Transport, clock: Clock) -> None:
        self._settings = settings
        self._transport = transport
        self._clock = clock
        self._session = SharedSession(self._sign_in, clock)

    def search(self, page: int, size: int, filters: Mapping[str, str]) -> NumberedPage:
        """One page, from 1. A token may end between two pages: one new one, the same page again (§11 case 9)."""
        return self._session.call(lambda token: self._once(token, page, size, filters))

    def _sign_in(self) -> Ticket:
        settings = self._settings
        account = {
            "userName": settings.username,
            "password": settings.password.get_secret_value(),
            "securityCode": settings.security_code.get_secret_value(),
        }
        answer = self._transport.request(
            "POST", self._address(settings.sign_in_path), json=account, headers=self._tenant(), repeatable=True
        )
        if answer.status in (400, *_NO_RIGHT):
            raise AccessRefused(f"đăng nhập bị từ chối (HTTP {answer.status})")
        value = _object(answer)
        if value.get("succeeded") is False:
            self._stop_at_quota(value)
            raise AccessRefused("đăng nhập bị từ chối (succeeded = false)")
        inner = value.get("data")
        token = value.get("token") or (inner.get("token") if isinstance(inner, dict) else None)
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise UnexpectedAnswer("đăng nhập không trả về token")
        return Ticket(token, None)

    def _once(self, token: str, page: int, size: int, filters: Mapping[str, str]) -> NumberedPage:
        answer = self._transport.request(
            "GET",
            self._address(self._settings.search_path),
            params={"PageNumber": str(page), "PageSize": str(size), **filters},
            headers={**self._tenant(), "Authorization": f"Bearer {token}"},
        )
        if answer.status in _NO_RIGHT:
            raise AccessRefused(f"nguồn từ chối truy cập (HTTP {answer.status})")
        value = _object(answer)
        if value.get("succeeded") is not True:
            self._stop_at_quota(value)
            if _AUTH.search(_said(value)):
                raise AccessRefused("nguồn không nhận phiên đăng nhập (succeeded = false)")
            raise UnexpectedAnswer("nguồn báo thất bại (succeeded không phải true)")
        return read_page(value.get("data"))

    def _stop_at_quota(self, value: Mapping[str, Any]) -> None:
        """The calls of today are used up: that says nothing about dossiers (§11 case 11)."""
        if _QUOTA.search(_said(value)):
            wait = until_tomorrow(self._clock.now(), ZoneInfo(self._settings.timezone))
            raise SourceUnavailable("hết số lượt truy cập trong ngày của nguồn", wait.total_seconds())

    def _address(self, path: str) -> str:
        return self._settings.url.rstrip("/") + path

    def _tenant(self) -> dict[str, str]:
        return {"tenant": self._settings.tenant}


def until_tomorrow(now: datetime, zone: ZoneInfo) -> timedelta:
    """From the aware instant `now` until shortly after the next midnight in `zone`."""
    following = now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(following, _AFTER_MIDNIGHT, zone) - now


def read_page(data: Any) -> NumberedPage:
    """`data.data` with its totals. Past the end the rows are null and the total is 0, which says nothing about how many
    there are (§11 case 20): that total is not passed on. Raises `UnexpectedAnswer`."""
    if not isinstance(data, dict) or isinstance(data, Ambiguous) or "data" not in data:
        raise UnexpectedAnswer("câu trả lời không có 'data.data'")
    rows, total, more = data["data"], data.get("totalCount"), data.get("hasNextPage")
    if rows is None:
        rows = []
    if not isinstance(rows, list):
        raise UnexpectedAnswer("'data.data' không phải danh sách")
    is_count = isinstance(total, int) and not isinstance(total, bool) and total > 0
    return NumberedPage(rows, total if is_count and rows else None, not more if isinstance(more, bool) else None)


def _object(answer: Answer) -> Mapping[str, Any]:
    if not 200 <= answer.status < 300:
        raise UnexpectedAnswer(f"HTTP {answer.status}")
    value = read_json(answer)
    if not isinstance(value, dict) or isinstance(value, Ambiguous):
        raise UnexpectedAnswer("câu trả lời không phải đối tượng JSON như đã biết")
    return value


def _said(value: Mapping[str, Any]) -> str:
    message = value.get("message")
    return clean(message) if isinstance(message, str) else ""
