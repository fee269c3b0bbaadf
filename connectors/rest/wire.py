"""One request of a described API and what its answer says, place by place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.base import AccessRefused, Transport, UnexpectedAnswer
from connectors.kit.json import Ambiguous, read_json
from connectors.kit.text import status_key
from connectors.rest.settings import RestSettings

_LONGEST_CURSOR = 2000
_NOTHING = object()


@dataclass(frozen=True, slots=True)
class Part:
    """One answer. `total` and `more` are None, `cursor` is "" where the source does not say."""

    rows: Sequence[Any]
    total: int | None
    more: bool | None
    cursor: str


class RestApi:
    """Asks; never signs in: the credentials go with every request."""

    def __init__(self, settings: RestSettings, transport: Transport) -> None:
        self._settings = settings
        self._transport = transport

    def ask(self, params: Mapping[str, str]) -> Part:
        """The answer to a request with these parameters besides the fixed ones."""
        settings = self._settings
        token = settings.token.get_secret_value()
        together = {**settings.params, **dict.fromkeys(settings.secret_params, token), **params}
        is_get = settings.method == "GET"
        answer = self._transport.request(
            settings.method,
            settings.url.rstrip("/") + "/" + settings.path.lstrip("/"),
            params=together if is_get else None,
            json=None if is_get else together,
            headers=self._headers(),
            basic=(settings.username, settings.password.get_secret_value()) if settings.auth == "basic" else None,
            repeatable=True,
        )
        if answer.status in (401, 403):
            raise AccessRefused(f"nguồn từ chối truy cập (HTTP {answer.status})")
        if not 200 <= answer.status < 300 or answer.status == 203:
            raise UnexpectedAnswer(f"HTTP {answer.status}")
        return read_part(read_json(answer), settings)

    def _headers(self) -> dict[str, str]:
        settings = self._settings
        token = settings.token.get_secret_value()
        headers = {**settings.headers, **dict.fromkeys(settings.secret_headers, token)}
        if settings.auth == "bearer":
            headers["Authorization"] = f"Bearer {token}"
        elif settings.auth == "header":
            headers[settings.key_header] = token
        return headers


def read_part(value: Any, settings: RestSettings) -> Part:
    """The rows and what is said about them. Raises `UnexpectedAnswer`."""
    if isinstance(value, Ambiguous):
        raise UnexpectedAnswer("câu trả lời có khoá xuất hiện hai lần")
    if settings.success:
        said = at(value, settings.success)
        word = status_key(str(said)) if isinstance(said, str | int | bool) else ""
        if word not in {status_key(known) for known in settings.success_values}:
            raise UnexpectedAnswer(f"nguồn báo thất bại ('{settings.success}' không phải giá trị thành công)")
    rows = at(value, settings.rows, _NOTHING)
    if not isinstance(rows, list):
        raise UnexpectedAnswer(f"'{settings.rows}' không phải danh sách" if settings.rows else "không phải danh sách")
    total, more, cursor = at(value, settings.total), at(value, settings.more), at(value, settings.next_cursor)
    is_count = settings.total and isinstance(total, int) and not isinstance(total, bool) and total >= 0
    is_cursor = settings.next_cursor and isinstance(cursor, str | int) and not isinstance(cursor, bool)
    if is_cursor and len(str(cursor)) > _LONGEST_CURSOR:
        raise UnexpectedAnswer(f"'{settings.next_cursor}' dài quá {_LONGEST_CURSOR} ký tự")
    return Part(
        rows,
        total if is_count else None,
        more if settings.more and isinstance(more, bool) else None,
        str(cursor) if is_cursor else "",
    )


def at(value: Any, place: str, default: Any = None) -> Any:
    """What stands at a place written with dots; `default` where there is no such place."""
    for step in place.split(".") if place else ():
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isascii() and step.isdigit() and len(step) < 4 and int(step) < len(value):
            value = value[int(step)]
        else:
            return default
    return value
