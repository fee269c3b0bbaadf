"""How an applicant is reached, as sources write it: telephone numbers in one form, and no office's own address."""

import re

_SEPARATORS = re.compile(r"[\s.\-()]")
_OFFICE = re.compile(r"@([\w-]+\.)*gov\.vn$", re.IGNORECASE)
_LOCAL = 9  # digits after the leading 0


def phone(text: str) -> str:
    """`0912345678` for every way of writing it (connectors.md §11 case 51); what is no such number stays as written."""
    digits = _SEPARATORS.sub("", text)
    plain = digits.removeprefix("+")
    if not (plain.isascii() and plain.isdigit()):
        return text
    for prefix in ("0084", "84"):
        if plain.startswith(prefix) and len(plain) == len(prefix) + _LOCAL:
            return f"0{plain[len(prefix) :]}"
    if digits == plain and len(plain) == _LOCAL and plain[0] in "35789":
        return f"0{plain}"
    return plain if digits == plain else text


def email(text: str) -> str:
    """The address, unless it is an office's own, filled in where the citizen gave none."""
    return "" if _OFFICE.search(text.strip()) else text
