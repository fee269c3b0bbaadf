"""One file to print where one sits: the letters of an agency with their list, recorded as printed."""

import tempfile
from collections.abc import Callable, Collection
from pathlib import Path

from sqlalchemy.orm import Session, sessionmaker

from monitor.clock import Clock
from monitor.letters.printing import LocalTime, Press, Printed, Wanted, print_letters
from monitor.letters.steps import By


def print_here(
    sessions: sessionmaker[Session],
    letter_ids: Collection[int],
    by: By,
    clock: Clock,
    calendar: LocalTime,
    agency_name: Callable[[str], str],
) -> tuple[bytes | None, Printed]:
    """The first stack as one PDF (None where nothing could be printed), and what came of the run. The file is on disk
    only while it is made, where nobody else can read it. PERSONAL DATA."""
    with tempfile.TemporaryDirectory(prefix="dunghen-in-") as folder:
        press = Press(Path(folder), by, clock, calendar, agency_name)
        printed = print_letters(sessions, Wanted(only=letter_ids), press)
        files = [stack.file for stack in printed.stacks if stack.file is not None]
        return (files[0].read_bytes() if files else None), printed
