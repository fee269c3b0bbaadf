"""Every word on one letter: what is kept in the store and what both papers, PDF and DOCX, are made from."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import cache
from typing import Any

NATION = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
MOTTO = "Độc lập - Tự do - Hạnh phúc"
RECIPIENTS = "Nơi nhận:"
BLANK = "……"  # left for a person to fill in; at the end of a paragraph it becomes a dotted line to the margin

_FILL = re.compile(r"\s*…{2,}$")


@dataclass(frozen=True, slots=True)
class Content:
    """The words of one letter, in the order of reading. Holds PERSONAL DATA.

    `worded_at` is an ISO instant in UTC. `values` are what the wording was made from, so that a reason or a new
    date set later is worded by the same rules. Equal contents give equal papers, byte for byte.
    """

    form: str
    template_version: str
    dossier_code: str
    promise_number: int
    worded_at: str
    is_late: bool  # after the last lawful day (NĐ 118/2025 Điều 19 khoản 6): issued late, a breach on record
    parent: tuple[str, ...]
    issuer: tuple[str, ...]
    number: str
    place_and_date: str
    title: tuple[str, ...]
    addressee: tuple[str, ...]
    body: tuple[str, ...]
    signer: tuple[str, ...]  # authority (KT., TL. …) and title
    signer_note: str
    signer_name: str
    recipients: tuple[str, ...] = ()
    values: Mapping[str, str | bool] = field(default_factory=dict)
    layout: str = "phieu"  # or cong_van: the subject under the number
    bound_to: str = ""  # the check of the stored letter this paper goes with
    _hash: list[str] = field(default_factory=list, init=False, repr=False, compare=False)  # counted once: it costs

    def to_dict(self) -> dict[str, Any]:
        """The JSON form kept in `Letter.content`."""
        left_out = {"layout"} if self.layout == "phieu" else set()  # letters of old have no layout
        kept = {name: getattr(self, name) for name in _stored_parts() if name not in left_out}
        kept["values"] = dict(self.values)
        return {k: list(v) if isinstance(v, tuple) else v for k, v in kept.items()}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "Content":
        """Reads the stored form back. Raises `ValueError` naming what is missing or unknown."""
        if wrong := set(_stored_parts()).symmetric_difference({"layout", *stored}):
            raise ValueError(f"the stored letter has missing or unknown parts: {', '.join(sorted(wrong))}")
        parts: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in stored.items()}
        return cls(**parts)

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON: changes when any word changes."""
        if not self._hash:
            text = json.dumps(self.to_dict(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
            self._hash.append(hashlib.sha256(text.encode()).hexdigest())
        return self._hash[0]

    @property
    def check(self) -> str:
        """The short hash printed on the paper, 12 hexadecimal digits: enough to tell a genuine draft from another."""
        return self.bound_to or self.hash[:12].upper()

    @property
    def instant(self) -> datetime:
        return datetime.fromisoformat(self.worded_at)

    def lines(self) -> Iterator[tuple[str, str]]:
        """(part, words) as printed and in that order, without the lines that are drawn as dots."""
        for part in ("parent", "issuer"):
            yield from ((part, line) for line in getattr(self, part))
        yield "nation", NATION
        yield "motto", MOTTO
        yield "number", self.number
        place = [("place_and_date", self.place_and_date)]
        title = [("title", line) for line in self.title]
        yield from [*place, *title] if self.layout == "phieu" else [*title, *place]
        yield from (("addressee", line) for line in self.addressee)
        yield from (("body", words) for words, _ in map(split_fill, self.body) if words)
        if self.recipients:
            yield "recipients", RECIPIENTS
        yield from (("recipients", line) for line in self.recipients)
        yield from (("signer", line) for line in self.signer)
        if self.signer_name:
            yield "signer_name", self.signer_name
        elif self.signer_note:
            yield "signer_note", self.signer_note
        yield "footer", self.footer

    @property
    def footer(self) -> str:
        return f"Mã hồ sơ: {self.dossier_code} · Mã đối chiếu: {self.check}"

    @property
    def qr(self) -> str:
        """What the QR holds: the dossier code and the check, nothing about the person."""
        return f"{self.dossier_code} {self.check}"


@cache
def _stored_parts() -> tuple[str, ...]:
    """Every part but what only this copy of the letter has."""
    return tuple(f.name for f in fields(Content) if f.name not in {"bound_to", "_hash"})


def split_fill(paragraph: str) -> tuple[str, bool]:
    """The words of a paragraph, and whether a dotted line follows them."""
    words = _FILL.sub("", paragraph)
    return words, words != paragraph
