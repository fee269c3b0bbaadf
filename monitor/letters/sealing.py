"""One letter signed electronically: its registered paper, the head's signature, then the agency's seal; on record."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session, sessionmaker

from monitor.domain.letter import ISSUED, LetterState
from monitor.letters import pades, paper
from monitor.letters.content import Content
from monitor.letters.files import file_of
from monitor.letters.pades import SealTrouble, Seen
from monitor.letters.sheet import entries, numbered
from monitor.letters.steps import SEALED, By, StepRefused, latest, open_case, record
from monitor.settings import LetterKey, Letters
from monitor.store.tables import Letter
from monitor.whole_files import write_whole

_ALLOWED = ISSUED - {LetterState.SIGNED}  # the number and the day stand on what is signed


@dataclass(frozen=True, slots=True)
class Sealed:
    """The signed file, and what its own validation says of every signature in it."""

    file: Path
    seen: tuple[Seen, ...]


def key_of(keys: Sequence[LetterKey], agency_code: str, role: str) -> LetterKey:
    """The agency's own key for this role, else the one of "*". Raises `SealTrouble`."""
    for wanted in (agency_code, "*"):
        found = next((key for key in keys if key.agency == wanted and key.role == role), None)
        if found is not None:
            return found
    raise SealTrouble(
        f"chưa khai báo khóa ký ({role}) cho cơ quan {agency_code or '*'}: [[letters.keys]].",
        f"no key ({role}) for the agency {agency_code or '*'}: [[letters.keys]].",
    )


def seal(
    sessions: sessionmaker[Session], letter_id: int, settings: Letters, by: By, *, role: str, folder: Path
) -> Sealed:
    """Signs the registered letter as PDF and records it. A second role signs on top of the first.

    Raises `StepRefused`, `SealTrouble`, `GlyphMissing`. The key is used before the record is written: a crash between
    the two leaves a signed file that the next call finds and completes.
    """
    with sessions.begin() as session:
        case = open_case(session, letter_id, by, _ALLOWED)
        letter = case.letter
        assert letter.content is not None  # a signed letter has words
        content = numbered(Content.from_dict(letter.content), entries(session, [letter_id]).get(letter_id))
        key = key_of(settings.keys, letter.agency_code, role)
        file = file_of(session, letter_id, folder, "ky-so.pdf")
    data = _signed(file, content, key)
    seen = tuple(pades.validate(data, settings.trust))
    if not all(one.intact for one in seen):
        raise SealTrouble("chữ ký vừa ký không hợp lệ.", "the signature just made is not valid.")
    write_whole(file, data)
    with sessions.begin() as session:
        case = open_case(session, letter_id, by, _ALLOWED)
        _unchanged(case.letter, content)
        digest = hashlib.sha256(data).hexdigest()
        record(
            session, case, None, SEALED, by,
            role=role, file=file.name, sha256=digest, certificate=seen[-1].signer, trusted=seen[-1].trusted,
        )  # fmt: skip
    return Sealed(file, seen)


def signed_file(session: Session, letter_id: int, folder: Path) -> bytes | None:
    """The letter as it was signed electronically since it was registered; None where it was signed on paper only.

    Raises `StepRefused` where the file is gone or is not, byte for byte, what is on record as signed.
    """
    sealed, registered = latest(session, letter_id, SEALED), latest(session, letter_id, LetterState.REGISTERED)
    if sealed is None or registered is None or sealed.id < registered.id:
        return None
    file = file_of(session, letter_id, folder, "ky-so.pdf")
    data = file.read_bytes() if file.is_file() else b""
    if hashlib.sha256(data).hexdigest() != sealed.detail["sha256"]:
        raise StepRefused(
            "signed_file_lost",
            f"Tệp phiếu đã ký số ({file.name}) không còn hoặc đã đổi: ký số lại rồi gửi.",
            f"The signed file ({file.name}) is gone or was changed: sign it again, then send.",
        )
    return data


def _signed(file: Path, content: Content, key: LetterKey) -> bytes:
    """The file as it stands with this key's signature; begun anew where it does not hold these words."""
    plain = paper.pdf([content])
    stands = file.read_bytes() if file.is_file() else b""
    data = stands if stands.startswith(plain) else plain  # a signature only ever adds to the end
    roles = {seen.field for seen in pades.validate(data)}
    if pades.FIELDS[key.role] in roles:
        return data
    if key.role == "head" and roles:
        raise SealTrouble(
            "cơ quan đã đóng dấu: người ký phải ký trước.", "the agency has sealed it: the signer signs before that."
        )
    return pades.sign(data, key, paper.signature_place(content))


def _unchanged(letter: Letter, content: Content) -> None:
    if letter.content is None or Content.from_dict(letter.content).check != content.check:
        raise StepRefused("words_changed", "Lời phiếu đã đổi trong lúc ký.", "The words changed while it was signed.")


__all__ = ["Sealed", "key_of", "seal", "signed_file"]
