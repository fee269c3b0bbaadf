"""The invented province: the same for the same seed, and every dossier really at the stage it was made for."""

from collections import Counter
from datetime import datetime

import pytest

from monitor.sandbox.province import SHARES, make_province
from monitor.sandbox.truth import stage_of, work_out
from monitor.sandbox.values import Province

MONDAY = datetime.fromisoformat("2026-11-23T09:00:00+07:00")


@pytest.fixture(scope="module")
def province() -> Province:
    return make_province(3, MONDAY, 4000)


def test_one_seed_makes_one_province() -> None:
    assert make_province(5, MONDAY, 300) == make_province(5, MONDAY, 300)


def test_another_seed_makes_other_people() -> None:
    one, other = make_province(5, MONDAY, 300), make_province(6, MONDAY, 300)
    assert [d.name for d in one.dossiers] != [d.name for d in other.dossiers]
    assert one.tokens != other.tokens


@pytest.mark.parametrize("now", ["2026-11-23T09:00:00+07:00", "2026-09-03T10:30:00+07:00", "2026-11-25T16:00:00+07:00"])
def test_every_dossier_is_where_the_truth_put_it(now: str) -> None:
    """The intended stage was written first; looked at from outside, the dates lead to the same."""
    at = datetime.fromisoformat(now)
    made = make_province(11, at, 2000)
    wrong = [
        (one.stage, stage_of(one, at), one.code)
        for one in made.dossiers
        if one.stage != "set_aside" and stage_of(one, at) != one.stage
    ]
    assert wrong == []


def test_the_shares_are_as_ordered(province: Province) -> None:
    counted = Counter(one.stage for one in province.dossiers)
    for stage, share in SHARES.items():
        expected = share * len(province.dossiers) / sum(SHARES.values())
        assert abs(counted[stage] - expected) < 5 * max(expected, 4) ** 0.5, stage


def test_the_province_has_its_size_and_variety(province: Province) -> None:
    kinds = Counter(agency.kind for agency in province.agencies)
    assert kinds == {"province": 1, "department": 18, "commune": 95}
    assert len(province.procedures) == 150
    assert {limit.kind for p in province.procedures for limit in p.limits.values()} == {
        "wd",
        "cd",
        "month",
        "hours",
        "unclear",
    }
    assert any(len({limit.text for limit in p.limits.values()}) > 1 for p in province.procedures)
    assert 380 <= len(province.officials) <= 520
    assert {d.pause for d in province.dossiers if d.pause} == {"waiting", "pausing", "lock", "lock_overdue"}
    assert {d.broken_how for d in province.dossiers if d.broken_at} >= {"promise_unreadable", "no_id", "not_an_object"}
    assert {d.portal for d in province.dossiers} == {"same", "absent", "done", "running", "masked"}
    assert any(d.quirk == "former_code" and d.code.startswith("H10.") for d in province.dossiers)
    assert any(d.extended_at for d in province.dossiers)


def test_codes_are_unique_and_dates_run_forward(province: Province) -> None:
    assert len({one.code for one in province.dossiers}) == len(province.dossiers)
    assert len({one.phone for one in province.dossiers}) == len(province.dossiers)
    for one in province.dossiers:
        assert one.received_at is not None
        assert one.submitted_at <= one.received_at
        if one.released_at is not None:
            assert one.received_at < one.released_at
        if one.promised_at is not None and one.extended_at is not None:
            assert one.promised_at < one.extended_at


def test_the_secrets_hold_every_person_and_token(province: Province) -> None:
    secrets = province.secrets()
    one = province.dossiers[17]
    assert {one.name, one.phone, one.id_number, one.address} <= secrets
    assert set(province.tokens.values()) <= secrets
    officials = {person.name for person in province.officials}
    assert not secrets & officials, "an official's name in a message would look like a leak"
    assert all(len(secret) > 7 for secret in secrets)


def test_each_dossier_is_counted_once(province: Province) -> None:
    truth = work_out(province)
    shown = sum(truth.counts.values()) + sum(truth.set_aside.values())
    assert shown == len(province.dossiers)
    letters = {code for code, _ in truth.letters | truth.letters_blocked}
    assert letters == truth.by_stage["late"] | truth.by_stage["due_today"] | truth.by_stage["letter_due"]
    assert truth.letters
    assert truth.letters_blocked
    assert not truth.letters & truth.letters_blocked


def test_what_is_told_hangs_on_the_latest_rung_only(province: Province) -> None:
    truth = work_out(province)
    again = truth.rungs.pop("late_again")  # a second miss is told beside the ladder, whatever rung has come
    assert again == {one.code for one in province.dossiers if one.extended_at} & truth.by_stage["late"]
    told_of = [code for codes in truth.rungs.values() for code in codes]
    assert len(told_of) == len(set(told_of))
    assert truth.rungs["soon"] >= truth.by_stage["due_soon"]
    assert truth.rungs["late"] | truth.rungs["late3"] == truth.by_stage["late"]
    assert truth.rungs["today"] == set(), "14:00 has not come at nine"


def test_upcoming_dossiers_are_not_seen_before_their_time() -> None:
    made = make_province(4, MONDAY, 50, upcoming=20)
    assert sum(work_out(made).counts.values()) + sum(work_out(made).set_aside.values()) == 50
    later = datetime.fromisoformat("2026-12-08T09:00:00+07:00")
    assert sum(work_out(made, later).counts.values()) + sum(work_out(made, later).set_aside.values()) == 70
