"""What a connector is. Nothing here knows any system, any HTTP, or any rule.

A connector reads one system and hands over pages of `DossierRecord`. It never writes to a source, never
decides what is late, and never guesses: what it cannot read it returns as a `BadRecord` or raises.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from monitor.domain.dossier import Status

_MOST_EVIDENCE = 65_536


class Gate(StrEnum):
    """What is checked before a reading is believed. Each is explained by `dunghen sources show`."""

    COUNT_DROP = "count_drop"  # far fewer dossiers than last time
    DATES_EQUAL = "dates_equal"  # one date for all: a default, not a fact
    DATES_SWAPPED = "dates_swapped"  # both readings of day and month fit badly
    SCHEMA_CHANGED = "schema_changed"  # what every row held is in none
    SIGN_IN_PAGE = "sign_in_page"  # a page for people where data was asked for
    NOT_DATA = "not_data"  # plain text, broken JSON, another envelope
    GUEST_VIEW = "guest_view"  # what anybody may see, or nothing
    FILTER_IGNORED = "filter_ignored"  # the source answered another question than ours
    PAGES_REPEAT = "pages_repeat"  # the same page for ever, or a list without end
    TOTAL_LIES = "total_lies"  # clearly fewer rows than the source says it has


class SourceError(Exception):
    """Root of what can go wrong with a source, named by what happens next.

    `said` is for people (no personal data, no secret, no query string); the class says who acts. `gate` names the
    check that was not passed, where one was; `evidence` is the beginning of what the source answered, which may hold
    personal data and is kept where evidence is kept.
    """

    def __init__(self, said: str, *, gate: str = "", evidence: bytes = b"") -> None:
        super().__init__(said)
        self.said = said
        self.gate = gate
        self.evidence = evidence[:_MOST_EVIDENCE]


class SourceUnavailable(SourceError):
    """Again later: time-out, connection refused, 5xx, 429. May carry `retry_after_s` in seconds."""

    def __init__(self, said: str, retry_after_s: float | None = None, *, gate: str = "", evidence: bytes = b"") -> None:
        super().__init__(said, gate=gate, evidence=evidence)
        self.retry_after_s = retry_after_s


class AccessRefused(SourceError):
    """A person must act: wrong password, revoked right, guest view instead of ours."""


class UnexpectedAnswer(SourceError):
    """Stop, never guess: HTML for JSON, a changed envelope, pages that repeat, a filter that was ignored."""


class Capability(StrEnum):
    """What a source can do. The rest of the system asks these, never the kind."""

    LIST = "list"  # can list dossiers page by page
    LOOKUP = "lookup"  # can answer for one dossier by its code
    MODIFIED_SINCE = "modified_since"  # can list what changed since an instant
    STATUS_FILTER = "status_filter"  # can list by status, so open ones can be re-read
    TOTALS = "totals"  # states how many rows there are
    EXTENSIONS = "extensions"  # shows a new date after an apology
    HISTORY = "history"  # tells of past supplements, when asked for and when answered
    FINISH_INSTANT = "finish_instant"  # says when it finished
    FILE = "file"  # reads one table in a file, so that a person may bring another


@dataclass(frozen=True, slots=True)
class Applicant:
    """The person or organisation the dossier belongs to. PERSONAL DATA: letters and the evidence only."""

    name: str = ""
    kind: str = ""  # "citizen" | "organisation" | ""
    id_number: str = ""
    address: str = ""
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Supplement:
    """Papers the source says were asked for at `asked_at` and complete at `answered_at`; None: still waited for."""

    asked_at: datetime
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DossierRecord:
    """One dossier as one source states it, in canonical form: aware instants, one status vocabulary, NFC text.

    Two reads of the same facts give equal records, whatever cosmetic the source changes between them.
    """

    key: str  # the source's own primary key, stable for ever
    code: str  # mã hồ sơ, normalised (connectors.md §9.3); "" before reception
    status: Status
    status_raw: str  # the source's own code, for evidence and for the list of unknown codes
    alternates: tuple[str, ...] = ()  # other proven ids (referenceUid, SoBienNhan, …), normalised like `code`
    procedure_code: str = ""
    procedure_name: str = ""
    field_code: str = ""
    field_name: str = ""
    agency_code: str = ""
    agency_name: str = ""
    channel: str = ""  # "counter" | "online" | "post" | ""
    submitted_at: datetime | None = None
    received_at: datetime | None = None
    promised_at: datetime | None = None
    promised_date_only: bool = False  # the promise carried no hour: end of that day
    extended_at: datetime | None = None
    extended_reason: str = ""
    finished_at: datetime | None = None
    returned_at: datetime | None = None
    source_updated_at: datetime | None = None
    supplements: tuple[Supplement, ...] = ()  # the source's own history of them, where it has one
    officer: str = ""  # the official who holds it, as the source names them
    applicant: Applicant = field(default_factory=Applicant)


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A row that could not be read: set aside, counted, shown; the rest of its page goes on.

    `field` and `problem` say what to mend, without any value of a person's data. `raw` is the evidence.
    """

    key: str
    field: str
    problem: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of a source. `raws[i]` is the evidence of `records[i]`; `resume` continues after this page."""

    records: tuple[DossierRecord, ...]
    raws: tuple[bytes, ...]
    bad: tuple[BadRecord, ...] = ()
    total: int | None = None  # what the source says there is in this listing, where it says so
    resume: str = ""


class Reach(StrEnum):
    """How far a reading goes."""

    CHANGES = "changes"  # what may have changed: all open dossiers, and whatever began or ended since `since`
    FULL = "full"  # everything the source has


@dataclass(frozen=True, slots=True)
class Sweep:
    """What to read. `since` is already moved back by the overlap; `resume` is a `Page.resume` after a crash."""

    reach: Reach
    now: datetime
    since: datetime | None = None
    resume: str = ""


@dataclass(frozen=True, slots=True)
class Probe:
    """What `dunghen check` learned without changing anything: a line for people, and the sample's size."""

    said: str
    rows_seen: int = 0
    details: Mapping[str, str] = field(default_factory=dict)


