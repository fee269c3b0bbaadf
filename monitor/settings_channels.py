"""What the tables of `[channels]` must hold to be used. Each check answers with the problems it sees."""

import re
from collections.abc import Iterator
from typing import Any

from monitor.mistakes import Problem, nearest
from monitor.words import Words

Found = Iterator[tuple[tuple[str | int, ...], Problem]]  # place below the table, and the problem
_WEBHOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{32,256}")  # the Bot API takes no other letters


def webhook_secret(value: Any) -> Found:
    """The secret of Telegram's webhook is long and of letters that may stand in its header."""
    if isinstance(value, str) and not _WEBHOOK_SECRET.fullmatch(value):
        wrong = Words(
            "bí mật của webhook phải có 32 đến 256 chữ không dấu, số, - hoặc _.",
            "a webhook's secret has 32 to 256 letters, digits, - or _.",
        )
        make = "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
        yield (), Problem(wrong, Words(make, make))


def sms(table: Any) -> Found:
    """An enabled gateway has an address, sends number and text, and says which answers mean accepted."""
    if table.get("enabled") is not True:
        return
    if not table.get("url"):
        example = 'url = "https://sms.example.vn/send"'
        wrong = Words("kênh SMS đã bật nhưng thiếu địa chỉ cổng tin nhắn.", "SMS is enabled but has no gateway.")
        yield ("url",), Problem(wrong, Words(example, example))
    told = str(table.get("fields", {})) + str(table.get("headers", {}))
    if "{to}" not in told or "{text}" not in told:
        example = 'fields = { Phone = "{to}", Content = "{text}", ApiKey = "{key}" }'
        wrong = Words("yêu cầu thiếu {to} hoặc {text}.", "the request lacks {to} or {text}.")
        yield ("fields",), Problem(wrong, Words(example, example))
    if table.get("answer_field") and not table.get("sent_values"):
        example = 'sent_values = ["100"]'
        wrong = Words(
            "chưa nói giá trị nào của trả lời là đã nhận.", "it is not said which values of the answer mean accepted."
        )
        yield ("sent_values",), Problem(wrong, Words(example, example))
    yield from _sms_status(table)


def _sms_status(table: Any) -> Found:
    """A gateway that is asked whether a message arrived must say so in a known way."""
    if not table.get("status_url"):
        return
    for key, example in (
        ("status_field", 'status_field = "SendStatus"'),
        ("delivered_values", 'delivered_values = ["5"]'),
    ):
        if not table.get(key):
            wrong = Words(
                f"đã khai status_url nhưng thiếu {key}: không biết khi nào là đã đến máy.",
                f"status_url is given but {key} is not: nothing says when a message has arrived.",
            )
            yield (key,), Problem(wrong, Words(example, example))


def webhook(table: Any) -> Found:
    """An enabled webhook has an address and a secret."""
    if table.get("enabled") is not True:
        return
    for key, example in (
        ("url", 'url = "https://ioc.example.gov.vn/dunghen"'),
        ("secret", 'secret = { file = "webhook.secret" }'),
    ):
        if not table.get(key):
            wrong = Words(f"webhook đã bật nhưng thiếu {key}.", f"the webhook is enabled but has no {key}.")
            yield (key,), Problem(wrong, Words(example, example))


def rung_channels(table: Any) -> Found:
    """A rung that names a channel nobody declared would never be heard on it."""
    channels, rungs = table.get("channels", {}), table.get("escalation", [])
    apprise = channels.get("apprise", []) if isinstance(channels, dict) else []
    names = ["telegram", "email", "sms", "webhook"]
    names += [one["name"] for one in apprise if isinstance(one, dict) and isinstance(one.get("name"), str)]
    for i, rung in enumerate(rungs if isinstance(rungs, list) else []):
        for j, name in enumerate(rung.get("channels", []) if isinstance(rung, dict) else []):
            if isinstance(name, str) and name not in names:
                meant = nearest(name, names)
                wrong = Words(f'không có kênh "{name}".', f'there is no channel "{name}".')
                fix = f'"{meant}"' if meant else ", ".join(names)
                yield ("escalation", i, "channels", j), Problem(wrong, Words(fix, fix))
