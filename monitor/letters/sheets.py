"""Letters printed from a page: as one file to print where one sits, or straight to the agency's printer; recorded."""

import tempfile
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from monitor.clock import Clock
from monitor.letters.cups import Queue
from monitor.letters.printing import LocalTime, Press, Printed, Wanted, print_letters
from monitor.letters.steps import By
from monitor.store.tables import Letter


@dataclass(frozen=True, slots=True)
class Sheets:
    """Prints letters of one store. The files are on disk only while they are made, where nobody else can read them."""

    sessions: sessionmaker[Session]
    clock: Clock
    calendar: LocalTime
    agency_name: Callable[[str], str]

    def here(self, letter_ids: Collection[int], by: By) -> tuple[bytes | None, Printed]:
        """The first stack as one PDF (None where nothing could be printed), and what came of the run. PERSONAL DATA."""
        with tempfile.TemporaryDirectory(prefix="dunghen-in-") as folder:
            press = Press(Path(folder), by, self.clock, self.calendar, self.agency_name)
            printed = print_letters(self.sessions, Wanted(only=letter_ids), press)
            files = [stack.file for stack in printed.stacks if stack.file is not None]
            return (files[0].read_bytes() if files else None), printed

    def out(self, letter_ids: Collection[int], by: By, queue_of: Callable[[str], Queue | None]) -> Printed:
        """Straight to the printers of the letters' agencies; what has none is left alone. PERSONAL DATA."""
        with self.sessions() as session:
            rows = session.execute(select(Letter.id, Letter.agency_code).where(Letter.id.in_(letter_ids))).all()
        owners = {row.id: row.agency_code for row in rows}
        served = {code for code in owners.values() if queue_of(code) is not None}
        only = [letter_id for letter_id, code in owners.items() if code in served]
        with tempfile.TemporaryDirectory(prefix="dunghen-in-") as folder:
            press = Press(Path(folder), by, self.clock, self.calendar, self.agency_name, queue_of)
            return print_letters(self.sessions, Wanted(only=only), press)
