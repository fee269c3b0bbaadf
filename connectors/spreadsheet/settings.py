"""Keys of a table in a file: where it lies and how it is written."""

import codecs
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from connectors.kit.columns import ColumnSettings
from connectors.kit.settings import SourceSettings


class SpreadsheetSettings(ColumnSettings, SourceSettings):
    """`columns` maps our field names (code, received_at, promised_at …) to headings of the file."""

    kind: Literal["spreadsheet"]
    columns: dict[str, str] = Field(default_factory=dict)  # left out: `dunghen check` shows a guess to be confirmed
    path: Path  # a file, or a folder into which exports are dropped: its newest table is read
    encoding: str = "utf-8-sig"  # cp1258 for files of old Windows programs
    sheet: str = ""  # of an .xlsx; its first one where left out
    delimiter: str = Field(default="", max_length=1)  # found by itself where left out
    page_rows: int = Field(default=500, ge=1)
    max_bytes: int = 200_000_000

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str) -> str:
        try:
            codecs.lookup(value)
        except LookupError:
            raise ValueError(f"unknown encoding {value!r}; usual are utf-8-sig, cp1258") from None
        return value
