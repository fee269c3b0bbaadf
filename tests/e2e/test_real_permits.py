"""732 real dossiers of a Dutch municipality, replayed day by day as knowledge grew.

Environmental permits 2010-2012 (4TU, doi 10.4121/uuid:a07386a5-7be3-4367-9535-70bc9e77dbe6). A decision is unknown
before its instant; what the monitor ends up with must equal a count that shares nothing with it.
"""

import csv
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from monitor.clock import FixedClock
from monitor.settings_file import load
from monitor.store.tables import CrossingRow, Dossier
from monitor.wiring import Program
from tests.counts import proof_examples
from tests.e2e.stand import table

pytestmark = pytest.mark.shared_data

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
FIRST, LAST = date(2010, 10, 1), date(2012, 1, 23)

CONFIG = """
[site]
name = "Gemeente"
timezone = "Europe/Amsterdam"
identifier = "NL"

[calendar]
country = "NL"
hours = {{ mon = ["08:30-17:00"], tue = ["08:30-17:00"], wed = ["08:30-17:00"], thu = ["08:30-17:00"], fri = ["08:30-17:00"] }}

[database]
url = "{url}"

[[sources]]
name = "wabo"
kind = "spreadsheet"
role = "one_stop"
path = "export.csv"
timezone = "Europe/Amsterdam"
lateness = "{lateness}"
stale_after = "30d"
midnight_is_exact = {exact}

[sources.columns]
code = "code"
channel = "channel"
agency_code = "department"
officer = "responsible"
received_at = "received_at"
promised_at = "deadline_at"
finished_at = "ended_at"

[sources.channel_map]
Internet = "online"
Desk = "counter"
Post = "post"
"e-mail" = "online"
Intern = "counter"
"""


def independent_count(rows: list[dict[str, str]], lateness: str) -> tuple[int, int]:
    """(finished late, still late at the cut): straight from the file, by the plainest means."""
    finished = open_late = 0
    for row in rows:
        deadline = datetime.fromisoformat(row["deadline_at"])
        if not row["ended_at"]:
            open_late += deadline.date() < LAST
            continue
        ended = datetime.fromisoformat(row["ended_at"])
        finished += ended > deadline if lateness == "instant" else ended.date() > deadline.date()
    return finished, open_late


def days() -> Iterator[date]:
    """Every day in `make proof`; in `make test` every twenty-eighth."""
    step = timedelta(days=proof_examples(28, 1))
    day = FIRST
    while day < LAST:
        yield day
        day += step
    yield LAST


@pytest.mark.parametrize(("lateness", "finished_late"), [("instant", 183), ("date", 148)])
def test_the_replay_ends_where_the_file_does(
    shared_data: Path, tmp_path: Path, sqlite_url: str, lateness: str, finished_late: int
) -> None:
    with (shared_data / "permits-2010-2012" / "dossiers.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert independent_count(rows, lateness) == (finished_late, 13)
    config, export = tmp_path / "dunghen.toml", tmp_path / "export.csv"
    config.write_text(
        CONFIG.format(url=sqlite_url, lateness=lateness, exact=str(lateness == "instant").lower()), encoding="utf-8"
    )
    write_export(export, rows, FIRST)
    clock = FixedClock(datetime.combine(FIRST, datetime.max.time(), AMSTERDAM))
    with Program(load(config), clock, upgrade=True) as program:
        for day in days():
            clock.set(datetime(day.year, day.month, day.day, 23, 59, tzinfo=AMSTERDAM))
            write_export(export, rows, day)
            (count,) = program.pull()
            assert (count.result, count.set_aside) == ("ok", 0)
            program.judge()
        with program.sessions() as session:
            stages = Counter(session.scalars(select(Dossier.stage)))
            entered = (
                select(Dossier.code, CrossingRow.at)
                .join(Dossier, Dossier.id == CrossingRow.dossier_id)
                .where(CrossingRow.stage == "late")
            )
            late = table(session, entered)
    assert (stages["finished_late"], stages["late"]) == (finished_late, 13)
    assert sum(stages.values()) == 732
    assert not {"unknown", "no_promise", "uncertain"} & set(stages)
    # each crossing into "late" bears its true instant, not the day it was found on
    deadlines = {row["code"].upper(): datetime.fromisoformat(row["deadline_at"]) for row in rows}
    assert late
    for code, at in late.items():
        deadline = deadlines[code]
        edge = midnight_after(deadline) if lateness == "date" else deadline + timedelta(microseconds=1)
        assert at == edge


def midnight_after(deadline: datetime) -> datetime:
    on = deadline.astimezone(AMSTERDAM).date() + timedelta(days=1)
    return datetime(on.year, on.month, on.day, tzinfo=AMSTERDAM)


def write_export(path: Path, rows: list[dict[str, str]], day: date) -> None:
    """The file as the office would have exported it that night: no later receipt, no later decision."""
    cut = datetime(day.year, day.month, day.day, 23, 59, tzinfo=AMSTERDAM)
    known = [row for row in rows if datetime.fromisoformat(row["received_at"]) <= cut]
    shown = [
        row
        | {"ended_at": row["ended_at"] if row["ended_at"] and datetime.fromisoformat(row["ended_at"]) <= cut else ""}
        for row in known
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(shown)
