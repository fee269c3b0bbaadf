"""The mail channel against a real SMTP server: classes by phase, headers that can't be forged, mails that parse."""

import os
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from monitor.alerts.email import EmailChannel, HeaderInjection, build, checked_bytes, message_id
from monitor.alerts.outgoing import ChannelUnavailable, Outcome, Outgoing, Result
from monitor.settings import Email
from tests.alerts.world import NOW, line, view
from tests.peers.deaf import nobody_listening
from tests.peers.smtp import MailServer, mail_server

SENDER = "Đúng Hẹn <canhbao@tp.example.vn>"


@pytest.fixture(scope="module")
def running() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def server(running: MailServer) -> MailServer:
    running.taken.clear()
    running.raw.clear()
    running.script.clear()
    return running


def make(port: int, **more: Any) -> EmailChannel:
    settings: dict[str, Any] = {"host": "127.0.0.1", "port": port, "security": "none", "sender": SENDER, "timeout": 5}
    return EmailChannel(Email(enabled=True, **{**settings, **more}))


def outgoing(*lines: dict[str, Any], **more: Any) -> Outgoing:
    values: dict[str, Any] = {"key": "head1:email:ab", "address": "head1@xa1.example.vn", "at": NOW, **more}
    return Outgoing(view=view(lines or (line(),)), **values)


