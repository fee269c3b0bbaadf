"""The last look before a message goes: what of it is still to be told, and to this person.

Notices name roles. The person was found when the message was made; until it goes, perhaps after days of a channel that
was down, posts change hands and matters are settled. What is no longer this person's is owed again, so that planning
finds whoever holds the post now; what is settled is taken back. In the claim's own transaction.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from monitor.alerts.addresses import linked, parked
from monitor.alerts.current import Office, lines_now
from monitor.alerts.lines import moment_text
from monitor.alerts.planning import reach_of, rungs_by_role
from monitor.alerts.recipients import Reach, Resolver
from monitor.domain.escalation import FINDING_OF
from monitor.domain.stage import RUNNING_STAGES, Stage
from monitor.settings import Rung
from monitor.store.tables import Dossier, FindingRow, Message, MessageNotice, Notice
from monitor.store.writing import one_of, rows_of, table_of

NOT_THEIRS = "người nhận không còn giữ vai trò này; báo cho người đang giữ"
_SETTLED = "đã được giải quyết trước khi gửi"
_OLD = timedelta(hours=1)  # older than that, the lines are written anew
_STOPPED = frozenset(str(stage) for stage in Stage) - {str(stage) for stage in RUNNING_STAGES}
_KIND = {occasion.value: kind.value for occasion, kind in FINDING_OF.items()}
_N, _D, _M, _MN, _F = (table_of(one).c for one in (Notice, Dossier, Message, MessageNotice, FindingRow))
_ASKED = ("id", "dossier_id", "role", "agency_code", "rung", "channels", "occasion", "state", "promise_number")
# nobody cancelled them since; "owed": told to one of its people, another one waits
_LEFT = (
    select(*(_N[name] for name in _ASKED), _D.stage, _D.promise_number.label("promise_now"))
    .join(table_of(MessageNotice), _MN.notice_id == _N.id)
    .outerjoin(table_of(Dossier), _D.id == _N.dossier_id)
    .where(
        _MN.message_id == bindparam("message"), _MN.withdrawn_at.is_(None), _N.state.in_(("owed", "planned", "told"))
    )
    .order_by(_N.id)
)
_HOLDING = select(_F.dossier_id, _F.kind).where(one_of(_F.dossier_id), _F.closed_at.is_(None))
_HEARERS = (
    select(_MN.notice_id, _M.person)
    .join(table_of(Message), _M.id == _MN.message_id)
    .where(one_of(_MN.notice_id), _MN.withdrawn_at.is_(None))
)


@dataclass(frozen=True, slots=True)
class People:
    """Who is where, and by what people are found: what planning goes by too."""

    office: Office
    rungs: Sequence[Rung]


class Finder:
    """Who hears of a notice today. What is read for it is kept until `forget`: an address was parked meanwhile."""

    def __init__(self, people: People, channels: Collection[str]) -> None:
        self.people, self._channels = people, channels
        self._resolver: Resolver | None = None
        self._by_role = rungs_by_role(people.rungs)

    def find(self, session: Session, notice: Any, now: datetime) -> Reach:
        """As planning would find them."""
        if self._resolver is None:
            office, closed, chats = self.people.office, parked(session), linked(session)
            today = office.calendar.local_date(now)
            self._resolver = Resolver(office.directory, self._channels, today, closed, chats)
        return reach_of(notice, self._by_role, self._resolver)

    def forget(self) -> None:
        self._resolver = None


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a message: its view, and the dossier of each notice it tells. `over`: why nothing is."""

    view: Mapping[str, Any]
    told: Mapping[int, int | None]
    over: str = ""


