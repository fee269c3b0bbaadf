"""How an agency's letters look: from the configuration where it says, else from the directory's tree."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Protocol

from monitor.letters.names import tidy
from monitor.letters.wording import Head
from monitor.settings import LetterAgency


class AgencyLike(Protocol):
    """What letters ask of an agency of the directory."""

    @property
    def code(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def parent(self) -> str | None: ...
    @property
    def kind(self) -> str: ...


class DirectoryLike(Protocol):
    """What letters ask of the directory."""

    def agency(self, code: str) -> AgencyLike | None: ...
    def canonical(self, source: str, agency_code: str, on: date | None = None) -> str: ...


_COMMITTEE = re.compile(r"^(UBND|Ủy ban nhân dân|Uỷ ban nhân dân)\s+", re.IGNORECASE)
_UNIT = re.compile(r"^(phường|xã|thị trấn|đặc khu|thành phố|tỉnh)\s+", re.IGNORECASE)
_HEADS = {"commune": "CHỦ TỊCH", "province": "CHỦ TỊCH", "department": "GIÁM ĐỐC", "branch": "GIÁM ĐỐC"}
_ANY_HEAD = "THỦ TRƯỞNG CƠ QUAN, ĐƠN VỊ"  # as the form itself prints it


def setting_of(code: str, agencies: Sequence[LetterAgency], on: date) -> LetterAgency:
    """The entry of this agency in force that day, else the one of "*", else the defaults. Of several the newest."""
    for wanted in (code, "*"):
        found = [a for a in agencies if a.agency == wanted and _in_force(a, on)]
        if found:
            return max(found, key=lambda a: a.valid_from or date.min)
    return LetterAgency()


def _in_force(entry: LetterAgency, on: date) -> bool:
    return (entry.valid_from or date.min) <= on <= (entry.valid_to or date.max)


def agency_on(code: str, directory: DirectoryLike, on: date) -> AgencyLike | None:
    """The agency that answers to this code on that day: one that was renamed or merged writes under its new name."""
    return directory.agency(directory.canonical("", code, on) or code) if code else None


def full_name(name: str) -> str:
    """`UBND phường X` -> `Ủy ban nhân dân phường X`."""
    return _COMMITTEE.sub("Ủy ban nhân dân ", tidy(name))


def name_in_text(agency: AgencyLike | None, said_by_source: str) -> str:
    """The agency as a sentence names it; a commune's agency is its People's Committee."""
    if agency is None:
        return full_name(said_by_source)
    name = full_name(agency.name)
    if agency.kind == "commune" and _UNIT.match(name):
        return f"Ủy ban nhân dân {name[0].lower()}{name[1:]}"
    return name


def name_above(agency: AgencyLike | None, directory: DirectoryLike) -> str:
    """The agency above in the tree, as a sentence names it; "" where there is none."""
    above = directory.agency(agency.parent) if agency is not None and agency.parent else None
    return full_name(above.name) if above is not None else ""


def head_of(entry: LetterAgency, agency: AgencyLike | None, directory: DirectoryLike, in_text: str) -> Head:
    """The letterhead. A People's Committee has none above it on paper (NĐ 30/2020 Phụ lục I)."""
    issuer = tuple(entry.issuer.split("\n")) if entry.issuer else _in_capitals(in_text)
    parent: tuple[str, ...] = tuple(entry.parent.split("\n")) if entry.parent else ()
    if not parent and not _COMMITTEE.match(in_text):
        above = name_above(agency, directory)
        parent = _in_capitals(above) if above else ()
    kind = agency.kind if agency is not None else ""
    title = entry.signer_title or _HEADS.get(kind, _ANY_HEAD)
    return Head(
        parent=parent,
        issuer=issuer,
        place=entry.place or _place(in_text),
        symbol=entry.symbol,
        signer=tuple(part for part in (entry.signer_authority, title) if part),
        signer_name=entry.signer_name,
    )


def _in_capitals(name: str) -> tuple[str, ...]:
    """Large, and parted where people part it: the committee on its own line."""
    rest = _COMMITTEE.sub("", name)
    if rest != name:
        return "ỦY BAN NHÂN DÂN", rest.upper()
    return (name.upper(),)


def _place(in_text: str) -> str:
    """A commune's committee writes from the commune it is named after; for others the office says where."""
    rest = _COMMITTEE.sub("", in_text)
    return _UNIT.sub("", rest) if rest != in_text and _UNIT.match(rest) else ""
