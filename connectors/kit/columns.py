"""Settings of sources whose columns a person names: which is what, how dates and states are written."""

from typing import Literal

from pydantic import Field, field_validator

from connectors.kit.dates import check_formats
from connectors.kit.settings import Strict
from monitor.domain.dossier import Status

DATES = ("submitted_at", "received_at", "promised_at", "extended_at", "finished_at", "returned_at", "source_updated_at")
CODES = ("key", "code", "alternate", "status", "procedure_code", "field_code", "agency_code")
TEXTS = (
    "procedure_name",
    "field_name",
    "agency_name",
    "channel",
    "officer",
    "extended_reason",
    "applicant_name",
    "applicant_kind",
    "applicant_id_number",
    "applicant_address",
    "applicant_phone",
    "applicant_email",
)


class ColumnSettings(Strict):
    """`columns` maps our field names (code, received_at, promised_at …) to names of the source."""

    columns: dict[str, str] = Field(min_length=1)
    date_formats: tuple[str, ...] = ("iso", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y")
    field_dates: dict[str, tuple[str, ...]] = Field(default_factory=dict)  # where one column has its own formats
    status_map: dict[str, Status] = Field(default_factory=dict)
    channel_map: dict[str, Literal["counter", "online", "post"]] = Field(default_factory=dict)
    status_when_finished: Status = Status.READY  # without a status column: finished_at filled in means this …
    status_when_open: Status = Status.PROCESSING  # … and empty means this
    midnight_is_exact: bool = False  # true: a promise at 00:00 means that instant, not the whole day

    @field_validator("columns")
    @classmethod
    def _known_columns(cls, value: dict[str, str]) -> dict[str, str]:
        known = (*CODES, *DATES, *TEXTS)
        unknown = sorted(set(value) - set(known))
        if unknown:
            raise ValueError(f"unknown field {', '.join(unknown)}; known are {', '.join(known)}")
        if value and "code" not in value:
            raise ValueError("the column of the dossier code is missing: code = …")
        return value

    @field_validator("date_formats")
    @classmethod
    def _readable_dates(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        check_formats(value)
        return value

    @field_validator("field_dates")
    @classmethod
    def _readable_field_dates(cls, value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for field, formats in value.items():
            if field not in DATES:
                raise ValueError(f"{field} is no date; dates are {', '.join(DATES)}")
            check_formats(formats)
        return value
