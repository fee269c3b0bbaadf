"""What the officer decides: the reason and the one new date. Wrong ones are refused by name before they are worded."""

import re
from collections.abc import Collection
from datetime import date
from typing import Protocol

from monitor.domain.calendar import CalendarExhausted
from monitor.letters.content import Content
from monitor.letters.dates import day
from monitor.letters.forms import Form
from monitor.letters.names import tidy
from monitor.letters.wording import reworded
from monitor.words import Words

_WORD = re.compile(r"[^\W\d_]+")
_NAME = r"[^\W\d_a-zàáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ][^\W\d_]*"
_ADDRESSED = re.compile(
    # Ông, Bà with a capital inside a sentence are names of places (đường Ông Ích Khiêm, Bà Rịa)
    r"(?:^(?:Ông|Bà|Anh|Chị)|\b(?:ông|bà|anh|chị|(?i:đồng chí|đ/c|cán bộ|công chức|chuyên viên|viên chức)))"
    rf"\s+{_NAME}(?:\s+{_NAME})+"
)
LONGEST_REASON = 300  # characters: what one page is promised to hold


class WorkingDays(Protocol):
    """What a decision asks of the calendar."""

    def is_working_day(self, on: date) -> bool: ...


class DecisionRefused(Exception):
    """A reason or a date that the law or common sense forbids. `field` is "reason", "blames_person" or "new_date"."""

    def __init__(self, field: str, words: Words) -> None:
        super().__init__(words.en)
        self.field, self.words = field, words


def decided(
    form: Form,
    content: Content,
    *,
    reason: str,
    new_date: date | None,
    promised_on: date,
    today: date,
    calendar: WorkingDays,
    officials: Collection[str] = (),
) -> Content:
    """The letter with the officer's reason and date in it. Raises `DecisionRefused`.

    A dossier that was extended once takes no date (NĐ 118/2025 Điều 19 khoản 6); any other must have one.
    """
    _check_reason(reason, officials)
    if content.values["duoc_gia_han"]:
        _check_date(new_date, promised_on, today, calendar)
    elif new_date is not None:
        raise _date_refused(
            "hồ sơ đã gia hạn một lần, không được hẹn lại lần nữa.", "the dossier was extended once and not again."
        )
    return reworded(form, content, reason=reason, new_date=new_date)


def copied(reason: str, others: Collection[str], most: int = 5) -> bool:
    """Whether this reason already stands in `most` or more other letters: a copied excuse, flagged, not refused."""
    folded = tidy(reason).casefold()
    return sum(tidy(other).casefold() == folded for other in others) >= most


def _check_reason(reason: str, officials: Collection[str]) -> None:
    said = tidy(reason)
    if not any(character.isalpha() for character in said):
        raise DecisionRefused("reason", Words("chưa ghi lý do.", "the reason is empty."))
    if len(said) > LONGEST_REASON:
        raise DecisionRefused(
            "reason",
            Words(
                f"lý do dài {len(said)} ký tự, quá {LONGEST_REASON}.",
                f"the reason has {len(said)} characters, more than {LONGEST_REASON}.",
            ),
        )
    if named := _named_person(said, officials):
        raise DecisionRefused(
            "blames_person",
            Words(
                f'lý do không được quy cho người có tên ("{named}"): phiếu là lời xin lỗi của cơ quan.',
                f'the reason must not blame a person by name ("{named}"): the agency apologises.',
            ),
        )


def _named_person(reason: str, officials: Collection[str]) -> str:
    """Who is named in a reason: an official we know, or anybody after a form of address (law.md §2.5)."""
    folded = f" {' '.join(_WORD.findall(reason)).casefold()} "
    for name in officials:
        words = _WORD.findall(tidy(name))
        if len(words) > 1 and f" {' '.join(words).casefold()} " in folded:
            return tidy(name)
    addressed = _ADDRESSED.search(reason)
    return addressed[0] if addressed else ""


def _check_date(new_date: date | None, promised_on: date, today: date, calendar: WorkingDays) -> None:
    if new_date is None:
        raise _date_refused("chưa ghi ngày hẹn mới.", "the new date is missing.")
    if new_date <= promised_on:
        raise _date_refused(
            f"ngày hẹn mới phải sau ngày hẹn cũ ({day(promised_on)}).",
            f"the new date must be after the old one ({promised_on.isoformat()}).",
        )
    if new_date < today:
        raise _date_refused("ngày hẹn mới đã qua.", "the new date has passed.")
    try:
        is_working = calendar.is_working_day(new_date)
    except CalendarExhausted:
        raise _date_refused(
            f"lịch làm việc chưa có đến {day(new_date)}.", f"the calendar does not reach {new_date.isoformat()}."
        ) from None
    if not is_working:
        raise _date_refused(f"{day(new_date)} là ngày nghỉ.", f"{new_date.isoformat()} is a day off.")


def _date_refused(vi: str, en: str) -> DecisionRefused:
    return DecisionRefused("new_date", Words(vi, en))
