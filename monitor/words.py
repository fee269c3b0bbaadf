"""What the program says to people, in Vietnamese and in English."""

import os
import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

Language = Literal["vi", "en"]


class Words(NamedTuple):
    """One text in both languages. `{…}` fields are filled by `fill`, in both at once."""

    vi: str
    en: str

    def say(self, language: Language) -> str:
        return self.vi if language == "vi" else self.en

    def fill(self, **values: object) -> "Words":
        return Words(self.vi.format(**values), self.en.format(**values))


def language_of(chosen: str | None, environment: Mapping[str, str] | None = None) -> Language:
    """`--lang` if given, else DUNGHEN_LANG, else the locale: Vietnamese unless it names another language.

    A machine without a locale ("C", "POSIX" or nothing) says nothing about who sits in front of it.
    """
    env = os.environ if environment is None else environment
    said = chosen or env.get("DUNGHEN_LANG") or env.get("LC_ALL") or env.get("LC_MESSAGES") or env.get("LANG") or ""
    name = re.split(r"[_.@-]", said, maxsplit=1)[0].lower()
    return "vi" if name in {"", "c", "posix", "vi"} else "en"
