"""Text as it is looked up: without accents (đ too), case and marks, so that "Nguyen" finds "Nguyễn"."""

import re
import unicodedata
from functools import lru_cache

LONGEST = 200  # characters kept of a folded text; a longer name is found by its beginning

_LATIN_MARKS = re.compile("[\u0300-\u036f]+")
_NO_WORD = re.compile(r"[\W_]+")
_LAST_PLAIN = "\u036f"  # marks of other scripts lie behind it


@lru_cache(maxsize=10_000)  # a province has a few thousand procedures, and asks for each of them all day
def folded(text: str) -> str:
    """`Đặng Thị  Hà-Bắc` as `dang thi ha bac`."""
    apart = _LATIN_MARKS.sub("", unicodedata.normalize("NFD", text.casefold()).replace("đ", "d"))
    if apart and max(apart) > _LAST_PLAIN:
        apart = "".join(c for c in apart if not unicodedata.combining(c))
    return " ".join(_NO_WORD.sub(" ", apart).split())[:LONGEST].strip()


def folded_back(text: str) -> str:
    """The folded words from the last to the first: people are called, and looked for, by the given name."""
    return " ".join(reversed(folded(text).split()))


def plain_code(code: str) -> str:
    """A dossier's code as it is looked up, whatever its case and the blanks in it."""
    return "".join(code.split()).upper()[:LONGEST]


def after(prefix: str) -> str:
    """The end of the range of texts that begin with `prefix`, in an order by bytes."""
    return prefix + "\U0010ffff"
