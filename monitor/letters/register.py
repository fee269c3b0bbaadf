"""The register of văn thư: a number once in an agency's book and year; what is missing between numbers is told."""

from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.letters.steps import Case, StepRefused
from monitor.store.tables import Dossier, Letter, LetterNumber


@dataclass(frozen=True, slots=True)
class Entry:
    """What văn thư writes: the number, the symbol after it, the day the letter bears, the book."""

    number: int
    symbol: str
    dated_on: date
    book: str = "PXL"


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers of one book that no letter bears. A book shared with other documents has them by nature."""

    agency_code: str
    book: str
    year: int
    missing: tuple[int, ...]


MOST_MISSING = 100  # numbers told of one book


def enter(session: Session, case: Case, entry: Entry, signed_on: date, today: date) -> None:
    """Writes the number down. Raises `StepRefused` for one that is taken, or for a day that cannot be."""
    if entry.number < 1:
        raise StepRefused("bad_number", "Số văn bản phải từ 1.", "The number starts at 1.")
    if not entry.symbol.strip() or not entry.book.strip():
        raise StepRefused("no_symbol", "Chưa ghi ký hiệu hoặc sổ.", "The symbol or the book is empty.")
    if entry.dated_on > today:
        raise StepRefused("date_ahead", "Ngày văn bản chưa đến.", "The letter's day is in the future.")
    if entry.dated_on < signed_on:
        raise StepRefused(
            "dated_before_signing",
            f"Ngày văn bản trước ngày ký ({signed_on:%d/%m/%Y}).",
            f"The letter is dated before it was signed ({signed_on.isoformat()}).",
        )
    agency, year = case.letter.agency_code, entry.dated_on.year
    held = session.execute(
        select(Dossier.code, Letter.state)
        .select_from(LetterNumber)
        .join(Letter, Letter.id == LetterNumber.letter_id)
        .join(Dossier, Dossier.id == Letter.dossier_id)
        .where(
            LetterNumber.agency_code == agency,
            LetterNumber.book == entry.book,
            LetterNumber.year == year,
            LetterNumber.number == entry.number,
        )
    ).one_or_none()
    if held is not None:
        raise StepRefused(
            "number_taken",
            f"Số {entry.number} năm {year} của sổ {entry.book} đã cấp cho phiếu của hồ sơ {held.code}.",
            f"Number {entry.number} of {year} in book {entry.book} belongs to the letter of {held.code}.",
        )
    session.add(
        LetterNumber(
            agency_code=agency,
            book=entry.book,
            year=year,
            number=entry.number,
            symbol=entry.symbol,
            dated_on=entry.dated_on,
            letter_id=case.letter.id,
        )
    )
    session.flush()


def gaps(session: Session) -> list[Gap]:
    """By agency, book and year: the numbers missing between the first and the last that are known."""
    books: dict[tuple[str, str, int], list[int]] = {}
    columns = (LetterNumber.agency_code, LetterNumber.book, LetterNumber.year, LetterNumber.number)
    for agency, book, year, number in session.execute(select(*columns).order_by(*columns)):
        books.setdefault((agency, book, year), []).append(number)
    found = []
    for key, numbers in books.items():
        missing: list[int] = []
        for before, after in pairwise(numbers):
            missing += range(before + 1, min(after, before + 1 + MOST_MISSING - len(missing)))
        if missing:
            found.append(Gap(*key, tuple(missing)))
    return found
