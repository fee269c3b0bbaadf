"""Text as it is looked up: without accents (đ too), case and marks, so that "Nguyen" finds "Nguyễn"."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

LONGEST = 200  # characters kept of a folded text; a longer name is found by its beginning

_LATIN_MARKS = re.compile("[\u0300-\u036f]+")
_NO_WORD = re.compile(r"[\W_]+")
_NOT_VIETNAMESE = re.compile("[^\x00-\x7f\u0300-\u036f]")  # once letters and marks are apart
_ONLY_WORDS = {n: " " for n in range(128) if not chr(n).isalnum() and chr(n) != "\n"}
_LAST_PLAIN = "\u036f"  # marks of other scripts lie behind it


@lru_cache(maxsize=10_000)  # a province has a few thousand procedures, and asks for each of them all day
def folded(text: str) -> str:
    """`Đặng Thị  Hà-Bắc` as `dang thi ha bac`."""
    apart = _LATIN_MARKS.sub("", unicodedata.normalize("NFD", text.casefold()).replace("đ", "d"))
    if apart and max(apart) > _LAST_PLAIN:
        apart = "".join(c for c in apart if not unicodedata.combining(c))
    return " ".join(_NO_WORD.sub(" ", apart).split())[:LONGEST].strip()


def folded_all(texts: Sequence[str]) -> list[str]:
    """`folded` of each, at a fifth of the price: names of people come by the thousand, and seldom twice."""
    together = "\n".join(texts)
    apart = unicodedata.normalize("NFD", together.casefold()).replace("đ", "d")
    if together.count("\n") >= len(texts) or _NOT_VIETNAMESE.search(apart):
        return list(map(folded, texts))
    plain = apart.encode("ascii", "ignore").decode().translate(_ONLY_WORDS)
    return [" ".join(line.split())[:LONGEST].strip() for line in plain.split("\n")] if texts else []


def folded_back(text: str) -> str:
    """The folded words from the last to the first: people are called, and looked for, by the given name."""
    return turned(folded(text))


def turned(folded_text: str) -> str:
    """`folded_back` of what is folded already."""
    return " ".join(folded_text.split()[::-1])


def plain_code(code: str) -> str:
    """A dossier's code as it is looked up, whatever its case and the blanks in it."""
    return "".join(code.split()).upper()[:LONGEST]


def after(prefix: str) -> str:
    """The end of the range of texts that begin with `prefix`, in an order by bytes."""
    return prefix + "\U0010ffff"
