"""Due dates as a calendar that a phone subscribes to: one all-day entry a day, with how many dossiers and their codes.

The secret in the feed's address is all there is to it, so it opens nothing but codes and days of one post's agencies,
and only while the person holds that post. Of the secret only the hash is kept.
"""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from monitor.alerts.current import Office
from monitor.alerts.wording import clean_text
from monitor.domain.stage import FINISHED_STAGES
from monitor.store import audit
from monitor.store.tables import Dossier, Feed
from monitor.store.writing import in_batches

if TYPE_CHECKING:
    from icalendar import Event

_SECRET_BYTES = 32
_PAST, _AHEAD = timedelta(days=60), timedelta(days=90)
_CODES = 50
_KINDS = {
    "due": "{n} hồ sơ đến hạn trả kết quả",
    "late": "{n} hồ sơ quá hạn chưa có kết quả",
    "letter": "{n} hồ sơ: ngày cuối gửi văn bản xin lỗi nếu không kịp hạn",
}


def make_feed(session: Session, person: str, role: str, agency_code: str, by: str, now: datetime) -> str:
    """The secret of a new feed for this post; shown once. Earlier feeds of the post end. The caller commits."""
    end_feeds(session, person, by, now, role=role, agency_code=agency_code)
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    row = Feed(person=person, role=role, agency_code=agency_code, token_hash=_hash(secret), made_by=by, made_at=now)
    session.add(row)
    detail = {"role": role, "agency": agency_code}
    audit.append(session, at=now, actor=by, action="feed.made", subject=f"person:{person}", detail=detail)
    return secret


def end_feeds(
    session: Session, person: str, by: str, now: datetime, *, role: str | None = None, agency_code: str | None = None
) -> int:
    """Ends a person's feeds (of one post, where it is named). Returns how many."""
    open_ = select(Feed.id).where(Feed.person == person, Feed.ended_at.is_(None))
    if role is not None:
        open_ = open_.where(Feed.role == role, Feed.agency_code == agency_code)
    ids = list(session.scalars(open_))
    session.execute(update(Feed).where(Feed.id.in_(ids)).values(ended_at=now))
    if ids:
        audit.append(session, at=now, actor=by, action="feed.ended", subject=f"person:{person}", detail={"n": len(ids)})
    return len(ids)


def feed_of(session: Session, secret: str, office: Office, now: datetime) -> Feed | None:
    """The feed with this secret, while its person holds the post; the same None for every other case."""
    found = session.scalars(select(Feed).where(Feed.token_hash == _hash(secret), Feed.ended_at.is_(None))).one_or_none()
    if found is None:
        return None
    held = office.directory.posts_of(found.person, office.calendar.local_date(now))
    return found if any((post.role, post.agency) == (found.role, found.agency_code) for post in held) else None


def calendar_of(session: Session, feed: Feed, office: Office, now: datetime) -> bytes:
    """The feed as iCalendar (RFC 5545). Days lie in the office's zone."""
    from icalendar import Calendar  # a third of a second, and few processes are ever asked for a feed

    calendar = Calendar()
    calendar.add("prodid", "-//Dung Hen//VI")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", f"Đúng Hẹn: {_agency_name(office, feed.agency_code)}")
    calendar.add("refresh-interval;value=duration", "PT1H")
    for (on, kind), codes in sorted(_days(session, feed, office, now).items()):
        calendar.add_component(_entry(feed, on, kind, codes, office, now))
    return bytes(calendar.to_ical())


def _days(session: Session, feed: Feed, office: Office, now: datetime) -> Mapping[tuple[date, str], Sequence[str]]:
    """(day, kind) -> the codes of the open dossiers, the oldest promise first."""
    directory, local_date = office.directory, office.calendar.local_date
    below = [a.code for a in directory.agencies() if any(up.code == feed.agency_code for up in directory.up(a.code))]
    wanted = (
        select(Dossier.code, Dossier.promise_at, Dossier.late_from_at, Dossier.letter_by_on)
        .where(or_(*(Dossier.agency_code.in_(batch) for batch in in_batches(sorted(below)))))
        .where(Dossier.promise_at.between(now - _PAST, now + _AHEAD))
        .where(Dossier.stage.not_in([str(stage) for stage in FINISHED_STAGES]))
        .order_by(Dossier.promise_at, Dossier.code)
    )
    found: dict[tuple[date, str], list[str]] = {}
    for row in session.execute(wanted) if below else ():
        is_late = row.late_from_at is not None and row.late_from_at <= now
        found.setdefault((local_date(row.promise_at), "late" if is_late else "due"), []).append(row.code)
        if row.letter_by_on is not None and row.letter_by_on >= local_date(now):
            found.setdefault((row.letter_by_on, "letter"), []).append(row.code)
    return found


def _entry(feed: Feed, on: date, kind: str, codes: Sequence[str], office: Office, now: datetime) -> "Event":
    from icalendar import Event

    entry = Event()
    entry.add("uid", f"{kind}-{on:%Y%m%d}-{feed.id}@dunghen")
    entry.add("dtstamp", now)
    entry.add("dtstart", on)
    entry.add("dtend", on + timedelta(days=1))
    entry.add("summary", _KINDS[kind].format(n=len(codes)))
    rest = f"\n… và {len(codes) - _CODES} hồ sơ nữa" if len(codes) > _CODES else ""
    entry.add("description", "\n".join(clean_text(code) for code in codes[:_CODES]) + rest)
    entry.add("url", office.base_url)
    entry.add("transp", "TRANSPARENT")  # it fills nobody's day
    return entry


def _agency_name(office: Office, code: str) -> str:
    agency = office.directory.agency(code)
    return agency.name if agency is not None else code


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
