"""Keys of a portal of the DVCQG `mapi` family (connectors.md §2, §3.1). Hypotheses of that page are keys here."""

from typing import Literal

from pydantic import Field, SecretStr, field_validator

from connectors.kit.dates import check_formats
from connectors.kit.settings import HttpSourceSettings
from monitor.domain.dossier import Status

FIELDS = (
    "code",
    "receipt",
    "status_code",
    "status_text",
    "procedure_code",
    "procedure_name",
    "field_code",
    "field_name",
    "agency_code",
    "agency_name",
    "channel",
    "submitted_at",
    "received_at",
    "promised_at",
    "finished_at",
    "returned_at",
    "updated_at",
    "officer",
    "name",
    "kind",
    "id_number",
    "address",
    "phone",
    "email",
)


class DvcqgSettings(HttpSourceSettings):
    """`url` ends where the adapter's path ends (`…/RestService/forward`); seconds where a key counts time."""

    kind: Literal["dvcqg"]
    username: str
    password: SecretStr
    unit_code: str  # madonvi
    unit_key: str = "madonvi"  # some ministries: donViXuLy
    dstcode: str = ""
    dstcode_in: Literal["query", "header"] = "query"
    provider_url: str = ""  # a second provider behind the same adapter, sent URL-encoded
    login_path: str = "/mapi/login"
    call_path: str = "/mapi/g"
    lookup_verb: str = "TraCuuHoSo"
    lookup_key: str = "mahoso"
    list_verb: str = ""  # "DanhSachHoSo" where the deployment has one
    list_window_days: int = Field(default=3, ge=1, le=366)
    list_since_key: str = "ngayNhan1"
    list_until_key: str = "ngayNhan2"
    list_date_format: str = "%Y-%m-%d"
    list_back_days: int = Field(default=400, ge=1)  # how far back a full sweep goes
    root_keys: tuple[str, ...] = ("result", "data")
    success_codes: tuple[str, ...] = ("0", "00")
    absent_codes: tuple[str, ...] = ()  # codes that mean "no such dossier", besides what the message says
    session_seconds: int = Field(default=600, ge=1)
    status_map: dict[str, Status] = Field(default_factory=dict)
    fields: dict[str, tuple[str, ...]] = Field(default_factory=dict)  # our field = the keys on the wire, first wins
    date_formats: tuple[str, ...] = ("%Y%m%d%H%M%S", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y")
    field_dates: dict[str, tuple[str, ...]] = Field(default_factory=dict)  # where one field has its own formats

    @field_validator("fields", "field_dates")
    @classmethod
    def _known_fields(cls, value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        unknown = sorted(set(value) - set(FIELDS))
        if unknown:
            raise ValueError(f"unknown field {', '.join(unknown)}; known are {', '.join(FIELDS)}")
        return value

    @field_validator("date_formats", "field_dates")
    @classmethod
    def _readable_dates(cls, value: tuple[str, ...] | dict[str, tuple[str, ...]]) -> object:
        for formats in value.values() if isinstance(value, dict) else (value,):
            check_formats(formats)
        return value
