"""Keys of a JSON API that nobody wrote a connector for: how to ask, how it pages, where its rows and their values are.

A place inside an answer is written with dots: `data.items`, `dossier.status.code`, `tasks.0.name`.
"""

from typing import Literal

from pydantic import Field, SecretStr, model_validator

from connectors.kit.columns import ColumnSettings
from connectors.kit.dates import check_formats
from connectors.kit.settings import HttpSourceSettings

Paging = Literal["none", "offset", "page", "cursor"]
Auth = Literal["none", "basic", "bearer", "header"]


class RestSettings(ColumnSettings, HttpSourceSettings):
    """`url` is the address of the API, `path` that of its list; `columns` name places inside a row."""

    kind: Literal["rest"]
    path: str
    method: Literal["GET", "POST"] = "GET"  # POST sends the parameters as a JSON object; it must only read
    params: dict[str, str] = Field(default_factory=dict)  # sent with every request
    auth: Auth = "none"
    username: str = ""
    password: SecretStr = SecretStr("")
    token: SecretStr = SecretStr("")
    key_header: str = "X-Api-Key"  # with auth = "header"
    headers: dict[str, str] = Field(default_factory=dict)  # sent with every request
    secret_params: tuple[str, ...] = ()  # further parameters that carry `token`
    secret_headers: tuple[str, ...] = ()  # further headers that carry `token`
    rows: str  # where the list of rows is; "" for an answer that is the list itself
    total: str = ""  # where the number of all rows is
    more: str = ""  # where it says (true or false) whether more pages follow
    success: str = ""  # where the answer says that it is one …
    success_values: tuple[str, ...] = ("true", "0", "00", "1", "200", "ok", "success")  # … and by which words
    paging: Paging
    size_param: str = ""  # by which the number of rows is asked for
    offset_param: str = "offset"
    page_param: str = "page"
    first_page: int = Field(default=1, ge=0, le=1)
    cursor_param: str = "cursor"
    next_cursor: str = ""  # where the cursor of the next page is
    code_param: str = ""  # by which one dossier is asked for; empty: it cannot be
    since_param: str = ""  # by which changes since an instant are asked for; empty: they cannot be
    since_format: str = "iso"  # "iso", "epoch_ms", "epoch_s", or a pattern such as "%d/%m/%Y %H:%M:%S"
    window_days: int = Field(default=0, ge=0)  # a list by day of reception: so many days back; 0: it has no window
    window_from_param: str = "from"
    window_to_param: str = "to"
    window_format: str = "%d/%m/%Y"
    expect_rows: int = Field(default=1, ge=0)

    @model_validator(mode="after")
    def _whole(self) -> "RestSettings":
        """What one key needs of another."""
        if self.paging == "cursor" and not self.next_cursor:
            raise ValueError('paging = "cursor" needs next_cursor')
        if self.auth == "basic" and not (self.username and self.password.get_secret_value()):
            raise ValueError('auth = "basic" needs username and password')
        if (
            self.auth in ("bearer", "header") or self.secret_params or self.secret_headers
        ) and not self.token.get_secret_value():
            raise ValueError(f'auth = "{self.auth}", secret_params and secret_headers need token')
        check_formats((self.since_format, *((self.window_format,) if self.window_days else ())))
        return self
