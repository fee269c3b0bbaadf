"""Prints letters in stacks: in order, at most 100 with their cover list, as files or straight to a CUPS queue.

What was printed when stands in the letters' steps and in the log. A stack is delivered first and recorded after it, so
a crash between the two prints it again rather than never.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Protocol

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, sessionmaker

from monitor.clock import Clock
from monitor.domain.letter import ISSUED, LetterState
from monitor.letters import labels, paper
from monitor.letters.content import Content
from monitor.letters.cover import Cover, CoverLine
from monitor.letters.cups import PrinterTrouble, Queue
from monitor.letters.dates import day
from monitor.letters.files import safe_name
from monitor.letters.fonts import GlyphMissing
from monitor.letters.letterhead import setting_of
from monitor.letters.sheet import entries, number_of, numbered
from monitor.letters.steps import ASIDE, PRINTED, By, StepRefused, open_case, record
from monitor.settings import Letters
from monitor.store.tables import Dossier, Letter, LetterStep
from monitor.store.writing import in_batches
from monitor.whole_files import write_whole
from monitor.words import Words

FROZEN = ISSUED | {LetterState.APPROVED}  # what is signed is what was printed
_DONE_WITH = frozenset({LetterState.APPLICANT_TOLD, LetterState.CLOSED})  # printed only where it is asked for by name
_DRAFTS = frozenset({LetterState.DRAFTED, LetterState.DECIDED})
_NO_AGENCY = "chua-ro-co-quan"
_WAIT_S = 30  # for a queue to hand a stack to the device

Progress = Callable[[int, int], None]


class LocalTime(Protocol):
    """What printing asks of the calendar."""

    def local(self, at: datetime) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which letters: of these agencies (None: all), or just the ids in `only`; `today` keeps those that moved today.

    A letter is printed once unless `again`; `drafts` takes in those whose words are not approved yet.
    """

    only: Collection[int] | None = None
    agencies: Collection[str] | None = None
    today: bool = False
    again: bool = False
    drafts: bool = False


@dataclass(frozen=True, slots=True)
class Stack:
    """One file or print job: its letters in order. `waiting` means that the queue still holds it."""

    agency_code: str
    letter_ids: tuple[int, ...]
    file: Path | None = None
    printer: str = ""
    job: int | None = None
    waiting: bool = False


@dataclass(slots=True)
class Printed:
    """What one run printed. `left_out` are dossier codes with the reason; `discard` are codes whose letter changed
    while it was being printed: that sheet must not go out. `trouble` ended the run early."""

    stacks: list[Stack] = field(default_factory=list)
    left_out: list[tuple[str, Words]] = field(default_factory=list)
    discard: list[str] = field(default_factory=list)
    trouble: Words | None = None

    @property
    def letters(self) -> int:
        return sum(len(stack.letter_ids) for stack in self.stacks)


@dataclass(frozen=True, slots=True)
class _Sheet:
    letter_id: int
    agency_code: str
    content: Content
    content_hash: str
    number: str  # as the register has it, "15/PXL"


def _no_printer(_: str) -> Queue | None:
    return None


def printers(settings: Letters, on: date) -> Callable[[str], Queue | None]:
    """By agency: the queue that its entry names on that day."""

    def queue_of(agency_code: str) -> Queue | None:
        name = setting_of(agency_code, settings.agencies, on).printer
        return Queue(settings.print_server, name) if name else None

    return queue_of


@dataclass(frozen=True, slots=True)
class Press:
    """Where stacks go: a folder or a queue, but for the agencies that have a queue of their own (`queue_of`); what
    they go by; who prints."""

    to: Path | Queue
    by: By
    clock: Clock
    calendar: LocalTime
    agency_name: Callable[[str], str]
    queue_of: Callable[[str], Queue | None] = _no_printer

    @property
    def now(self) -> datetime:
        """The local moment of the run."""
        return self.calendar.local(self.by.at)

    def deliver(self, data: bytes, sheets: Sequence[_Sheet], number: int) -> Stack:
        """Raises `PrinterTrouble`."""
        agency, ids = sheets[0].agency_code, tuple(sheet.letter_id for sheet in sheets)
        name = f"{safe_name(agency or _NO_AGENCY)}-{self.now:%Y%m%d-%H%M%S}-{number:03d}"
        to = self.queue_of(agency) or self.to
        if isinstance(to, Path):
            file = to / f"{name}.pdf"
            write_whole(file, data)
            return Stack(agency, ids, file=file)
        job = to.send(data, name, "dunghen")
        gone = to.wait(job, self.clock, _WAIT_S)
        return Stack(agency, ids, printer=to.printer, job=job, waiting=not gone)


def print_letters(
    sessions: sessionmaker[Session], wanted: Wanted, press: Press, progress: Progress | None = None
) -> Printed:
    """Prints what is wanted, agency by agency in the order of codes, and records it.

    No lock is held while a stack is set or sent. Trouble of a printer ends the run: what was printed until then is
    recorded and told.
    """
    done = Printed()
    with sessions() as session:
        ids = list(session.scalars(_query(wanted, press.now)))
    finished = 0
    for sheets in _stacks(sessions, ids, done):
        try:
            data = paper.pdf([sheet.content for sheet in sheets], _cover(sheets, press))
            stack = press.deliver(data, sheets, len(done.stacks) + 1)
        except (PrinterTrouble, GlyphMissing) as trouble:  # the latter: who prints, or the agency, on the list
            done.trouble = trouble.words
            break
        done.stacks.append(stack)
        done.discard += _note(sessions, sheets, stack, press.by)
        finished += len(sheets)
        if progress is not None:
            progress(finished, len(ids))
    return done


