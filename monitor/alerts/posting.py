"""One POST to a peer that speaks HTTP, its end put in a class by what may safely be done next."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError, NameResolutionError, NewConnectionError

from connectors.kit.retry import retry_after_s
from monitor.alerts.outgoing import ChannelUnavailable, Outcome, Result

_MOST_BYTES = 64 * 1024  # of an answer: a gateway says a line
_FLOOD_WITHOUT_A_TIME_S = 30.0
_OUR_FAULT = frozenset({401, 403, 404, 405, 407})  # a wrong key or address: no recipient's fault
_TIMEOUTS_S = (5.0, 20.0)


@dataclass(frozen=True, slots=True)
class Answered:
    """What the peer said with a status below 300."""

    status: int
    body: bytes


def post(
    url: str,
    *,
    at: datetime,
    method: str = "POST",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
) -> Answered | Outcome:
    """The answer, or what may be done next. No address, query or body of ours is in the detail of an outcome."""
    session = requests.Session()
    session.trust_env = False  # no proxy that the configuration doesn't name
    try:
        with session.request(
            method,
            url,
            data=body,
            headers=dict(headers or {}),
            params=dict(query or {}),
            timeout=_TIMEOUTS_S,
            allow_redirects=False,
            stream=True,
        ) as answer:
            said = answer.raw.read(_MOST_BYTES, decode_content=True)
            return _classed(answer, said, at)
    except (requests.ConnectTimeout, requests.exceptions.SSLError) as error:
        return Outcome(Result.NOT_SENT, detail=type(error).__name__, channel_down=True)
    except requests.ConnectionError as error:
        before = _never_connected(error)
        result = Result.NOT_SENT if before else Result.UNKNOWN
        return Outcome(result, detail=type(error).__name__, channel_down=before)
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:  # the answer broke off, or never came
        return Outcome(Result.UNKNOWN, detail=type(error).__name__)
    finally:
        session.close()


def reachable(url: str, connect: Callable[[str, int], object]) -> str:
    """Host and port of a peer that takes connections; nothing is sent. Raises `ChannelUnavailable`."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        connect(host, port)
    except OSError as error:
        raise ChannelUnavailable(f"{type(error).__name__}: {host}:{port}") from None
    return f"{host}:{port}"


def _classed(answer: requests.Response, said: bytes, at: datetime) -> Answered | Outcome:
    status, detail = answer.status_code, f"HTTP {answer.status_code}"
    if status < 300:
        return Answered(status, said)
    if status == 429:
        wait = retry_after_s({name.lower(): value for name, value in answer.headers.items()}, at)
        return Outcome(Result.FLOOD, detail=detail, retry_after_s=wait or _FLOOD_WITHOUT_A_TIME_S)
    if status in _OUR_FAULT or status < 400:
        return Outcome(Result.NOT_SENT, detail=detail, channel_down=True)
    return Outcome(Result.REFUSED if status < 500 else Result.UNKNOWN, detail=detail)


def _never_connected(error: BaseException) -> bool:
    """Whether the error came before a byte was written."""
    seen: list[object] = [error]
    while seen:
        one = seen.pop()
        if isinstance(one, NewConnectionError | NameResolutionError):
            return True
        if isinstance(one, BaseException):
            seen += [getattr(one, "reason", None), *one.args]
    return False
