"""A message to try a channel with: says that it is one, tells of no dossier, and goes past the outbox."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from monitor.alerts.addresses import linked, moved, parked
from monitor.alerts.current import Office
from monitor.alerts.lines import moment_text
from monitor.alerts.outgoing import Channel, Outcome, Outgoing
from monitor.people import Person

_SAID = (
    "Đây là tin thử của hệ thống Đúng Hẹn, gửi lúc {at}. Kênh này hoạt động; anh/chị không phải làm gì. "
    "Nếu không chờ tin này, đề nghị báo quản trị hệ thống."
)


@dataclass(frozen=True, slots=True)
class Tried:
    """How it ended. `parked_for`: the address takes no alerts until somebody lifts it, for this reason."""

    outcome: Outcome
    parked_for: str = ""


def address_of(session: Session, person: Person, channel: str) -> str | None:
    """Where alerts for this person go on a channel; None where they have no address there."""
    chat = linked(session).get(person.code) if channel == "telegram" else None
    address = chat or person.address(channel)
    return moved(session, channel, address) if address else None


def try_channel(
    session: Session, channels: Mapping[str, Channel], name: str, person: Person, office: Office, now: datetime
) -> Tried | None:
    """Sends the test message; None where the person has no address on this channel. `name` must be enabled."""
    address = address_of(session, person, name)
    if address is None:
        return None
    at = moment_text(office.calendar.local(now))
    view = {
        "at": now.isoformat(),
        "at_text": at,
        "lines": [],
        "subject": "Tin thử của hệ thống Đúng Hẹn",
        "said": _SAID.format(at=at),
    }
    message = Outgoing(f"test:{person.code}:{name}:{now.isoformat()}", address, view, now)
    return Tried(channels[name].send(message), parked(session).get((name, address), ""))
