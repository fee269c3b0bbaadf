"""The register of văn thư: a number once in an agency's book and year; what is missing between numbers is told.

The number is văn thư's, entered by a person. An office may ask for `numbering = "internal"`: then the next free number
of the book is given here, under the one writer's lock, so that no two letters get the same and none is skipped.
"""

from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from monitor.letters.steps import Case, StepRefused
from monitor.store.tables import Dossier, Letter, LetterNumber


@dataclass(frozen=True, slots=True)
class Entry:
    """What văn thư writes: the number (None: ours to give), the symbol after it, the day the letter bears, the book."""

    number: int | None
    symbol: str
    dated_on: date
    book: str = "PXL"


@dataclass(frozen=True, slots=True)
class Disorder:
    """Two numbers of one book in the wrong order: the higher one bears an earlier day."""

    agency_code: str
    book: str
    year: int
    number: int
    dated_on: date
    before: int  # the next lower number, with its later day
    before_on: date


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers of one book that no letter bears. A book shared with other documents has them by nature."""

    agency_code: str
    book: str
    year: int
    missing: tuple[int, ...]


MOST_MISSING = 100  # numbers told of one book


def enter(
    session: Session, case: Case, entry: Entry, signed_on: date, today: date, *, internal: bool = False
) -> LetterNumber:
    """Writes the number down and returns its row. Raises `StepRefused` for one that is taken, that is not this office's
    way of numbering, or for a day that cannot be."""
    if internal and entry.number is not None:
        raise StepRefused(
            "internal_numbering",
            "Đơn vị này để phần mềm cấp số: không ghi số.",
            "This office lets the program give the number: leave it out.",
        )
    if not internal and entry.number is None:
        raise StepRefused("no_number", "Chưa ghi số văn thư cấp.", "The registry's number is missing.")
    if entry.number is not None and entry.number < 1:
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
    number = entry.number or _next(session, agency, entry.book, year)
    held = session.execute(
        select(Dossier.code, Letter.state)
        .select_from(LetterNumber)
        .join(Letter, Letter.id == LetterNumber.letter_id)
        .join(Dossier, Dossier.id == Letter.dossier_id)
        .where(
            LetterNumber.agency_code == agency,
            LetterNumber.book == entry.book,
            LetterNumber.year == year,
            LetterNumber.number == number,
        )
    ).one_or_none()
    if held is not None:
        raise StepRefused(
            "number_taken",
            f"Số {number} năm {year} của sổ {entry.book} đã cấp cho phiếu của hồ sơ {held.code}.",
            f"Number {number} of {year} in book {entry.book} belongs to the letter of {held.code}.",
        )
    given = LetterNumber(
        agency_code=agency,
        book=entry.book,
        year=year,
        number=number,
        symbol=entry.symbol,
        dated_on=entry.dated_on,
        letter_id=case.letter.id,
    )
    session.add(given)
    session.flush()
    return given


def _next(session: Session, agency: str, book: str, year: int) -> int:
    """The number after the highest: numbers are counted anew each year (NĐ 30/2020 Điều 15)."""
    highest = select(func.max(LetterNumber.number)).where(
        LetterNumber.agency_code == agency, LetterNumber.book == book, LetterNumber.year == year
    )
    return (session.scalar(highest) or 0) + 1


def disorders(session: Session) -> list[Disorder]:
    """Numbers that bear an earlier day than the number before them: a slip of the pen, or back-dating."""
    columns = (LetterNumber.agency_code, LetterNumber.book, LetterNumber.year, LetterNumber.number)
    rows = session.execute(select(*columns, LetterNumber.dated_on).order_by(*columns)).all()
    return [
        Disorder(*after[:4], after.dated_on, before.number, before.dated_on)
        for before, after in pairwise(rows)
        if before[:3] == after[:3] and after.dated_on < before.dated_on
    ]


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
