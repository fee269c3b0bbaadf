"""The duty to apologise as judging moves it: opened, re-timed, held back, ended; and its breaches, found by name.

One duty per (dossier, promise): a pause or a source that moves the date re-times the open one, it opens no second
(NĐ 118/2025 Điều 19 khoản 6). From the signature on, nothing but a person's step touches a letter.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.domain.calendar import WorkingCalendar
from monitor.domain.findings import BLOCKS_LETTER, FindingKind
from monitor.domain.letter import EXPECTED_LATE, ISSUED, UNSIGNED, LetterState
from monitor.domain.saying import say_day
from monitor.domain.stage import LATE_STAGES, LETTER_STAGES, RUNNING_STAGES, Judgement, Stage
from monitor.store.seals import seal_letters
from monitor.store.tables import Letter
from monitor.store.writing import in_batches, insert_new, update_many

if TYPE_CHECKING:
    from monitor.owing import JudgeCount, Work

LETTER_COLUMNS = (
    "id", "dossier_id", "promise_number", "state", "is_late", "letter_by_on", "suspended_for", "agency_code",
    "confirmed_for", "new_date_on", "counter_told_at", "closed_at",
)  # fmt: skip
PROGRAM = "dunghen"  # the actor of what judging does
_NO_LETTER = "finished late, no letter was issued"
_ONE_DAY = timedelta(days=1)
_DUTY = ("state", "closed_at", "letter_by_on", "is_late", "suspended_for", "agency_code")
_BLOCKING = frozenset(kind.value for kind in BLOCKS_LETTER)

Letters = Mapping[tuple[int, int], Any]  # (dossier, promise) -> row


def owe_letter(
    row: Any,
    judgement: Judgement,
    letters: Letters,
    blocked: Mapping[int, Collection[str]],
    calendar: WorkingCalendar,
    work: "Work",
    count: "JudgeCount",
) -> datetime | None:
    """What this judgement does to the dossier's letters; returns when the counter's working day will be over."""
    number = judgement.promise.number if judgement.promise else row.promise_number
    letter, other = letters.get((row.id, number)), letters.get((row.id, 3 - number))
    if other is not None and other.state in UNSIGNED:
        # another promise is in force: this one is owed no letter any more
        _move(other, work, state=LetterState.NOT_NEEDED, closed_at=work.now, suspended_for="")
    kinds = sorted(set(blocked.get(row.id, ())) & _BLOCKING)
    if judgement.stage in LETTER_STAGES:
        is_late = _owe(row, number, letter, judgement, kinds[0] if kinds else "", work, count)
    else:
        is_late = letter is not None and letter.is_late
        if letter is not None and _moves_with(letter.state, judgement.stage):
            _follow(letter, row, judgement, work)
    # what is found in data that is in doubt would be a breach nobody committed
    _find(row, judgement, letters, calendar, work, is_late=is_late and not kinds)
    return _entered_by(row, judgement, letters, calendar, work)


def _owe(
    row: Any,
    number: int,
    letter: Any,
    judgement: Judgement,
    suspended_for: str,
    work: "Work",
    count: "JudgeCount",
) -> bool:
    """Opens or re-times the duty. Returns whether its last lawful day has passed without a letter."""
    late_day = judgement.letter_by_on is not None and work.now >= _end_of_letter_day(judgement)
    values = {
        "letter_by_on": judgement.letter_by_on,
        "suspended_for": suspended_for,
        "agency_code": row.agency_code,
    }
    if letter is None:
        work.letters.append(
            {
                "dossier_id": row.id,
                "promise_number": number,
                "state": LetterState.OWED.value,
                "owed_at": work.now,
                "is_late": late_day,
                "form": "",
                "template_version": "",
                "content_hash": "",
                "confirmed_for": "",
                **values,
            }
        )
        count.letters_owed += 1
        return late_day
    if letter.state == LetterState.VOID:  # taken back: nobody has a letter, and the last day passes all the same
        return bool(letter.is_late or late_day)
    if letter.state not in UNSIGNED | {LetterState.NOT_NEEDED}:
        return bool(letter.is_late)
    state = LetterState.OWED.value if letter.state == LetterState.NOT_NEEDED else letter.state
    # the breach was found once; a later re-timing does not unmake it
    is_late = bool(letter.is_late or late_day)
    _move(letter, work, **{**values, "state": state, "closed_at": None, "is_late": is_late})
    return is_late


def _moves_with(state: str, stage: Stage) -> bool:
    """Whether the duty still moves with the dossier: a signed letter stands, a voided one was none in the end."""
    return state in UNSIGNED or (state == LetterState.VOID and stage is Stage.FINISHED_LATE)


def _follow(letter: Any, row: Any, judgement: Judgement, work: "Work") -> None:
    """A duty whose ground went away: paused waits, finished in time needs none, finished late keeps the breach.

    What a person confirmed stands: such a letter waits for nothing.
    """
    stage = judgement.stage
    if stage is Stage.FINISHED_LATE:
        _move(letter, work, state=LetterState.MISSED, closed_at=work.now, agency_code=row.agency_code)
    elif stage in (Stage.PAUSED, Stage.UNKNOWN, Stage.UNCERTAIN, Stage.NO_PROMISE):
        held = "" if letter.confirmed_for == stage.value else stage.value
        _move(letter, work, suspended_for=held)
    elif stage in RUNNING_STAGES and letter.confirmed_for == EXPECTED_LATE:
        _move(letter, work, letter_by_on=judgement.letter_by_on, suspended_for="", agency_code=row.agency_code)
    else:
        _move(letter, work, state=LetterState.NOT_NEEDED, closed_at=work.now)


def _move(letter: Any, work: "Work", **values: Any) -> None:
    """Notes an update, if anything changes."""
    now = {name: getattr(letter, name) for name in _DUTY}
    new = now | {name: str(value) if isinstance(value, LetterState) else value for name, value in values.items()}
    if new != now:
        work.letter_updates.append({"id": letter.id, **new})


def _find(
    row: Any, judgement: Judgement, letters: Letters, calendar: WorkingCalendar, work: "Work", *, is_late: bool
) -> None:
    """The breaches of the letter's duty, each by its name (law.md §11)."""
    promise = judgement.promise
    number = promise.number if promise else row.promise_number
    letter = letters.get((row.id, number))
    standing = letter.state if letter is not None else ""
    if judgement.stage is Stage.FINISHED_LATE and (standing == LetterState.MISSED or _ends_missed(standing)):
        work.findings[FindingKind.LATE_WITHOUT_LETTER][row.id] = _NO_LETTER
    elif is_late and (judgement.stage in LETTER_STAGES or standing in ISSUED | UNSIGNED):
        by_on = judgement.letter_by_on or (letter.letter_by_on if letter is not None else None)
        work.findings[FindingKind.LETTER_LATE][row.id] = f"hạn gửi {say_day(by_on)}" if by_on else ""
    first = letters.get((row.id, 1))
    if row.taken_back_on in _days_shown(row, calendar) and (first is None or first.state not in ISSUED):
        text = f"phiếu đã hủy, nguồn vẫn ghi {say_day(row.taken_back_on)}"
        work.findings[FindingKind.DATE_CHANGED_WITHOUT_LETTER][row.id] = text
    if promise is None or promise.number == 1:
        return
    promise_on = calendar.local_date(promise.at)
    if judgement.stage in LATE_STAGES:
        work.findings[FindingKind.LATE_AFTER_EXTENSION][row.id] = f"hẹn lại {say_day(promise_on)}"
    if row.extended_by_letter_on is not None:
        if promise_on > row.extended_by_letter_on:
            text = f"phiếu hẹn {say_day(row.extended_by_letter_on)}, nguồn ghi {say_day(promise_on)}"
            work.findings[FindingKind.SECOND_EXTENSION][row.id] = text
    elif first is not None and first.state not in ISSUED:
        work.findings[FindingKind.DATE_CHANGED_WITHOUT_LETTER][row.id] = f"nguồn ghi {say_day(promise_on)}"


