"""The configuration file as typed tables. Read, checked as a whole and explained by `monitor.settings_file`."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, InstanceOf, SecretStr, Tag

from connectors.dvcqg.settings import DvcqgSettings
from connectors.igate.settings import IgateSettings
from connectors.kit.settings import Duration, SourceSettings, Strict
from connectors.opencps.settings import OpencpsSettings
from connectors.rest.settings import RestSettings
from connectors.spreadsheet.settings import SpreadsheetSettings
from connectors.sql.settings import SqlSettings
from connectors.td.settings import TdSettings
from monitor.domain.answers import AnswerLimits

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def office_hours() -> dict[Weekday, tuple[str, ...]]:
    """The usual blocks of a state office, Monday to Friday."""
    days: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")
    return dict.fromkeys(days, ("07:30-11:30", "13:00-17:00"))


class Site(Strict):
    name: str
    timezone: str = "Asia/Ho_Chi_Minh"
    base_url: str = "http://127.0.0.1:8118"
    data_dir: Path = Path("data")
    identifier: str = "H19"
    language: Literal["vi", "en"] = "vi"


class Database(Strict):
    url: str = "sqlite:///dunghen.db"


class CalendarSettings(Strict):
    """`hours` are local wall-clock blocks by weekday; a weekday left out is a day of rest."""

    country: str = "VN"
    file: Path | None = None
    hours: dict[Weekday, tuple[str, ...]] = Field(default_factory=office_hours)


class Procedures(Strict):
    file: Path | None = None


class People(Strict):
    file: Path | None = None


class Telegram(Strict):
    enabled: bool = False
    token: SecretStr | None = None
    api_url: str = "https://api.telegram.org"
    proxy: str | None = None
    polling: bool = True
    webhook_secret: SecretStr | None = None  # given: the Bot API brings updates to <base_url>/bot, and nobody polls
    detail: Literal["codes", "procedures"] = "codes"


class Bounces(Strict):
    """The mailbox (IMAP) to which mails come back that reached nobody: the one of `channels.email.sender`."""

    host: str
    port: int = 993
    security: Literal["none", "starttls", "tls"] = "tls"
    username: str
    password: SecretStr | None = None
    folder: str = "INBOX"
    every: Duration = 600


class Email(Strict):
    enabled: bool = False
    host: str = "localhost"
    port: int = 587
    security: Literal["none", "starttls", "tls"] = "starttls"
    username: str | None = None
    password: SecretStr | None = None
    sender: str = ""
    bounces: Bounces | None = None
    timeout: Duration = 30


class Sms(Strict):
    """A gateway that takes HTTP. `fields` and `headers` may hold {to} {text} {id} {key} {secret}."""

    enabled: bool = False
    url: str = ""
    method: Literal["POST", "GET"] = "POST"
    format: Literal["json", "form", "query"] = "json"
    headers: dict[str, str] = Field(default_factory=dict)
    fields: dict[str, str] = Field(default_factory=dict)
    key: SecretStr | None = None
    secret: SecretStr | None = None
    answer_field: str = ""  # of the JSON it answers with; none: any answer below 300 means accepted
    sent_values: tuple[str, ...] = ()
    refused_values: tuple[str, ...] = ()  # never, for this number or text; anything else is tried again
    receipt_field: str = ""
    status_url: str = ""  # where it says later whether a message arrived; none: accepted is all it ever says
    status_method: Literal["GET", "POST"] = "GET"
    status_fields: dict[str, str] = Field(default_factory=dict)  # {receipt} {id} {key} {secret}; query, or JSON by POST
    status_field: str = ""  # of the JSON it answers with; "data.status" for one inside another
    delivered_values: tuple[str, ...] = ()
    failed_values: tuple[str, ...] = ()  # surely did not arrive; anything else is asked again
    confirm_within: Duration = 900  # not confirmed by then: the next channel
    most_characters: int = Field(default=160, ge=70, le=1000)


class Webhook(Strict):
    """Another system of the office that takes alerts as signed JSON."""

    enabled: bool = False
    url: str = ""
    secret: SecretStr | None = None


class AppriseChannel(Strict):
    """One service that Apprise knows; `{address}` in the URL stands for the person's own address there."""

    name: str = Field(pattern=r"[a-z][a-z0-9_-]{0,31}")
    url: SecretStr


