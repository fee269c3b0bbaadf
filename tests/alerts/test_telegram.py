"""The Telegram channel against a Bot API on loopback: every answer in its class, nothing secret in any text."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from monitor.alerts.outgoing import ChannelUnavailable, Outcome, Outgoing, Result
from monitor.alerts.telegram import TelegramChannel
from monitor.settings import Telegram
from tests.alerts.world import NOW, line, view
from tests.peers.bot_api import TOKEN, BotApi, bot_api, html_problem, refused
from tests.peers.deaf import nobody_listening


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[BotApi, TelegramChannel]]:
    with bot_api() as peer:
        channel = make(peer.url)
        yield peer, channel
        channel.close()


@pytest.fixture
def bot(running: tuple[BotApi, TelegramChannel]) -> BotApi:
    peer, _channel = running
    peer.taken.clear()
    peer.script.clear()
    peer.calls = 0
    return peer


@pytest.fixture
def channel(running: tuple[BotApi, TelegramChannel]) -> TelegramChannel:
    return running[1]


def make(url: str, token: str = TOKEN) -> TelegramChannel:
    return TelegramChannel(Telegram(enabled=True, token=SecretStr(token), api_url=url))


def outgoing(*lines: dict[str, Any], **more: Any) -> Outgoing:
    return Outgoing(key="k", address="101", view=view(lines or (line(),)), at=NOW, **more)


def test_a_leader_reads_what_where_how_late_and_what_to_do(bot: BotApi, channel: TelegramChannel) -> None:
    lines = [
        line(code="H19.1-01", how="quá hạn 05 ngày làm việc", promised="16/11/2026"),
        line(code="H19.1-02", section="due_today", how="đến hạn hôm nay", letter="", promised="23/11/2026"),
    ]
    assert channel.send(outgoing(*lines)) == Outcome(Result.SENT, receipt="1", parts_sent=1)
    (taken,) = bot.taken
    assert taken.chat == "101"
    text = taken.text
    assert text.startswith("<b>🔴 1 quá hạn · 🟠 1 đến hạn hôm nay</b>\nUBND xã Một, 08:00 ngày 23/11/2026")
    assert ">H19.1-01</a>, <b>quá hạn 05 ngày làm việc</b> (hẹn 16/11/2026)" in text
    assert "chưa gửi thư xin lỗi" in text
    assert "Cấp giấy phép" not in text, "detail = codes: a foreign service need not know the procedure"
    assert "🔴 <b>QUÁ HẠN</b>: giải quyết ngay" in text
    assert text.index("H19.1-01") < text.index("H19.1-02")


def test_a_possible_repeat_says_so(bot: BotApi, channel: TelegramChannel) -> None:
    channel.send(outgoing(maybe_repeat=True))
    assert bot.taken[0].text.startswith("<i>(có thể trùng")


@pytest.mark.parametrize(
    ("answer", "result", "down", "meaning"),
    [
        (refused(403, "Forbidden: bot was blocked by the user"), Result.REFUSED, False, "blocked"),
        (refused(400, "Bad Request: chat not found"), Result.REFUSED, False, "no such chat"),
        (refused(401, "Unauthorized"), Result.NOT_SENT, True, "our token is wrong: no recipient's fault"),
        (refused(409, "Conflict: terminated by other getUpdates"), Result.NOT_SENT, True, "two bots run"),
        ("502", Result.UNKNOWN, False, "a gateway gave up after passing it on, perhaps"),
        (refused(500, "Internal Server Error"), Result.UNKNOWN, False, "it may have been stored"),
        ("cut_before", Result.UNKNOWN, False, "the line went dead after the request was written"),
        ("cut_after", Result.UNKNOWN, False, "taken, but the answer was lost"),
        ("garbage", Result.UNKNOWN, False, "a proxy's page instead of an answer"),
        (refused(429, "Too Many Requests"), Result.FLOOD, False, "a flood answer without a time"),
    ],
)
def test_classes(bot: BotApi, channel: TelegramChannel, answer: Any, result: Result, down: bool, meaning: str) -> None:
    bot.script.append(answer)
    outcome = channel.send(outgoing())
    assert (outcome.result, outcome.channel_down, bot.calls) == (result, down, 1), meaning
    assert outcome.detail
    assert TOKEN not in repr(outcome)


@pytest.mark.parametrize("wait", [1, 13_000])
def test_a_flood_wait_is_handed_on(bot: BotApi, channel: TelegramChannel, wait: int) -> None:
    bot.script.append(refused(429, f"Too Many Requests: retry after {wait}", retry_after=wait))
    outcome = channel.send(outgoing())
    assert (outcome.result, outcome.retry_after_s) == (Result.FLOOD, float(wait))


def test_text_the_peer_cannot_parse_goes_plain_in_the_same_try(bot: BotApi, channel: TelegramChannel) -> None:
    bot.script.append(refused(400, "Bad Request: can't parse entities: Unsupported start tag"))
    assert channel.send(outgoing(line(agency="a < b & c"))).result is Result.SENT
    assert "<b>" not in bot.taken[0].text
    assert "a < b & c" in bot.taken[0].text


def test_a_group_that_became_a_supergroup_is_followed_in_the_same_try(bot: BotApi, channel: TelegramChannel) -> None:
    bot.script.append(refused(400, "group chat was upgraded", migrate_to_chat_id=-100900))
    outcome = channel.send(outgoing())
    assert (outcome.result, outcome.new_address) == (Result.SENT, "-100900")
    assert [taken.chat for taken in bot.taken] == ["-100900"]


def test_an_api_that_is_down_never_raises() -> None:
    with nobody_listening() as port:
        channel = make(f"http://127.0.0.1:{port}")
        outcome = channel.send(outgoing())
        with pytest.raises(ChannelUnavailable) as caught:
            channel.check()
        channel.close()
    assert (outcome.result, outcome.channel_down) == (Result.NOT_SENT, True)
    assert TOKEN not in str(caught.value) + repr(caught.value.__context__) + outcome.detail


def test_check_asks_for_the_name_and_sends_nothing(bot: BotApi, channel: TelegramChannel) -> None:
    assert channel.check() == "@x_bot"
    assert bot.taken == []


def test_a_wrong_token_is_not_repeated_in_any_text(bot: BotApi, caplog: pytest.LogCaptureFixture) -> None:
    channel = make(bot.url, "999:another-canary")
    with caplog.at_level(logging.INFO):
        outcome = channel.send(outgoing())
        with pytest.raises(ChannelUnavailable) as caught:
            channel.check()
    channel.close()
    assert (outcome.result, outcome.channel_down) == (Result.NOT_SENT, True)
    assert "another-canary" not in caplog.text + str(caught.value) + outcome.detail


def test_no_token_no_channel() -> None:
    with pytest.raises(ValueError, match="token"):
        TelegramChannel(Telegram(enabled=True))


def test_the_token_is_not_logged(bot: BotApi, channel: TelegramChannel, caplog: pytest.LogCaptureFixture) -> None:
    """httpx logs the address of every request at INFO, and the token is part of it."""
    with caplog.at_level(logging.INFO):
        channel.send(outgoing())
    assert "canary" not in caplog.text


def test_a_long_list_shows_the_worst_and_attaches_every_code(bot: BotApi, channel: TelegramChannel) -> None:
    lines = [line(code=f"H19.1-{n:04d}", agency="=HYPERLINK(1)") for n in range(300)]
    outcome = channel.send(outgoing(*lines))
    text, document = bot.taken
    assert (outcome.result, outcome.parts_sent, outcome.receipt) == (Result.SENT, 2, "1,2")
    assert "🔴 300 quá hạn" in text.text
    assert "xem tệp danh sách kèm theo (300 hồ sơ)" in text.text
    assert html_problem(text.text) == ""
    table = document.file.decode("utf-8-sig")
    assert all(f"H19.1-{n:04d}" in table for n in range(300))
    assert "'=HYPERLINK" in table, "no formula in an office program"
    assert document.file_name == "danh-sach-ho-so-202611230800.csv"


def test_only_the_part_that_is_missing_is_sent_again(bot: BotApi, channel: TelegramChannel) -> None:
    lines = [line(code=f"c{n}") for n in range(300)]
    bot.script.extend(["ok", "502"])
    first = channel.send(outgoing(*lines))
    assert (first.result, first.parts_sent) == (Result.UNKNOWN, 1)
    channel.send(outgoing(*lines, parts_sent=first.parts_sent))
    assert [taken.method for taken in bot.taken] == ["sendMessage", "sendDocument"]


def test_a_weekly_sum_comes_with_its_picture(bot: BotApi, channel: TelegramChannel) -> None:
    rows = [{"agency": "UBND xã Một", "late": 3, "before": 1, "soon": 2}]
    told = outgoing()
    head = {"title": "Tổng hợp tuần", "changes": "", "table": rows}
    outcome = channel.send(replace(told, view={**told.view, "head": head}))
    assert (outcome.result, outcome.parts_sent) == (Result.SENT, 3)
    assert [taken.method for taken in bot.taken] == ["sendMessage", "sendPhoto", "sendDocument"]
    assert bot.taken[1].file.startswith(b"\x89PNG")