def _days_shown(row: Any, calendar: WorkingCalendar) -> set[date]:
    """The days that the source shows as promised, for what it says itself."""
    return {calendar.local_date(at) for at in (row.promised_at, row.extended_at) if at is not None}


def _ends_missed(state: str) -> bool:
    """A duty that this very judgement closes as missed."""
    return state != "" and _moves_with(state, Stage.FINISHED_LATE)


def _entered_by(
    row: Any, judgement: Judgement, letters: Letters, calendar: WorkingCalendar, work: "Work"
) -> datetime | None:
    """The counter has one working day to change the date in the system; a finding from its end on."""
    told = [
        letter
        for number in (1, 2)
        if (letter := letters.get((row.id, number))) is not None
        and letter.state == LetterState.COUNTER_TOLD
        and letter.new_date_on is not None
        and letter.counter_told_at is not None
    ]
    if not told or judgement.stage not in RUNNING_STAGES | {Stage.PAUSED}:
        return None
    own = calendar.of(told[0].agency_code)  # of the agency the letter is from
    told_on = own.local_date(told[0].counter_told_at)
    over_at = own.begins(last_day_to_enter(told_on, own) + _ONE_DAY)
    if work.now < over_at:
        return over_at
    work.findings[FindingKind.EXTENSION_NOT_ENTERED][row.id] = (
        f"báo Một cửa {say_day(told_on)}, hẹn lại {say_day(told[0].new_date_on)}"
    )
    return None


class _WorkingDays(Protocol):
    def add_working_days(self, on: date, n: int) -> date: ...


def last_day_to_enter(told_on: date, calendar: _WorkingDays) -> date:
    """The one working day the counter has, told on that day."""
    return calendar.add_working_days(told_on, 1)


def _end_of_letter_day(judgement: Judgement) -> datetime:
    """The first instant after the last lawful day for the letter."""
    return min(c.at for c in judgement.timeline if c.stage in (Stage.DUE_TODAY, Stage.LATE))


def write_letters(
    session: Session, owed: Sequence[Mapping[str, Any]], moved: Sequence[Mapping[str, Any]], now: datetime
) -> None:
    """Writes a batch's duties, and seals them in the log."""
    if not owed and not moved:
        return
    insert_new(session, Letter, owed)
    update_many(session, Letter, moved)
    ids = [change["id"] for change in moved]
    for batch in in_batches(sorted(new["dossier_id"] for new in owed)):
        ids += session.scalars(select(Letter.id).where(Letter.dossier_id.in_(batch)))
    seal_letters(session, ids, at=now, actor=PROGRAM, action="letters.judged")
