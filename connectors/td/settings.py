"""Keys of a TD.DichVuCongApi one-stop (connectors.md §5)."""

from typing import Literal

from pydantic import Field, SecretStr, field_validator

from connectors.kit.dates import check_formats
from connectors.kit.settings import HttpSourceSettings
from monitor.domain.dossier import Status


class TdSettings(HttpSourceSettings):
    """`url` is the address of the API without a path; `tenant` the header by which it knows the province."""

    kind: Literal["td"]
    tenant: str
    username: str
    password: SecretStr
    security_code: SecretStr = SecretStr("")
    sign_in_path: str = "/api/tokens"
    search_path: str = "/api/v1/apichiases/SearchHoSoEx"
    code_filter: str = "MaHoSo"  # the parameter that asks for one code; compared again, for it may be ignored
    expect_rows: int = Field(default=1, ge=0)
    status_map: dict[str, Status] = Field(default_factory=dict)
    channel_map: dict[str, Literal["counter", "online", "post"]] = Field(default_factory=dict)
    # The server writes these as texts of .NET's invariant culture, month first, and the others in ISO (§5.2).
    text_date_formats: tuple[str, ...] = ("%m/%d/%Y %H:%M:%S", "iso")
    date_formats: tuple[str, ...] = ("iso",)

    @field_validator("text_date_formats", "date_formats")
    @classmethod
    def _readable_dates(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        check_formats(value)
        return value
