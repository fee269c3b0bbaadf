"""SMS through any gateway that takes HTTP: its request and its answers are described in the configuration.

A message is one SMS without accents: counts, the worst codes, a link. Nothing of a citizen, as everywhere.
"""

import json
import re
import socket
import unicodedata
from datetime import datetime
from urllib.parse import urlencode

from monitor.alerts.email import message_id
from monitor.alerts.outgoing import Delivery, Outcome, Outgoing, Result
from monitor.alerts.posting import Answered, post, reachable
from monitor.alerts.wording import render
from monitor.settings import Sms

_PHONE = re.compile(r"\+?[0-9]{8,15}")
_PLACEHOLDER = re.compile(r"\{(to|text|id|key|secret|receipt)\}")
_CODES_NAMED = (5, 4, 3, 2, 1, 0)


class SmsChannel:
    """Sends one SMS at a time."""

    name = "sms"

    def __init__(self, settings: Sms) -> None:
        self._settings = settings

    def send(self, message: Outgoing) -> Outcome:
        """Hands the text to the gateway; what it calls accepted is sent."""
        if not _PHONE.fullmatch(message.address):
            return Outcome(Result.REFUSED, detail="số điện thoại không dùng được", dead_address=True)
        chosen = self._settings
        values = {
            **self._secrets(),
            "to": message.address,
            "text": text_of(message, chosen.most_characters),
            "id": _id_of(message.key),
        }
        fields = {name: _filled(text, values) for name, text in chosen.fields.items()}
        headers = {name: _filled(text, values) for name, text in chosen.headers.items()}
        body: bytes | None = None
        if chosen.format == "json":
            body, headers = json.dumps(fields).encode(), {"Content-Type": "application/json", **headers}
        elif chosen.format == "form":
            body = urlencode(fields).encode()
            headers = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        query = fields if chosen.format == "query" else None
        answer = post(chosen.url, at=message.at, method=chosen.method, body=body, headers=headers, query=query)
        return answer if isinstance(answer, Outcome) else self._judged(answer)

    def delivery(self, key: str, receipt: str, at: datetime) -> Delivery | None:
        """Asks the gateway whether it arrived; None where it can't be asked. What can't be read is nothing known."""
        chosen = self._settings
        values = {**self._secrets(), "id": _id_of(key), "receipt": receipt}
        fields = {name: _filled(text, values) for name, text in chosen.status_fields.items()}
        headers = {name: _filled(text, values) for name, text in chosen.headers.items()}
        by_post = chosen.status_method == "POST"
        answer = post(
            chosen.status_url,
            at=at,
            method=chosen.status_method,
            body=json.dumps(fields).encode() if by_post else None,
            headers={"Content-Type": "application/json", **headers} if by_post else headers,
            query=None if by_post else fields,
        )
        if isinstance(answer, Outcome):
            return Delivery.OPEN if answer.result is Result.REFUSED else None
        said = _value_at(answer.body, chosen.status_field)
        if said in chosen.delivered_values:
            return Delivery.DELIVERED
        return Delivery.FAILED if said in chosen.failed_values else Delivery.OPEN

    def check(self) -> str:
        """Whether the gateway takes connections. Raises `ChannelUnavailable`."""
        return reachable(self._settings.url, lambda host, port: socket.create_connection((host, port), 5).close())

    def close(self) -> None:
        """Nothing is kept open."""

    def _secrets(self) -> dict[str, str]:
        given = {"key": self._settings.key, "secret": self._settings.secret}
        return {name: value.get_secret_value() if value is not None else "" for name, value in given.items()}

    def _judged(self, answer: Answered) -> Outcome:
        chosen = self._settings
        confirm = chosen.confirm_within if chosen.status_url else None
        if not chosen.answer_field:
            return Outcome(Result.SENT, receipt=f"HTTP {answer.status}", confirm_within_s=confirm)
        try:
            said = json.loads(answer.body)
            code = str(said[chosen.answer_field])
        except (ValueError, KeyError, TypeError):
            return Outcome(Result.UNKNOWN, detail="trả lời không đọc được")
        if code in chosen.sent_values:
            receipt = str(said.get(chosen.receipt_field, "")) if chosen.receipt_field else ""
            return Outcome(Result.SENT, receipt=receipt, confirm_within_s=confirm)
        if code in chosen.refused_values:
            return Outcome(Result.REFUSED, detail=f"cổng tin nhắn từ chối: mã {code[:20]}")
        return Outcome(Result.NOT_SENT, detail=f"cổng tin nhắn trả lời mã {code[:20]}")


def text_of(message: Outgoing, most: int) -> str:
    """The text, without accents, at most `most` characters: with as many codes as fit, never half of one."""
    text = ""
    for shown in _CODES_NAMED:
        text = _ascii(render("sms.txt.j2", message, shown))
        if len(text) <= most:
            return text
    return text[:most]


def _filled(pattern: str, values: dict[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), pattern)


def _id_of(key: str) -> str:
    return message_id(key, "sms").strip("<>").partition("@")[0]


def _value_at(body: bytes, path: str) -> str | None:
    """What stands at `data.status` in a JSON answer; None for anything else."""
    try:
        said = json.loads(body)
        for name in path.split("."):
            said = said[int(name)] if isinstance(said, list) else said[name]
    except (ValueError, KeyError, IndexError, TypeError):
        return None
    return str(said)


def _ascii(text: str) -> str:
    parts = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return " ".join(parts.encode("ascii", "ignore").decode().split())
