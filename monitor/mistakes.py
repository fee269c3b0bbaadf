"""A mistake in a file that a person wrote: where it is, what is wrong, what to write instead."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from monitor.words import Language, Words


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one value and what to write. Never holds a secret."""

    wrong: Words
    fix: Words


@dataclass(frozen=True, slots=True)
class Mistake:
    """`key` is the path in the file: `sources[0].every`; "" for the file itself."""

    file: str
    key: str
    wrong: Words
    fix: Words

    def line(self, language: Language) -> str:
        where = f"{self.file}: {self.key}" if self.key else self.file
        arrow = "Hãy" if language == "vi" else "Write"
        return f"{where}: {self.wrong.say(language)} {arrow}: {self.fix.say(language)}"

    def as_json(self, language: Language) -> dict[str, str]:
        return {
            "file": self.file,
            "key": self.key,
            "wrong": self.wrong.say(language),
            "fix": self.fix.say(language),
        }


class SettingsRefused(Exception):
    """The configuration cannot be used. Carries every mistake found, in the order of the file's tables."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(mistake.line("vi") for mistake in self.mistakes))


def path_of(location: Iterable[str | int]) -> str:
    """`("sources", 0, "every")` -> `sources[0].every`."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    found = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return found[0] if found else None