def read_again(session: Session, message: Message, finder: Finder | None, now: datetime) -> Left:
    """`message` as it may be sent at `now`. Without `finder` nobody's post is looked up."""
    found = rows_of(session, _LEFT, message=message.id)
    settled = _settled(session, found)
    _take_lines(session, message.id, settled, now)
    told = {row.id: row.dossier_id for row in found if row.id not in settled}
    lost: set[int] = set()
    if finder is not None:
        still = [row for row in found if row.id in told]
        lost = {row.id for row in still if not _hears(finder.find(session, row, now), message.person)}
        _owe_again(session, message.id, [row for row in still if row.id in lost], finder, now)
    told = {notice: dossier for notice, dossier in told.items() if notice not in lost}
    # a line of a list tells no notice: it says how things stood when the list was made
    lines = [n for n in message.payload["lines"] if not n["notices"] or not told.keys().isdisjoint(n["notices"])]
    if not lines and message.payload["lines"]:
        return Left(message.payload, {}, NOT_THEIRS if lost else _SETTLED)
    if finder is not None and _is_list(message) and not _holds_a_post(message.person, finder.people.office, now):
        return Left(message.payload, {}, NOT_THEIRS)
    view = {**message.payload, "lines": [{**n, "dossier_id": _dossier_of(n, told)} for n in lines]}
    if finder is not None and told and _is_old(message, now):
        view = _anew(session, view, told, finder.people.office, now)
    return Left(view, told)


def _dossier_of(line: Mapping[str, Any], told: Mapping[int, int | None]) -> int | None:
    return next((told[notice] for notice in line["notices"] if told.get(notice)), None)


def _settled(session: Session, found: Sequence[Any]) -> set[int]:
    """Those whose matter is over. What nobody was told of yet was cancelled when it ended; one that another person
    was told of, or that was taken for told on another channel, was not."""
    told = [row for row in found if row.state == "told" and row.occasion in _KIND and row.dossier_id]
    holding: set[tuple[int, str]] = set()
    if told:
        holding = {(row[0], row[1]) for row in rows_of(session, _HOLDING, ids=[row.dossier_id for row in told])}
    over = {row.id for row in told if (row.dossier_id, _KIND[row.occasion]) not in holding}
    of_promise = [row for row in found if row.dossier_id and row.occasion not in _KIND]
    return over | {row.id for row in of_promise if row.stage in _STOPPED or row.promise_now != row.promise_number}


def _take_lines(session: Session, message_id: int, notices: Collection[int], now: datetime) -> None:
    if notices:
        these = (MessageNotice.message_id == message_id, MessageNotice.notice_id.in_(sorted(notices)))
        session.execute(update(MessageNotice).where(*these).values(withdrawn_at=now))


def _hears(reach: Reach, person: str) -> bool:
    return any(recipient.person == person for recipient in reach.recipients)


def _owe_again(session: Session, message_id: int, lost: Sequence[Any], finder: Finder, now: datetime) -> None:
    """Takes these from the message, and owes those again that somebody who hears of them now has no message about."""
    if not lost:
        return
    _take_lines(session, message_id, [row.id for row in lost], now)
    heard = {(row[0], row[1]) for row in rows_of(session, _HEARERS, ids=[row.id for row in lost])}
    again = []
    for row in lost:
        hearers = finder.find(session, row, now).recipients
        if not hearers or any((row.id, one.person) not in heard for one in hearers):
            again.append(row.id)
    values = {"state": "owed", "owed_at": now, "closed_at": None, "reason": ""}
    session.execute(update(Notice).where(Notice.id.in_(again)).values(**values))


def _is_list(message: Message) -> bool:
    return bool(message.payload.get("head"))


def _holds_a_post(person: str, office: Office, now: datetime) -> bool:
    return bool(office.directory.posts_of(person, office.calendar.local_date(now)))


def _is_old(message: Message, now: datetime) -> bool:
    whole = not message.payload.get("parts_sent")  # of one that arrived in part, the rest is sent as it was
    return whole and now - datetime.fromisoformat(message.payload["at"]) >= _OLD


def _anew(
    session: Session, view: Mapping[str, Any], told: Mapping[int, int | None], office: Office, now: datetime
) -> dict[str, Any]:
    """The same lines as they stand now: days went by since they were written."""
    fresh = {line["dossier_id"]: line for line in lines_now(session, told.keys(), office, now)}
    lines = [line for line in view["lines"] if line["dossier_id"] not in fresh]
    at = {"at": now.isoformat(), "at_text": moment_text(office.calendar.local(now))}
    return {**view, **at, "lines": [*fresh.values(), *lines]}
