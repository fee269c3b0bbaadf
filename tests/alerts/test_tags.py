"""Splitting Telegram's HTML: every part parses by itself, fits, and nothing of the text is lost."""

import html
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.alerts.tags import plain, split_html, units
from tests.counts import proof_examples
from tests.peers.bot_api import html_problem


@pytest.mark.parametrize(
    ("text", "length", "meaning"),
    [("abc", 3, "letters"), ("hồ sơ", 5, "Vietnamese letters are one unit"), ("🔴", 2, "an emoji is two")],
)
def test_units(text: str, length: int, meaning: str) -> None:
    assert units(text) == length, meaning


def test_the_cut_never_falls_inside_a_tag() -> None:
    """Alertmanager #2923: 4,097 characters with the limit inside a tag."""
    text = "x" * 4090 + '<b>đậm</b> <a href="https://a.vn">mã</a>'
    parts = split_html(text)
    assert len(parts) == 2
    assert all(html_problem(part) == "" for part in parts)


def test_lines_are_kept_whole_where_they_fit() -> None:
    parts = split_html("\n".join(f"<b>dòng {n}</b> " + "x" * 40 for n in range(10)), limit=130)
    assert all(part.startswith("<b>dòng") and part.endswith("x") for part in parts)


def test_tags_open_at_a_cut_are_closed_and_opened_again() -> None:
    parts = split_html("<b>" + "aaaa bbbb " * 40 + "</b>", limit=200)
    assert len(parts) == 3
    assert all(part.startswith("<b>") and part.endswith("</b>") and html_problem(part) == "" for part in parts)


def test_a_link_longer_than_a_message_leaves_its_text() -> None:
    text = f'<b>xem <a href="https://a.vn/{"x" * 5000}">hồ sơ</a></b> ' + "y" * 4090
    parts = split_html(text)
    assert [html_problem(part) for part in parts] == ["", ""]
    assert parts[0].startswith("<b>xem hồ sơ</b>")


def test_nothing_to_say_is_no_message() -> None:
    assert split_html("  \n<b> </b>") == []


_words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60)
_pieces = st.one_of(
    _words.map(lambda text: html.escape(text)),
    _words.map(lambda text: f"<b>{html.escape(text)}</b>"),
    st.tuples(_words, _words).map(
        lambda p: f'<a href="https://a.vn/{html.escape(p[0])}"><i>{html.escape(p[1])}</i></a>'
    ),
    st.just("\n"),
    st.just("🔴&amp;"),
)


@settings(max_examples=proof_examples(200, 20_000), deadline=None)
@given(st.lists(_pieces, max_size=40).map("".join), st.integers(300, 900))
def test_every_part_parses_and_fits_and_the_text_is_whole(text: str, limit: int) -> None:
    parts = split_html(text, limit)
    assert all(html_problem(part) == "" and units(part) <= limit for part in parts)
    squeezed = re.compile(r"\s")
    assert squeezed.sub("", "".join(plain(part) for part in parts)) == squeezed.sub("", plain(text))
