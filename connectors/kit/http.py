"""The network, through requests: bounded in time and size, careful where it goes, silent about secrets.

No error of this module holds a query string, a header, a body or credentials: only method, host and path.
"""

import ssl
import threading
from collections.abc import Callable, Mapping
from copy import copy
from http.cookiejar import DefaultCookiePolicy
from types import TracebackType
from typing import Any, Self
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
import urllib3

from connectors.base import Answer, SourceUnavailable, UnexpectedAnswer
from connectors.kit.budget import Budget
from connectors.kit.inflate import BodyBroken, BodyTooLarge, read_limited
from connectors.kit.retry import LONGEST_OBEYED_S, Chance, backoff_s, chance, retry_after_s
from connectors.kit.settings import HttpSourceSettings
from monitor.clock import Clock, stopwatch

Elapsed = Callable[[], float]
Watch = Callable[[], Elapsed]
_PIECE = 65_536
_MOST_HOPS = 3
_AGAIN_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NOT_SAID = "không rõ"
_PORTS = {"http": 80, "https": 443}


class RequestsTransport:
    """One source's way to its peer: `concurrency` calls at once, never more than `calls_per_minute`. Close it, or use
    `with`. For several threads."""

    def __init__(
        self, settings: HttpSourceSettings, clock: Clock, draw: Chance = chance, watch: Watch = stopwatch
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._draw = draw
        self._watch = watch
        self._under_way = threading.BoundedSemaphore(settings.concurrency)
        self._budget = Budget(settings.calls_per_minute, clock)
        self._homes = [_split(url) for url in settings.peers()]
        self._session = requests.Session()
        self._session.trust_env = False  # neither proxies nor passwords of the machine's user
        self._session.verify = settings.verify_tls
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        if settings.proxy:
            self._session.proxies = {"http": settings.proxy, "https": settings.proxy}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._session.close()

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        basic: tuple[str, str] | None = None,
        repeatable: bool = False,
    ) -> Answer:
        """One answer, whatever its status below 500.

        A GET, or a call marked `repeatable`, is tried `tries` times. Raises `SourceUnavailable` for what the
        network does and for 408, 425, 429 and 5xx; `UnexpectedAnswer` for a redirect that leads elsewhere and for an
        answer larger than `max_bytes`.
        """
        method = method.upper()
        call = requests.Request(
            method,
            url,
            params=dict(params or {}),
            headers={"Accept": "application/json", "Accept-Encoding": "gzip, deflate", **(headers or {})},
            json=json,
            data=dict(form) if form is not None else None,
            auth=_encoded(basic),
        )
        tries = self._settings.tries if method == "GET" or repeatable else 1
        for attempt in range(1, tries):
            try:
                return self._follow(call)
            except SourceUnavailable as error:
                wait = backoff_s(attempt, self._draw)
                if error.retry_after_s is not None:
                    if error.retry_after_s > LONGEST_OBEYED_S:
                        raise
                    wait = max(wait, error.retry_after_s)
                self._clock.sleep(wait)
        return self._follow(call)

    def _follow(self, call: requests.Request) -> Answer:
        """Sends the call; goes along with redirects to trusted hosts only."""
        method, url = call.method, call.url
        hop = copy(call)  # a try again begins with the first address, not where a redirect led
        for _ in range(_MOST_HOPS + 1):
            answer = self._once(hop)
            if answer.status not in _REDIRECTS or not answer.headers.get("location"):
                return _believed(answer, self._place(url), self._clock)
            if method != "GET" and answer.status not in (307, 308):
                raise UnexpectedAnswer(f"{self._place(url)}: nguồn chuyển hướng một lời gọi {method}")
            url = self._redirected(url, answer.headers["location"])
            hop.url, hop.params = url, {}  # the target names its own parameters
        raise UnexpectedAnswer(f"{self._place(url)}: chuyển hướng quá {_MOST_HOPS} lần")

    def _once(self, call: requests.Request) -> Answer:
        place = self._place(call.url)
        self._check_host(call.url)
        with self._under_way:
            self._budget.spend()
            return self._send(call, place)

    def _send(self, call: requests.Request, place: str) -> Answer:
        elapsed_s = self._watch()
        try:
            prepared = self._session.prepare_request(call)
            options = self._session.merge_environment_settings(prepared.url, {}, True, None, None)
            with self._session.send(
                prepared,
                allow_redirects=False,
                timeout=(self._settings.connect_timeout, self._settings.timeout),
                **options,
            ) as response:
                return self._read(response, place, elapsed_s)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise SourceUnavailable(f"{place}: {_what(error)}") from None
        except (ValueError, UnicodeError):  # an address or a header that no request can be made of
            raise UnexpectedAnswer(f"{place}: địa chỉ hoặc tiêu đề không dùng được") from None

    def _read(self, response: requests.Response, place: str, elapsed_s: Elapsed) -> Answer:
        headers = {name.lower(): value for name, value in response.headers.items()}
        pieces = _Pieces(response, place, elapsed_s, self._settings.longest_answer)
        try:
            body = read_limited(pieces, headers.get("content-encoding", ""), self._settings.max_bytes)
        except BodyTooLarge:
            raise UnexpectedAnswer(f"{place}: câu trả lời lớn hơn {self._settings.max_bytes} byte") from None
        except BodyBroken:
            raise UnexpectedAnswer(f"{place}: câu trả lời nén bị hỏng") from None
        return Answer(response.status_code, headers, body)

    def _redirected(self, url: str, location: str) -> str:
        """Where the redirect leads, if we may go there."""
        try:
            target = urljoin(url, location)
            scheme = urlsplit(target).scheme
        except ValueError:
            raise UnexpectedAnswer(f"{self._place(url)}: chuyển hướng tới địa chỉ không đọc được") from None
        if urlsplit(url).scheme == "https" and scheme != "https":
            raise UnexpectedAnswer(f"{self._place(url)}: nguồn chuyển hướng từ https sang {scheme or _NOT_SAID}")
        self._check_host(target)
        return target

    def _check_host(self, url: str) -> None:
        target = _split(url)
        if target.scheme not in _PORTS or not self._is_trusted(target):
            raise UnexpectedAnswer(f"nguồn dẫn sang máy khác ({_host(target)}), không đi theo")

    def _is_trusted(self, target: SplitResult) -> bool:
        host, port = target.hostname or "", _port(target)
        for home in self._homes:
            upgraded = home.scheme == "http" and target.scheme == "https" and port == _PORTS["https"]
            if host == (home.hostname or "") and (port == _port(home) or upgraded):
                return True
        return any(allowed.lower() in (host, f"{host}:{port}") for allowed in self._settings.allow_hosts)

    def _place(self, url: str) -> str:
        parts = _split(url)
        return f"{_host(parts)}{parts.path}"


