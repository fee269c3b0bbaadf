"""The Bot API and the mail server take what the real ones take, refuse what they refuse, and keep what arrived."""

import smtplib
import threading
from email.message import EmailMessage
from typing import Any

import pytest
import requests

from monitor.sandbox import mail
from monitor.sandbox.servers import Sandbox


class Bot:
    def __init__(self, sandbox: Sandbox, http: requests.Session) -> None:
        self.sandbox, self.http = sandbox, http

    def call(self, method: str, token: str = "", **fields: Any) -> Any:
        token = token or self.sandbox.province.tokens["bot"]
        answer = self.http.post(f"{self.sandbox.bot_url}/bot{token}/{method}", json=fields, timeout=10)
        body = answer.json()
        assert body["ok"] is (answer.status_code == 200)
        return body


@pytest.fixture
def bot(sandbox: Sandbox, http: requests.Session) -> Bot:
    return Bot(sandbox, http)


def test_the_token_is_the_key(bot: Bot) -> None:
    assert bot.call("getMe")["result"]["is_bot"] is True
    assert bot.call("getMe", token="1:WRONG")["error_code"] == 401
    assert bot.call("noSuchMethod")["error_code"] == 404


def test_a_message_is_delivered_with_its_buttons(bot: Bot) -> None:
    markup = {"inline_keyboard": [[{"text": "Đã rõ", "callback_data": "seen:1"}]]}
    bot.call("sendMessage", chat_id=700, text="<b>2</b> hồ sơ &lt; 3 ngày", parse_mode="HTML", reply_markup=markup)
    (one,) = bot.sandbox.bot.delivered
    assert (one.chat, one.buttons) == ("700", ("seen:1",))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<b>mở mà không đóng", "unclosed"),
        ("<b><i>chéo</b></i>", "crossed"),
        ("1 < 2", "a bare sign"),
        ("<table>x</table>", "a tag Telegram does not know"),
        ("   ", "nothing to read"),
        ("ă" * 4097, "too long"),
        ("😀" * 2049, "too long: counted in UTF-16 units"),
    ],
)
def test_what_telegram_refuses_is_refused_and_not_delivered(bot: Bot, text: str, why: str) -> None:
    assert bot.call("sendMessage", chat_id=700, text=text, parse_mode="HTML")["error_code"] == 400, why
    assert bot.sandbox.bot.delivered == []


def test_the_limit_counts_what_is_read_not_the_tags(bot: Bot) -> None:
    assert bot.call("sendMessage", chat_id=700, text=f"<b>{'ă' * 4096}</b>", parse_mode="HTML")["ok"]


def test_a_chat_that_blocked_us_and_one_that_never_was(bot: Bot) -> None:
    bot.sandbox.bot.blocked, bot.sandbox.bot.unknown = {"1"}, {"2"}
    try:
        assert bot.call("sendMessage", chat_id=1, text="x")["error_code"] == 403
        assert bot.call("sendMessage", chat_id=2, text="x")["error_code"] == 400
    finally:
        bot.sandbox.bot.blocked, bot.sandbox.bot.unknown = set(), set()


def test_a_document_keeps_its_name_and_bytes(bot: Bot) -> None:
    token = bot.sandbox.province.tokens["bot"]
    answer = bot.http.post(
        f"{bot.sandbox.bot_url}/bot{token}/sendDocument",
        data={"chat_id": "700", "caption": "Danh sách"},
        files={"document": ("Phiếu xin lỗi.pdf", b"%PDF-1.7\r\n\x00\xff")},
        timeout=5,
    )
    assert answer.json()["ok"]
    (one,) = bot.sandbox.bot.delivered
    assert (one.file_name, one.file, one.text) == ("Phiếu xin lỗi.pdf", b"%PDF-1.7\r\n\x00\xff", "Danh sách")


def test_too_many_says_when_to_come_back(bot: Bot) -> None:
    bot.sandbox.faults.put("bot", "too_many", times=1, after=1)
    assert bot.call("sendMessage", chat_id=700, text="một")["ok"]
    refused = bot.call("sendMessage", chat_id=700, text="hai")
    assert (refused["error_code"], refused["parameters"]) == (429, {"retry_after": 1})
    assert bot.call("sendMessage", chat_id=700, text="hai")["ok"]
    assert [one.text for one in bot.sandbox.bot.delivered] == ["một", "hai"]


def test_a_cut_after_accepting_delivers_and_leaves_the_sender_in_the_dark(bot: Bot) -> None:
    bot.sandbox.faults.put("bot", "cut", times=1)
    with pytest.raises(requests.ConnectionError):
        bot.call("sendMessage", chat_id=700, text="đã đến")
    assert [one.text for one in bot.sandbox.bot.delivered] == ["đã đến"]


def test_polling_does_not_use_up_a_fault_meant_for_sending(bot: Bot) -> None:
    bot.sandbox.faults.put("bot", "error_502", times=1)
    assert bot.call("getMe")["ok"]
    assert bot.sandbox.faults.met == []


def test_an_update_wakes_the_waiting_poll_and_is_acknowledged_by_offset(bot: Bot) -> None:
    got: list[Any] = []
    thread = threading.Thread(target=lambda: got.append(bot.call("getUpdates", timeout=9)))
    thread.start()
    bot.sandbox.bot.press("700", 5, "seen:1")
    thread.join(9)
    (update,) = got[0]["result"]
    assert update["callback_query"]["data"] == "seen:1"
    assert bot.call("getUpdates")["result"] == [update], "unacknowledged: shown again"
    assert bot.call("getUpdates", offset=update["update_id"] + 1)["result"] == []


def test_a_text_can_be_edited_only_where_it_was_sent(bot: Bot) -> None:
    number = bot.call("sendMessage", chat_id=700, text="x")["result"]["message_id"]
    assert bot.call("editMessageText", chat_id=700, message_id=number, text="y")["ok"]
    assert bot.call("editMessageText", chat_id=701, message_id=number, text="y")["error_code"] == 400


def _mail(text: str = "Xin chào") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "dunghen@vidu.gov.vn", "cb1@vidu.gov.vn", "Hồ sơ quá hạn"
    message.set_content(text)
    message.add_attachment("mã hồ sơ\n".encode(), maintype="text", subtype="csv", filename="danh-sách.csv")
    return message


def _send(sandbox: Sandbox, password: str | None = None) -> None:
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=5) as client:
        client.login(mail.USERNAME, sandbox.province.tokens["mail"] if password is None else password)
        client.send_message(_mail())


def test_a_mail_arrives_whole(sandbox: Sandbox) -> None:
    _send(sandbox)
    (one,) = sandbox.mail.mails
    assert one.recipients == ("cb1@vidu.gov.vn",)
    assert "Hồ sơ quá hạn" in one.text
    assert "Xin chào" in one.text
    assert one.attachments() == [("danh-sách.csv", "mã hồ sơ\n".encode())]


def test_a_wrong_password_sends_nothing(sandbox: Sandbox) -> None:
    with pytest.raises(smtplib.SMTPAuthenticationError):
        _send(sandbox, "sai")
    assert sandbox.mail.mails == []


@pytest.mark.parametrize(("fault", "code"), [("too_many", 451), ("error_500", 550)])
def test_refusals_of_a_mail_server(sandbox: Sandbox, fault: str, code: int) -> None:
    sandbox.faults.put("mail", fault, times=1)
    with pytest.raises(smtplib.SMTPDataError) as refused:
        _send(sandbox)
    assert refused.value.smtp_code == code
    assert sandbox.mail.mails == []
