"""R11: whatever the texts are, Telegram's HTML parses and fits, mails parse by RFC 5322, and nothing marked leaks."""

from email import policy
from email.parser import BytesParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor import TEMPLATES
from monitor.alerts.email import build, checked_bytes
from monitor.alerts.lines import SECTIONS, shorten
from monitor.alerts.outgoing import Outgoing
from monitor.alerts.telegram import compose
from monitor.alerts.wording import clean_text, render, whole_list
from tests.alerts.world import NOW, line, view
from tests.counts import proof_examples
from tests.peers.bot_api import html_problem

_NASTY = [
    "<b>",
    "</a>",
    "&",
    "&amp;",
    '"',
    "'",
    "<",
    ">",
    "\r\nBcc: x@y",
    "=?utf-8?q?=0A?=",
    "\u202e",
    "\ud800",
    "🔴",
    "\x00",
]
_text = st.lists(
    st.one_of(st.sampled_from(_NASTY), st.text(max_size=8), st.sampled_from(["Nguyễn", "xã", "hồ sơ", "đất đai"])),
    max_size=8,
).map(" ".join)
_lines = st.lists(
    st.fixed_dictionaries(
        {
            "section": st.sampled_from(SECTIONS),
            "code": _text,
            "procedure": _text,
            "agency": _text,
            "promised": _text,
            "how": _text,
            "letter": _text,
            "note": _text,
            "link": _text,
        }
    ).map(lambda fields: line(**fields)),
    min_size=1,
    max_size=18,
)


def _outgoing(lines: list[dict[str, Any]], maybe_repeat: bool = False) -> Outgoing:
    ordered = sorted(lines, key=lambda one: SECTIONS.index(one["section"]))
    return Outgoing("k", "a@xa.example.vn", view(ordered), NOW, maybe_repeat)


@settings(max_examples=proof_examples(200, 100_000), deadline=None)
@given(_lines, st.booleans())
def test_every_telegram_message_parses_and_fits(lines: list[dict[str, Any]], maybe_repeat: bool) -> None:
    message = _outgoing(lines, maybe_repeat)
    texts, attachment = compose(message, "procedures")
    assert texts
    assert [html_problem(text) for text in texts] == [""] * len(texts)
    if attachment is not None:
        assert len(attachment.data.decode("utf-8-sig").splitlines()) == len(lines) + 1


@settings(max_examples=proof_examples(200, 100_000), deadline=None)
@given(_lines, st.booleans())
def test_every_mail_parses(lines: list[dict[str, Any]], maybe_repeat: bool) -> None:
    data = checked_bytes(build(_outgoing(lines, maybe_repeat), "Đúng Hẹn <a@b.vn>"))
    mail = BytesParser(policy=policy.strict).parsebytes(data)
    assert list(mail.keys()).count("Subject") == 1
    assert {name.lower() for name in mail} == {
        "from",
        "to",
        "subject",
        "date",
        "message-id",
        "references",
        "auto-submitted",
        "mime-version",
        "content-type",
    }
    assert all(len(row) <= 998 for row in data.split(b"\r\n")), "RFC 5322 §2.1.1"
    assert b"\n" not in data.replace(b"\r\n", b"")
    html = mail.get_body(("html",))
    assert html is not None
    assert "<b></b>" not in clean_text(str(mail["Subject"]))


TEMPLATE_NAMES = sorted(path.name for path in (TEMPLATES / "alerts").glob("*.j2") if path.name != "phrases.j2")


@pytest.mark.parametrize("template", TEMPLATE_NAMES)
def test_every_template_sees_only_the_fields_of_a_line(template: str) -> None:
    """Marked data in any other field reaches no text of any channel (law.md §8)."""
    marked = dict.fromkeys(("applicant", "name", "phone", "address", "email", "id_number", "order"), "DAU-VET")
    message = _outgoing([line(**marked) for _ in range(60)])
    attachment = whole_list(message, 20)
    assert attachment is not None
    assert "DAU-VET" not in render(template, message, 20) + attachment.data.decode()


@pytest.mark.parametrize(("detail", "named"), [("codes", False), ("procedures", True)])
def test_what_a_foreign_service_is_told(detail: str, named: bool) -> None:
    """`channels.telegram.detail`: by default neither the text nor the file names the procedure."""
    texts, attachment = compose(_outgoing([line(procedure="DAU-VET") for _ in range(60)]), detail)
    assert attachment is not None
    assert ("DAU-VET" in "".join(texts), "DAU-VET" in attachment.data.decode()) == (named, named)


def test_shorten_cuts_at_a_word() -> None:
    assert shorten("Đăng ký  biến động\n đất đai", 20) == "Đăng ký biến động…"
    assert shorten("ngắn", 20) == "ngắn"


def test_a_long_procedure_does_not_push_the_next_dossier_off_the_screen() -> None:
    assert len(shorten("Thủ tục " * 100, 90)) <= 90
