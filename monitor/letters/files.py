"""Writes the letters as files: whole or not at all, the same bytes for the same words, no person in a name."""

import hashlib
import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.letters import paper, word
from monitor.letters.content import Content
from monitor.letters.fonts import GlyphMissing
from monitor.letters.sheet import entries, numbered
from monitor.store.tables import Dossier, Letter
from monitor.store.writing import in_batches
from monitor.whole_files import write_whole

KINDS = ("pdf", "docx")
Progress = Callable[[int, int], None]

_BATCH = 500
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_NO_AGENCY = "chua-ro-co-quan"


@dataclass(frozen=True, slots=True)
class LetterFiles:
    """Where one letter's files lie, by kind. `problem` says why there are none (no personal data)."""

    letter_id: int
    dossier_code: str
    agency_code: str
    paths: Mapping[str, Path] = field(default_factory=dict)
    written: int = 0  # files that were new or had changed
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Row:
    letter_id: int
    agency_code: str
    name: str
    content: Content


def write_files(
    session: Session,
    folder: Path,
    *,
    kinds: Collection[str] = KINDS,
    only: Collection[int] | None = None,
    progress: Progress | None = None,
) -> list[LetterFiles]:
    """Writes `folder/<agency>/<code>-<promise>.pdf|docx` for every drafted letter (or the ids in `only`).

    A file that already holds these words in this layout is left alone. `progress(done, total)` is called for each
    letter. A letter with a character that cannot be printed gets no file and a `problem`; the others go on.
    Raises `ValueError` for an unknown kind.
    """
    if unknown := set(kinds) - set(KINDS):
        raise ValueError(f"a letter is written as pdf or docx, not {', '.join(sorted(unknown))}")
    ids = _ids(session, only if only is None else frozenset(only))
    doubled = _doubled(session)
    done: list[LetterFiles] = []
    for batch in in_batches(ids):  # the words of one batch in memory, however many letters there are
        for row in _rows(session, batch, doubled):
            done.append(_write_one(row, folder, kinds))
            if progress is not None:
                progress(len(done), len(ids))
    for place in sorted({path.parent for files in done if files.written for path in files.paths.values()}):
        _sync_folder(place)
    return done


def file_of(session: Session, letter_id: int, folder: Path, ending: str) -> Path:
    """Where a letter's file with this ending lies. Raises `LookupError` for a letter without words."""
    for row in _rows(session, [letter_id], _doubled(session)):
        return folder / safe_name(row.agency_code or _NO_AGENCY) / f"{row.name}-{ending}"
    raise LookupError(letter_id)


def safe_name(text: str) -> str:
    """A file name of plain characters; two texts that would look alike after cleaning stay different."""
    clean = _UNSAFE.sub("_", text).strip("._-")[:80] or "_"
    if clean == text:
        return clean
    return f"{clean}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _ids(session: Session, only: Collection[int] | None) -> list[int]:
    query = select(Letter.id).where(Letter.content_hash != "", Letter.state.not_in(("not_needed", "void", "missed")))
    found = session.scalars(query.order_by(Letter.id))
    return [letter_id for letter_id in found if only is None or letter_id in only]


def _rows(session: Session, ids: Sequence[int], doubled: Collection[tuple[str, str, int]]) -> Iterator[_Row]:
    numbers = entries(session, ids)
    query = (
        select(Letter.id, Letter.agency_code, Letter.promise_number, Letter.content, Dossier.code)
        .join(Dossier, Dossier.id == Letter.dossier_id)
        .where(Letter.id.in_(ids))
        .order_by(Letter.id)
    )
    for letter_id, agency, promise, stored, code in session.execute(query):
        assert stored is not None  # `_ids` asked for drafted ones
        twin = f"-{letter_id}" if (agency, code, promise) in doubled else ""
        content = numbered(Content.from_dict(stored), numbers.get(letter_id))
        yield _Row(letter_id, agency, f"{safe_name(code)}-{promise}{twin}", content)


def _doubled(session: Session) -> set[tuple[str, str, int]]:
    """Codes that more than one dossier of an agency bears: their letters carry their own number in the name."""
    rows = session.execute(
        select(Letter.agency_code, Dossier.code, Letter.promise_number).join(Dossier, Dossier.id == Letter.dossier_id)
    )
    seen = Counter((agency, code, promise) for agency, code, promise in rows)
    return {key for key, times in seen.items() if times > 1}


def _write_one(row: _Row, folder: Path, kinds: Collection[str]) -> LetterFiles:
    paths: dict[str, Path] = {}
    written = 0
    try:
        for kind in kinds:
            path = folder / safe_name(row.agency_code or _NO_AGENCY) / f"{row.name}.{kind}"
            if not _holds(path, paper.mark([row.content]) if kind == "pdf" else word.mark(row.content)):
                write_whole(path, paper.pdf([row.content]) if kind == "pdf" else word.docx(row.content))
                written += 1
            paths[kind] = path
    except GlyphMissing as missing:
        return LetterFiles(row.letter_id, row.content.dossier_code, row.agency_code, problem=missing.words.vi)
    return LetterFiles(row.letter_id, row.content.dossier_code, row.agency_code, paths, written)


def _holds(path: Path, mark: str) -> bool:
    try:
        return mark.encode() in path.read_bytes()
    except FileNotFoundError:
        return False


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
