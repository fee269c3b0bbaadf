"""Keys of a view that the one-stop's administrator opens for us: where it is, and which of its columns is which."""

import re
from typing import Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from connectors.kit.columns import ColumnSettings
from connectors.kit.dates import check_formats
from connectors.kit.settings import Duration, SourceSettings

_VIEW = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)?")


class SqlSettings(ColumnSettings, SourceSettings):
    """`url` is an address of SQLAlchemy, `columns` map our field names to columns of `view`; seconds count time.

    Rows are read in the order of the `key` column (else `code`): it must be unique, a text or a whole number.
    """

    kind: Literal["sql"]
    url: SecretStr  # postgresql+psycopg://reader:…@host/db, mssql+pyodbc://…, oracle+oracledb://…, mysql+pymysql://…
    view: str  # "view" or "schema.view"
    since_column: str = ""  # when a row last changed; empty: every reading reads the whole view
    since_format: str = "native"  # how that column is compared: "native", "iso", "epoch_s", "epoch_ms" or a pattern
    page_rows: int = Field(default=1000, ge=1, le=50_000)
    connect_timeout: Duration = 10
    timeout: Duration = 120  # of one statement, where the database can be told
    expect_rows: int = Field(default=1, ge=0)

    @field_validator("view")
    @classmethod
    def _plain_name(cls, value: str) -> str:
        if not _VIEW.fullmatch(value):
            raise ValueError('a name of a view: "v_ho_so" or "schema.v_ho_so"')
        return value

    @model_validator(mode="after")
    def _readable_since(self) -> "SqlSettings":
        if self.since_format != "native":
            check_formats((self.since_format,))
        return self
