"""Versions of the ladder: an edit of the configuration makes a new one, and ladders that began go on by theirs."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from functools import lru_cache
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from monitor.domain.escalation import Occasion, RungRule, RungTime
from monitor.domain.stage import RUNNING_STAGES
from monitor.store.tables import Dossier, Ladder, Policy
from monitor.store.writing import in_batches, table_of

Rungs = tuple[RungRule, ...]
_POLICY = table_of(Policy)
_NEWEST = select(_POLICY.c.id, _POLICY.c.hash).order_by(_POLICY.c.adopted_at.desc(), _POLICY.c.id.desc()).limit(1)


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the ladder as stored."""

    id: int
    rungs: Rungs


def adopt(session: Session, rungs: Sequence[RungRule], now: datetime) -> Version:
    """The stored version of these rungs; new ladders begin with it. The caller commits.

    Where it is another one than before, running dossiers whose ladder has not begun are judged again at once: their
    next look was timed by the old rungs.
    """
    version = _hash(tuple(rungs))
    last = session.execute(_NEWEST).one_or_none()
    if last is not None and last.hash == version:
        return Version(last.id, tuple(rungs))
    known = session.scalar(select(Policy).where(Policy.hash == version))
    if known is None:
        known = Policy(hash=version, rungs=[_as_json(rung) for rung in rungs], adopted_at=now)
        session.add(known)
    known.adopted_at = now
    session.flush()
    if last is not None:
        begun = select(Ladder.dossier_id).where(Ladder.dossier_id == Dossier.id).exists()
        running = Dossier.stage.in_([str(stage) for stage in RUNNING_STAGES])
        session.execute(update(Dossier).where(running, ~begun).values(next_change_at=now))
    return Version(known.id, tuple(rungs))


def load(session: Session, ids: Collection[int]) -> dict[int, Rungs]:
    """The rungs of these versions."""
    found = session.execute(select(Policy.id, Policy.rungs).where(Policy.id.in_(ids)))
    return {id_: tuple(_from_json(rung) for rung in rungs) for id_, rungs in found}


def migrate(session: Session, version: Version, dossier_ids: Collection[int], now: datetime) -> int:
    """Lets ladders that began go on by another version, by a person's express wish. Returns how many changed."""
    changed = 0
    for batch in in_batches(sorted(dossier_ids)):
        which = (Ladder.dossier_id.in_(batch), Ladder.policy_id != version.id)
        moved = session.scalars(select(Ladder.dossier_id).where(*which)).all()
        session.execute(update(Ladder).where(*which).values(policy_id=version.id))
        session.execute(update(Dossier).where(Dossier.id.in_(moved)).values(next_change_at=now))
        changed += len(moved)
    return changed


@lru_cache(maxsize=8)  # asked at every pass, of the same rungs
def _hash(rungs: Rungs) -> str:
    as_stored = [_as_json(rung) for rung in rungs]
    return hashlib.sha256(json.dumps(as_stored, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _as_json(rung: RungRule) -> dict[str, Any]:
    return {
        "name": rung.name,
        "occasion": rung.occasion.value,
        "from_letter_day": rung.when.from_letter_day,
        "working_days": rung.when.working_days,
        "working_hours": rung.when.working_hours,
        "at": f"{rung.when.at:%H:%M}",
        "roles": list(rung.roles),
        "agencies": sorted(rung.agencies),
        "fields": sorted(rung.fields),
        "severity": rung.severity,
        "channels": list(rung.channels),
        "repeat_days": rung.repeat_days,
        "repeat_times": rung.repeat_times,
    }


def _from_json(stored: Mapping[str, Any]) -> RungRule:
    return RungRule(
        name=stored["name"],
        occasion=Occasion(stored["occasion"]),
        when=RungTime(
            stored["from_letter_day"],
            stored["working_days"],
            time.fromisoformat(stored["at"]),
            stored["working_hours"],
        ),
        roles=tuple(stored["roles"]),
        agencies=frozenset(stored["agencies"]),
        fields=frozenset(stored["fields"]),
        severity=stored["severity"],
        channels=tuple(stored["channels"]),
        repeat_days=stored["repeat_days"],
        repeat_times=stored["repeat_times"],
    )
