"""The lines of an explanation in English. They are told in Vietnamese by the rules themselves (`monitor.explain`), as
sentences around values; the catalogue beside the templates has each sentence with its places, so a line is taken apart
by the one that fits and put together in English. What no entry knows stays as it came: a name, what a source said."""

import re
import tomllib
from collections.abc import Callable, Mapping
from functools import cache

from markupsafe import Markup

from monitor import TEMPLATES

_FILE = TEMPLATES / "web" / "lines_english.toml"
_PLACE = re.compile(r"%\((\w+)\)s")
_WEEKDAYS = {
    "thứ Hai": "Monday",
    "thứ Ba": "Tuesday",
    "thứ Tư": "Wednesday",
    "thứ Năm": "Thursday",
    "thứ Sáu": "Friday",
    "thứ Bảy": "Saturday",
    "Chủ nhật": "Sunday",
}
_DAY = re.compile(rf"\b({'|'.join(_WEEKDAYS)})(?= \d\d/\d\d/\d{{4}})", re.IGNORECASE)
_DAYS_FOLDED = {name.lower(): english for name, english in _WEEKDAYS.items()}


@cache
def catalogue() -> Mapping[str, str]:
    """Vietnamese sentence with its places → English."""
    return tomllib.loads(_FILE.read_text("utf-8"))


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """The sentences with places, those that say most by themselves first: `%(a)s: %(b)s.` fits nearly everything."""
    with_places = [text for text in catalogue() if _PLACE.search(text)]
    with_places.sort(key=lambda text: -len(_PLACE.sub("", text)))
    return tuple((re.compile(_pattern(text), re.DOTALL), catalogue()[text]) for text in with_places)


def _pattern(text: str) -> str:
    parts = _PLACE.split(text)  # words, name, words, name, …
    return "".join(f"(?P<{part}>.+?)" if place % 2 else re.escape(part) for place, part in enumerate(parts))


def in_english(text: str) -> str:
    """The line in English, its values too where they are words of ours."""
    return str(_line(text, str, lambda name: name))


def in_english_marked(text: str, vietnamese: Callable[[str], str]) -> str:
    """The same as markup: `vietnamese` marks what stays in that language."""
    return _line(text, Markup, vietnamese)


def _line(text: str, shape: Callable[[str], str], vietnamese: Callable[[str], str]) -> str:
    said = _said(text, shape, vietnamese)
    if said is None:
        return _left(text, vietnamese)
    return said[:1].upper() + said[1:] if text[:1].isupper() else said


def _said(text: str, shape: Callable[[str], str], vietnamese: Callable[[str], str]) -> str | None:
    """What an entry knows, also with a capital at its head; None where none fits."""
    for asked in dict.fromkeys((text, text[:1].lower() + text[1:])):
        whole = catalogue().get(asked)
        if whole is not None:
            return shape(whole)
        for pattern, english in _patterns():
            found = pattern.fullmatch(asked)
            if found:
                values = found.groupdict().items()
                return shape(english) % {name: _value(value, shape, vietnamese) for name, value in values}
    return None


def _value(text: str, shape: Callable[[str], str], vietnamese: Callable[[str], str]) -> str:
    """A value of a line; several of one kind are told with semicolons."""
    parts = (_said(part, shape, vietnamese) or _left(part, vietnamese) for part in text.split("; "))
    return shape("; ").join(parts)


def _left(text: str, vietnamese: Callable[[str], str]) -> str:
    """A day, a number, a code; or a name and what a source said, which are Vietnamese."""
    with_days = _DAY.sub(lambda found: _DAYS_FOLDED[found[1].lower()], text)
    return with_days if with_days.isascii() else vietnamese(with_days)
