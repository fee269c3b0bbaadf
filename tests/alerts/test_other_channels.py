"""SMS gateways, the signed webhook and Apprise against real servers on loopback: every answer in its class."""

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from monitor.alerts.outgoing import Channel, ChannelUnavailable, Outgoing, Result
from monitor.alerts.sms import SmsChannel, text_of
from monitor.alerts.through_apprise import ThroughApprise
from monitor.alerts.webhook import WebhookChannel
from monitor.settings import AppriseChannel, Sms, Webhook
from tests.alerts.test_texts import _lines, _outgoing
from tests.alerts.world import NOW, line, view
from tests.counts import proof_examples
from tests.peers.deaf import nobody_listening
from tests.peers.scripted import Reply, json_reply, serving

SECRET = "canary-secret"
FIELDS = {"Phone": "{to}", "Content": "{text}", "RequestId": "{id}", "ApiKey": "{key}", "SecretKey": "{secret}"}


def outgoing(*lines: dict[str, Any], **more: Any) -> Outgoing:
    values: dict[str, Any] = {"key": "head1:sms:ab", "address": "84901234567", "at": NOW, **more}
    return Outgoing(view=view(lines or (line(),)), **values)


def sms(url: str, **more: Any) -> SmsChannel:
    chosen: dict[str, Any] = {
        "url": url,
        "fields": FIELDS,
        "key": SecretStr("k1"),
        "secret": SecretStr(SECRET),
        "answer_field": "CodeResult",
        "sent_values": ("100", "124"),
        "refused_values": ("108",),
        "receipt_field": "SMSID",
    }
    return SmsChannel(Sms(enabled=True, **{**chosen, **more}))


def webhook(url: str) -> WebhookChannel:
    return WebhookChannel(Webhook(enabled=True, url=url, secret=SecretStr(SECRET)))


def through_apprise(url: str) -> ThroughApprise:
    return ThroughApprise(AppriseChannel(name="phong-hop", url=SecretStr(url)))


def test_an_sms_says_what_where_to_look_and_how_many_in_one_message() -> None:
    with serving(lambda _: json_reply({"CodeResult": "100", "SMSID": "s-1"})) as server:
        outcome = sms(server.url).send(outgoing(line(), line(code="H19.1-261102-0002", section="due_today")))
    (asked,) = server.asked
    body = asked.json()
    assert (outcome.result, outcome.receipt) == (Result.SENT, "s-1")
    assert (body["Phone"], body["ApiKey"], body["SecretKey"]) == ("84901234567", "k1", SECRET)
    assert body["Content"].startswith("1 qua han, 1 den han hom nay (08:00 ngay 23/11/2026): H19.1-261101-0001")
    assert body["Content"].isascii()
    assert len(body["Content"]) <= 160


def test_a_repeated_sms_carries_the_same_id_so_that_the_gateway_knows_it() -> None:
    with serving(lambda _: json_reply({"CodeResult": "124"})) as server:
        channel = sms(server.url)
        outcomes = [channel.send(outgoing(maybe_repeat=repeat)) for repeat in (False, True)]
    assert len({asked.json()["RequestId"] for asked in server.asked}) == 1
    assert [outcome.result for outcome in outcomes] == [Result.SENT] * 2, "124: it has it already"


@pytest.mark.parametrize("form", ["form", "query"])
def test_gateways_that_want_forms_or_addresses(form: str) -> None:
    with serving(lambda _: Reply(b"OK")) as server:
        method = "POST" if form == "form" else "GET"
        outcome = sms(server.url, format=form, method=method, answer_field="").send(outgoing())
    (asked,) = server.asked
    sent = (
        {name: values[0] for name, values in parse_qs(asked.body.decode()).items()} if form == "form" else asked.query
    )
    assert (outcome.result, sent["Phone"], asked.method) == (Result.SENT, "84901234567", method)


CLASSES = [
    (Reply(b"no", 400), Result.REFUSED, False, "this message, never"),
    (Reply(b"no", 403), Result.NOT_SENT, True, "our key: no recipient's fault"),
    (Reply(b"", 302, {"Location": "http://127.0.0.1:1/"}), Result.NOT_SENT, True, "a redirect is not followed"),
    (Reply(b"", 429, {"Retry-After": "77"}), Result.FLOOD, False, "asks for silence"),
    (Reply(b"", 500), Result.UNKNOWN, False, "it may have been taken"),
]


@pytest.mark.parametrize(("reply", "result", "down", "meaning"), CLASSES)
@pytest.mark.parametrize("make", [sms, webhook], ids=["sms", "webhook"])
def test_classes_by_status(make: Any, reply: Reply, result: Result, down: bool, meaning: str) -> None:
    with serving(lambda _: reply) as server:
        outcome = make(server.url).send(outgoing())
    assert (outcome.result, outcome.channel_down, len(server.asked)) == (result, down, 1), meaning
    assert outcome.retry_after_s == (77.0 if result is Result.FLOOD else None)
    assert SECRET not in repr(outcome)
    assert "8490" not in outcome.detail


