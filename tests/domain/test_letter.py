"""The states of a letter fall into families that leave none out and contradict each other nowhere."""

from monitor.domain.letter import ISSUED, OPEN, UNSIGNED, LetterState


def test_a_letter_is_unsigned_issued_or_ended_and_never_two_of_them() -> None:
    ended = {LetterState.VOID, LetterState.MISSED, LetterState.NOT_NEEDED}
    assert UNSIGNED | ISSUED | ended == set(LetterState)
    assert not UNSIGNED & ISSUED
    assert not ended & (UNSIGNED | ISSUED)


def test_somebody_still_has_to_act_until_it_is_closed() -> None:
    assert (UNSIGNED | ISSUED) - {LetterState.CLOSED} == OPEN


def test_the_life_runs_from_owed_to_closed_in_the_order_of_the_law() -> None:
    states = [state.value for state in LetterState]
    assert states[:10] == [
        "owed",
        "drafted",
        "decided",
        "approved",
        "signed",
        "registered",
        "counter_told",
        "date_changed",
        "applicant_told",
        "closed",
    ]
