"""Text as a source writes it, made comparable: NFC, one space, no control characters. Letter case stays raw."""

import re
import unicodedata

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028\u2029\u2060\ufeff]")
_SPACES = re.compile(r"\s+")
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
_DASHES = re.compile("[‐-―−]")  # hyphens, en and em dashes, minus: typed or pasted for "-"


def is_clean_unicode(text: str) -> bool:
    """False where the bytes were not the charset they claimed to be (they survive as lone surrogates)."""
    return _LONE_SURROGATE.search(text) is None


def clean(text: str) -> str:
    """NFC, no control characters, runs of white space as one space; undecodable bytes become U+FFFD."""
    if text.isprintable() and "  " not in text and unicodedata.is_normalized("NFC", text):
        return text.strip()  # nearly every text of a sound source
    text = _LONE_SURROGATE.sub("\ufffd", text)
    text = _CONTROL.sub(" ", unicodedata.normalize("NFC", text))
    return _SPACES.sub(" ", text).strip()


def normal_code(text: str) -> str:
    """A dossier code as it is compared (connectors.md §9.3): clean, no inner spaces, upper case, plain hyphens.

    Never checked against a pattern: a province writes its codes as it likes.
    """
    return unicodedata.normalize("NFC", _DASHES.sub("-", clean(text)).replace(" ", "").upper())


def status_key(text: str) -> str:
    """A status as it is looked up: clean, lower case, without the full stop or colon a dictionary left at its end."""
    return unicodedata.normalize("NFC", clean(text).casefold()).rstrip(" .:;…")
