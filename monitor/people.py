"""Agencies as a tree, the people in them, and who holds which post on a day.

Agencies are renamed, merged and recoded (H10 became H19; districts vanished), so an agency answers to its own code,
to old codes and to what each source calls it, each only within its own dates. Read by `monitor.people_file`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Person:
    """An official. `telegram` is a chat id, `email` an official mailbox; `others` are addresses by channel name."""

    code: str
    name: str
    telegram: str | None = None
    email: str | None = None
    others: Mapping[str, str] = field(default_factory=dict, hash=False)

    def address(self, channel: str) -> str | None:
        """Where this person is told on a channel; None where they have no such address."""
        return {**self.others, "telegram": self.telegram, "email": self.email}.get(channel)

    def channels(self) -> list[str]:
        """The channels on which they have an address."""
        return [name for name in ("telegram", "email", *self.others) if self.address(name)]


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
    successor: str | None = None  # who answers for its matters once it is no more

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


@dataclass(frozen=True, slots=True)
class Leave:
    """A person is away, from day to day (both inclusive)."""

    person: str
    away_from: date
    away_to: date
    note: str = ""

    def is_away(self, on: date) -> bool:
        return self.away_from <= on <= self.away_to


@dataclass(frozen=True, slots=True)
class Substitution:
    """A written authorisation (uỷ quyền): `substitute` acts for `giver` from day to day, within its scope.

    No roles or agencies = all the giver's. `document` is its number. The giver goes on answering for the matter
    (Luật Tổ chức chính quyền địa phương), so both are told.
    """

    giver: str
    substitute: str
    given_from: date
    given_to: date
    document: str
    roles: tuple[str, ...] = ()
    agencies: tuple[str, ...] = ()

    def covers(self, role: str, agency: str, on: date) -> bool:
        """Whether it holds on that day for this post of the giver's."""
        in_scope = (not self.roles or role in self.roles) and (not self.agencies or agency in self.agencies)
        return in_scope and self.given_from <= on <= self.given_to


@dataclass(frozen=True, slots=True)
class Hearer:
    """Someone who is told: for a post of their own, or in the place of others (codes, nearest last)."""

    person: Person
    instead_of: tuple[str, ...] = ()


class Directory:
    """Looks up agencies and people. Built from checked entries: see `load_directory`."""

    def __init__(
        self,
        agencies: Iterable[Agency] = (),
        people: Iterable[Person] = (),
        posts: Iterable[Post] = (),
        leaves: Iterable[Leave] = (),
        substitutions: Iterable[Substitution] = (),
    ):
        self._agencies = {agency.code: agency for agency in agencies}
        self._people = {person.code: person for person in people}
        self._posts: dict[tuple[str, str], list[Post]] = {}
        self._posts_of: dict[str, list[Post]] = {}
        for post in posts:
            self._posts.setdefault((post.agency, post.role), []).append(post)
            self._posts_of.setdefault(post.person, []).append(post)
        self._leaves: dict[str, list[Leave]] = {}
        for leave in leaves:
            self._leaves.setdefault(leave.person, []).append(leave)
        self._given: dict[str, list[Substitution]] = {}
        for substitution in substitutions:
            self._given.setdefault(substitution.giver, []).append(substitution)
        # (source, folded code) -> who ever answered to it; source "" holds for every source
        self._names: dict[tuple[str, str], list[Agency]] = {}
        for agency in self._agencies.values():
            for name in names_of(agency):
                self._names.setdefault(name, []).append(agency)
        self._posts_on = lru_cache(maxsize=1_000)(self._find_posts)  # asked at every pass, of the same people
        self._canonical = lru_cache(maxsize=10_000)(self._look_up)  # asked for every row of every source

    def canonical(self, source: str, agency_code: str, on: date | None = None) -> str:
        """Our code of the agency that `source` calls `agency_code`; "" if nobody answers to it.

        A name that the source has for itself goes before a code that all share. Of several that answered to it in
        turn, the one valid `on` that day, else the one that answers today (open end), else the last one.
        """
        return self._canonical(source, agency_code, on)

    def _look_up(self, source: str, agency_code: str, on: date | None) -> str:
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

    def posts(self) -> list[Post]:
        """Every post, past and to come."""
        return [post for posts in self._posts_of.values() for post in posts]

    def leaves(self) -> list[Leave]:
        """Every absence."""
        return [leave for leaves in self._leaves.values() for leave in leaves]

    def substitutions(self) -> list[Substitution]:
        """Every authorisation."""
        return [one for given in self._given.values() for one in given]

    def posts_of(self, person: str, on: date) -> list[Post]:
        """The posts a person holds on that day, then those they stand in for, through a chain too."""
        return list(self._posts_on(person, on))

    def _find_posts(self, person: str, on: date) -> list[Post]:
        own = [post for post in self._posts_of.get(person, ()) if post.is_held(on)]
        others = [
            post
            for giver in self._given
            if giver != person
            for post in self._posts_of.get(giver, ())
            if post.is_held(on) and any(h.person.code == person for h in self._in_place(giver, post, on, ()))
        ]
        return own + others

    def is_away(self, person: str, on: date) -> bool:
        """Whether a person is on leave that day."""
        return any(leave.is_away(on) for leave in self._leaves.get(person, ()))

    def standing(self, code: str, on: date) -> str:
        """The agency that answers for another's matters on that day: itself, or whoever came after it."""
        seen: set[str] = set()
        while (agency := self._agencies.get(code)) is not None and code not in seen:
            seen.add(code)
            if agency.is_valid(on) or agency.successor is None:
                return code
            code = agency.successor
        return code

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
        return [self._people[post.person] for post in self._holders(role, agency_code, on)]

    def hearers(self, role: str, agency_code: str, on: date) -> list[Hearer]:
        """Who is told for `role` on that day: the holders, and whoever stands in for them.

        One who is away and has given nobody authority is not told; if that leaves nobody, []: the next role up hears.
        """
        found: dict[str, Hearer] = {}
        for post in self._holders(role, agency_code, on):
            in_place = self._in_place(post.person, post, on, ())
            if in_place or not self.is_away(post.person, on):
                found.setdefault(post.person, Hearer(self._people[post.person]))
            for hearer in in_place:
                found.setdefault(hearer.person.code, hearer)
        return list(found.values())

    def seat(self, role: str, agency_code: str, on: date) -> str:
        """The code of the nearest agency up the tree that has `role` filled on that day; "" if none has."""
        return next((post.agency for post in self._holders(role, agency_code, on)), "")

    def _holders(self, role: str, agency_code: str, on: date) -> list[Post]:
        for agency in self.up(self.standing(agency_code, on)):
            held = {post.person: post for post in self._posts.get((agency.code, role), ()) if post.is_held(on)}
            if held:
                return list(held.values())
        return []

    def _in_place(self, giver: str, post: Post, on: date, before: tuple[str, ...]) -> list[Hearer]:
        """Who stands in for `giver` at `post`, and in turn for them. Loops are refused when the file is read."""
        found: list[Hearer] = []
        for one in self._given.get(giver, ()):
            if one.covers(post.role, post.agency, on) and one.substitute not in (*before, giver):
                chain = (*before, giver)
                found.append(Hearer(self._people[one.substitute], chain))
                found += self._in_place(one.substitute, post, on, chain)
        return found


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
