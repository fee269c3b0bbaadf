"""What OpenCPS puts on the wire: the list request, the envelope, and its unusual ways of saying no (§1.2–1.5)."""

from collections.abc import Mapping
from typing import Any

from connectors.base import AccessRefused, Answer, SourceUnavailable, Transport, UnexpectedAnswer
from connectors.kit.json import Ambiguous, read_json
from connectors.kit.paging import Chunk
from connectors.opencps.settings import OpencpsSettings

_NOT_SIGNED_IN = "tài khoản hoặc mật khẩu không được chấp nhận"


class OpencpsApi:
    """`GET /dossiers`, and nothing that writes."""

    def __init__(self, settings: OpencpsSettings, transport: Transport) -> None:
        self._settings = settings
        self._transport = transport
        self._url = f"{settings.url.rstrip('/')}{settings.api_path}/dossiers"

    def dossiers(self, start: int, end: int, filters: Mapping[str, str] | None = None) -> Chunk:
        """Rows `start` to `end`, end exclusive. Raises the `SourceError` tree.

        Never sends `sort`: an explicit one sorts dates as text; the default order is by creation and stable.
        """
        if end <= start:  # OpenCPS would answer with the whole table (§11 case 15)
            raise ValueError("a page needs at least one row")
        params = {"start": str(start), "end": str(end), **(filters or {})}
        if self._settings.agency:
            params["agency"] = self._settings.agency
        answer = self._ask(params)
        if answer.status == 403:  # any failure at all, also "search engine down": once more, then it is an outage
            answer = self._ask(params)
        return read_list(answer)

    def _ask(self, params: Mapping[str, str]) -> Answer:
        return self._transport.request(
            "GET",
            self._url,
            params=params,
            headers={"groupId": str(self._settings.group_id), "Accept": "application/json"},
            basic=(self._settings.username, self._settings.password.get_secret_value()),
        )


def read_list(answer: Answer) -> Chunk:
    """The rows of an answer, after every way in which OpenCPS says no. Success of HTTP proves nothing here."""
    if answer.status in (203, 401):
        raise AccessRefused(f"{_NOT_SIGNED_IN} (HTTP {answer.status})")
    if answer.status == 403:
        raise SourceUnavailable("OpenCPS báo lỗi chung (HTTP 403)")
    if answer.status == 404:
        raise UnexpectedAnswer("không có /o/rest/v2/dossiers ở địa chỉ này (HTTP 404)")
    if not 200 <= answer.status < 300:
        raise UnexpectedAnswer(f"HTTP {answer.status}")
    return _chunk(read_json(answer))


def _chunk(envelope: Any) -> Chunk:
    if not isinstance(envelope, dict) or isinstance(envelope, Ambiguous):
        raise UnexpectedAnswer("câu trả lời không phải đối tượng JSON như đã biết")
    if "total" not in envelope:
        _say_no(envelope.get("code"))
    total, rows = envelope["total"], envelope.get("data")
    if isinstance(total, str) and total.isascii() and total.isdigit() and len(total) < 12:
        total = int(total)
    if not isinstance(total, int) or isinstance(total, bool) or total < 0:
        raise UnexpectedAnswer("'total' không phải số đếm")
    if isinstance(rows, dict):  # one row, from a converter that unwraps lists of one
        rows = [rows]
    if rows is not None and not isinstance(rows, list):
        raise UnexpectedAnswer("'data' không phải danh sách")
    return Chunk(rows or (), total)


def _say_no(code: object) -> None:
    if str(code) in ("203", "401"):
        raise AccessRefused(f"{_NOT_SIGNED_IN} (code {code})")
    if str(code) == "403":
        raise SourceUnavailable("OpenCPS báo lỗi chung (code 403)")
    raise UnexpectedAnswer("câu trả lời không có 'total'")
