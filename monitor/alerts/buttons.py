"""Buttons under a Telegram message: what each asks for, signed, bound to its chat.

The data of a button is at most 64 bytes: act, message, dossier, choice, and 128 bits of a keyed hash over them and the
chat. That it works once is seen to by whoever acts on it (`claim`).
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.store.tables import Pressed

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_SIGNED_BYTES = 16
_CODES_OFFERED = 8  # more buttons than that fill a phone's screen
_NO_ANSWER_TO = frozenset({"source", "done"})


class Act(StrEnum):
    """What a button asks for. Those in DOING change something, the others show the next buttons."""

    MENU = "m"  # back to the first buttons
    PICK = "p"  # which of several dossiers
    DOSSIER = "d"  # what to answer for this one
    TAKE = "n"  # take it on: why is it not done
    TAKE_BY = "t"  # by when
    TAKEN = "T"
    PUT_OFF = "o"  # no reminders: why
    PUT_OFF_TO = "u"  # until when
    OFF = "U"
    SOLVED = "x"  # sure?
    SOLVED_YES = "X"


DOING = frozenset({Act.TAKEN, Act.OFF, Act.SOLVED_YES})

Keyboard = list[list[tuple[str, str]]]  # rows of (what stands on the button, its data)


@dataclass(frozen=True, slots=True)
class Button:
    """What a pressed button meant."""

    act: Act
    message: int
    dossier: int
    choice: str = ""

    @property
    def text(self) -> str:
        return f"{self.act}.{_short(self.message)}.{_short(self.dossier)}.{self.choice}"


class Signer:
    """Writes and reads the data of buttons. Its key comes from the bot's token: a new token ends all old buttons."""

    def __init__(self, token: str) -> None:
        self._key = hmac.digest(token.encode(), b"dunghen: buttons", hashlib.sha256)

    def data(self, button: Button, address: str) -> str:
        """What Telegram hands back when the button is pressed in the chat at `address`."""
        return f"{button.text}.{self._sign(button.text, address)}"

    def read(self, data: str, address: str) -> Button | None:
        """The button, or None for anything that we did not write for this chat."""
        text, _, sign = data.rpartition(".")
        if not hmac.compare_digest(sign.encode(), self._sign(text, address).encode()):
            return None
        act, message, dossier, choice = text.split(".", 3)
        return Button(Act(act), int(message, 36), int(dossier, 36), choice)

    def _sign(self, text: str, address: str) -> str:
        digest = hmac.digest(self._key, f"{chat_of(address)}|{text}".encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest[:_SIGNED_BYTES]).rstrip(b"=").decode()


def chat_of(address: str) -> str:
    """The chat of an address; a topic of it may follow after "/"."""
    return address.partition("/")[0]


def claim(session: Session, button: Button, chat: str, person: str, now: datetime) -> bool:
    """Whether this press is the first of this button. The caller, the store's one writer, commits it together with
    what the button does."""
    name = f"{button.text}@{chat}"
    if session.scalars(select(Pressed.id).where(Pressed.button == name)).one_or_none() is not None:
        return False
    session.add(Pressed(button=name, person=person, pressed_at=now))
    session.flush()
    return True


def first_keyboard(signer: Signer, message: int, lines: Sequence[Mapping[str, Any]], address: str) -> Keyboard:
    """The buttons of a message: the answers where it tells of one dossier, else the choice of one."""
    dossiers = open_dossiers(lines)
    if not dossiers:
        return []
    if len(dossiers) == 1:
        return answers_keyboard(signer, message, dossiers[0][0], address, back=False)
    label = f"Trả lời từng hồ sơ ({len(dossiers)})"
    return [[(label, signer.data(Button(Act.PICK, message, 0), address))]]


def pick_keyboard(signer: Signer, message: int, lines: Sequence[Mapping[str, Any]], address: str) -> Keyboard:
    """One button for each of the worst dossiers."""
    rows = [
        [(code, signer.data(Button(Act.DOSSIER, message, dossier), address))]
        for dossier, code in open_dossiers(lines)[:_CODES_OFFERED]
    ]
    return [*rows, [("« Quay lại", signer.data(Button(Act.MENU, message, 0), address))]]


def answers_keyboard(signer: Signer, message: int, dossier: int, address: str, *, back: bool) -> Keyboard:
    """What can be answered for one dossier."""

    def button(label: str, act: Act) -> tuple[str, str]:
        return label, signer.data(Button(act, message, dossier), address)

    rows = [
        [button("✅ Nhận xử lý", Act.TAKE), button("⏸ Hoãn nhắc", Act.PUT_OFF)],
        [button("✔ Đã giải quyết xong", Act.SOLVED)],
    ]
    return [*rows, [("« Quay lại", signer.data(Button(Act.PICK, message, 0), address))]] if back else rows


def open_dossiers(lines: Sequence[Mapping[str, Any]]) -> list[tuple[int, str]]:
    """(id, code) of the lines that still wait for an answer, in their order."""
    return [
        (int(line["dossier_id"]), str(line["code"]))
        for line in lines
        if line.get("dossier_id") and line["section"] not in _NO_ANSWER_TO and not line.get("answered")
    ]


def _short(number: int) -> str:
    """A number in as few letters as possible."""
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
    return text or "0"
