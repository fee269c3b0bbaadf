"""Agencies as a tree, the people in them, and who holds which post on a day.

Agencies are renamed, merged and recoded (H10 became H19; districts vanished), so an agency answers to its own code,
to old codes and to what each source calls it, each only within its own dates. Read by `monitor.people_file`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Person:
    """An official. `telegram` is a chat id, `email` an official mailbox."""

    code: str
    name: str
    telegram: str | None = None
    email: str | None = None

    def address(self, channel: str) -> str | None:
        """Where this person is told on "telegram" or "email"; None where they have no such address."""
        return {"telegram": self.telegram, "email": self.email}.get(channel)


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency within its dates (both inclusive, None = open). `alternates` are codes by source name."""

    code: str
    name: str
    parent: str | None = None
    kind: str = ""
    alternates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    old_codes: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None

    def is_valid(self, on: date) -> bool:
        return (self.valid_from or date.min) <= on <= (self.valid_to or date.max)


@dataclass(frozen=True, slots=True)
class Post:
    """A person in a role at an agency, from day to day (both inclusive, None = open)."""

    person: str
    role: str
    agency: str
    held_from: date | None = None
    held_to: date | None = None

    def is_held(self, on: date) -> bool:
        return (self.held_from or date.min) <= on <= (self.held_to or date.max)


class Directory:
    """Looks up agencies and people. Built from checked entries: see `load_directory`."""

    def __init__(self, agencies: Iterable[Agency] = (), people: Iterable[Person] = (), posts: Iterable[Post] = ()):
        self._agencies = {agency.code: agency for agency in agencies}
        self._people = {person.code: person for person in people}
        self._posts: dict[tuple[str, str], list[Post]] = {}
        for post in posts:
            self._posts.setdefault((post.agency, post.role), []).append(post)
        # (source, folded code) -> who ever answered to it; source "" holds for every source
        self._names: dict[tuple[str, str], list[Agency]] = {}
        for agency in self._agencies.values():
            for name in names_of(agency):
                self._names.setdefault(name, []).append(agency)

    def canonical(self, source: str, agency_code: str, on: date | None = None) -> str:
        """Our code of the agency that `source` calls `agency_code`; "" if nobody answers to it.

        A name that the source has for itself goes before a code that all share. Of several that answered to it in
        turn, the one valid `on` that day, else the one that answers today (open end), else the last one.
        """
        folded = folded_code(agency_code)
        found = self._names.get((source, folded)) or self._names.get(("", folded))
        if not found:
            return ""
        valid = [agency for agency in found if on is not None and agency.is_valid(on)]
        return max(valid or found, key=lambda agency: (agency.valid_to or date.max, agency.code)).code

    def agency(self, code: str) -> Agency | None:
        """The agency with this canonical code."""
        return self._agencies.get(code)

    def agencies(self) -> list[Agency]:
        """Every agency, in the order of the file, former ones included."""
        return list(self._agencies.values())

    def people(self) -> list[Person]:
        """Every person, in the order of the file."""
        return list(self._people.values())

    def person(self, code: str) -> Person | None:
        """The person with this code."""
        return self._people.get(code)

    def posts_of(self, person: str, on: date) -> list[Post]:
        """The posts a person holds on that day, in the order of the file."""
        return [post for posts in self._posts.values() for post in posts if post.person == person and post.is_held(on)]

    def up(self, code: str) -> Iterator[Agency]:
        """The agency itself, its parent, and so on to the root. Nothing for an unknown code."""
        agency = self._agencies.get(code)
        while agency is not None:
            yield agency
            agency = self._agencies.get(agency.parent) if agency.parent else None

    def chain(self, code: str) -> list[str]:
        """The codes of `up`; of an unknown agency its own."""
        return [agency.code for agency in self.up(code)] or [code]

    def who(self, role: str, agency_code: str, on: date) -> list[Person]:
        """Who holds `role` on that day at the nearest agency up the tree that has it filled; [] if none does."""
        for agency in self.up(agency_code):
            held = [post.person for post in self._posts.get((agency.code, role), ()) if post.is_held(on)]
            if held:
                return [self._people[code] for code in dict.fromkeys(held)]
        return []


@dataclass(frozen=True, slots=True)
class PeopleMistake:
    """One thing wrong in the file. `entry` is like "agencies[3] H19.42"; `fix` says what to write."""

    file: str
    entry: str
    wrong: str
    fix: str

    def __str__(self) -> str:
        return f"{self.file}: {self.entry}: {self.wrong}. {self.fix}."


def load_directory(path: Path | None) -> Directory:
    """Reads the people file; no file means nobody. Raises `PeopleFileError` with every mistake in it."""
    from monitor import people_file

    return people_file.read(path) if path is not None else Directory()


class PeopleFileError(Exception):
    """The people file can't be used. `mistakes` holds all of them, each naming file, entry and what to write."""

    def __init__(self, mistakes: Iterable[PeopleMistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


def folded_code(code: str) -> str:
    """A code as it is compared: blanks around it and case don't matter."""
    return code.strip().casefold()


def names_of(agency: Agency) -> Iterator[tuple[str, str]]:
    """Every (source, folded code) the agency answers to, once each."""
    shared = [("", folded_code(code)) for code in (agency.code, *agency.old_codes)]
    own = [(source, folded_code(code)) for source, codes in agency.alternates.items() for code in codes]
    return iter(dict.fromkeys(shared + own))
