"""Keys of a VNPT iGate 2.0 one-stop (connectors.md §4). No server code is public: much here is a hypothesis."""

from typing import Literal

from pydantic import Field, SecretStr, model_validator

from connectors.kit.settings import HttpSourceSettings
from monitor.domain.dossier import Status


class IgateSettings(HttpSourceSettings):
    """`url` is the gateway (`https://apiigate…`), `token_url` the whole address of the OpenID token endpoint."""

    kind: Literal["igate"]
    token_url: str
    grant: Literal["client_credentials", "password"] = "client_credentials"
    client_id: str
    client_secret: SecretStr = SecretStr("")
    username: str = ""  # with grant = "password"
    password: SecretStr = SecretStr("")
    search_path: str = "/pa/dossier/search"
    agency_id: str = ""  # the tenant's own id of the agency whose dossiers are read, with all below it
    sort: str = "updatedDate,desc"
    open_status_ids: tuple[int, ...] = (0, 1, 2, 3, 8, 9, 10, 11, 16, 17)
    expect_rows: int = Field(default=1, ge=0)
    status_map: dict[str, Status] = Field(default_factory=dict)  # by id ("5") or by name ("đã rút")
    date_formats: tuple[str, ...] = ("iso",)

    def peers(self) -> tuple[str, ...]:
        return (self.url, self.token_url)

    @model_validator(mode="after")
    def _a_password_grant_has_a_user(self) -> "IgateSettings":
        if self.grant == "password" and not (self.username and self.password.get_secret_value()):
            raise ValueError('grant = "password" needs username and password')
        return self