class _Pieces:
    """The raw pieces of a body, under one deadline for the whole of it: a peer may send a byte a minute."""

    def __init__(self, response: requests.Response, place: str, elapsed_s: Elapsed, longest_s: float) -> None:
        self._stream = response.raw.stream(_PIECE, decode_content=False)
        self._place = place
        self._elapsed_s = elapsed_s
        self._longest_s = longest_s

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        if self._elapsed_s() > self._longest_s:
            raise SourceUnavailable(f"{self._place}: câu trả lời kéo quá lâu")
        piece: bytes = next(self._stream)
        return piece


def _believed(answer: Answer, place: str, clock: Clock) -> Answer:
    if answer.status in _AGAIN_LATER or answer.status >= 500:
        wait = retry_after_s(answer.headers, clock.now())
        raise SourceUnavailable(f"{place}: HTTP {answer.status}", wait)
    return answer


def _encoded(basic: tuple[str, str] | None) -> tuple[bytes, bytes] | None:
    """Names and passwords as UTF-8; requests would send Latin-1 and fail on Vietnamese letters."""
    return None if basic is None else (basic[0].encode(), basic[1].encode())


def _host(parts: SplitResult) -> str:
    port = _port(parts)
    shown = "" if port == _PORTS.get(parts.scheme) or port is None else f":{port}"
    return f"{parts.hostname or _NOT_SAID}{shown}"


def _split(url: str) -> SplitResult:
    """The parts of an address; empty ones where it is none."""
    try:
        return urlsplit(url)
    except ValueError:
        return SplitResult("", "", "", "", "")


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None


def _what(error: Exception) -> str:
    """The kind of failure in words. The exception's own text is not used: it holds the whole address."""
    causes = _chain(error)
    if any(isinstance(cause, ssl.SSLError | requests.exceptions.SSLError) for cause in causes):
        return "chứng thư TLS không kiểm tra được (xem verify_tls)"
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return "máy chủ từ chối kết nối"
    if any(isinstance(cause, urllib3.exceptions.NameResolutionError) for cause in causes):
        return "không tìm thấy tên máy chủ"
    if isinstance(error, requests.ConnectTimeout):
        return "hết thời gian chờ kết nối"
    if any(isinstance(cause, requests.Timeout | urllib3.exceptions.TimeoutError | TimeoutError) for cause in causes):
        return "hết thời gian chờ trả lời"
    if any(isinstance(cause, urllib3.exceptions.ProtocolError | ConnectionError) for cause in causes):
        return "kết nối bị ngắt giữa chừng"
    return "không kết nối được"


def _chain(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting and len(found) < 20:
        cause = waiting.pop()
        if isinstance(cause, BaseException) and cause not in found:
            found.append(cause)
            waiting += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]
    return found
