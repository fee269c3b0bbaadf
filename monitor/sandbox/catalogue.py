"""Invents the standing part of the province: agencies, procedures, officials and their posts."""

from datetime import date
from random import Random
from typing import Protocol

from monitor.sandbox import names
from monitor.sandbox.values import Agency, Limit, Official, Post, Procedure


class Hire(Protocol):
    """Takes one more person into these posts, (role, agency) each."""

    def __call__(self, *roles: tuple[str, str], since: date | None = None, until: date | None = None) -> None: ...


ROOT = "H19"
COMMUNES = 95
CHANNELS = ("counter", "online", "post")
_FORMER = 8  # so many communes came from the province whose codes began with H10


def agencies(random: Random) -> list[Agency]:
    """The root, 18 departments (H19.01 …) and 95 communes (H19.101 …), in that order."""
    made = [Agency(ROOT, "Ủy ban nhân dân thành phố Ví Dụ", "province", "", "000.00.00.H19")]
    for number, name in enumerate(names.DEPARTMENTS, start=1):
        made.append(Agency(f"{ROOT}.{number:02d}", f"Sở {name}", "department", ROOT, f"000.{number:02d}.00.H19"))
    pairs = [f"{first} {second}" for first in names.COMMUNE_FIRST for second in names.COMMUNE_SECOND]
    for number, name in enumerate(random.sample(pairs, COMMUNES), start=101):
        kind = "phường" if number % 3 == 0 else "xã"
        former = f"H10.{number - 70}" if number < 101 + _FORMER else ""
        made.append(
            Agency(f"{ROOT}.{number}", f"Ủy ban nhân dân {kind} {name}", "commune", ROOT, f"{number}.26.00.H19", former)
        )
    return made


def procedures(random: Random, count: int = 150) -> list[Procedure]:
    """A catalogue with every kind of time limit that real ones have; about one in eight differs by channel."""
    subjects = [
        (field, f"{action} {subject}") for field in names.FIELDS for subject in field[3] for action in names.ACTIONS
    ]
    made: list[Procedure] = []
    for number, ((code, name, of_commune, _), title) in enumerate(random.sample(subjects, count), start=1):
        usual = _limit(random)
        limits = dict.fromkeys(CHANNELS, usual)
        if random.random() < 0.12:
            limits["online"] = _limit(random)
        made.append(
            Procedure(
                code=f"{1 + number % 3}.9{number:05d}",
                name=title,
                field_code=f"G00-{code}",
                field_name=name,
                of_commune=of_commune,
                limits=limits,
                same_day_until="15:00" if usual.kind == "hours" and code in ("HT", "CT") else "",
            )
        )
    return made


def officials(random: Random, offices: list[Agency]) -> tuple[list[Official], list[Post]]:
    """About 400 people and their posts: some hold two, some left, a few can't be reached at all."""
    people: list[Official] = []
    posts: list[Post] = []

    def hire(*roles: tuple[str, str], since: date | None = None, until: date | None = None) -> None:
        number = len(people) + 1
        name = " ".join(
            (
                random.choice(names.OFFICIAL_FAMILY),
                random.choice(names.OFFICIAL_MIDDLE),
                random.choice(names.OFFICIAL_FIRST),
            )
        )
        reach = random.random()
        telegram = str(700_000_000 + number) if reach < 0.7 else ""
        email = f"cb{number:04d}@vidu.gov.vn" if 0.4 < reach < 0.98 else ""
        person = Official(f"cb{number:04d}", name, telegram, email)
        people.append(person)
        posts.extend(Post(person.code, role, agency, since, until) for role, agency in roles)

    hire(("chairman", ROOT))
    hire(("provincial_centre", ROOT), ("one_stop_head", ROOT))
    hire(("provincial_office", ROOT))
    hire(("admin", ROOT))
    hire(("agency_head", ROOT))
    for office in offices[1:]:
        _staff(random, office, hire)
    return people, posts


def _staff(random: Random, office: Agency, hire: Hire) -> None:
    """One office's people. A department's chairman is found up the tree; a commune has its own."""
    if office.kind == "commune":
        if random.random() < 0.2:
            hire(("chairman", office.code), ("agency_head", office.code))
        else:
            hire(("chairman", office.code))
            hire(("agency_head", office.code))
    else:
        hire(("agency_head", office.code))
        hire(("section_head", office.code))
    if random.random() < 0.9:  # elsewhere the provincial centre's head answers for the counter
        hire(("one_stop_head", office.code))
    hire(("officer", office.code))
    if random.random() < 0.25:
        hire(("officer", office.code))
    if random.random() < 0.08:
        hire(("agency_head", office.code), until=date(2026, 6, 30))  # left before the demo's instant
    if random.random() < 0.05:
        hire(("officer", office.code), since=date(2027, 1, 1))  # comes later


def _limit(random: Random) -> Limit:
    text, kind, amount = random.choices(names.LIMITS, names.LIMIT_WEIGHTS)[0]
    return Limit(text, kind, amount)
