"""What the sandbox's province is made of. Plain values; nothing here knows the monitor."""

from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Agency:
    """An office that resolves dossiers. `portal_code` is how the portal names it, `former_code` an old code still met
    on older dossiers ("" if none)."""

    code: str
    name: str
    kind: str
    parent: str
    portal_code: str = ""
    former_code: str = ""


@dataclass(frozen=True, slots=True)
class Limit:
    """A time limit as the catalogue writes it: `kind` is wd, cd, month, hours or unclear."""

    text: str
    kind: str
    amount: int

    @property
    def working_days(self) -> int:
        """Roughly how long it is, to choose dossiers that can be at a wanted stage."""
        return {"wd": self.amount, "cd": self.amount * 5 // 7, "month": 21 * self.amount, "hours": 1}.get(self.kind, 3)


@dataclass(frozen=True, slots=True)
class Procedure:
    """A procedure; its limit may differ by channel (counter, online, post)."""

    code: str
    name: str
    field_code: str
    field_name: str
    of_commune: bool
    limits: dict[str, Limit]
    same_day_until: str = ""  # "15:00" for those handed out the same day


@dataclass(frozen=True, slots=True)
class Official:
    """Someone who may be told. `telegram` and `email` are "" where they have none."""

    code: str
    name: str
    telegram: str
    email: str


@dataclass(frozen=True, slots=True)
class Post:
    """A role at an agency, with its days (both inclusive; None = open)."""

    person: str
    role: str
    agency: str
    since: date | None = None
    until: date | None = None


@dataclass(slots=True)
class Dossier:
    """One dossier's whole life, some of it still ahead of the sandbox's clock, and what each system makes of it.

    `stage` is the truth it was made from (the words of the brief: late, due_today, letter_due, …), valid at the
    province's instant. `ending` is how it ends at `released_at`; `pause` how it is paused from `paused_at` on.
    """

    number: int
    code: str
    uid: str
    agency: int
    procedure: int
    channel: str
    stage: str
    submitted_at: datetime
    received_at: datetime | None
    promised_at: datetime | None
    extended_at: datetime | None = None
    released_at: datetime | None = None
    returned_at: datetime | None = None
    ending: str = "done"  # done | unresolved | cancelled | denied
    paused_at: datetime | None = None
    pause: str = ""  # waiting | pausing | lock | lock_overdue
    running_as: str = "processing"  # the status code while it runs
    quirk: str = ""  # early_extend | no_release_date | unknown_status | former_code
    portal: str = "same"  # same | absent | done | running | masked
    portal_promised_at: datetime | None = None  # where the portal's promise differs
    broken_at: str = ""  # "" | one_stop | portal: whose row can't be read
    broken_how: str = ""
    in_one_stop: bool = True
    from_national: bool = False  # came in through the national portal, which has its own code for it
    name: str = ""
    is_business: bool = False
    id_number: str = ""
    address: str = ""
    phone: str = ""
    email: str = ""
    officer: str = ""

    @property
    def promise_at(self) -> datetime | None:
        """The promise in force."""
        return self.extended_at or self.promised_at

    @property
    def disagrees(self) -> bool:
        """Whether the portal contradicts the one-stop about a running dossier: its state, or a promised day that is
        neither the one in force nor the one from before an extension."""
        if self.portal in ("done", "running"):
            return True
        if self.portal_promised_at is None:
            return False
        ours = {moment.date() for moment in (self.promised_at, self.extended_at) if moment is not None}
        return self.portal_promised_at.date() not in ours


@dataclass(slots=True)
class Province:
    """Everything invented, and the instant it was invented for."""

    seed: int
    at: datetime
    agencies: list[Agency]
    procedures: list[Procedure]
    officials: list[Official]
    posts: list[Post]
    dossiers: list[Dossier]
    tokens: dict[str, str] = field(default_factory=dict)

    def secrets(self) -> set[str]:
        """Every planted name, phone, id, address, e-mail and token: none may be found where it does not belong."""
        found = set(self.tokens.values())
        for one in self.dossiers:
            found.update((one.name, one.name.upper(), one.phone, one.id_number, one.address, one.email))
        found.discard("")
        return found
