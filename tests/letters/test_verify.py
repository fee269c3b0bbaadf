"""A paper is genuine or not; a stored letter was changed or not."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from monitor.letters.verify import Paper, altered, paper_state
from monitor.store.tables import Letter
from tests.letters.test_draft import draft, put, words


@pytest.fixture
def check(sessions: sessionmaker[Session]) -> str:
    """Two drafted letters; the check of the first."""
    with sessions.begin() as session:
        put(session, 1)
        put(session, 2)
    draft(sessions)
    return words(sessions).check


def test_what_stands_at_the_foot_is_genuine_and_anything_else_is_not(
    sessions: sessionmaker[Session], check: str
) -> None:
    code, others = "H19.126-251103-0001", words(sessions, 2).check
    with sessions() as session:
        assert paper_state(session, code, check) is Paper.DRAFT
        assert paper_state(session, code, check.lower()) is Paper.DRAFT
        for wrong_code, wrong in [
            (code, others),  # another letter's
            ("H19.126-251103-0002", check),
            (code, check[:-1]),
            (code, "%" * 12),
            (code, "_" * 12),
            (code, ""),
        ]:
            assert paper_state(session, wrong_code, wrong) is Paper.UNKNOWN


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("approved", Paper.DRAFT),
        ("signed", Paper.ISSUED),
        ("closed", Paper.ISSUED),
        ("void", Paper.WITHDRAWN),
        ("not_needed", Paper.WITHDRAWN),
    ],
)
def test_what_is_said_of_a_paper_follows_its_letter(
    sessions: sessionmaker[Session], check: str, state: str, said: Paper
) -> None:
    with sessions.begin() as session:
        session.execute(update(Letter).where(Letter.id == 1).values(state=state))
    with sessions() as session:
        assert paper_state(session, "H19.126-251103-0001", check) is said


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c | {"signer_name": "x"},
        lambda c: c | {"body": [line + "." for line in c["body"]]},
        lambda c: c | {"values": c["values"] | {"ly_do": "x"}},
        lambda c: {k: v for k, v in c.items() if k != "title"},
        lambda c: c | {"more": 1},
    ],
)
def test_one_changed_word_in_the_store_is_found(
    sessions: sessionmaker[Session], check: str, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    with sessions() as session:
        assert altered(session) == []
    changed = change(words(sessions).to_dict())
    with sessions.begin() as session:
        session.execute(update(Letter).where(Letter.id == 1).values(content=changed))
    with sessions() as session:
        assert altered(session) == [1]
        assert paper_state(session, "H19.126-251103-0001", check) is Paper.UNKNOWN
