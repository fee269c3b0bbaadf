"""The administrator's side of the door: accounts made, mended, locked; tokens; nothing secret on the command line."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from monitor.access import accounts, tokens
from monitor.access.accounts import Outcome
from monitor.access.rights import Right
from monitor.people import load_directory
from monitor.store import database
from monitor.store.tables import Account, Audit
from tests.cli.office import MONDAY, Office


def _store(office: Office) -> Any:
    return database.session_factory(database.open_engine(f"sqlite:///{office.folder / 'dunghen.db'}"))


def test_an_account_begins_with_a_password_that_must_be_changed(office: Office) -> None:
    made = json.loads(office("accounts", "add", "Nga", "--role", "clerk@H19.1", "--person", "nv01", "--json").out)
    assert made["account"] == "nga"
    with _store(office).begin() as session:
        tried = accounts.check_password(session, "NGA", made["password"], MONDAY)
        assert tried.outcome is Outcome.OK
        assert tried.account is not None
        assert tried.account.must_change
        assert made["password"] not in str(session.execute(select(Account.password_hash)).all())
        logged = session.scalars(select(Audit).where(Audit.action == "account_added")).one()
        assert (logged.subject, logged.actor, logged.detail) == ("account:nga", "cli", {"roles": ["clerk@H19.1"]})
    shown = json.loads(office("accounts", "list", "--json").out)["accounts"]
    assert [(one["name"], one["roles"], one["second_factor"]) for one in shown] == [("nga", ["clerk@H19.1"], False)]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["Nga", "--role", "clerk@H19.1"], 2),  # taken, in whatever case
        (["hai nguoi", "--role", "clerk@H19.1"], 2),  # a blank
        (["ba", "--role", "king@H19.1"], 2),
        (["ba", "--role", "clerk"], 2),
        (["ba", "--role", "clerk@H99"], 4),
        (["ba", "--role", "clerk@H19.1", "--person", "nv99"], 4),
    ],
)
def test_what_cannot_be_an_account_is_refused_and_leaves_nothing(
    office: Office, arguments: list[str], code: int
) -> None:
    assert office("accounts", "add", "nga", "--role", "leader@*").code == 0
    assert office("accounts", "add", *arguments).code == code
    assert len(json.loads(office("accounts", "list", "--json").out)["accounts"]) == 1


def test_locking_resetting_and_unlocking(office: Office) -> None:
    first = json.loads(office("accounts", "add", "nga", "--role", "clerk@H19.1", "--json").out)["password"]

    def outcome(password: str) -> Outcome:
        with _store(office).begin() as session:
            return accounts.check_password(session, "nga", password, MONDAY).outcome

    assert office("accounts", "lock", "nga").code == 0
    assert outcome(first) is Outcome.LOCKED
    assert office("accounts", "unlock", "nga").code == 0
    assert outcome(first) is Outcome.OK
    second = json.loads(office("accounts", "reset", "nga", "--json").out)["password"]
    assert outcome(first) is Outcome.WRONG
    assert outcome(second) is Outcome.OK
    assert office("accounts", "reset", "nobody").code == 4
    assert office("accounts", "roles", "nga", "--role", "officer@H19.1").code == 0
    assert json.loads(office("accounts", "list", "--json").out)["accounts"][0]["roles"] == ["officer@H19.1"]


def test_a_token_speaks_for_its_account_within_its_own_rights(office: Office) -> None:
    office("accounts", "add", "phongbien", "--role", "office@*")
    refused = office("accounts", "token", "phongbien", "--label", "bi", "--right", "see_persons")
    assert refused.code == 2, "the account itself may not"
    assert office("accounts", "token", "phongbien", "--label", "bi", "--right", "fly").code == 2
    said = office("accounts", "token", "phongbien", "--label", "bi", "--right", "see_figures", "--days", "2", "--json")
    secret = json.loads(said.out)["token"]
    tree = load_directory(Path(office.folder) / "people.toml")

    def shown(days: int = 0) -> Any:
        with _store(office)() as session:
            return tokens.find(session, secret, MONDAY.replace(day=MONDAY.day + days), tree)

    viewer = shown().viewer
    assert viewer.may(Right.SEE_FIGURES, "H19.1")
    assert not viewer.may(Right.SEE_DOSSIERS)
    assert viewer.scope.agencies.codes == frozenset()
    assert shown(days=2) is None, "it ended"
    assert office("accounts", "revoke", "phongbien", "--label", "bi").code == 0
    assert shown() is None
    assert office("accounts", "revoke", "phongbien", "--label", "bi").code == 4
