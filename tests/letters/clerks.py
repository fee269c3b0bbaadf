"""Whole lives of letters in processes of their own: killed with SIGKILL at a given statement, or two at once.

`main(URL, NOW, "kills", SEED, NUMBER)` kills NUMBER children, each at a random statement or commit, and lets a last one
end; `"together", NUMBER` runs NUMBER at the same time. What is left undone by one is taken up by the next. To be run in a
process of its own (`tests.forks`): it forks, which no process with threads may.
"""

import os
import random
import signal
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session, sessionmaker

from monitor.calendars import load_calendar
from monitor.domain.letter import LetterState
from monitor.domain.stage import Warning
from monitor.judge import Rules, judge_due
from monitor.letters import life
from monitor.letters.draft import draft_letters
from monitor.letters.office import Office
from monitor.letters.register import Entry
from monitor.letters.steps import By, StepRefused
from monitor.people import Directory
from monitor.settings import CalendarSettings, LetterAgency, Letters
from monitor.store import database
from monitor.store.tables import Letter

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
CALENDAR = load_calendar(CalendarSettings(), ZONE.key, Path())  # before any fork: a child is to die at work
_FURTHEST = 90  # statements a child may live: some steps of some letters


def live(sessions: sessionmaker[Session], now: datetime) -> None:
    """Judges, drafts, and takes every step of every letter, each in its own transaction, as clerks would."""
    calendar, settings = CALENDAR, Letters(agencies=(LetterAgency(numbering="internal"),))
    office = Office(calendar, settings)
    judge_due(sessions, Rules(calendar, Warning(), (), Directory()), now)
    with sessions.begin() as session:
        draft_letters(session, now=now, calendar=calendar, directory=Directory(), settings=settings)
    by, today = By(f"Cán bộ {os.getpid()}", now), calendar.local_date(now)
    new = calendar.add_working_days(today, 5)
    while letters := _open(sessions):
        for letter_id, state in letters:
            try:
                with sessions.begin() as s:
                    match state:
                        case LetterState.DRAFTED:
                            life.decide(s, letter_id, office, by, reason=f"Chờ ý kiến số {letter_id}.", new_date=new)
                        case LetterState.DECIDED:
                            life.approve(s, letter_id, office, by)
                        case LetterState.APPROVED:
                            life.sign(s, letter_id, office, by, name="Lê Văn Nháp", capacity="head")
                        case LetterState.SIGNED:
                            life.register(s, letter_id, office, by, Entry(None, "PXL", today))
                        case LetterState.REGISTERED:
                            life.tell_counter(s, letter_id, by, proof="Sổ chuyển giao")
                        case LetterState.COUNTER_TOLD:
                            life.change_date(s, letter_id, office, by, proof="Ảnh màn hình")
                        case LetterState.DATE_CHANGED:
                            life.tell_applicant(s, letter_id, by, channel="printed", proof="Ký nhận")
            except StepRefused as refused:
                if refused.name != "wrong_order":  # somebody else was faster
                    raise


def _open(sessions: sessionmaker[Session]) -> list[tuple[int, str]]:
    with sessions() as session:
        rows = session.execute(select(Letter.id, Letter.state).where(Letter.state != LetterState.CLOSED))
        return sorted((row[0], row[1]) for row in rows)


def _child(url: str, now: datetime, dies_at: int = 0) -> int:
    pid = os.fork()
    if pid:
        return pid
    engine = database.open_engine(url)
    if dies_at:
        _kill_at(engine, dies_at)
    live(database.session_factory(engine), now)
    os._exit(0)


def _kill_at(engine: Engine, point: int) -> None:
    """Dies before or after a statement, or around a commit."""
    passed = 0

    def step(*_: object) -> None:
        nonlocal passed
        passed += 1
        if passed == point:
            os.kill(os.getpid(), signal.SIGKILL)

    for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(engine, name, step)


def main(url: str, now: datetime, how: str, *numbers: str) -> int:
    if how == "kills":
        dice = random.Random(int(numbers[0]))
        killed = 0
        for _ in range(int(numbers[1])):
            _, status = os.waitpid(_child(url, now, dice.randint(1, _FURTHEST)), 0)
            killed += os.WIFSIGNALED(status)
        print(f"killed: {killed}", flush=True)
        children = [_child(url, now)]
    else:
        children = [_child(url, now) for _ in range(int(numbers[0]))]
    return max(os.waitpid(child, 0)[1] for child in children)
