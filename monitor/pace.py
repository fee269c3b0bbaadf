"""How long things take: the history that new return dates are proposed from, kept up with every judgement.

A dossier whose `taken_days` are known counts once, under its procedure, its agency and the year (UTC) of its result.
These may change with its facts: so it is taken back before it is projected anew, and counts again once it is judged.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC
from typing import Any, NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from monitor.store.tables import Dossier, Pace
from monitor.store.writing import add_up, in_batches, table_of

TAKEN, LATE = "taken", "late"
_PLACE = ("kind", "procedure_code", "agency_code", "year", "days")


class Result(NamedTuple):
    """One dossier's result. Working days from receipt, and from the promise it broke; None where not known."""

    procedure_code: str
    agency_code: str
    year: int
    taken_days: int
    late_days: int | None


def result_of(row: Any, took: Mapping[str, int | None]) -> Result | None:
    """The result of a row of `dossier`; None where it has none whose time is known."""
    if took["taken_days"] is None or row.finished_at is None:
        return None
    return Result(
        row.procedure_code, row.agency_code, row.finished_at.astimezone(UTC).year, took["taken_days"], took["late_days"]
    )


def take_back(session: Session, dossier_ids: Collection[int]) -> None:
    """Takes these dossiers out of the history, until they are judged again."""
    table = table_of(Dossier)
    columns = (
        table.c.id, table.c.procedure_code, table.c.agency_code, table.c.finished_at, table.c.taken_days,
        table.c.late_days,
    )  # fmt: skip
    counted: list[Any] = []
    for batch in in_batches(sorted(dossier_ids)):
        found = session.execute(select(*columns).where(table.c.id.in_(batch), table.c.taken_days.is_not(None))).all()
        if found:
            ids = [row.id for row in found]
            session.execute(update(table).where(table.c.id.in_(ids)).values(taken_days=None, late_days=None))
            counted += found
    count_results(session, [result for row in counted if (result := result_of(row, row._mapping))], [])


def count_results(session: Session, before: Iterable[Result], after: Iterable[Result]) -> None:
    """Takes the results that were counted back and counts those that hold now; writes only what differs."""
    change: Counter[tuple[Any, ...]] = Counter()
    for result in after:
        change.update(_places(result))
    for result in before:
        change.subtract(_places(result))
    add_up(session, Pace, _PLACE, {place: {"number": number} for place, number in change.items()})


def _places(result: Result) -> Mapping[tuple[Any, ...], int]:
    year, days = result.year, result.taken_days
    found: dict[tuple[Any, ...], int] = {(TAKEN, result.procedure_code, "", year, days): 1}
    if result.agency_code:
        found[(TAKEN, result.procedure_code, result.agency_code, year, days)] = 1
    if result.late_days is not None:
        found[(LATE, "", "", year, result.late_days)] = 1
    return found
