"""The pages' two languages: Vietnamese is what stands in the templates; its English is looked up beside them.

The catalogue is `templates/web/english/*.toml`, Vietnamese = English, `%(name)s` where a value comes in. What comes
from a source, a person or a letter stays Vietnamese in both and is marked as such (`lang="vi"`, WCAG 3.1.2).
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from typing import Any

from markupsafe import Markup, escape

from monitor import TEMPLATES
from monitor.web import words
from monitor.web.lines_english import in_english_marked
from monitor.web.words import Word
from monitor.words import Language

LANGUAGES: Mapping[str, Language] = {"vi": "vi", "en": "en"}
NAMES: Mapping[Language, str] = {"vi": "Tiếng Việt", "en": "English"}
COOKIE = "language"
_FOLDER = TEMPLATES / "web" / "english"


@cache
def english() -> Mapping[str, str]:
    """The whole catalogue. Raises `ValueError` naming a text that stands in it twice, since one of the two is lost."""
    found: dict[str, str] = {}
    for file in sorted(_FOLDER.glob("*.toml")):
        for text, said in tomllib.loads(file.read_text("utf-8")).items():
            if text in found:
                raise ValueError(f"{file.name}: {text!r} stands in the catalogue twice; remove one")
            found[text] = said
    return found


def chosen(cookies: Mapping[str, str]) -> Language:
    """The language a browser chose; Vietnamese unless it did."""
    return LANGUAGES.get(cookies.get(COOKIE, ""), "vi")


class Wording:
    """One language of the pages. A text without its English is shown in Vietnamese: better read than missing."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language
        self._texts: Mapping[str, str] = {} if language == "vi" else english()
        self.words = Vocabulary(self)

    def say(self, text: str) -> str:
        """The text in this language."""
        return self._texts.get(text, text)

    def say_in(self, place: str, text: str) -> str:
        """The text where one Vietnamese word needs two English ones: "many|Hồ sơ" in the catalogue is "Dossiers"."""
        return self._texts.get(f"{place}|{text}") or self.say(text)

    def say_number(self, one: str, many: str, number: int) -> str:
        """Vietnamese has no plural and the English texts do without one."""
        return self.say(one if number == 1 else many)

    def vietnamese(self, text: object) -> str:
        """Data that is Vietnamese whatever the page is: marked for screen readers on a page that is not."""
        if not text or self.language == "vi":
            return "" if text is None else str(text) if not isinstance(text, Markup) else text
        return Markup('<span lang="vi">{}</span>').format(escape(text))

    def line(self, text: str) -> str:
        """A line that explains a dossier. What has no English stays as it came, marked as Vietnamese."""
        return text if self.language == "vi" else in_english_marked(text, self.vietnamese)

    @property
    def vietnamese_attribute(self) -> Markup:
        """The same for an element that can hold no other, such as an option."""
        return Markup("") if self.language == "vi" else Markup(' lang="vi"')


class Vocabulary:
    """The tables of `monitor.web.words` in one language, and what is asked of them."""

    def __init__(self, wording: Wording) -> None:
        self._say = wording.say
        self._tables = {
            name: _in_words(table, wording) for name, table in vars(words).items() if name.isupper() and table
        }

    def __getattr__(self, table: str) -> Any:
        try:
            return self._tables[table]
        except KeyError:
            raise AttributeError(f"monitor/web/words.py has no table {table}") from None

    def stage(self, name: str) -> Word:
        """A stage nobody told us about is unsure, never calm."""
        found: Word | None = self.STAGES.get(name)
        return found or Word(name or self._say("Chưa rà soát"), "unsure")

    def job(self, name: str) -> str:
        """`pull:motcua` is the reading of the source "motcua"."""
        kind, _, subject = name.partition(":")
        if kind == "pull":
            return self._say("Đọc nguồn %(name)s") % {"name": subject}
        return str(self.JOBS.get(name, name))

    def measure(self, name: str) -> Word:
        """What is counted, in words: a class, a letter, or an open finding of a kind."""
        kind = name.removeprefix("finding:")
        found: Word | None = self.MEASURES.get(name)
        return found or Word(self.FINDINGS.get(kind, kind), "unsure")


def _in_words(table: Any, wording: Wording) -> Any:
    """A table with every text in it said in the language; its shape stays."""
    if isinstance(table, Word):
        return Word(wording.say(table.text), table.tone)
    if isinstance(table, Mapping):
        return {key: _in_words(value, wording) for key, value in table.items()}
    if isinstance(table, tuple):
        return tuple(_in_words(value, wording) for value in table)
    return wording.say(table) if isinstance(table, str) else table
