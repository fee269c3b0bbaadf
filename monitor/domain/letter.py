"""The life of a letter as states in order, and which of them leave the duty to apologise unmet (law.md §11)."""

from enum import StrEnum


class LetterState(StrEnum):
    """Where a letter stands. `letter.state` holds these words."""

    OWED = "owed"
    DRAFTED = "drafted"
    DECIDED = "decided"  # reason and new date are set
    APPROVED = "approved"  # its words are frozen from here on
    SIGNED = "signed"
    REGISTERED = "registered"
    COUNTER_TOLD = "counter_told"
    DATE_CHANGED = "date_changed"
    APPLICANT_TOLD = "applicant_told"
    CLOSED = "closed"
    VOID = "void"
    MISSED = "missed"
    NOT_NEEDED = "not_needed"


# No person has signed: the duty still moves with the dossier, and finishing late means late without a letter.
UNSIGNED = frozenset({LetterState.OWED, LetterState.DRAFTED, LetterState.DECIDED, LetterState.APPROVED})
# Signed: nothing but a person's step touches it any more.
ISSUED = frozenset(
    {
        LetterState.SIGNED,
        LetterState.REGISTERED,
        LetterState.COUNTER_TOLD,
        LetterState.DATE_CHANGED,
        LetterState.APPLICANT_TOLD,
        LetterState.CLOSED,
    }
)
# Somebody still has to do something.
OPEN = UNSIGNED | ISSUED - {LetterState.CLOSED}

# What a person says by opening a letter before its last day: it will be late (NĐ 118/2025: "dự kiến quá hạn").
EXPECTED_LATE = "expected_late"
