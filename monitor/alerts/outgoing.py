"""What a channel is given and what it answers: the seam between the outbox and the outside world."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

WAITING = ("pending", "unknown")  # the states of a message that still has to go


class Result(StrEnum):
    """How a try ended, by what may safely be done next (never by the type of an exception alone)."""

    SENT = "sent"  # the peer took it
    NOT_SENT = "not_sent"  # surely not delivered: try again, no repeat is possible
    FLOOD = "flood"  # surely not delivered, the peer asks for silence: waits, and takes nothing of the tries' patience
    UNKNOWN = "unknown"  # it may have arrived: try again, marked as a possible repeat
    REFUSED = "refused"  # refused for good: another channel or person


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer of a channel. `detail` is for officials and logs: no secret, no address, no personal data."""

    result: Result
    receipt: str = ""  # the peer's own reference
    detail: str = ""
    retry_after_s: float | None = None  # FLOOD only: the peer asked for silence this long
    one_address: bool = False  # FLOOD only: the silence is for this address, not for the whole channel
    channel_down: bool = False  # the next message would fail too: don't try it in this round
    dead_address: bool = False  # REFUSED only: nothing sent there will ever arrive
    parts_sent: int = 0  # of a message in several parts, those that surely arrived
    new_address: str = ""  # the peer moved there
    confirm_within_s: float | None = None  # SENT only: taken, but that it arrived is still to be confirmed


class Delivery(StrEnum):
    """What a gateway says of a message that it took."""

    DELIVERED = "delivered"
    FAILED = "failed"  # surely not, and never will be
    OPEN = "open"  # nothing yet


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message on its way. `view` is what the templates may see (`monitor.alerts.wording`)."""

    key: str
    address: str
    view: Mapping[str, Any] = field(repr=False)
    at: datetime  # the moment of this try
    maybe_repeat: bool = False
    parts_sent: int = 0
    id: int = 0  # of the outbox row, for buttons
    times: int = 1  # how often this person was told of what leads the message, this time included
    reply_to: str = ""  # the channel's own reference of the first message about it


class ChannelUnavailable(Exception):
    """A channel can't be used now. The text says why, without secrets."""


class Channel(Protocol):
    """A way out. `send` never raises for anything the peer or the network does."""

    @property
    def name(self) -> str: ...

    def send(self, message: Outgoing) -> Outcome: ...

    def check(self) -> str:
        """Who or what answers, found out without sending. Raises `ChannelUnavailable`."""

    def close(self) -> None: ...
