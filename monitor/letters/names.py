"""How people and organisations are named and addressed on paper. Sources SHOUT; letters do not."""

import re
import tomllib
import unicodedata
from typing import Any

from monitor import TEMPLATES

_DATA: dict[str, Any] = tomllib.loads((TEMPLATES / "letters" / "names.toml").read_text("utf-8"))
_ORGANISATIONS: dict[str, str] = _DATA["organisations"]  # how its name begins (folded) -> how one speaks to it
_PHRASES: list[str] = sorted(_DATA["phrases"], key=len, reverse=True)
_CERTAIN = frozenset(_DATA["certain"])  # no person is called so: sources file companies under "citizen"
_ACRONYMS = frozenset(_DATA["acronyms"])
_SMALL = frozenset(_DATA["small"])
_HONORIFIC = re.compile(r"^(ông|bà|anh|chị|cụ)(/(ông|bà))?\s+", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")


def tidy(text: str) -> str:
    """One line of text in NFC, single spaces, no edges."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def is_organisation(name: str, kind: str = "") -> bool:
    """By the source's word where it gives one, unless the name plainly says otherwise; else by how it begins."""
    word = _organisation_word(name)
    if kind:
        return kind == "organisation" or word in _CERTAIN
    return word != ""


def _organisation_word(name: str) -> str:
    folded = tidy(name).lower() + " "
    found = [word for word in _ORGANISATIONS if folded.startswith(word + " ")]
    return max(found, key=len, default="")


def proper(name: str, organisation: bool) -> str:
    """The name in proper case if the source wrote it all in capitals or all in small letters; else as it is."""
    name = tidy(name)
    if not name.isupper() and not name.islower():
        return name
    return _organisation_case(name) if organisation else _person_case(name)


def _person_case(name: str) -> str:
    """`H'HEN NIÊ` -> `H'Hen Niê`: every run of letters begins with a capital."""
    return _WORD.sub(lambda m: m[0][0].upper() + m[0][1:].lower(), name)


def _organisation_case(name: str) -> str:
    shouting = name.isupper()
    lowered = name.lower()
    out: list[str] = []
    at = 0
    while at < len(name):
        phrase = next((p for p in _PHRASES if _begins_word(lowered, at, p)), "")
        if phrase:
            out.append(phrase[0].upper() + phrase[1:])
            at += len(phrase)
            continue
        word = re.match(r"\S+\s*|\s+", name[at:])
        assert word is not None
        out.append(_one_word(word[0], shouting))
        at += len(word[0])
    text = "".join(out)
    return text[:1].upper() + text[1:]


def _begins_word(text: str, at: int, phrase: str) -> bool:
    end = at + len(phrase)
    return text.startswith(phrase, at) and (end == len(text) or not text[end].isalnum())


def _one_word(word: str, shouting: bool) -> str:
    bare = word.strip(" ,.;()\"'-")
    if bare.lower() in _SMALL:
        return word.lower()
    if shouting and _is_acronym(bare):
        return word
    return _person_case(word)


def _is_acronym(bare: str) -> bool:
    if bare in _ACRONYMS or any(c.isdigit() or c in "&.-" for c in bare):
        return True
    plain = unicodedata.normalize("NFD", bare)
    return not any(c in "AEIOUY" for c in plain)  # no vowel: TNHH, XNK, BMW


def owners(name: str) -> list[str]:
    """Several co-owners in one field are separated by ";"."""
    return [part for part in (tidy(p) for p in name.split(";")) if part]


def addressed(name: str, kind: str = "") -> str:
    """As it stands after "Kính gửi:": `Ông/Bà Nguyễn Văn An; Ông/Bà Trần Thị Bé`, `Công ty TNHH …`."""
    return "; ".join(_one_addressed(one, kind) for one in owners(name))


def _one_addressed(name: str, kind: str) -> str:
    if is_organisation(name, kind):
        return proper(name, organisation=True)
    said = _HONORIFIC.match(name)
    bare = proper(name[said.end() :] if said else name, organisation=False)
    return f"{said[0].strip().title()} {bare}" if said else f"Ông/Bà {bare}"


def address_word(name: str, kind: str = "") -> str:
    """How the letter speaks to them: "Ông/Bà", "Quý công ty", "Quý cơ quan" …"""
    names = owners(name)
    if names and all(is_organisation(one, kind) for one in names):
        return _ORGANISATIONS.get(_organisation_word(names[0]), "Quý cơ quan")
    return "Ông/Bà"
