"""Whether a paper is genuine, and whether a stored letter is still what was drafted. Tells nothing of the person."""

import re

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.letters.content import Content
from monitor.store.tables import Dossier, Letter

_CHECK = re.compile(r"[0-9A-Fa-f]{12}")


def is_genuine(session: Session, dossier_code: str, check: str) -> bool:
    """Whether a letter with this code and check (both stand at its foot and in its QR) is in the store as drafted.

    Only the words in force count: a paper printed before a later change of words is not genuine any more.
    """
    if not _CHECK.fullmatch(check):
        return False
    stored = session.scalars(
        select(Letter.content)
        .join(Dossier, Dossier.id == Letter.dossier_id)
        .where(Dossier.code == dossier_code, Letter.content_hash.startswith(check.lower(), autoescape=True))
    )
    return any(content is not None and _hash(content).startswith(check.lower()) for content in stored)


def altered(session: Session) -> list[int]:
    """The ids of letters whose stored words no longer give the hash that was stored with them."""
    found: list[int] = []
    rows = session.execute(
        select(Letter.id, Letter.content, Letter.content_hash)
        .where(Letter.content_hash != "")
        .order_by(Letter.id)
        .execution_options(yield_per=500)
    )
    for letter_id, content, content_hash in rows:
        if content is None or _hash(content) != content_hash:
            found.append(letter_id)
    return found


def _hash(content: dict[str, object]) -> str:
    try:
        return Content.from_dict(content).hash
    except ValueError:  # parts are missing or were added
        return ""
