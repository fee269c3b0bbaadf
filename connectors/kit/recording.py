"""Keeps what a peer answered, and answers it again without the peer: the same calls, offline.

A folder holds one file a call and `recording.json`, which says of which source it is and when it was made.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from connectors.base import Answer, SourceUnavailable, Transport, UnexpectedAnswer
from connectors.kit.scrub import RECORDED, Scrubber

ABOUT = "recording.json"
_VERSION = 1
_HEADERS = ("content-type", "retry-after", "location")


@dataclass(frozen=True, slots=True)
class About:
    """What a recording is of. `settings` are those of the source without its secrets."""

    settings: Mapping[str, Any]
    recorded_at: datetime


class NotARecording(ValueError):
    """The folder holds none, or one of another version. Says which file."""


class RecordingEnds(UnexpectedAnswer):
    """A call that nobody recorded."""


class RecordingTransport:
    """Passes every call on and writes down what came, persons and secrets replaced."""

    def __init__(self, transport: Transport, folder: Path, scrubber: Scrubber) -> None:
        self._transport, self._folder, self._scrubber = transport, folder, scrubber
        self._number = 0

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
        asked = _asked(self._scrubber, method, url, params, json, form)
        try:
            answer = self._transport.request(
                method, url, params=params, headers=headers, json=json, form=form, basic=basic, repeatable=repeatable
            )
        except SourceUnavailable as error:
            self._write({**asked, "unavailable": True, "retry_after_s": error.retry_after_s})
            raise
        kept = {name: answer.headers[name] for name in _HEADERS if name in answer.headers}
        body = self._scrubber.body(answer.body).decode()
        self._write({**asked, "status": answer.status, "headers": kept, "body": body})
        return Answer(answer.status, answer.headers, answer.body)

    def _write(self, call: Mapping[str, Any]) -> None:
        self._number += 1
        path = self._folder / f"{self._number:04d}.json"
        path.write_text(json.dumps(call, ensure_ascii=False, indent=1) + "\n", "utf-8")


class ReplayTransport:
    """Answers from a folder: the next answer to the same call, else the next to the same address. Opens no socket."""

    def __init__(self, folder: Path) -> None:
        self._calls = list(_calls(folder))
        self._used: set[int] = set()
        self._scrubber = Scrubber()

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
        del headers, basic, repeatable
        asked = _asked(self._scrubber, method, url, params, json, form)
        call = self._next(asked, exactly=True) or self._next(asked, exactly=False)
        if call is None:
            raise RecordingEnds(f"bản ghi không có câu trả lời nào nữa cho {urlsplit(url).path}")
        if call.get("unavailable"):
            raise SourceUnavailable("nguồn không trả lời (theo bản ghi)", call.get("retry_after_s"))
        return Answer(int(call["status"]), dict(call["headers"]), str(call["body"]).encode())

    def _next(self, asked: Mapping[str, Any], *, exactly: bool) -> Mapping[str, Any] | None:
        """An unused answer; where all were used, the last one that fits (a sign-in may be asked more often)."""
        names = ("method", "path", "asked") if exactly else ("method", "path")
        fitting = [n for n, call in enumerate(self._calls) if all(call.get(name) == asked[name] for name in names)]
        fresh = [n for n in fitting if n not in self._used]
        if not fresh:
            return self._calls[fitting[-1]] if fitting and exactly else None
        self._used.add(fresh[0])
        return self._calls[fresh[0]]


def write_about(folder: Path, about: About) -> None:
    plain = {"version": _VERSION, "recorded_at": about.recorded_at.isoformat(), "source": dict(about.settings)}
    (folder / ABOUT).write_text(json.dumps(plain, ensure_ascii=False, indent=1, default=str) + "\n", "utf-8")


def read_about(folder: Path) -> About:
    """Raises `NotARecording`."""
    try:
        plain = json.loads((folder / ABOUT).read_text("utf-8"))
        if plain["version"] != _VERSION:
            raise NotARecording(f"{ABOUT}: version {plain['version']}")
        return About(plain["source"], datetime.fromisoformat(plain["recorded_at"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotARecording(f"{folder / ABOUT}: {type(error).__name__}") from None


def without_secrets(settings: Any) -> dict[str, Any]:
    """A source's settings as they may be kept: secrets and names of accounts replaced."""
    plain: dict[str, Any] = settings.model_dump(mode="json")
    return {name: _harmless(name, value) for name, value in plain.items()}


def _harmless(name: str, value: Any) -> Any:
    if name in ("username", "client_id") and value:
        return RECORDED
    if isinstance(value, str) and value and not value.strip("*"):  # how a secret shows itself
        return RECORDED
    if isinstance(value, str) and value.startswith(("http://", "https://")):
        return f"http://recorded.invalid{urlsplit(value).path}"
    return [] if name == "allow_hosts" else value


def _asked(
    scrubber: Scrubber, method: str, url: str, params: Mapping[str, str] | None, body: Any, form: Any
) -> dict[str, Any]:
    values = {**(params or {}), **(form or {}), **(body if isinstance(body, dict) else {})}
    return {"method": method.upper(), "path": urlsplit(url).path, "asked": scrubber.request(values)}


def _calls(folder: Path) -> Iterator[dict[str, Any]]:
    files = sorted(path for path in folder.glob("*.json") if path.name != ABOUT)
    for path in files:
        try:
            call = json.loads(path.read_text("utf-8"))
            call["method"], call["path"], call["asked"]
        except (OSError, ValueError, KeyError, TypeError):
            raise NotARecording(f"{path.name} is no recorded call") from None
        yield call
