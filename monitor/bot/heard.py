"""What the Bot API brings and what goes back to it, without the library's types: plain values that tests can write."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from monitor.alerts.buttons import Keyboard

_LONGEST_TEXT = 500


@dataclass(frozen=True, slots=True)
class Heard:
    """Something a person wrote (`text`) or pressed (`data`). Ids are Telegram's, as text."""

    update: int
    chat: str
    is_private: bool
    user: str
    name: str
    text: str = ""
    callback: str = ""
    data: str = ""
    message: int = 0  # under which the button stands


@dataclass(frozen=True, slots=True)
class Say:
    """A new message in the chat. `text` is Telegram's HTML."""

    chat: str
    text: str
    keyboard: Keyboard | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The short line that pops up when a button was pressed; `loud` waits until it is read."""

    callback: str
    text: str = ""
    loud: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """Other buttons, and perhaps another text, for a message that is there. `text` None leaves it as it is."""

    chat: str
    message: int
    keyboard: Keyboard
    text: str | None = None


Back = Say | Answer | Change


def heard_in(update: Mapping[str, Any]) -> Heard | None:
    """What somebody said or pressed in this update; None for anything else, also for what has not the right shape."""
    try:
        number = int(update["update_id"])
        if "callback_query" in update:
            query = update["callback_query"]
            message = query["message"]
            return Heard(
                number,
                *_who(message["chat"], query["from"]),
                callback=str(query["id"]),
                data=str(query.get("data", "")),
                message=int(message["message_id"]),
            )
        message = update["message"]
        text = str(message.get("text", ""))[:_LONGEST_TEXT]
        return Heard(number, *_who(message["chat"], message["from"]), text=text)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def shut_or_open(update: Mapping[str, Any]) -> tuple[str, bool] | None:
    """(chat, whether it takes our messages now) where the bot was blocked, put out, or let in again."""
    try:
        change = update["my_chat_member"]
        return str(int(change["chat"]["id"])), change["new_chat_member"]["status"] not in ("kicked", "left")
    except (KeyError, TypeError, ValueError):
        return None


def _who(chat: Mapping[str, Any], user: Mapping[str, Any]) -> tuple[str, bool, str, str]:
    name = " ".join(str(user[part]) for part in ("first_name", "last_name") if user.get(part))
    handle = f" (@{user['username']})" if user.get("username") else ""
    return str(int(chat["id"])), chat["type"] == "private", str(int(user["id"])), name + handle
