"""The papers that a stored letter gives: with the registry's number on it, and the notice that goes with it."""

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.domain.letter import ISSUED, LetterState
from monitor.letters.content import Content
from monitor.letters.dates import day
from monitor.letters.forms import Forms
from monitor.letters.wording import blank_number, refilled
from monitor.store.tables import Letter, LetterNumber
from monitor.store.writing import in_batches

NOTICE = "bao_mot_cua"


def entries(session: Session, ids: Collection[int]) -> dict[int, LetterNumber]:
    """By letter: the number it bears now. One that was voided and begun anew bears none until it is registered."""
    found: dict[int, LetterNumber] = {}
    for batch in in_batches(sorted(ids)):
        query = (
            select(LetterNumber)
            .join(Letter, Letter.id == LetterNumber.letter_id)
            .where(LetterNumber.letter_id.in_(batch), Letter.state.in_(ISSUED - {LetterState.SIGNED}))
            .order_by(LetterNumber.id)
        )
        found |= {entry.letter_id: entry for entry in session.scalars(query)}
    return found


def number_of(entry: LetterNumber | None) -> str:
    """`07/PXL` (NĐ 30/2020: a 0 before numbers under 10); "" before there is one."""
    return f"{entry.number:02d}/{entry.symbol}" if entry is not None else ""


def numbered(content: Content, entry: LetterNumber | None) -> Content:
    """The paper with văn thư's number and day in place of the blanks; its check stays the stored letter's."""
    if entry is None:
        return content
    place = content.place_and_date.partition(", ngày")[0]
    return replace(
        content,
        number=f"Số: {number_of(entry)}",
        place_and_date=f"{place}, {day(entry.dated_on)}",
        bound_to=content.check,
    )


def notice(forms: Forms, letter: Content, entry: LetterNumber | None) -> Content:
    """The written notice to the one-stop unit (NĐ 118/2025 Điều 19 khoản 6): the letter's facts without the person.

    Its number and day are văn thư's to give; its check is the letter's, so that `verify` knows it.
    """
    form = forms.get(NOTICE)
    values = dict(letter.values) | {
        "so_phieu": number_of(entry),
        "ngay_phieu": day(entry.dated_on) if entry is not None else "",
        "ten_loai": form.title_named(""),
    }
    blank = replace(
        letter,
        form=form.code,
        layout=form.layout,
        number=blank_number(form.symbol),
        bound_to=letter.check,
    )
    return refilled(form, values, blank)
