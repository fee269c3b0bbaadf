"""A signed webhook: another system of the province takes our alerts as JSON and can prove that they are ours.

Signature: `v1=` and the hex HMAC-SHA256, keyed with the shared secret, over the timestamp, a dot and the body. The
receiver compares it in constant time and refuses an old timestamp. `Idempotency-Key` is the same for the same message.
"""

import hashlib
import hmac
import json
import socket
from typing import Any

from monitor.alerts.lines import counts_of
from monitor.alerts.outgoing import Outcome, Outgoing, Result
from monitor.alerts.posting import post, reachable
from monitor.alerts.wording import cleaned
from monitor.settings import Webhook

_FIELDS = ("section", "code", "procedure", "agency", "promised", "days", "how", "letter", "note", "link")


class WebhookChannel:
    """Posts one message at a time. Raises `ValueError` at construction where there is no secret."""

    name = "webhook"

    def __init__(self, settings: Webhook) -> None:
        if settings.secret is None:
            raise ValueError("channels.webhook.secret is missing")
        self._url = settings.url
        self._secret = settings.secret.get_secret_value()

    def send(self, message: Outgoing) -> Outcome:
        """Any answer below 300 is taken for accepted."""
        body = json.dumps(_told(message), ensure_ascii=False).encode()
        stamp = str(int(message.at.timestamp()))
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Idempotency-Key": _id(message),
            "X-Dunghen-Timestamp": stamp,
            "X-Dunghen-Signature": signature(self._secret, stamp, body),
        }
        answer = post(self._url, at=message.at, body=body, headers=headers)
        return answer if isinstance(answer, Outcome) else Outcome(Result.SENT, receipt=f"HTTP {answer.status}")

    def check(self) -> str:
        """Whether the peer takes connections. Raises `ChannelUnavailable`."""
        return reachable(self._url, lambda host, port: socket.create_connection((host, port), 5).close())

    def close(self) -> None:
        """Nothing is kept open."""


def signature(secret: str, stamp: str, body: bytes) -> str:
    """What stands in X-Dunghen-Signature for this timestamp and body."""
    return "v1=" + hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _id(message: Outgoing) -> str:
    return hashlib.blake2b(message.key.encode(), digest_size=16).hexdigest()


def _told(message: Outgoing) -> dict[str, Any]:
    view = cleaned(message.view)
    return {
        "id": _id(message),
        "to": message.address,
        "at": view["at"],
        "sent_at": message.at.isoformat(),
        "maybe_repeat": message.maybe_repeat,
        "times": message.times,
        "said": view.get("said", ""),
        "counts": counts_of(view["lines"]),
        "lines": [{name: line.get(name) for name in _FIELDS} for line in view["lines"]],
    }
