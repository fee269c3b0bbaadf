"""The day on which a written authorisation begins: the substitute and whoever gave it hear once what stands open.

Without it a substitute learns of a matter only at its next rung, perhaps after it became late in their hands.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from monitor.alerts.addresses import linked, parked
from monitor.alerts.current import Office, lines_of
from monitor.alerts.digests import digest_row, list_message, standing_dossiers, worst_line_first
from monitor.alerts.lines import day_text, moment_text
from monitor.alerts.recipients import Recipient, Resolver
from monitor.domain.calendar import CalendarExhausted
from monitor.people import Directory, Post, Substitution
from monitor.store.tables import Digest, Message
from monitor.store.writing import in_batches, insert_new, rows_of, table_of

KIND = "handover"
_TOLD = select(table_of(Digest).c.key).where(table_of(Digest).c.key.in_(bindparam("keys", expanding=True)))
_OF_SYSTEMS = "admin"  # hears of sources, not of dossiers


@dataclass(frozen=True, slots=True)
class _Owed:
    """One authorisation that one of its two people has not been told of."""

    given: Substitution
    posts: Sequence[Post]
    recipient: Recipient

    @property
    def key(self) -> str:
        return _key(self.given, self.recipient.person)


def plan_handovers(
    session: Session,
    *,
    now: datetime,
    office: Office,
    channels: Collection[str],
    shadow: bool,
    stale_sources: Collection[str],
) -> int:
    """Puts a message for each of the two into the outbox for every authorisation that holds today and was not told
    yet, once the office is open; returns how many. The caller commits.

    One that was written into the file after its first day, or whose reader had no channel then, is told late rather
    than never. Where a substitute passed the matter on, that authorisation is told as well: each names its own two.
    """
    today = office.calendar.local_date(now)
    untold = _untold(
        session, [one for one in office.directory.substitutions() if one.given_from <= today <= one.given_to]
    )
    held = [(one, posts) for one, posts in _held(untold, office.directory, today) if _is_open(office, posts, now)]
    owed = _owed(session, held, untold, channels, today, office.directory) if held else []
    if not owed:
        return 0
    standing = standing_dossiers(session, stale_sources)
    theirs = {id(one.posts): _theirs(standing, one.posts, office.directory, today) for one in owed}
    written = lines_of(session, sorted(set[int]().union(*theirs.values())), office, now)
    lines = [{**line, "notices": []} for line in sorted(written, key=worst_line_first)]
    messages = []
    for one in owed:
        payload = _payload(one, [line for line in lines if line["dossier_id"] in theirs[id(one.posts)]], office, now)
        messages.append(list_message(one.key, one.recipient, payload, shadow, now))
    insert_new(session, Digest, [digest_row(one.key, KIND, one.recipient.person, now, {}) for one in owed])
    insert_new(session, Message, messages)
    return len(messages)


def _untold(session: Session, given: Sequence[Substitution]) -> dict[str, tuple[Substitution, str]]:
    """Whom nobody told of which of these, by key."""
    keys = {_key(one, code): (one, code) for one in given for code in (one.giver, one.substitute)}
    told: set[str] = set()
    for batch in in_batches(sorted(keys)):
        told.update(key for (key,) in rows_of(session, _TOLD, keys=batch))
    return {key: who for key, who in keys.items() if key not in told}


def _held(
    untold: Mapping[str, tuple[Substitution, str]], directory: Directory, on: date
) -> list[tuple[Substitution, list[Post]]]:
    """The authorisations somebody is to hear of, with the giver's posts they are for."""
    found = []
    for one in {id(one): one for one, _ in untold.values()}.values():
        posts = [p for p in directory.posts_of(one.giver, on) if one.covers(p.role, p.agency, on)]
        found.append((one, [post for post in posts if post.role != _OF_SYSTEMS]))
    return [(one, posts) for one, posts in found if posts]


def _is_open(office: Office, posts: Sequence[Post], now: datetime) -> bool:
    try:
        return any(office.calendar.of(post.agency).next_open(now) <= now for post in posts)
    except CalendarExhausted:  # better told at night than never
        return True


def _owed(
    session: Session,
    held: Sequence[tuple[Substitution, Sequence[Post]]],
    untold: Mapping[str, tuple[Substitution, str]],
    channels: Collection[str],
    on: date,
    directory: Directory,
) -> list[_Owed]:
    resolver = Resolver(directory, channels, on, parked(session), linked(session))
    posts_of = {id(one): posts for one, posts in held}
    waiting = [(one, resolver.person(code)) for one, code in untold.values() if id(one) in posts_of]
    return [_Owed(one, posts_of[id(one)], recipient) for one, recipient in waiting if recipient is not None]


def _theirs(standing: Sequence[Any], posts: Sequence[Post], directory: Directory, on: date) -> set[int]:
    """The dossiers of the agencies for which these are the posts that hear."""
    agencies = {row.agency_code for row in standing}
    heard = {code for code in agencies if any(directory.seat(p.role, code, on) == p.agency for p in posts)}
    return {row.id for row in standing if row.agency_code in heard}


def _payload(one: _Owed, lines: list[dict[str, Any]], office: Office, now: datetime) -> dict[str, Any]:
    given = one.given
    days = f"từ {day_text(given.given_from)} đến {day_text(given.given_to)}"
    to_substitute = one.recipient.person == given.substitute
    title = f"Nhận ủy quyền {days}" if to_substitute else f"Bắt đầu ủy quyền {days}"
    both = "Trong thời gian này, tin báo gửi đến cả người ủy quyền và người được ủy quyền"
    head = {"kind": KIND, "title": title, "changes": f"Theo văn bản {given.document}. {both}.", "table": []}
    return {
        "at": now.isoformat(),
        "at_text": moment_text(office.calendar.local(now)),
        "lines": lines,
        "others": [],
        "instead_of": [],  # the title says it
        "head": head,
    }


def _key(one: Substitution, person: str) -> str:
    """Another document, day or person is another authorisation."""
    which = f"{one.given_from.isoformat()}:{one.giver}>{one.substitute}:{one.document}"
    return f"{KIND}:{hashlib.blake2b(which.encode(), digest_size=12).hexdigest()}:{person}"
