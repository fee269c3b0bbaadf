"""R11: whatever the texts are, Telegram's HTML parses and fits, mails parse by RFC 5322, and nothing marked leaks."""

import os
import random
from email import policy
from email.parser import BytesParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor import TEMPLATES
from monitor.alerts import telegram
from monitor.alerts.email import HeadersKnown, build, checked_bytes
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


def check_telegram(lines: list[dict[str, Any]], maybe_repeat: bool) -> None:
    message = _outgoing(lines, maybe_repeat)
    texts, attachment = compose(message, "procedures")
    assert texts
    assert [html_problem(text) for text in texts] == [""] * len(texts)
    if attachment is not None:
        assert len(attachment.data.decode("utf-8-sig").splitlines()) == len(lines) + 1


HEADERS = {
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


# any defect raises
STRICT = policy.strict.clone(header_factory=HeadersKnown())


def check_mail(lines: list[dict[str, Any]], maybe_repeat: bool) -> None:
    data = checked_bytes(build(_outgoing(lines, maybe_repeat), "Đúng Hẹn <a@b.vn>"))
    mail = BytesParser(policy=STRICT).parsebytes(data)
    assert list(mail.keys()).count("Subject") == 1
    assert {name.lower() for name in mail} == HEADERS
    assert all(len(row) <= 998 for row in data.split(b"\r\n")), "RFC 5322 §2.1.1"
    assert b"\n" not in data.replace(b"\r\n", b"")
    html = mail.get_body(("html",))
    assert html is not None
    assert "<b></b>" not in clean_text(str(mail["Subject"]))


@settings(max_examples=proof_examples(60, 3_000), deadline=None)
@given(_lines, st.booleans())
def test_every_telegram_message_parses_and_fits(lines: list[dict[str, Any]], maybe_repeat: bool) -> None:
    check_telegram(lines, maybe_repeat)


@settings(max_examples=proof_examples(60, 3_000), deadline=None)
@given(_lines, st.booleans())
def test_every_mail_parses(lines: list[dict[str, Any]], maybe_repeat: bool) -> None:
    check_mail(lines, maybe_repeat)


# Hypothesis spends ten times on making an example what the product spends on it: good for finding a fault's smallest
# form, too slow for crowds. These are drawn plainly, each from a seed of its own that the failure names.
_POOLS = (
    *("aăâbcdđeêghiklmnoôơpqrstuưvxy ", "ẮẰẲẴẶấầẩẫậếềểễệốồổỗộớờởỡợứừửữự", "0123456789-./:,;()[]{}|\\`~!@#$%^*_+=?"),
    *(
        "<>&\"'",
        "\u0300\u0301\u0303\u0309\u0323",
        "\u200b\u200e\u202a\u202e\u2066\ufeff\u2028\u2029",
        "\x00\x07\x1b\r\n\t\x7f\x85",
    ),
    *("🔴🟠👩‍👩‍👧‍👦🇻🇳", "\ud800\udfff\ue000\ufffe", "中文ไทยעבריתالعربية"),
)
_FIELDS = ("code", "procedure", "agency", "promised", "how", "letter", "note", "link")
_PARTS = 4


def drawn(seed: str) -> tuple[list[dict[str, Any]], bool]:
    """Some lines of random texts, long and short, nasty and plain; the same for the same seed."""
    rng = random.Random(seed)

    def text() -> str:
        words = rng.choices((rng.choice(_NASTY), "".join(rng.choices(rng.choice(_POOLS), k=rng.randint(1, 9)))), k=4)
        return " ".join(words[: rng.randint(0, 4)]) if rng.random() < 0.97 else words[0] * rng.randint(50, 900)

    lines = [
        line(section=rng.choice(SECTIONS), **{name: text() for name in _FIELDS}) for _ in range(rng.randint(1, 14))
    ]
    return lines, rng.random() < 0.5


@pytest.mark.parametrize("part", range(_PARTS))
@pytest.mark.parametrize("check", [check_telegram, check_mail])
def test_a_crowd_of_drawn_texts(check: Any, part: int) -> None:
    """100,000 of each in `make proof`."""
    root = os.environ.get("DUNGHEN_PROOF_SEED", "0")
    for n in range(proof_examples(200, 100_000) // _PARTS):
        seed = f"{root}:{part}:{n}"
        lines, maybe_repeat = drawn(seed)
        try:
            check(lines, maybe_repeat)
        except Exception as error:
            raise AssertionError(f"drawn({seed!r}): {error}") from error


def test_the_crowd_would_see_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seeded: a text that is not escaped."""
    monkeypatch.setenv("DUNGHEN_PROOF_SEED", "0")
    monkeypatch.setattr(telegram, "split_html", lambda text: [text.replace("&lt;", "<")])
    with pytest.raises(AssertionError, match=r"drawn\('0:0:\d+'\)"):
        test_a_crowd_of_drawn_texts(check_telegram, 0)


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