def print_labels(sessions: sessionmaker[Session], wanted: Wanted, press: Press, file: Path) -> Printed:
    """The labels of the letters that are wanted, in the order of the stacks, in one file. Moves and records nothing:
    a label is no letter. Letters printed already are taken in with `again`."""
    done = Printed()
    with sessions() as session:
        ids = list(session.scalars(_query(wanted, press.now)))
    found: list[labels.Label] = []
    taken: list[int] = []
    for batch in in_batches(ids):
        with sessions() as session:
            sheets = _read(session, batch)
        for one in sheets:
            try:
                found.append(labels.label_of(one.content))
                taken.append(one.letter_id)
            except (GlyphMissing, labels.LabelTooLong) as trouble:
                done.left_out.append((one.content.dossier_code, trouble.words))
    if found:
        write_whole(file, labels.sheet(found, int(press.by.at.timestamp())))
        done.stacks.append(Stack("", tuple(taken), file=file))
    return done


def _query(wanted: Wanted, now: datetime) -> Select[int]:
    """Letters in the order of the stacks."""
    states = FROZEN if wanted.only is not None else FROZEN - _DONE_WITH
    query = (
        select(Letter.id)
        .join(Dossier, Dossier.id == Letter.dossier_id)
        .where(
            Letter.state.in_(states | _DRAFTS if wanted.drafts else states),
            Letter.suspended_for == "",
            Letter.content_hash != "",
        )
        .order_by(Letter.agency_code, Dossier.code, Letter.promise_number, Letter.id)
    )
    steps = select(LetterStep.id).where(LetterStep.letter_id == Letter.id)
    if wanted.only is not None:
        query = query.where(Letter.id.in_(wanted.only))
    if wanted.agencies is not None:
        query = query.where(Letter.agency_code.in_(wanted.agencies))
    if wanted.today:
        midnight = datetime.combine(now.date(), time(), now.tzinfo)
        query = query.where(steps.where(LetterStep.step.not_in(ASIDE), LetterStep.at >= midnight).exists())
    if not wanted.again:
        same = LetterStep.detail["content_hash"].as_string() == Letter.content_hash
        query = query.where(~steps.where(LetterStep.step == PRINTED, same).exists())
    return query


def _stacks(sessions: sessionmaker[Session], ids: Sequence[int], done: Printed) -> Iterator[list[_Sheet]]:
    """Stacks of one agency, read one after the other: memory holds one."""
    waiting: list[_Sheet] = []
    for at in range(0, len(ids), paper.MOST_IN_ONE_FILE):
        with sessions() as session:
            sheets = _read(session, ids[at : at + paper.MOST_IN_ONE_FILE])
        for sheet in sheets:
            try:
                paper.check(sheet.content)
            except GlyphMissing as missing:
                done.left_out.append((sheet.content.dossier_code, missing.words))
                continue
            full = len(waiting) == paper.MOST_IN_ONE_FILE
            if waiting and (full or waiting[0].agency_code != sheet.agency_code):
                yield waiting
                waiting = []
            waiting.append(sheet)
    if waiting:
        yield waiting


def _read(session: Session, ids: Sequence[int]) -> list[_Sheet]:
    numbers = entries(session, ids)
    columns = select(Letter.id, Letter.agency_code, Letter.content, Letter.content_hash)
    found: dict[int, _Sheet] = {}
    for letter_id, agency, stored, content_hash in session.execute(columns.where(Letter.id.in_(ids))):
        assert stored is not None  # the query asked for drafted ones
        entry = numbers.get(letter_id)
        content = numbered(Content.from_dict(stored), entry)
        found[letter_id] = _Sheet(letter_id, agency, content, content_hash, number_of(entry))
    return [found[letter_id] for letter_id in ids if letter_id in found]


def _cover(sheets: Sequence[_Sheet], press: Press) -> Cover:
    lines = tuple(
        CoverLine(
            sheet.content.dossier_code,
            str(sheet.content.values.get("nguoi_nop", "")),
            sheet.number,
            sheet.content.check,
        )
        for sheet in sheets
    )
    agency = press.agency_name(sheets[0].agency_code) or " ".join(sheets[0].content.issuer)
    now = press.now
    about = (f"In lúc {now:%H} giờ {now:%M}, {day(now.date())}; người in: {press.by.actor}", f"{len(lines)} phiếu")
    return Cover(agency, about, lines)


def _note(sessions: sessionmaker[Session], sheets: Sequence[_Sheet], stack: Stack, by: By) -> list[str]:
    """Records the stack. Answers with the codes whose letter is not any more what was printed."""
    where = {"printer": stack.printer, "job": stack.job} if stack.job is not None else {}
    where |= {"file": stack.file.name} if stack.file is not None else {}
    discard: list[str] = []
    with sessions.begin() as session:
        for place, sheet in enumerate(sheets, 1):
            try:
                case = open_case(session, sheet.letter_id, by, FROZEN | _DRAFTS)
            except StepRefused:
                discard.append(sheet.content.dossier_code)
                continue
            if case.letter.content_hash != sheet.content_hash or case.letter.suspended_for:
                discard.append(sheet.content.dossier_code)
                continue
            record(session, case, None, PRINTED, by, place=place, number=sheet.number, **where)
    return discard
