"""The morning list and the weekly sum: what stands open under each leader, and what changed since the last one.

They come beside the alerts, never instead of one: a first occurrence waits for no list. Each is made once for a
(kind, period, person); what stood on it is kept, so that the next one can say what changed.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from monitor.alerts.addresses import linked, parked
from monitor.alerts.current import Office, lines_of
from monitor.alerts.lines import Line, day_text, moment_text, worst_first
from monitor.alerts.recipients import Recipient, Resolver
from monitor.domain.calendar import CalendarExhausted, WorkingCalendar
from monitor.store.tables import Digest, Dossier, Message
from monitor.store.writing import in_batches, insert_new

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_AT = re.compile(rf"(?:({'|'.join(WEEKDAYS)})\s+)?(\d{{1,2}}:\d{{2}})")
_STANDING = ("late", "due_today", "letter_due", "due_soon")
_Standing = Mapping[str, Sequence[str]]  # dossier code -> (section, agency)
_Before = tuple[datetime, _Standing]
_TOP = 10  # agencies in a sum's table and picture


@dataclass(frozen=True, slots=True)
class DigestRule:
    """One list: "morning" on every working day, or "weekly" on `weekday` (0 = Monday) or the working day after it."""

    kind: str
    at: time
    roles: tuple[str, ...]
    weekday: int = 0


def parse_moment(text: str) -> tuple[int | None, time]:
    """`"07:30"` or `"mon 07:30"` as (weekday or None, time). Raises `ValueError`."""
    found = _AT.fullmatch(text.strip())
    if found is None:
        raise ValueError(f'{text!r}: write "07:30" or "mon 07:30"')
    return (WEEKDAYS.index(found[1]) if found[1] else None), time.fromisoformat(found[2].zfill(5))


def period_of(rule: DigestRule, now: datetime, calendar: WorkingCalendar) -> str:
    """The period whose list is to be made at `now`; "" while there is none. Raises `CalendarExhausted`."""
    today = calendar.local_date(now)
    if rule.kind == "morning":
        on, name = today, today.isoformat()
        if not calendar.is_working_day(today):
            return ""
    else:
        monday = today - timedelta(days=today.weekday())
        on = calendar.on_or_after(monday + timedelta(days=rule.weekday))
        year, week, _ = monday.isocalendar()
        name = f"{year}-W{week:02d}"
        if on - monday >= timedelta(days=7):
            return ""  # a whole week off
    return name if now >= calendar.at_time(on, rule.at) else ""


def plan_digests(
    session: Session,
    *,
    now: datetime,
    office: Office,
    rules: Sequence[DigestRule],
    channels: Collection[str],
    shadow: bool,
    stale_sources: Collection[str],
) -> int:
    """Puts the lists whose hour has come into the outbox; returns how many. The caller commits.

    Dossiers of a silent source stand on no list: nobody knows how they stand.
    """
    made = 0
    for rule in rules:
        try:
            period = period_of(rule, now, office.calendar)
        except CalendarExhausted:
            continue
        done = f"{rule.kind}:{period}:*{','.join(rule.roles)}"
        if not period or session.scalar(select(Digest.id).where(Digest.key == done)) is not None:
            continue
        made += _plan(session, rule, period, now, office, channels, shadow, stale_sources)
        insert_new(session, Digest, [digest_row(done, rule.kind, "", now, {})])
    return made


def _plan(
    session: Session,
    rule: DigestRule,
    period: str,
    now: datetime,
    office: Office,
    channels: Collection[str],
    shadow: bool,
    stale_sources: Collection[str],
) -> int:
    standing = standing_dossiers(session, stale_sources)
    today = office.calendar.local_date(now)
    resolver = Resolver(office.directory, channels, today, parked(session), linked(session))
    readers: dict[str, tuple[Recipient, set[str]]] = {}
    for agency in _agencies(standing, office):
        for role in rule.roles:
            for recipient in resolver.reach(role, agency).recipients:
                readers.setdefault(recipient.person, (recipient, set()))[1].add(agency)
    written = lines_of(session, [row.id for row in standing], office, now)
    lines = {line["dossier_id"]: line for line in written}
    last = _last(session, rule.kind, readers)
    rows, digests = [], []
    at_agency: dict[str, list[Any]] = {}
    for row in standing:
        if row.id in lines:
            at_agency.setdefault(row.agency_code, []).append(row)
    for person, (recipient, agencies) in readers.items():
        own = [row for code in sorted(agencies) for row in at_agency.get(code, ())]
        now_on = {row.code: (str(lines[row.id]["section"]), row.agency_code) for row in own}
        before = last.get(person)
        if not now_on and not (before and before[1]):
            continue  # nothing stands, and nothing stood
        key = f"{rule.kind}:{period}:{person}"
        digests.append(digest_row(key, rule.kind, person, now, now_on))
        payload = _payload(rule, own, lines, now_on, before, now, office)
        rows.append(list_message(key, recipient, payload, shadow, now))
    insert_new(session, Digest, digests)
    insert_new(session, Message, rows)
    return len(rows)


def standing_dossiers(session: Session, stale_sources: Collection[str]) -> Sequence[Any]:
    """(id, code, agency_code) of what is late or about to be; of silent sources nobody knows."""
    asked = select(Dossier.id, Dossier.code, Dossier.agency_code).where(Dossier.stage.in_(_STANDING))
    if stale_sources:
        asked = asked.where(Dossier.speaking_source.not_in(stale_sources))
    return session.execute(asked.order_by(Dossier.id)).all()


def _agencies(standing: Iterable[Any], office: Office) -> list[str]:
    """Every agency of the file, since one with nothing left has something to hear too, and those of the dossiers."""
    known = [agency.code for agency in office.directory.agencies()]
    return list(dict.fromkeys([*known, *(row.agency_code for row in standing)]))


def _last(session: Session, kind: str, people: Iterable[str]) -> dict[str, _Before]:
    """Each person's last list of this kind: when, and what stood on it. The lists before it are not read."""
    found: dict[str, _Before] = {}
    for batch in in_batches(sorted(people)):
        own = and_(Digest.kind == kind, Digest.person.in_(batch))
        last = select(Digest.person, func.max(Digest.made_at).label("at")).where(own).group_by(Digest.person).subquery()
        asked = (
            select(Digest.person, Digest.made_at, Digest.standing)
            .join(last, and_(Digest.person == last.c.person, Digest.made_at == last.c.at))
            .where(own)
        )
        found.update({person: (made_at, standing) for person, made_at, standing in session.execute(asked)})
    return found


