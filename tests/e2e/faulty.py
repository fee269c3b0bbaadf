"""The faults that the demo must catch. They live here: the product has no switch for being wrong."""

from collections.abc import Callable
from datetime import date
from typing import Any

from monitor import views, wiring
from monitor.alerts import sending
from monitor.domain.calendar import WorkingCalendar
from monitor.store.tables import Message


def mark_before_send() -> None:
    """A message counts as sent when it is claimed; what then goes wrong is never known (healthchecks' order)."""
    claim = sending._claim

    def claim_and_mark(sessions: Any, message_id: int, *told: Any) -> Any:
        claimed = claim(sessions, message_id, *told)
        with sessions.begin() as session:
            message = session.get_one(Message, message_id)
            if message.state == "sending":
                message.state, message.lease_token = "sent", ""
        return claimed

    sending._claim = claim_and_mark


def monday_to_friday() -> None:
    """Every weekday is a working day and no other is (what a naive clock does)."""
    load = wiring.load_calendar

    def naive(*told: Any) -> WorkingCalendar:
        true = load(*told)
        week = [true.day(date(2026, 11, 16)).blocks] * 5 + [()] * 2
        return WorkingCalendar(true.zone, date(2020, 1, 1), date(2030, 12, 31), week)

    wiring.load_calendar = naive


def portal_wins() -> None:
    """The portal's word is taken before the one-stop's, though it lags and masks."""

    def is_portal(view: Any, roles: Any) -> bool:
        role = roles.get(view.source)
        return role is not None and role.role == "portal"

    views._is_one_stop = is_portal


PLACES = ((sending, "_claim"), (wiring, "load_calendar"), (views, "_is_one_stop"))  # what the faults replace

FAULTS: dict[str, Callable[[], None]] = {
    "mark_before_send": mark_before_send,
    "monday_to_friday": monday_to_friday,
    "portal_wins": portal_wins,
}