class Channels(Strict):
    telegram: Telegram = Telegram()
    email: Email = Email()
    sms: Sms = Sms()
    webhook: Webhook = Webhook()
    apprise: tuple[AppriseChannel, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Every channel that could be switched on here."""
        return ("telegram", "email", "sms", "webhook", *(one.name for one in self.apprise))

    def enabled(self) -> tuple[str, ...]:
        """Every channel that is."""
        tables = (("telegram", self.telegram), ("email", self.email), ("sms", self.sms), ("webhook", self.webhook))
        return (*(name for name, table in tables if table.enabled), *(one.name for one in self.apprise))


class Warning_(Strict):
    """When "due soon" begins: so many working days before the promise, or when so much of the term is left."""

    due_soon: tuple[str, ...] = ("3wd", "20%")


class Rung(Strict):
    """One rung of the ladder: when it comes, whom it tells."""

    name: str = ""  # for logs and keys; derived from `when` and `at` where left out
    at: str
    when: Literal["due", "late", "no_letter", "late_again", "source_silent", "mismatch", "intake_late",
                  "extension_not_entered"] = "due"  # fmt: skip
    tell: tuple[str, ...] = Field(min_length=1)
    channels: tuple[str, ...] = ("telegram", "email")
    agencies: tuple[str, ...] = ()  # none = all
    fields: tuple[str, ...] = ()
    severity: Literal["normal", "high", "urgent"] = "normal"
    repeat_days: int = Field(default=0, ge=0, le=60)  # told again every so many working days …
    repeat_times: int = Field(default=0, ge=0, le=20)  # … so many times, until someone acts


class Alerts(Strict):
    """How alerts come: so many messages an hour for one person at most, and who hears of gaps in the people file."""

    most_an_hour: int = Field(default=6, ge=0)  # urgent ones aside; 0 = no such cap
    reach_tell: tuple[str, ...] = ("admin", "provincial_office")
    calendar_tell: tuple[str, ...] = ("provincial_office",)  # hear 60 days before the decreed days off end


class DigestSettings(Strict):
    """A list that comes by itself: every working day, or once a week; to whom, by role."""

    kind: Literal["morning", "weekly"]
    at: str = "07:30"  # "mon 07:30" for a weekly one
    tell: tuple[str, ...] = Field(min_length=1)


class Answers(Strict):
    """How many working days ahead an official's answer to an alert may reach; a role not named may not put off."""

    promise_days: int = 10
    solved_days: int = 2  # how long "solved already, the source is behind" is believed
    put_off_days: dict[str, int] = Field(default_factory=lambda: dict(AnswerLimits().put_off_days))


class LetterAgency(Strict):
    """How one agency's letter looks. `agency` is a code of the people file, or "*" for all others; an agency may have
    one entry after the other, each from its day to its day (both inclusive)."""

    agency: str = "*"
    parent: str = ""
    issuer: str = ""  # as printed; the agency's name in capitals where left out
    place: str = ""
    symbol: str = ""  # after the number; the form's own where left out
    signer_authority: str = ""  # "KT. CHỦ TỊCH" | "TL. …" | ""
    signer_title: str = ""  # by the kind of agency where left out
    signer_name: str = ""
    contact: str = ""
    show_id_number: bool = False
    counter_email: str = ""  # the one-stop unit's mailbox; its head's official one where left out
    numbering: Literal["registry", "internal"] = "registry"  # who gives a letter its number
    form: str = "pxl_2025"
    title: str = ""  # a name in the form's [titles]; its own where left out
    counter: str = ""  # the one-stop unit, as a sentence names it
    printer: str = ""  # the queue on `print_server` that prints this agency's letters; files where left out
    valid_from: date | None = None
    valid_to: date | None = None


class LetterKey(Strict):
    """A key that signs letters as PDF. `method` pkcs12: `file`; pkcs11: `module`, `token`, `label`. `password` is the
    file's password or the token's PIN. `image` is a PNG; `seal_mm` the seal's true diameter."""

    agency: str = "*"
    role: Literal["head", "agency"] = "agency"
    method: Literal["pkcs12", "pkcs11"] = "pkcs12"
    file: Path | None = None
    module: Path | None = None
    token: str = ""
    label: str = ""
    password: SecretStr | None = None
    image: Path | None = None
    seal_mm: float = 36


class LetterReason(Strict):
    """A reason prepared for officers to choose; `procedure` is a procedure's code, or "*" for all."""

    text: str
    procedure: str = "*"


class Letters(Strict):
    folder: Path = Path("letters")
    legal_basis: str = (
        "khoản 6 Điều 19 Nghị định số 118/2025/NĐ-CP (được sửa đổi, bổ sung bởi Nghị định số 367/2025/NĐ-CP)"
    )
    templates: Path | None = None  # a folder of the office's own wording, laid over ours
    print_server: str = "http://127.0.0.1:631"  # CUPS, for `dunghen letters print --printer`
    trust: tuple[Path, ...] = ()  # certificates of the authorities whose signatures are believed
    keys: tuple[LetterKey, ...] = ()  # none: letters are signed on paper
    # by procedure: those that still name an older form (hộ tịch, 163/QĐ-BTP)
    procedures: dict[str, str] = Field(default_factory=lambda: {"1.004873": "pxl_2018"})
    agencies: tuple[LetterAgency, ...] = (LetterAgency(),)
    reasons: tuple[LetterReason, ...] = ()  # offered on the page where an officer gives the reason


class Oidc(Strict):
    """The province's identity provider. `match` is the claim that holds what `dunghen accounts add --sso` was given."""

    issuer: str
    client_id: str
    client_secret: SecretStr | None = None
    label: str = "Đăng nhập một lần"
    scope: str = "openid profile email"
    match: str = "preferred_username"
    timeout: Duration = 10


class Web(Strict):
    """`trusted_proxies` are addresses or networks whose X-Forwarded-* headers are believed. A session ends after
    `session_idle` without use and after `session_longest` whatever happens."""

    host: str = "127.0.0.1"
    port: int = 8118
    trusted_proxies: tuple[str, ...] = ()
    session_idle: Duration = 1800
    session_longest: Duration = 43_200
    oidc: Oidc | None = None


class Evidence(Strict):
    """How long the sources' own bytes are kept beside what they say; their meaning, hash and instant stay for ever."""

    keep_raw: Duration = 1825 * 86_400  # of dossiers that are over


class Daemon(Strict):
    judge_every: Duration = 60
    send_every: Duration = 15
    letters_every: Duration = 60
    backup_every: Duration = 86_400  # copies of an SQLite store, in data_dir/backups
    backup_keep: Annotated[int, Field(ge=1, le=1000)] = 7


OF_OTHERS = "of_others"


def _kind_of(value: Any) -> str | None:
    """Which table of a source this is. One of another distribution is made by the loader already, by its own model."""
    if isinstance(value, dict):
        kind = value.get("kind")
        return kind if isinstance(kind, str) else None
    return OF_OTHERS if isinstance(value, SourceSettings) else None


OWN_SOURCES: tuple[type[SourceSettings], ...] = (
    OpencpsSettings, DvcqgSettings, IgateSettings, TdSettings, RestSettings, SpreadsheetSettings, SqlSettings
)  # fmt: skip
AnySource = Annotated[
    Annotated[OpencpsSettings, Tag("opencps")]
    | Annotated[DvcqgSettings, Tag("dvcqg")]
    | Annotated[IgateSettings, Tag("igate")]
    | Annotated[TdSettings, Tag("td")]
    | Annotated[RestSettings, Tag("rest")]
    | Annotated[SpreadsheetSettings, Tag("spreadsheet")]
    | Annotated[SqlSettings, Tag("sql")]
    | Annotated[InstanceOf[SourceSettings], Tag(OF_OTHERS)],
    Discriminator(_kind_of),
]


class Settings(Strict):
    """The whole file. `shadow` runs everything and sends nothing."""

    site: Site
    database: Database = Database()
    calendar: CalendarSettings = CalendarSettings()
    procedures: Procedures = Procedures()
    people: People = People()
    sources: tuple[AnySource, ...] = ()
    channels: Channels = Channels()
    warning: Warning_ = Warning_()
    escalation: tuple[Rung, ...] = ()
    digests: tuple[DigestSettings, ...] = ()
    alerts: Alerts = Alerts()
    answers: Answers = Answers()
    letters: Letters = Letters()
    web: Web = Web()
    evidence: Evidence = Evidence()
    daemon: Daemon = Daemon()
    shadow: bool = False
    folder: Path = Path()  # where the file lies: relative paths in it start here (set by the loader)
    read_on: date | None = None
