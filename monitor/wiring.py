"""Puts the parts together. With `adapters` it alone knows every adapter; others are handed what they need."""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from connectors.base import Capability, Connector
from monitor import backups, logs
from monitor.adapters import digest_rule, make_channels, make_connector, source_rules
from monitor.alerts.acknowledge import AnswerRules
from monitor.alerts.bounces import BounceMailbox, take_back
from monitor.alerts.calendar_end import tell_calendar_end
from monitor.alerts.confirming import confirm
from monitor.alerts.current import Office as AlertOffice
from monitor.alerts.digests import plan_digests
from monitor.alerts.forecast import Gap, rung_rule
from monitor.alerts.handover import plan_handovers
from monitor.alerts.keeping_up import keep_up
from monitor.alerts.outgoing import Channel
from monitor.alerts.planning import PlanCount, plan_messages
from monitor.alerts.reach import check_reach, is_due
from monitor.alerts.rereading import People
from monitor.alerts.sending import SendCount, release_leases, send_pending
from monitor.calendar_file import CalendarFileError
from monitor.calendars import load_calendar
from monitor.clock import Clock
from monitor.domain.answers import AnswerLimits
from monitor.domain.calendar import WorkingCalendar
from monitor.domain.stage import parse_warning
from monitor.evidence import not_read_again
from monitor.intake import Intake
from monitor.judge import JudgeCount, Rules, judge_due, last_judged
from monitor.letters.draft import DraftCount, draft_letters
from monitor.letters.files import LetterFiles, write_files
from monitor.letters.fresh import letters_on_fresh_evidence
from monitor.letters.letterhead import setting_of
from monitor.letters.life import see_dates
from monitor.letters.office import Office
from monitor.letters.printing import Printed, printers
from monitor.letters.sheets import Sheets
from monitor.letters.steps import By
from monitor.letters.telling import see_mails
from monitor.mailroom import LetterMail
from monitor.people import Directory, PeopleFileError, load_directory
from monitor.procedures import Terms, load_terms
from monitor.pull import PullCount, pull_source
from monitor.recalendar import Basis, recount
from monitor.reports.sources import held_sources, stale_sources
from monitor.settings import AnySource, Letters, Settings
from monitor.silence import judge_sources
from monitor.steady import SLACK
from monitor.store import database, migrate
from monitor.store.writing import one_writer
from monitor.views import SourceRole

log = logs.get("wiring")

ConnectorMaker = Callable[[AnySource, Clock], Connector]


@dataclass(frozen=True, slots=True)
class TellCount:
    """What one pass of planning and sending did."""

    plan: PlanCount
    sent: SendCount
    edited: int = 0  # messages sent earlier that now say how things stand


@dataclass(frozen=True, slots=True)
class Made:
    """What one pass over the letters did."""

    drafts: DraftCount
    files: list[LetterFiles] = field(default_factory=list)


