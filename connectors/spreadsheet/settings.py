"""Keys of a table in a file (.csv now): which column is what, how its dates and states are written."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from connectors.kit.settings import SourceSettings


class SpreadsheetSettings(SourceSettings):
    """`columns` maps our field names (code, received_at, promised_at …) to headings of the file."""

    kind: Literal["spreadsheet"]
    path: Path
    encoding: str = "utf-8-sig"
    delimiter: str = ""  # found by itself where left out
    columns: dict[str, str]
    date_formats: tuple[str, ...] = ("iso", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y")
    status_map: dict[str, str] = Field(default_factory=dict)
    status_when_finished: str = "ready"  # without a status column: finished_at filled in means this …
    status_when_open: str = "processing"  # … and empty means this
    max_bytes: int = 200_000_000
