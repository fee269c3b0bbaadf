"""What a type cannot say about a value of the configuration file: grammar of durations, moments, hours, addresses.

Each check takes the value as the file has it and answers with the problems it sees, so that all are found at once.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import BaseModel

from connectors.dvcqg.settings import DvcqgSettings
from connectors.igate.settings import IgateSettings
from connectors.kit.settings import HttpSourceSettings, SourceSettings
from monitor.domain.escalation import parse_rung_time
from monitor.mistakes import Problem, nearest
from monitor.settings import (
    CalendarSettings,
    Database,
    DigestSettings,
    Email,
    LetterAgency,
    LetterKey,
    Letters,
    Oidc,
    Rung,
    Settings,
    Site,
    Sms,
    Telegram,
    Warning_,
    Web,
    Webhook,
)
from monitor.settings_channels import rung_channels, sms, webhook, webhook_secret
from monitor.words import Words

Found = Iterator[tuple[tuple[str | int, ...], Problem]]  # place below the value, and the problem
Check = Callable[[Any], Found]

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_DURATION = re.compile(r"(\d+)([smhd])")
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d"
_DUE_SOON = re.compile(r"[1-9]\d?wd|(?:[1-9]\d?|100)%")
_BLOCK = re.compile(rf"({_CLOCK})-({_CLOCK}|24:00)")
_DIGEST_AT = re.compile(rf"(?:(?:mon|tue|wed|thu|fri|sat|sun)\s+)?{_CLOCK}")
_MAILBOX = re.compile(r"[^@\s<>]+@[^@\s<>]+|[^<>]*<[^@\s<>]+@[^@\s<>]+>")


def seconds(value: Any) -> int | Problem:
    """`"5m"` -> 300. A bare number counts as seconds."""
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    amount = int(match[1]) * _UNITS[match[2]] if match else 0
    if amount > 0:
        return amount
    return Problem(
        Words("không phải một khoảng thời gian.", "is not a length of time."),
        Words(
            'số và đơn vị s, m, h hoặc d, ví dụ "90s", "5m", "1h", "2d"',
            'a number and s, m, h or d: "90s", "5m", "1h", "2d"',
        ),
    )


def _zone(value: Any) -> Found:
    if isinstance(value, str) and value not in _zones():
        meant = nearest(value, _zones()) or "Asia/Ho_Chi_Minh"
        yield (
            (),
            Problem(
                Words(f'không có múi giờ "{value}".', f'there is no time zone "{value}".'),
                Words(f'"{meant}"', f'"{meant}"'),
            ),
        )


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _web_address(value: Any) -> Found:
    if isinstance(value, str) and not _is_web_address(value):
        yield (
            (),
            Problem(
                Words("không phải một địa chỉ web.", "is not a web address."),
                Words(
                    'địa chỉ đầy đủ, ví dụ "https://motcua.example.gov.vn"',
                    'the whole address: "https://motcua.example.gov.vn"',
                ),
            ),
        )
    elif isinstance(value, str) and urlsplit(value).username is not None:
        yield (
            (),
            Problem(
                Words("địa chỉ chứa tên hoặc mật khẩu.", "the address holds a name or a password."),
                Words(
                    "địa chỉ không kèm mật khẩu; mật khẩu ghi ở khóa riêng",
                    "the address alone; the password has its own key",
                ),
            ),
        )


def _web_address_or_none(value: Any) -> Found:
    if value != "":
        yield from _web_address(value)


def _is_web_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _issuer(value: Any) -> Found:
    yield from _web_address(value)
    if isinstance(value, str) and value.startswith("http://") and not is_loopback(urlsplit(value).hostname or ""):
        yield (
            (),
            Problem(
                Words("hệ thống đăng nhập một lần phải dùng https.", "the identity provider must be reached by https."),
                Words('"https://sso.example.gov.vn"', '"https://sso.example.gov.vn"'),
            ),
        )


def _database_url(value: Any) -> Found:
    if not isinstance(value, str):
        return
    driver, slashes, _rest = value.partition("://")
    if not slashes or driver not in {"sqlite", "postgresql+psycopg"}:
        example = '"sqlite:///dunghen.db" | "postgresql+psycopg://user@host/dunghen"'
        yield (
            (),
            Problem(
                Words(
                    "không phải địa chỉ cơ sở dữ liệu mà chương trình dùng được.",
                    "is not a database this program can use.",
                ),
                Words(example, example),
            ),
        )


def _hours(value: Any) -> Found:
    for day, blocks in value.items() if isinstance(value, dict) else ():
        last_end = ""
        for i, block in enumerate(blocks if isinstance(blocks, list) else ()):
            match = _BLOCK.fullmatch(block) if isinstance(block, str) else None
            if match is None or match[1] >= match[2]:
                yield (
                    (day, i),
                    Problem(
                        Words(f'"{block}" không phải một buổi làm việc.', f'"{block}" is not a block of office hours.'),
                        Words('giờ đầu-giờ cuối, ví dụ "07:30-11:30"', 'start-end: "07:30-11:30"'),
                    ),
                )
            elif match[1] < last_end:
                yield (
                    (day, i),
                    Problem(
                        Words(
                            f'"{block}" chồng lên buổi trước hoặc sai thứ tự.',
                            f'"{block}" overlaps the one before it, or is out of order.',
                        ),
                        Words(
                            "các buổi rời nhau, theo thứ tự trong ngày",
                            "blocks that do not overlap, in the order of the day",
                        ),
                    ),
                )
            else:
                last_end = match[2]


def _rung_moment(value: Any) -> Found:
    if isinstance(value, str) and not _is_rung_moment(value):
        yield (
            (),
            Problem(
                Words(
                    f'"{value}" không phải thời điểm của một bậc cảnh báo.', f'"{value}" is not the moment of a rung.'
                ),
                Words(
                    '"-3wd 08:00" (trước hạn 3 ngày làm việc), "0 14:00" (ngày hẹn), "+1wd 08:00", "letter_by 08:00"',
                    '"-3wd 08:00" (3 working days before), "0 14:00" (that day), "+1wd 08:00" or "letter_by 08:00"',
                ),
            ),
        )


def _is_rung_moment(value: str) -> bool:
    try:
        parse_rung_time(value)
    except ValueError:
        return False
    return True


def _digest_moment(value: Any) -> Found:
    if isinstance(value, str) and not _DIGEST_AT.fullmatch(value):
        yield (
            (),
            Problem(
                Words(f'"{value}" không phải giờ của một danh sách.', f'"{value}" is not the hour of a list.'),
                Words('"07:30", hoặc "mon 07:30" cho tổng hợp tuần', '"07:30", or "mon 07:30" for a weekly one'),
            ),
        )


def _due_soon(value: Any) -> Found:
    for i, one in enumerate(value if isinstance(value, list) else ()):
        if isinstance(one, str) and not _DUE_SOON.fullmatch(one):
            yield (
                (i,),
                Problem(
                    Words(f'"{one}" không phải mức sắp đến hạn.', f'"{one}" does not say when "due soon" begins.'),
                    Words(
                        '"3wd" (còn 3 ngày làm việc) hoặc "20%" (còn 20% thời hạn)',
                        '"3wd" (3 working days left) or "20%" (of the term left)',
                    ),
                ),
            )


def _web(table: Any) -> Found:
    host = table.get("host", "127.0.0.1")
    if isinstance(host, str) and not is_loopback(host) and not table.get("trusted_proxies"):
        yield (
            ("host",),
            Problem(
                Words(
                    "mật khẩu đăng nhập sẽ đi qua mạng không mã hóa.",
                    "passwords would cross the network in the clear.",
                ),
                Words(
                    '"127.0.0.1"; hoặc đặt máy chủ trung gian có TLS ở trước, ghi địa chỉ của nó ở trusted_proxies và '
                    "site.base_url bắt đầu bằng https",
                    '"127.0.0.1"; or a reverse proxy with TLS before it, its address in trusted_proxies, and a '
                    "site.base_url that begins with https",
                ),
            ),
        )


def _networks(value: Any) -> Found:
    for i, one in enumerate(value if isinstance(value, list) else ()):
        try:
            ip_network(one)
        except (ValueError, TypeError):
            yield (
                (i,),
                Problem(
                    Words(f'"{one}" không phải địa chỉ hay mạng.', f'"{one}" is no address and no network.'),
                    Words('"127.0.0.1" hoặc "10.1.2.0/24"', '"127.0.0.1" or "10.1.2.0/24"'),
                ),
            )


def is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _between(low: float, high: float) -> Check:
    def check(value: Any) -> Found:
        if isinstance(value, int | float) and not isinstance(value, bool) and not low <= value <= high:
            yield (
                (),
                Problem(
                    Words(f"{value} nằm ngoài khoảng cho phép.", f"{value} is out of range."),
                    Words(f"một số từ {low} đến {high}", f"a number from {low} to {high}"),
                ),
            )

    return check


def _telegram(table: Any) -> Found:
    if table.get("enabled") is True and "token" not in table:
        yield (
            ("token",),
            Problem(
                Words("kênh Telegram đã bật nhưng thiếu token.", "Telegram is enabled but has no token."),
                Words('token = { file = "telegram.token" }', 'token = { file = "telegram.token" }'),
            ),
        )


def _letter_key(table: Any) -> Found:
    needed = ("module", "token", "label") if table.get("method") == "pkcs11" else ("file",)
    for name in needed:
        if not table.get(name):
            yield (
                (name,),
                Problem(
                    Words("khóa ký thiếu chỗ này.", "the key lacks this."),
                    Words(
                        'pkcs12: file = "ky-so.p12"; pkcs11: module = "/usr/lib/…so", token = "…", label = "…"',
                        'pkcs12: file = "ky-so.p12"; pkcs11: module = "/usr/lib/…so", token = "…", label = "…"',
                    ),
                ),
            )


def _mailbox_or_none(value: Any) -> Found:
    if value and not _MAILBOX.fullmatch(str(value)):
        yield (
            (),
            Problem(
                Words("không phải địa chỉ thư điện tử.", "is no mail address."),
                Words('counter_email = "motcua@xa.example.gov.vn"', 'counter_email = "motcua@xa.example.gov.vn"'),
            ),
        )


def _email(table: Any) -> Found:
    if table.get("enabled") is not True:
        return
    if not _MAILBOX.fullmatch(str(table.get("sender", ""))):
        yield (
            ("sender",),
            Problem(
                Words(
                    "kênh email đã bật nhưng thiếu địa chỉ người gửi.", "email is enabled but has no sender address."
                ),
                Words('sender = "Đúng Hẹn <dunghen@example.gov.vn>"', 'sender = "Đúng Hẹn <dunghen@example.gov.vn>"'),
            ),
        )
    if "password" in table and table.get("security") == "none" and not is_loopback(str(table.get("host", "localhost"))):
        yield (
            ("security",),
            Problem(
                Words("mật khẩu sẽ đi qua mạng không mã hóa.", "the password would cross the network in the clear."),
                Words('"starttls" hoặc "tls"', '"starttls" or "tls"'),
            ),
        )


FIELD_CHECKS: dict[tuple[type[BaseModel], str], Check] = {
    (Site, "timezone"): _zone,
    (Site, "base_url"): _web_address,
    (Database, "url"): _database_url,
    (CalendarSettings, "hours"): _hours,
    (SourceSettings, "timezone"): _zone,
    (SourceSettings, "expect_drop_below"): _between(0, 1),
    (SourceSettings, "missing_after"): _between(1, 1000),
    (HttpSourceSettings, "url"): _web_address,
    (DvcqgSettings, "provider_url"): _web_address_or_none,
    (IgateSettings, "token_url"): _web_address,
    (Telegram, "api_url"): _web_address,
    (Telegram, "webhook_secret"): webhook_secret,
    (Sms, "url"): _web_address_or_none,
    (Sms, "status_url"): _web_address_or_none,
    (Webhook, "url"): _web_address_or_none,
    (Email, "port"): _between(1, 65_535),
    (Letters, "print_server"): _web_address,
    (LetterAgency, "counter_email"): _mailbox_or_none,
    (LetterKey, "seal_mm"): _between(15, 60),
    (Warning_, "due_soon"): _due_soon,
    (Rung, "at"): _rung_moment,
    (DigestSettings, "at"): _digest_moment,
    (Web, "trusted_proxies"): _networks,
    (Oidc, "issuer"): _issuer,
    (Web, "port"): _between(0, 65_535),
}
TABLE_CHECKS: dict[type[BaseModel], Check] = {
    Telegram: _telegram,
    Email: _email,
    LetterKey: _letter_key,
    Sms: sms,
    Webhook: webhook,
    Settings: rung_channels,
    Web: _web,
}
MUST_EXIST = {"calendar.file", "procedures.file", "people.file", "letters.templates"}


def check_field(model: type[BaseModel], name: str, value: Any) -> Found:
    """The check of this field, wherever in the model's family it was declared."""
    for parent in model.__mro__:
        check = FIELD_CHECKS.get((parent, name))
        if check is not None:
            yield from check(value)
            return


def check_table(model: type[BaseModel], table: dict[str, Any]) -> Found:
    """What holds between the keys of one table."""
    check = TABLE_CHECKS.get(model)
    if check is not None:
        yield from check(table)