class Program:
    """Settings, store, clock and rules, and the passes over them. Each pass is bounded and may run in any thread."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        *,
        channels: Mapping[str, Channel] | None = None,
        connect: ConnectorMaker | None = None,
        upgrade: bool = False,
    ) -> None:
        """Opens the store (`upgrade` migrates it first). Nothing else is touched until a pass needs it.

        Raises StoreUnsafe, SchemaTooOld, SchemaTooNew and the errors of the calendar, people and procedure files.
        """
        self.settings = settings
        self.clock = clock
        self.directory: Directory = load_directory(settings.people.file)
        self.calendar: WorkingCalendar = self._load_calendar(self.directory)
        self._counted_with: WorkingCalendar | None = None
        self.terms: Terms = load_terms(settings.procedures.file)
        self.engine: Engine = database.open_engine(settings.database.url)
        if upgrade:
            migrate.upgrade(self.engine)
        else:
            migrate.check(self.engine)
        self.sessions: sessionmaker[Session] = database.session_factory(self.engine)
        self._given_channels = channels
        self._connect = connect
        self._connectors: dict[str, Connector] = {}
        self._transports: list[object] = []
        self._readings: dict[str, threading.Lock] = {}
        self._files_seen_to = False
        self._people_seen = _stamp(settings.people.file)
        self._stopping = threading.Event()
        self._bounce_mailbox: BounceMailbox | None = None

    def _load_calendar(self, directory: Directory) -> WorkingCalendar:
        site = self.settings.site
        return load_calendar(self.settings.calendar, site.timezone, self.settings.folder, directory.chain)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the store and of every connection to a peer."""
        for held in (*self.__dict__.get("channels", {}).values(), *self._transports):
            close = getattr(held, "close", None)
            if close is not None:
                close()
        self.engine.dispose()

    @cached_property
    def channels(self) -> Mapping[str, Channel]:
        """The enabled channels by name."""
        if self._given_channels is not None:
            return self._given_channels
        channels = make_channels(self.settings)
        if self.settings.channels.email.enabled:
            mailroom = LetterMail(
                self.settings.channels.email,
                self.sessions,
                lambda: Office(self.calendar, self.settings.letters),
                self.settings.site.base_url,
            )
            channels[mailroom.name] = mailroom
        return channels

    @cached_property
    def intake(self) -> Intake:
        """What storing a page needs to know."""
        roles = {s.name: SourceRole(s.role, s.lateness) for s in self.settings.sources}
        return Intake(self.directory, self.terms, self.calendar, roles)

    @cached_property
    def rules(self) -> Rules:
        """What judging goes by."""
        rungs = [rung_rule(rung) for rung in self.settings.escalation]
        return Rules(self.calendar, parse_warning(self.settings.warning.due_soon), rungs, self.directory)

    @property
    def answer_rules(self) -> AnswerRules:
        """What officials' answers to alerts are held to."""
        wanted = self.settings.answers
        limits = AnswerLimits(wanted.promise_days, wanted.solved_days, wanted.put_off_days)
        return AnswerRules(self.calendar, self.directory, limits)

    @cached_property
    def _stale_after(self) -> dict[str, int]:
        return {source.name: source.stale_after for source in self.settings.sources}

    def read_people_again(self) -> bool:
        """Takes up a people file that was changed since; one with mistakes is left aside, aloud. Whether it changed."""
        file = self.settings.people.file
        if file is None or (seen := _stamp(file)) == self._people_seen:
            return False
        try:
            directory = load_directory(file)
            calendar = self._load_calendar(directory)  # agencies inherit their days from those above them
        except PeopleFileError as error:
            self._people_seen = seen
            log.error("people_file_refused", count=len(error.mistakes))
            return False
        except CalendarFileError:
            log.error("calendar_file_refused")  # again each time, until it is mended: both are taken up, or neither
            return False
        self._people_seen, self.directory, self.calendar = seen, directory, calendar
        for made in ("rules", "intake"):
            self.__dict__.pop(made, None)
        log.info("people_file_taken_up", count=len(self.directory.people()))
        return True

    def check_reach(self, now: datetime | None = None) -> list[Gap]:
        """Looks whether every rung of the next 7 days has somebody who can be told."""
        with self.sessions.begin() as session:
            one_writer(session)
            return check_reach(
                session,
                now=now or self.clock.now(),
                calendar=self.calendar,
                directory=self.directory,
                rungs=self.settings.escalation,
                channels=tuple(self.channels),
                tell=self.settings.alerts.reach_tell,
            )

    def connector(self, source: AnySource) -> Connector:
        """The connector of a configured source, made once."""
        if source.name not in self._connectors:
            made = (
                self._connect(source, self.clock)
                if self._connect is not None
                else make_connector(source, self.clock, self._transports)
            )
            self._connectors[source.name] = made
        return self._connectors[source.name]

    def pull(
        self, names: Sequence[str] | None = None, full: bool = False, even_if_waiting: bool = False
    ) -> list[PullCount]:
        """Reads the named sources (all by default), one after the other. Trouble of one never stops the next."""
        wanted = [s for s in self.settings.sources if names is None or s.name in names]
        return [self._pull_one(source, full, even_if_waiting) for source in wanted]

    def _pull_one(self, source: AnySource, full: bool, even_if_waiting: bool) -> PullCount:
        """One reading of a source at a time, whoever asks for it."""
        reading = self._readings.setdefault(source.name, threading.Lock())
        if not reading.acquire(blocking=False):
            return PullCount(source.name, "waiting", "is being read right now")
        try:
            return pull_source(
                self.sessions,
                source_rules(source),
                self.connector(source),
                self.intake,
                self.clock,
                full=full,
                even_if_waiting=even_if_waiting,
            )
        finally:
            reading.release()

    def judge(self, at: datetime | None = None, dry_run: bool = False) -> JudgeCount:
        """Judges what is due, then the sources' silence. Raises `JudgedBackwards` before the last real run."""
        self.read_people_again()
        now = at or self._steady_now()
        if not dry_run:
            self._recount(now)
        count = judge_due(self.sessions, self.rules, now, dry_run=dry_run)
        if not dry_run:
            with self.sessions.begin() as session:
                one_writer(session)
                count.notices_owed += judge_sources(
                    session, self.settings.sources, self.rules.rungs, self.calendar, now
                )
                tell_calendar_end(session, self.calendar, self.settings.alerts.calendar_tell, now)
        return count

    def _recount(self, now: datetime) -> None:
        """Once a calendar: what was counted with another one, or with other time limits, than ours is counted anew, and
        the log says so. A file that was edited by hand, or an agency moved in the tree, must not leave dates and letter
        days of yesterday's behind."""
        if self._counted_with is self.calendar:
            return
        number = recount(self.sessions, Basis(self.calendar, self.terms), now)
        self._counted_with = self.calendar
        if number:
            log.warning("recounted", dossiers=number, version=f"{self.calendar.version}/{self.terms.version}")

    def _steady_now(self) -> datetime:
        """Now, or the last judged instant where the machine's clock was set back a little since: time never runs
        backwards in the history. A long way back is refused by judging, aloud."""
        now = self.clock.now()
        last = last_judged(self.sessions)
        return last if last is not None and now < last <= now + SLACK else now

    def write_letters(self, files: bool = True, only_new: bool = True) -> Made:
        """Sees which new dates the sources show; words what is owed on fresh evidence, and writes its PDF and DOCX."""
        now = self.clock.now()
        with self.sessions.begin() as session:
            one_writer(session)
            office = self.letter_office(session, now)
            see_mails(session, now)
            see_dates(session, office, now)
            owed = letters_on_fresh_evidence(session, office.stale, self._stale_after, now)
            drafts = draft_letters(
                session,
                now=now,
                calendar=self.calendar,
                directory=self.directory,
                settings=self.settings.letters,
                only=owed,
            )
        nothing_new = self._files_seen_to and not drafts.drafted and not drafts.reworded
        if not files or (only_new and nothing_new):
            return Made(drafts)
        self._files_seen_to = True  # the first pass also writes what a crash left unwritten
        with database.reading(self.engine) as session:  # typesetting takes its time: no write lock meanwhile
            return Made(drafts, write_files(session, self.letters_folder, only=owed if only_new else None))

    def letter_office(self, session: Session, now: datetime) -> Office:
        """What the steps of a letter go by at this moment; for the command line and the pages alike."""
        return Office(
            self.calendar,
            self.settings.letters,
            stale=frozenset(held_sources(session, self.settings.sources, now=now)),
            show_dates=frozenset(s.name for s in self.settings.sources if self._shows_dates(s)),
            officials=frozenset(person.name for person in self.directory.people()),
            counter_mailbox=partial(
                counter_mailbox, self.settings.letters, self.directory, self.calendar.local_date(now)
            ),
            mails=self.settings.channels.email.enabled and not self.settings.shadow,
        )

    def print_here(self, letter_ids: Collection[int], by: By) -> tuple[bytes | None, Printed]:
        """One file of these letters for who sits at a page; that they were printed is on record."""
        return self._sheets().here(letter_ids, by)

    def print_out(self, letter_ids: Collection[int], by: By) -> Printed:
        """These letters on their agencies' own printers; that they were printed is on record."""
        return self._sheets().out(letter_ids, by, printers(self.settings.letters, self.calendar.local_date(by.at)))

    def _sheets(self) -> Sheets:
        names = {agency.code: agency.name for agency in self.directory.agencies()}
        return Sheets(self.sessions, self.clock, self.calendar, lambda code: names.get(code, ""))

    def _shows_dates(self, source: AnySource) -> bool:
        return Capability.EXTENSIONS in self.connector(source).capabilities

    @property
    def letters_folder(self) -> Path:
        return self.settings.letters.folder

    def plan_and_send(self) -> TellCount:
        """Turns owed notices into messages and sends what may go now. Once a day, looks whom nobody could reach."""
        now = self.clock.now()
        with self.sessions.begin() as session:
            one_writer(session)
            unlooked = is_due(session, now, self.calendar)
        if unlooked:
            self.check_reach(now)
        office = AlertOffice(self.calendar, self.directory, self.settings.site.base_url)
        with self.sessions.begin() as session:
            one_writer(session)
            silent = stale_sources(session, self.settings.sources, now=now)
            plan_digests(
                session,
                now=now,
                office=office,
                rules=[digest_rule(one) for one in self.settings.digests],
                channels=tuple(self.channels),
                shadow=self.settings.shadow,
                stale_sources=silent,
            )
            plan_handovers(
                session,
                now=now,
                office=office,
                channels=tuple(self.channels),
                shadow=self.settings.shadow,
                stale_sources=silent,
            )
            plan = plan_messages(
                session,
                now=now,
                calendar=self.calendar,
                directory=self.directory,
                rungs=self.settings.escalation,
                base_url=self.settings.site.base_url,
                channels=tuple(self.channels),
                shadow=self.settings.shadow,
                stale_sources=silent,
                not_read_again=lambda ids: not_read_again(session, ids, self._stale_after, now),
                most_an_hour=self.settings.alerts.most_an_hour,
            )
        confirm(self.sessions, self.channels, self.clock, stopping=self._stopping.is_set)
        people = People(office, self.settings.escalation)
        stopping = self._stopping.is_set
        sent = send_pending(self.sessions, self.channels, clock=self.clock, people=people, stopping=stopping)
        edited = keep_up(self.sessions, self.channels, office, self.clock, stopping=self._stopping.is_set)
        return TellCount(plan, sent, edited)

    def back_up(self) -> Path | None:
        """The day's copy of an SQLite store; None where a young one is there, or where the store is PostgreSQL."""
        source = backups.sqlite_file(self.settings.database.url)
        if source is None:
            return None
        chosen = self.settings.daemon
        folder = self.settings.site.data_dir / "backups"
        every = timedelta(seconds=chosen.backup_every)
        return backups.nightly(source, folder, every=every, keep=chosen.backup_keep, now=self.clock.now())

    def read_bounces(self) -> int:
        """Takes mails that came back for what they say. Returns how many were ours. Raises `ChannelUnavailable`."""
        chosen = self.settings.channels.email.bounces
        if chosen is None:
            return 0
        if self._bounce_mailbox is None:
            self._bounce_mailbox = BounceMailbox(chosen)
        ours = 0
        for found in self._bounce_mailbox.read():
            with self.sessions.begin() as session:
                one_writer(session)
                ours += take_back(session, found, self.clock.now(), tuple(self.channels))
        return ours

    def let_go_of_raw(self) -> int:
        """Empties the raw answers whose time is over; returns how many."""
        from monitor.retention import let_go_of_raw

        return let_go_of_raw(self.sessions, self.settings.evidence.keep_raw, self.clock.now())

    def request_stop(self) -> None:
        """No message is claimed from now on; the one that is being sent is finished."""
        self._stopping.set()

    def release_leases(self) -> int:
        """At start: what a dead process was sending becomes a possible repeat instead of a loss."""
        with self.sessions.begin() as session:
            return release_leases(session, self.clock.now())


def counter_mailbox(letters: Letters, directory: Directory, on: date, agency_code: str) -> str:
    """The one-stop unit's mailbox: as configured, else its head's official one; "" where there is none."""
    own = setting_of(agency_code, letters.agencies, on).counter_email
    return own or next((p.email for p in directory.who("one_stop_head", agency_code, on) if p.email), "")


def _stamp(file: Path | None) -> tuple[int, int]:
    """What changes when a file is written anew; nothing where it cannot be looked at."""
    try:
        found = file.stat() if file is not None else None
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_size) if found is not None else (0, 0)


__all__ = ["Made", "Program", "TellCount"]
