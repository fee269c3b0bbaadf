"""Who hears of a notice today: roles become people only now, because posts change hands after a duty arose."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from monitor.people import Directory, Hearer, Person

# Where nobody in a role can be reached, the next one who answers for the matter (ND118 Điều 8, 9, 38; law.md §9).
ROLE_UP = {
    "officer": "section_head",
    "section_head": "agency_head",
    "one_stop_head": "agency_head",
    "agency_head": "chairman",
    "director": "provincial_centre",
    "chairman": "provincial_centre",
    "provincial_centre": "provincial_office",
    "provincial_office": "admin",
}
CHANNELS = ("telegram", "email")


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person on a channel; `others` are the channels to fall back to, in order, as (channel, address).

    `instead_of`: the officials (codes) in whose place they are told, by a written authorisation.
    """

    person: str
    channel: str
    address: str
    others: tuple[tuple[str, str], ...] = ()
    instead_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reach:
    """Who hears it. `stood_in` names the role that answers instead of the one asked; nobody = `reason` says why."""

    recipients: tuple[Recipient, ...]
    stood_in: str = ""
    reason: str = ""


class Resolver:
    """Resolves roles on one day, each (role, agency, channels) only once."""

    def __init__(
        self,
        directory: Directory,
        enabled: Collection[str],
        on: date,
        refused: Collection[tuple[str, str]] = (),
        chats: Mapping[str, str] | None = None,
    ) -> None:
        self._directory = directory
        self._chats = chats or {}  # confirmed chats by person: they go before what the people file says
        self._refused = frozenset(refused)  # (channel, address) that don't take messages any more
        self._enabled = frozenset(enabled)
        self._on = on
        self._known: dict[tuple[str, str, tuple[str, ...]], Reach] = {}
        self._roots = [a.code for a in directory.agencies() if a.parent is None and a.is_valid(on)]

    def reach(self, role: str, agency_code: str, channels: Sequence[str] = CHANNELS) -> Reach:
        """Everyone in `role` for this agency who has an address, each on the first channel of theirs that works.

        Nobody there: the next role up. An agency that the people file doesn't know, or none (a source's notice), is
        sought at the root of the tree.
        """
        key = (role, agency_code, tuple(channels))
        if key not in self._known:
            self._known[key] = self._find(*key)
        return self._known[key]

    def person(self, code: str, channels: Sequence[str] = CHANNELS) -> Recipient | None:
        """A person by name, whatever posts they hold; None where nothing reaches them."""
        person = self._directory.person(code)
        return self._recipient(Hearer(person), tuple(channels)) if person is not None else None

    def _find(self, role: str, agency_code: str, channels: tuple[str, ...]) -> Reach:
        seen_someone = False
        for asked in role_and_up(role):
            people = self._who(asked, agency_code)
            seen_someone = seen_someone or bool(people)
            reached = tuple(r for hearer in people if (r := self._recipient(hearer, channels)) is not None)
            if reached:
                return Reach(reached, stood_in=asked if asked != role else "")
        if not (self._enabled & set(channels)):
            return Reach((), reason="không có kênh nào được bật cho bậc này")
        if seen_someone:
            return Reach((), reason=f"người giữ vai trò {role} chưa có địa chỉ trên kênh nào được bật")
        if self._is_away(role, agency_code):
            return Reach((), reason=f"người giữ vai trò {role} đang nghỉ, chưa ủy quyền cho ai")
        return Reach((), reason=f"không có ai giữ vai trò {role} tại cơ quan này hay cấp trên")

    def _who(self, role: str, agency_code: str) -> list[Hearer]:
        places = [agency_code] if self._directory.agency(agency_code) is not None else self._roots
        found = [hearer for place in places for hearer in self._directory.hearers(role, place, self._on)]
        once: dict[str, Hearer] = {}
        for hearer in found:
            once.setdefault(hearer.person.code, hearer)
        return list(once.values())

    def _is_away(self, role: str, agency_code: str) -> bool:
        """Whether the role is filled, and nobody in it is there nor has given anybody authority."""
        places = [agency_code] if self._directory.agency(agency_code) is not None else self._roots
        return any(self._directory.who(role, place, self._on) for place in places)

    def _recipient(self, hearer: Hearer, channels: tuple[str, ...]) -> Recipient | None:
        person = hearer.person
        ways = [(channel, self._address(person, channel)) for channel in channels if channel in self._enabled]
        open_ways = [
            (channel, address) for channel, address in ways if address and (channel, address) not in self._refused
        ]
        if not open_ways:
            return None
        (channel, address), *others = open_ways
        return Recipient(person.code, channel, address, tuple(others), hearer.instead_of)

    def _address(self, person: Person, channel: str) -> str | None:
        chat = self._chats.get(person.code) if channel == "telegram" else None
        return chat or person.address(channel)


def role_and_up(role: str) -> Iterator[str]:
    """The role, and those that answer in its place, in order."""
    asked: str | None = role
    while asked is not None:
        yield asked
        asked = ROLE_UP.get(asked)