@pytest.mark.parametrize(
    ("body", "result", "meaning"),
    [
        ({"CodeResult": "108"}, Result.REFUSED, "a wrong number"),
        ({"CodeResult": "103"}, Result.NOT_SENT, "no money left: tried again"),
        ({"Other": 1}, Result.UNKNOWN, "an answer of another shape"),
        ([1], Result.UNKNOWN, "no object"),
    ],
)
def test_classes_by_what_the_gateway_says(body: Any, result: Result, meaning: str) -> None:
    with serving(lambda _: json_reply(body)) as server:
        assert sms(server.url).send(outgoing()).result is result, meaning


def test_a_broken_answer_may_have_arrived_and_nobody_listening_surely_has_not() -> None:
    with serving(lambda _: Reply(b"x" * 100, cut=10)) as server:
        assert sms(server.url).send(outgoing()).result is Result.UNKNOWN
    with nobody_listening() as port:
        url = f"http://127.0.0.1:{port}"
        for channel in (sms(url), webhook(url)):
            outcome = channel.send(outgoing())
            assert (outcome.result, outcome.channel_down) == (Result.NOT_SENT, True)
            with pytest.raises(ChannelUnavailable):
                channel.check()


def test_a_number_that_is_none_is_refused_without_asking() -> None:
    with serving(lambda _: Reply()) as server:
        outcome = sms(server.url).send(outgoing(address="không có"))
    assert (outcome.result, outcome.dead_address, server.asked) == (Result.REFUSED, True, [])


def test_the_webhook_is_signed_and_the_signature_covers_time_and_body() -> None:
    with serving(lambda _: Reply(b"", 204)) as server:
        outcome = webhook(server.url).send(outgoing())
        again = webhook(server.url).send(outgoing(maybe_repeat=True))
    first, second = server.asked
    stamp = first.headers["x-dunghen-timestamp"]
    signed = hmac.new(SECRET.encode(), stamp.encode() + b"." + first.body, hashlib.sha256).hexdigest()
    assert first.headers["x-dunghen-signature"] == f"v1={signed}"
    assert (outcome.result, again.result) == (Result.SENT, Result.SENT)
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    body = first.json()
    assert (body["counts"], body["lines"][0]["code"], body["to"]) == ({"late": 1}, "H19.1-261101-0001", "84901234567")
    assert json.loads(second.body)["maybe_repeat"] is True


def test_the_webhook_shows_only_named_fields() -> None:
    marked = dict.fromkeys(("applicant", "name", "phone", "address", "notices", "order"), "DAU-VET")
    with serving(lambda _: Reply()) as server:
        webhook(server.url).send(outgoing(line(**marked)))
    assert b"DAU-VET" not in server.asked[0].body


def test_apprise_delivers_to_a_real_peer_and_says_when_it_could_not() -> None:
    """json:// is one of Apprise's own services: a POST of JSON."""
    with serving(lambda _: Reply(b"")) as server:
        host = server.url.removeprefix("http://")
        channel = through_apprise(f"json://user:{SECRET}@{host}/{{address}}")
        assert channel.check() == "JSON"
        outcome = channel.send(outgoing(*(line(code=f"c{n}") for n in range(40)), address="tp"))
        (asked,) = server.asked
        assert (outcome.result, asked.path) == (Result.SENT, "/tp")
        body = asked.json()
        assert body["title"] == "40 quá hạn - UBND xã Một"
        assert "và 25 hồ sơ nữa trên trang của Đúng Hẹn" in body["message"]
        server.script = lambda _: Reply(b"", 500)
        assert channel.send(outgoing(address="tp")).result is Result.UNKNOWN


def test_apprise_keeps_its_addresses_out_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    bad = through_apprise(f"nosuch://{SECRET}")
    with pytest.raises(ChannelUnavailable) as caught:
        bad.check()
    outcome = bad.send(outgoing())
    assert (outcome.result, outcome.channel_down) == (Result.NOT_SENT, True)
    assert SECRET not in caplog.text + str(caught.value) + outcome.detail


@settings(max_examples=proof_examples(60, 20_000), deadline=None)
@given(_lines, st.booleans(), st.integers(70, 320))
def test_every_sms_is_ascii_and_fits(lines: list[dict[str, Any]], maybe_repeat: bool, most: int) -> None:
    text = text_of(_outgoing(lines, maybe_repeat), most)
    assert text.isascii()
    assert text.isprintable()
    assert 0 < len(text) <= most


def test_every_channel_keeps_to_the_seam() -> None:
    channels: list[Channel] = [sms("http://127.0.0.1:1"), webhook("http://127.0.0.1:1"), through_apprise("json://h")]
    assert [channel.name for channel in channels] == ["sms", "webhook", "phong-hop"]