def part(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    assert found is not None
    return str(found.get_content())


def test_a_leader_reads_what_where_how_late_and_what_to_do(server: MailServer) -> None:
    outcome = make(server.port).send(outgoing())
    ((to, mail),) = server.taken
    assert outcome == Outcome(Result.SENT, receipt=message_id("head1:email:ab", "tp.example.vn"))
    assert (to, mail["To"], mail["Message-ID"]) == ("head1@xa1.example.vn", "head1@xa1.example.vn", outcome.receipt)
    assert mail["Subject"] == "1 quá hạn - UBND xã Một"
    assert mail["From"].addresses[0].display_name == "Đúng Hẹn"
    for kind in ("plain", "html"):
        text = part(mail, kind)
        for piece in ("H19.1-261101-0001", "quá hạn 01 ngày làm việc", "20/11/2026", "UBND xã Một", "/hoso/H19.1"):
            assert piece in text, kind
        assert "Việc cần làm:" in text
        assert "chưa gửi thư xin lỗi" in text


def test_the_same_message_has_the_same_id_and_says_it_may_be_a_repeat(server: MailServer) -> None:
    channel = make(server.port)
    channel.send(outgoing())
    channel.send(outgoing(maybe_repeat=True))
    (_, first), (_, second) = server.taken
    assert first["Message-ID"] == second["Message-ID"]
    assert second["Subject"].startswith("(có thể trùng) ")
    assert "có thể trùng" in part(second, "plain")


def test_mails_about_one_dossier_refer_to_one_thread(server: MailServer) -> None:
    channel = make(server.port)
    channel.send(outgoing(line(code="c1"), key="k1"))
    channel.send(outgoing(line(code="c2"), line(code="c1"), key="k2"))
    channel.send(outgoing(*(line(code=f"c{n}") for n in range(300)), key="k3"))
    first, second, third = (str(mail["References"]).split() for _, mail in server.taken)
    assert first[0] in second
    assert (len(first), len(second), len(third)) == (1, 2, 10)
    assert all(len(row) <= 998 for row in server.raw[2].splitlines())


@pytest.mark.parametrize(
    ("phase", "answer", "result", "down", "meaning"),
    [
        ("mail", "451 later", Result.NOT_SENT, True, "not now"),
        ("mail", "550 sender unwelcome", Result.NOT_SENT, True, "our sender is wrong: no recipient's fault"),
        ("rcpt", "450 greylisted", Result.NOT_SENT, False, "not now, for this mailbox"),
        ("rcpt", "550 no such user", Result.REFUSED, False, "this mailbox, never"),
        ("data", "451 later", Result.NOT_SENT, False, "the server says it did not keep it"),
        ("data", "554 spam", Result.REFUSED, False, "this mail, never"),
        ("data", "cut_after", Result.UNKNOWN, False, "taken, but the answer was lost (RFC 1047)"),
    ],
)
def test_classes(server: MailServer, phase: str, answer: str, result: Result, down: bool, meaning: str) -> None:
    server.script.append((phase, answer))
    outcome = make(server.port).send(outgoing())
    assert (outcome.result, outcome.channel_down) == (result, down), meaning
    assert outcome.detail
    assert "head1" not in outcome.detail, "an address has no place in a log"


def test_nobody_listens_is_surely_not_sent() -> None:
    with nobody_listening() as port:
        channel = make(port)
        outcome = channel.send(outgoing())
        with pytest.raises(ChannelUnavailable):
            channel.check()
    assert (outcome.result, outcome.channel_down) == (Result.NOT_SENT, True)


@pytest.mark.parametrize("greeting", [b"", b"421 busy\r\n", b"<html>not a mail server</html>\r\n"])
def test_a_peer_that_does_not_greet_is_surely_not_sent(greeting: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(greeting)

        thread = threading.Thread(target=answer)
        thread.start()
        outcome = make(listener.getsockname()[1]).send(outgoing())
        thread.join(5)
    assert (outcome.result, outcome.channel_down) == (Result.NOT_SENT, True)


def test_login_is_needed_and_a_wrong_password_holds_the_mail_back() -> None:
    with mail_server(password="right") as server:
        good = make(server.port, username="dunghen", password=SecretStr("right"))
        bad = make(server.port, username="dunghen", password=SecretStr("canary-password"))
        assert good.check() == f"127.0.0.1:{server.port}"
        assert good.send(outgoing()).result is Result.SENT
        outcome = bad.send(outgoing())
        with pytest.raises(ChannelUnavailable) as caught:
            bad.check()
    assert (outcome.result, outcome.channel_down) == (Result.NOT_SENT, True)
    assert "canary" not in outcome.detail + str(caught.value)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a self-signed certificate for 127.0.0.1 in one file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        if os.environ.get("DUNGHEN_REQUIRE_ALL") == "1":
            pytest.fail("openssl is missing: apt-get install openssl")
        pytest.skip("openssl is missing: apt-get install openssl")
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)]
    subprocess.run(command, check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_bytes(key.read_bytes() + cert.read_bytes())
    return both


@pytest.mark.parametrize("trusted", [True, False])
def test_starttls_checks_the_certificate(certificate: Path, monkeypatch: pytest.MonkeyPatch, trusted: bool) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with mail_server(tls_context=context, require_starttls=True) as server:
        outcome = make(server.port, security="starttls").send(outgoing())
        assert len(server.taken) == trusted, outcome
    assert outcome.result is (Result.SENT if trusted else Result.NOT_SENT)


def test_starttls_is_never_silently_left_out(server: MailServer) -> None:
    """A server (or someone in between) that doesn't offer it gets no mail."""
    assert make(server.port, security="starttls").send(outgoing()).result is Result.NOT_SENT
    assert server.taken == []


def test_a_long_list_is_attached_whole(server: MailServer) -> None:
    make(server.port).send(outgoing(*(line(code=f"H19.1-{n:04d}") for n in range(300))))
    ((_, mail),) = server.taken
    (attachment,) = mail.iter_attachments()
    text = attachment.get_content()
    assert attachment.get_filename() == "danh-sach-ho-so-202611230800.csv"
    assert all(f"H19.1-{n:04d}" in text for n in range(300))
    assert "và 260 hồ sơ nữa trong tệp danh sách" in part(mail, "plain")


@pytest.mark.parametrize(
    "nasty",
    [
        "=?utf-8?q?a=0ABcc:_x=40y?=",
        "a\r\nBcc: x@y.vn",
        "a\nBcc: x@y.vn",
        "a\u2028Bcc: x@y.vn",
        "a\x85Bcc: x@y.vn",
        "=?utf-8?b?CkJjYzogeEB5?=" * 20,
        "\ud800 =\x00?utf-8?q?=0A?=",
    ],
)
def test_no_agency_name_can_add_a_header(server: MailServer, nasty: str) -> None:
    """CVE-2024-6923 is live on Python before 3.11.10."""
    make(server.port).send(outgoing(line(agency=nasty)))
    ((_, mail),) = server.taken
    assert "bcc" not in {name.lower() for name in mail}
    raw = server.raw[0].split(b"\r\n\r\n")[0].lower()
    assert b"\nbcc" not in raw
    assert b"\rbcc" not in raw


def test_a_forged_header_is_refused_where_the_library_lets_it_through() -> None:
    mail = EmailMessage(policy=policy.SMTP)
    mail["Subject"] = "=?utf-8?q?a=0ABcc=3A_x=40y?="
    try:
        data = checked_bytes(mail)
    except HeaderInjection:
        return
    assert b"\nBcc" not in data, "a newer Python keeps it in one header by itself"


@pytest.mark.parametrize("address", ["", "a", "a@b\r\nRCPT TO:<c@d>", "a@b>, <c@d", "một@xã.vn", "a b@c.vn"])
def test_what_is_no_address_gets_no_mail(server: MailServer, address: str) -> None:
    assert make(server.port).send(outgoing(address=address)).result is Result.REFUSED
    assert server.taken == []


def test_lines_that_begin_with_a_dot_arrive_whole(server: MailServer) -> None:
    make(server.port).send(outgoing(line(code=".", procedure=".\n.", agency=".")))
    ((_, mail),) = server.taken
    assert "\n- .: " in part(mail, "plain")


def test_built_mail_parses_again_with_every_part() -> None:
    mail = BytesParser(policy=policy.strict).parsebytes(checked_bytes(build(outgoing(), SENDER)))
    assert [p.get_content_type() for p in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert mail["Auto-Submitted"] == "auto-generated"