class Connector(Protocol):
    """Reads one system. Errors: the `SourceError` tree, nothing else."""

    capabilities: frozenset[Capability]

    def sweep(self, plan: Sweep) -> Iterator[Page]:
        """Pages of a listing, in an order that makes `resume` safe. Only with Capability.LIST."""
        ...

    def lookup(self, codes: Sequence[str]) -> Iterator[Page]:
        """The named dossiers, one or more pages; a code the source does not know is simply absent."""
        ...

    def probe(self) -> Probe:
        """Signs in and reads the least it can."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What a peer answered: status, headers (lower-case names), the whole body (size-limited)."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport(Protocol):
    """The only way a connector reaches a network, so that a test can place a fault at any call.

    Raises `SourceUnavailable` for everything the network does; follows no redirect by itself. `repeatable` marks
    a call that may be sent again after a failure though it is no GET: reads and sign-ins of systems that only POST.
    """

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        basic: tuple[str, str] | None = None,
        repeatable: bool = False,
    ) -> Answer: ...


class SourceTerms(Protocol):
    """What the rest of the system asks of a configured source: its name, and how old its word may grow (seconds)."""

    @property
    def name(self) -> str: ...

    @property
    def stale_after(self) -> int: ...


API_VERSION = 1  # of everything in this module: raised when a connector written for it would break


@dataclass(frozen=True, slots=True)
class ConnectorKind:
    """A kind of source that another distribution brings, as its entry point of the group `dunghen.connectors` names it.

    The entry point's name is the `kind` of the `[[sources]]` tables. `settings` is a subclass of
    `connectors.kit.settings.SourceSettings` with `kind: Literal["…"]`; one of `HttpSourceSettings` is handed a
    `Transport` and built by `build(settings, transport, clock)`, any other by `build(settings, clock)`.
    """

    settings: type[Any]
    build: Callable[..., Connector]
    api_version: int = API_VERSION
