"""Text as it is looked up: without accents (đ too), case and marks, so that "Nguyen" finds "Nguyễn"."""

import unicodedata

LONGEST = 200  # characters kept of a folded text; a longer name is found by its beginning


def folded(text: str) -> str:
    """`Đặng Thị  Hà-Bắc` as `dang thi ha bac`."""
    apart = unicodedata.normalize("NFD", text.casefold()).replace("đ", "d")
    plain = "".join(c if c.isalnum() else " " for c in apart if not unicodedata.combining(c))
    return " ".join(plain.split())[:LONGEST].strip()


def folded_back(text: str) -> str:
    """The folded words from the last to the first: people are called, and looked for, by the given name."""
    return " ".join(reversed(folded(text).split()))


def plain_code(code: str) -> str:
    """A dossier's code as it is looked up, whatever its case and the blanks in it."""
    return "".join(code.split()).upper()[:LONGEST]


def after(prefix: str) -> str:
    """The end of the range of texts that begin with `prefix`, in an order by bytes."""
    return prefix + "\U0010ffff"
