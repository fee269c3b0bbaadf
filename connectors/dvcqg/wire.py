"""What the `mapi` family puts on the wire: sign-in, session in the body, error codes in five spellings (§2.1–2.3)."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from connectors.base import AccessRefused, Answer, SourceUnavailable, Transport, UnexpectedAnswer
from connectors.dvcqg.settings import DvcqgSettings
from connectors.kit.json import Ambiguous, parse_json, read_json
from connectors.kit.session import SharedSession, Ticket
from monitor.clock import Clock

_AUTH = re.compile(
    r"session|token|phiên|đăng nhập|chưa xác thực|xác thực không|unauthori[sz]ed|expired|login|authenticat",
    re.IGNORECASE,
)
_ABSENT = re.compile(r"not ?found|không tìm thấy|không tồn tại|chưa có dữ liệu|no data|không có dữ liệu", re.IGNORECASE)
_QUOTA = re.compile(r"giới hạn|vượt quá số lượt|too many|quota|rate limit", re.IGNORECASE)
_QUOTA_WAIT_S = 3600.0
_RENEW_BEFORE = 0.1  # of a session's life


class CallFailed(UnexpectedAnswer):
    """The service answered with an error code that says nothing more. One dossier may be the cause, or all."""


class DvcqgApi:
    """Calls that read. One session, renewed before it ends and once when the peer says it has ended."""

    def __init__(self, settings: DvcqgSettings, transport: Transport, clock: Clock) -> None:
        self._settings = settings
        self._transport = transport
        self._clock = clock
        self._session = SharedSession(self._sign_in, clock)

    def rows(self, verb: str, arguments: Mapping[str, str]) -> Sequence[Any]:
        """The rows a service answers with; none where it knows none. Raises the `SourceError` tree.

        A session may end between two calls (§11 case 9): then one new sign-in and the same call again, never more.
        """
        return self._session.call(lambda session: self._call(session, verb, arguments))

    def sign_in(self) -> None:
        """Gets a new session. Raises `AccessRefused` when the account is not accepted."""
        self._session.begin()

    def _sign_in(self) -> Ticket:
        settings = self._settings
        body = {"username": settings.username, "password": settings.password.get_secret_value()}
        answer = self._post(settings.login_path, body)
        if answer.status in (400, 401, 403):
            raise AccessRefused(f"đăng nhập bị từ chối (HTTP {answer.status})")
        envelope = _envelope(answer, "")
        code = _error_code(envelope)
        session = envelope.get("session")
        if code not in ("", *settings.success_codes):
            raise AccessRefused(f"đăng nhập bị từ chối (error_code {code})")
        if not isinstance(session, str) or not session:
            raise UnexpectedAnswer("đăng nhập không trả về session")
        return Ticket(session, self._clock.now() + timedelta(seconds=settings.session_seconds * (1 - _RENEW_BEFORE)))

    def _call(self, session: str, verb: str, arguments: Mapping[str, str]) -> Sequence[Any]:
        settings = self._settings
        body = {"session": session, settings.unit_key: settings.unit_code, "service": verb, **arguments}
        answer = self._post(settings.call_path, body)
        if answer.status in (401, 403):
            raise AccessRefused(f"dịch vụ {verb} từ chối truy cập (HTTP {answer.status})")
        envelope = _envelope(answer, settings.root_keys[0])
        return rows_of(envelope, settings.root_keys) if self._is_known(verb, envelope) else ()

    def _is_known(self, verb: str, envelope: Mapping[str, Any]) -> bool:
        """True on success, False for "no such dossier", else raises what the error code means. Success is spelled in
        several ways, and failures differ in their message only (§2.3)."""
        code, message = _error_code(envelope), str(envelope.get("message") or "")
        if code in ("", *self._settings.success_codes):
            return True
        # before "absent": a session that does not exist is no dossier that does not exist
        if _AUTH.search(message):
            raise AccessRefused(f"dịch vụ {verb} không nhận phiên làm việc (error_code {code})")
        if code in self._settings.absent_codes or _ABSENT.search(message):
            return False
        if _QUOTA.search(message):
            raise SourceUnavailable(f"dịch vụ {verb}: đã hết số lượt gọi", _QUOTA_WAIT_S)
        raise CallFailed(f"dịch vụ {verb} báo lỗi (error_code {code})")

    def _post(self, path: str, body: Mapping[str, str]) -> Answer:
        settings = self._settings
        params = {"providerurl": settings.provider_url} if settings.provider_url else {}
        headers = {"Accept": "application/json", "Charset": "utf-8"}
        if settings.dstcode:
            (params if settings.dstcode_in == "query" else headers)["dstcode"] = settings.dstcode
        url = settings.url.rstrip("/") + path
        return self._transport.request("POST", url, params=params, headers=headers, json=dict(body), repeatable=True)


def rows_of(envelope: Mapping[str, Any], root_keys: Sequence[str]) -> Sequence[Any]:
    """The rows under the first root key that is there: a list, one object, null, or the same inside a nested
    object or a JSON text (§11 cases 8, 46, 47). A flat dossier is its own row."""
    for key in root_keys:
        if key in envelope:
            return _listed(envelope[key], root_keys)
    if any(str(key).lower() == "mahoso" for key in envelope):
        return [envelope]
    raise UnexpectedAnswer(f"câu trả lời không có khoá {' hay '.join(root_keys)}")


def _listed(value: object, root_keys: Sequence[str]) -> Sequence[Any]:
    if isinstance(value, str) and value.strip():
        value = parse_json(value)
    if value is None or value == "":
        return ()
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        nested = next((key for key in root_keys if key in value), None)
        return [value] if nested is None else _listed(value[nested], root_keys)
    raise UnexpectedAnswer("dữ liệu không phải danh sách hồ sơ")


def _envelope(answer: Answer, root_key: str) -> Mapping[str, Any]:
    """The answer's object; a bare list counts as what stands under `root_key`."""
    if not 200 <= answer.status < 300:
        raise UnexpectedAnswer(f"HTTP {answer.status}")
    value = read_json(answer)
    if isinstance(value, list):
        return {root_key: value}
    if not isinstance(value, dict) or isinstance(value, Ambiguous):
        raise UnexpectedAnswer("câu trả lời không phải đối tượng JSON như đã biết")
    return value


def _error_code(envelope: Mapping[str, Any]) -> str:
    """The code as text: 0, "0" and "00" all occur. "" where there is none."""
    code = envelope.get("error_code")
    if code is None:
        return ""
    text = str(int(code)) if isinstance(code, float) and code.is_integer() else str(code).strip()
    return text if re.fullmatch(r"-?[0-9A-Za-z_]{1,20}", text) else "?"
