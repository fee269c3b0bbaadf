"""One row of a table, whatever kind of file it came from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from connectors.kit.text import status_key


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table. `problem` is "" for a good one; `number` is its line in the file, from 1."""

    number: int
    cells: Mapping[str, str]
    text: str
    problem: str = ""


def wanted_headings(columns: Iterable[str]) -> dict[str, str]:
    """How a heading is compared = how the settings spell it."""
    return {status_key(heading): heading for heading in columns}