def worst_line_first(line: Mapping[str, Any]) -> tuple[int, int, str, str]:
    """`worst_first` of a line as stored."""
    return worst_first(Line(line["section"], line["code"], (), days=line["days"], order=line["order"]))


def _payload(
    rule: DigestRule,
    own: Sequence[Any],
    lines: Mapping[int, Mapping[str, Any]],
    now_on: _Standing,
    before: _Before | None,
    now: datetime,
    office: Office,
) -> dict[str, Any]:
    local = office.calendar.local(now)
    mine = sorted((lines[row.id] for row in own), key=worst_line_first)
    some = [{**line, "notices": []} for line in mine]
    weekly = rule.kind == "weekly"
    title = f"Tổng hợp tuần đến {day_text(local.date())}" if weekly else f"Danh sách đầu ngày {day_text(local.date())}"
    head: dict[str, Any] = {"kind": rule.kind, "title": title, "changes": _changes(now_on, before, office)}
    head["table"] = _table(now_on, before[1] if before else None, office) if weekly else []
    return {
        "at": now.isoformat(),
        "at_text": moment_text(local),
        "lines": some,
        "others": [],
        "instead_of": [],
        "head": head,
    }


def _changes(now_on: _Standing, before: _Before | None, office: Office) -> str:
    """What changed since the last list, in one sentence."""
    if before is None:
        return ""
    since, standing = before
    fresh = sum(1 for code in now_on if code not in standing)
    gone = sum(1 for code in standing if code not in now_on)
    late = {code for code, (section, _) in now_on.items() if section == "late"}
    worse = sum(1 for code, (section, _) in standing.items() if code in late and section != "late")
    on = day_text(office.calendar.local_date(since))
    if not (fresh or gone or worse):
        return f"So với ngày {on}: không có thay đổi."
    return f"So với ngày {on}: thêm {fresh} hồ sơ, bớt {gone}, chuyển sang quá hạn {worse}."


def _table(now_on: _Standing, before: _Standing | None, office: Office) -> list[dict[str, Any]]:
    """The agencies with most late dossiers, each with its figures now and at the last sum."""
    late = Counter(agency for section, agency in now_on.values() if section == "late")
    soon = Counter(agency for section, agency in now_on.values() if section != "late")
    was = Counter(agency for section, agency in (before or {}).values() if section == "late")
    rows = []
    for code in sorted(late | soon | was, key=lambda agency: (-late[agency], -soon[agency], agency))[:_TOP]:
        agency = office.directory.agency(code)
        rows.append(
            {
                "agency": agency.name if agency is not None else code,
                "late": late[code],
                "soon": soon[code],
                "before": was[code] if before is not None else None,
            }
        )
    return rows


def list_message(
    key: str, recipient: Recipient, payload: dict[str, Any], shadow: bool, now: datetime
) -> dict[str, Any]:
    """The outbox row of a list; `key` is its digest's."""
    return {
        "key": f"digest:{key}",
        "person": recipient.person,
        "channel": recipient.channel,
        "address": recipient.address,
        "severity": "normal",
        "payload": payload | {"others": [list(way) for way in recipient.others]},
        "state": "cancelled" if shadow else "pending",
        "last_error": "shadow" if shadow else "",
        "made_at": now,
        "not_before_at": now,
    }


def digest_row(key: str, kind: str, person: str, now: datetime, standing: _Standing) -> dict[str, Any]:
    """The record that a list was made, and of what stood on it."""
    return {"key": key, "kind": kind, "person": person, "made_at": now, "standing": dict(standing)}


__all__ = [
    "DigestRule",
    "digest_row",
    "list_message",
    "parse_moment",
    "period_of",
    "plan_digests",
    "standing_dossiers",
    "worst_line_first",
]
