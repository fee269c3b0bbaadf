"""What a person should look at: kinds, and the rule that compares two systems' words."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from monitor.domain.dossier import FINISHED, PAUSED, Status


class FindingKind(StrEnum):
    """Each kind is one row of law.md §10–11 or of connectors.md §11."""

    STATE_MISMATCH = "state_mismatch"  # two systems disagree: no letter until a person confirms
    UNKNOWN_STATUS = "unknown_status"  # a code nobody told us about
    NO_PROMISED_DATE = "no_promised_date"  # accepted without a return date
    ABSURD_DATES = "absurd_dates"  # promised before received, year 2205, received in the future
    UNKNOWN_AGENCY = "unknown_agency"  # a code that is not in the people file: nobody can be told
    LATE_WITHOUT_LETTER = "late_without_letter"  # finished late, and no letter was issued
    LETTER_LATE = "letter_late"  # no letter by its last lawful day (NĐ 118/2025 Điều 19 khoản 6)
    LATE_AFTER_EXTENSION = "late_after_extension"  # the one new date is missed too
    SECOND_EXTENSION = "second_extension"  # the source moved the date again after the one extension
    DATE_CHANGED_WITHOUT_LETTER = "date_changed_without_letter"  # a new date while the letter it needs was not issued
    EXTENSION_NOT_ENTERED = "extension_not_entered"  # the counter had a working day to change the date in the system
    MISSING_AT_SOURCE = "missing_at_source"  # absent from several full sweeps: absent is not finished
    UNREADABLE_AT_SOURCE = "unreadable_at_source"  # its last row could not be read: what we hold may be over
    SOURCE_SILENT = "source_silent"
    REACH_GAP = "reach_gap"  # of the site: a rung of the next 7 days would find nobody who can be told
    CALENDAR_ENDS = "calendar_ends"  # a promise lies beyond the loaded years
    CALENDAR_RUNS_OUT = "calendar_runs_out"  # of the site: days off are decreed for fewer than 60 more days
    INTAKE_LATE = "intake_late"  # submitted, not accepted within 8 working hours (NĐ 118/2025 Điều 17 khoản 2 điểm c)
    SUPPLEMENT_LATE = "supplement_late"  # asked for later than 3 working days after reception (Điều 19 khoản 5)
    SUPPLEMENT_REPEATED = "supplement_repeated"  # asked for more than once (Điều 11 khoản 2 điểm c)
    SUPPLEMENT_UNANSWERED = "supplement_unanswered"  # parked for over 15 days (Điều 19 khoản 5)
    FINISH_NOT_TRUSTED = "finish_not_trusted"  # the finish looks made up: the promise to the second, or a bare midnight
    DATE_MISMATCH_WITH_COUNT = "date_mismatch_with_count"  # the promise is not the date we count


# While one of these is open no letter goes out until a person confirms, with a word why.
BLOCKS_LETTER = frozenset({FindingKind.STATE_MISMATCH, FindingKind.MISSING_AT_SOURCE, FindingKind.UNREADABLE_AT_SOURCE})


@dataclass(frozen=True, slots=True)
class View:
    """What one system says of a dossier, as far as another system could contradict it."""

    source: str
    role: str  # "one_stop" | "portal"
    status: Status
    promised_at: datetime | None
    extended_at: datetime | None = None


def disagreement(speaking: View, other: View, zone: ZoneInfo) -> str:
    """How `other` contradicts the system whose word counts, in words for people; "" when they agree.

    A portal knows less: an empty promise there contradicts nothing, and its unknown or merely earlier state of a
    running dossier (new / accepted / in work) is lag, not contradiction.
    """
    ours, theirs = _kind(speaking.status), _kind(other.status)
    if Status.UNKNOWN not in (speaking.status, other.status) and ours != theirs and "waiting" not in (ours, theirs):
        return f"status: {speaking.source} says {speaking.status.value}, {other.source} says {other.status.value}"
    ours_on, theirs_on = _in_force(speaking, zone), _in_force(other, zone)
    # a system that still shows the date from before a lawful extension lags, it does not contradict (case 34)
    before = speaking.promised_at.astimezone(zone).date() if speaking.promised_at else None
    if ours_on and theirs_on and theirs_on not in (ours_on, before):
        return f"promised date: {speaking.source} says {ours_on:%d/%m/%Y}, {other.source} says {theirs_on:%d/%m/%Y}"
    return ""


def finish_doubt(
    finished_at: datetime | None, promised_at: datetime | None, promised_date_only: bool, zone: ZoneInfo
) -> str:
    """Why a stated finish looks made up, "" when it does not. Seen: a dialog that fills in the promise, and a
    feed that knows days only says midnight, which is earlier than the truth (connectors.md §5.6, §11 case 37)."""
    if finished_at is None:
        return ""
    if finished_at == promised_at and not promised_date_only:
        return "the finish equals the promise to the second"
    local = finished_at.astimezone(zone)
    return "the finish is a bare midnight" if (local.hour, local.minute, local.second) == (0, 0, 0) else ""


def _kind(status: Status) -> str:
    if status in FINISHED:
        return "finished"
    if status in PAUSED:
        return "paused"
    return "waiting" if status is Status.SUBMITTED else "running"


def _in_force(view: View, zone: ZoneInfo) -> date | None:
    at = view.promised_at
    if at is not None and view.extended_at is not None and view.extended_at > at:
        at = view.extended_at
    return at.astimezone(zone).date() if at is not None else None
