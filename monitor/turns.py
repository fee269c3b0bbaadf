"""How a turn of reading a source begins: whether it is due, how far it reaches, and where a crash left the last one."""

import json
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.base import Reach, Sweep
from monitor.intake import Intake
from monitor.store.tables import Pull, Source

BREAKER_AFTER = 5  # failures in a row; then the source is asked one small thing before anything is read from it
DAY_S = 86_400
_RESUME_WITHIN = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class SourceRules:
    """How one source is read. Durations are seconds."""

    name: str
    kind: str
    role: str
    overlap_s: int = 900
    full_every_s: int = DAY_S
    full_at: time | None = None  # the local hour of a daily full sweep; None: whenever `full_every_s` is over
    expect_drop_below: float = 0.5
    missing_after: int = 3
    lookups_per_pull: int = 5000


@dataclass(frozen=True, slots=True)
class Run:
    """One turn of reading, as it begins."""

    pull_id: int
    began_at: datetime  # of the sweep, which may have begun before a crash
    plan: Sweep
    confirmed_at: datetime | None  # when the views we hold were last confirmed as a whole
    drift_before: datetime | None  # a full sweep: what changed before this should have been heard already
    resumed: bool
    last_full_rows: int
    row_keys: tuple[str, ...]
    is_probed_first: bool


def begin(
    session: Session,
    rules: SourceRules,
    intake: Intake,
    now: datetime,
    *,
    full: bool,
    by_hand: bool,
    even_if_waiting: bool,
) -> Run | None:
    """Notes the turn in the store; None while the source is left alone after a failure."""
    source = session.get(Source, rules.name)
    if source is None:
        source = Source(
            name=rules.name,
            kind=rules.kind,
            role=rules.role,
            resume_token="",
            resume_reach="",
            last_result="",
            last_said="",
            row_keys="",
        )
        source.failures = 0
        session.add(source)
    elif source.retry_not_before_at and source.retry_not_before_at > now and not even_if_waiting:
        return None
    source.kind, source.role, source.last_try_at = rules.kind, rules.role, now
    full = full or (not by_hand and _is_full_due(source.last_full_at, rules, intake, now))
    reach = Reach.FULL if full else Reach.CHANGES
    fresh = source.resume_began_at is not None and now - source.resume_began_at <= _RESUME_WITHIN
    resumed = bool(source.resume_token) and source.resume_reach == reach.value and fresh
    if not resumed:
        source.resume_token, source.resume_reach, source.resume_began_at = "", reach.value, now
        source.resume_since_at = source.cursor_at - timedelta(seconds=rules.overlap_s) if source.cursor_at else None
    began = source.resume_began_at or now
    last_full = select(Pull.rows_seen).where(
        Pull.source == rules.name, Pull.reach == Reach.FULL.value, Pull.result == "ok"
    )
    previous_rows = session.scalar(last_full.order_by(Pull.id.desc()).limit(1)) or 0
    if source.accepted_rows is not None:
        previous_rows = min(previous_rows, source.accepted_rows)
    # a resumed sweep counts only its rest, which is no measure for the next one
    pull = Pull(source=rules.name, reach="rest" if resumed else reach.value, began_at=now, result="running")
    session.add(pull)
    session.flush()
    plan = Sweep(reach, began, source.resume_since_at, source.resume_token if resumed else "")
    known_keys = tuple(json.loads(source.row_keys)) if source.row_keys else ()
    since = source.resume_since_at if reach is Reach.FULL and source.last_full_at is not None else None
    is_open = source.failures >= BREAKER_AFTER
    return Run(pull.id, began, plan, source.evidence_at, since, resumed, previous_rows, known_keys, is_open)


def _is_full_due(last: datetime | None, rules: SourceRules, intake: Intake, now: datetime) -> bool:
    """Whether everything is to be read. With an hour of the day: at the first such hour a day after the last time, and
    a sweep by hand in between moves it by at most a day."""
    if last is None:
        return True
    every = timedelta(seconds=rules.full_every_s)
    if rules.full_at is None or rules.full_every_s < DAY_S:
        return now - last >= every
    earliest = (last + every - timedelta(hours=23)).astimezone(intake.calendar.zone)
    due = datetime.combine(earliest.date(), rules.full_at, intake.calendar.zone)
    return now >= (due if due >= earliest else due + timedelta(days=1))
