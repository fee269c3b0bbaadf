"""Leave, substitution by written authorisation, and agencies that came after others: who is told on a day."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session, sessionmaker

from monitor.alerts.acknowledge import posts_over
from monitor.alerts.current import Office
from monitor.alerts.handover import plan_handovers
from monitor.alerts.outgoing import Outgoing
from monitor.alerts.recipients import Resolver
from monitor.alerts.telegram import compose
from monitor.people import Agency, Directory, Leave, PeopleFileError, Person, Post, Substitution, load_directory
from monitor.store.tables import Message
from tests.alerts.test_planning import messages
from tests.alerts.world import BASE_URL, CALENDAR, NOW, add_dossiers, owe, plan

MONDAY, WEDNESDAY, FRIDAY = date(2026, 11, 23), date(2026, 11, 25), date(2026, 11, 27)
AGENCIES = [
    Agency("H19", "UBND thành phố"),
    Agency("H19.1", "UBND xã Một", parent="H19", valid_from=date(2026, 11, 25)),
    Agency("H19.old", "UBND xã Cũ", parent="H19", valid_to=date(2026, 11, 24), successor="H19.1"),
]
PEOPLE = [
    Person(code, f"Người {code}", telegram=str(n)) for n, code in enumerate(("head", "deputy", "third", "boss"), 1)
]
POSTS = [
    Post("head", "agency_head", "H19.1"),
    Post("head", "one_stop_head", "H19.1"),
    Post("boss", "chairman", "H19"),
]


def given(giver: str, substitute: str, **more: Any) -> Substitution:
    values = {"given_from": MONDAY, "given_to": FRIDAY, "document": "12/QĐ-UBND"}
    return Substitution(giver, substitute, **(values | more))


def told(
    role: str, on: date, leaves: list[Leave], substitutions: list[Substitution], agency: str = "H19.1"
) -> list[str]:
    directory = Directory(AGENCIES, PEOPLE, POSTS, leaves, substitutions)
    return [recipient.person for recipient in Resolver(directory, ["telegram"], on).reach(role, agency).recipients]


AWAY = [Leave("head", MONDAY, FRIDAY)]


@pytest.mark.parametrize(
    ("leaves", "substitutions", "expected", "meaning"),
    [
        ([], [], ["head"], "the holder"),
        (AWAY, [], ["boss"], "away and nobody has authority: the role above hears it"),
        ([Leave("head", FRIDAY, FRIDAY)], [], ["head"], "away on another day"),
        ([], [given("head", "deputy")], ["head", "deputy"], "both are told"),
        (AWAY, [given("head", "deputy")], ["head", "deputy"], "away too: the giver goes on answering for it"),
        ([], [given("head", "deputy", roles=("one_stop_head",))], ["head"], "for another role"),
        ([], [given("head", "deputy", agencies=("H19",))], ["head"], "for another agency"),
        ([], [given("head", "deputy", given_from=FRIDAY)], ["head"], "from a later day"),
        ([], [given("head", "deputy"), given("deputy", "third")], ["head", "deputy", "third"], "through a chain"),
    ],
)
def test_who_is_told(leaves: list[Leave], substitutions: list[Substitution], expected: list[str], meaning: str) -> None:
    assert told("agency_head", WEDNESDAY, leaves, substitutions) == expected, meaning


def test_the_successor_answers_for_the_matters_of_an_agency_that_is_no_more() -> None:
    assert told("agency_head", WEDNESDAY, [], [], agency="H19.old") == ["head"]
    assert told("agency_head", MONDAY, [], [], agency="H19.old") == ["boss"], "while it stood, its own tree"


def test_a_substitute_may_answer_for_what_they_were_told() -> None:
    directory = Directory(AGENCIES, PEOPLE, POSTS, [], [given("head", "deputy", roles=("agency_head",))])
    assert [post.role for post in posts_over(directory, "deputy", "H19.1", WEDNESDAY)] == ["agency_head"]
    assert posts_over(directory, "deputy", "H19.1", date(2026, 12, 1)) == []
    assert len(posts_over(directory, "head", "H19.1", WEDNESDAY)) == 2


def test_a_message_says_in_whose_place_it_is_read(sqlite_sessions: sessionmaker[Session]) -> None:
    directory = Directory(AGENCIES, PEOPLE, POSTS, AWAY, [given("head", "deputy")])
    (dossier_id,) = add_dossiers(sqlite_sessions, {})
    owe(sqlite_sessions, dossier_id, "late", "agency_head")
    plan(sqlite_sessions, directory=directory)
    places = {m.person: m.payload["instead_of"] for m in messages(sqlite_sessions)}
    assert places == {"head": [], "deputy": ["head"]}
    texts = {
        m.person: compose(Outgoing(m.key, m.address, m.payload, NOW), "codes")[0][0] for m in messages(sqlite_sessions)
    }
    assert {person: "theo văn bản ủy quyền" in text for person, text in texts.items()} == {
        "head": False,
        "deputy": True,
    }


def hand_over(
    sessions: sessionmaker[Session], *substitutions: Substitution, now: datetime = NOW, shadow: bool = False
) -> list[Message]:
    """What was made at `now`, in the order of people."""
    office = Office(CALENDAR, Directory(AGENCIES, PEOPLE, [*POSTS, ELSEWHERE], AWAY, substitutions), BASE_URL)
    with sessions.begin() as session:
        plan_handovers(session, now=now, office=office, channels=["telegram"], shadow=shadow, stale_sources=["dead"])
    return sorted((m for m in messages(sessions) if m.made_at == now), key=lambda message: message.person)


ELSEWHERE = Post("third", "agency_head", "H19.2")
OPEN_DOSSIERS = (
    {"code": "old", "stage": "late", "late_by": 9},
    {"code": "new", "stage": "late", "late_by": 2},
    {"code": "soon", "stage": "due_soon", "late_by": -2},
    {"code": "in-time", "stage": "in_time", "late_by": -9},
    {"code": "done", "stage": "finished_late"},
    {"code": "elsewhere", "stage": "late", "agency_code": "H19.2"},
    {"code": "unknown-how", "stage": "late", "speaking_source": "dead"},
)


def test_when_an_authorisation_begins_both_hear_what_is_open_once(sqlite_sessions: sessionmaker[Session]) -> None:
    """The substitute is not to learn of a late dossier at its next rung."""
    add_dossiers(sqlite_sessions, *OPEN_DOSSIERS)
    given_now = given("head", "deputy", roles=("agency_head",))
    early = NOW.replace(hour=6)
    assert hand_over(sqlite_sessions, given_now, now=early) == [], "the office is not open yet"
    assert hand_over(sqlite_sessions, given_now, now=early - timedelta(days=1)) == [], "nor has it begun"
    to_deputy, to_head = hand_over(sqlite_sessions, given_now)
    assert [line["code"] for line in to_deputy.payload["lines"]] == ["old", "new", "soon"], "the worst first"
    assert to_head.payload["lines"] == to_deputy.payload["lines"]
    texts = [compose(Outgoing(m.key, m.address, m.payload, NOW), "codes")[0][0] for m in (to_deputy, to_head)]
    assert "Nhận ủy quyền từ 23/11/2026 đến 27/11/2026" in texts[0]
    assert "Bắt đầu ủy quyền từ 23/11/2026" in texts[1]
    assert all("12/QĐ-UBND" in text and "Người" not in text for text in texts), "no person's name goes to a messenger"
    for later in (NOW + timedelta(minutes=1), NOW + timedelta(days=1)):
        assert hand_over(sqlite_sessions, given_now, now=later) == [], "once"


@pytest.mark.parametrize(
    ("substitutions", "readers", "meaning"),
    [
        ([], [], "nobody gave anything"),
        ([given("head", "deputy", given_from=FRIDAY)], [], "from Friday"),
        ([given("head", "deputy", agencies=("H19.2",))], [], "for an agency where the giver holds no post"),
        ([given("deputy", "third")], [], "by somebody without a post"),
        ([given("head", "deputy", given_from=MONDAY - timedelta(days=3))], ["deputy", "head"],
         "written into the file after its first day: late rather than never"),
        ([given("head", "deputy"), given("deputy", "third")], ["deputy", "deputy", "head", "third"],
         "passed on: each authorisation tells its own two"),
    ],
)  # fmt: skip
def test_who_hears_that_an_authorisation_begins(
    sqlite_sessions: sessionmaker[Session], substitutions: list[Substitution], readers: list[str], meaning: str
) -> None:
    add_dossiers(sqlite_sessions, *OPEN_DOSSIERS)
    assert [m.person for m in hand_over(sqlite_sessions, *substitutions)] == readers, meaning


def test_an_authorisation_with_nothing_open_says_so_and_shadow_sends_nothing(
    sqlite_sessions: sessionmaker[Session],
) -> None:
    told = hand_over(sqlite_sessions, given("head", "deputy"), shadow=True)
    assert [(m.person, m.state) for m in told] == [("deputy", "cancelled"), ("head", "cancelled")]
    text = compose(Outgoing(told[0].key, told[0].address, told[0].payload, NOW), "codes")[0][0]
    assert "Không còn hồ sơ nào quá hạn hoặc sắp đến hạn" in text


TOML = """
[[agencies]]
code = "H19"
name = "UBND thành phố"
[[agencies]]
code = "H19.1"
name = "UBND xã Một"
parent = "H19"
{agency}
[[people]]
code = "a"
name = "A"
[[people]]
code = "b"
name = "B"
[[people]]
code = "c"
name = "C"
{more}
"""


def substitution(
    giver: str, substitute: str, first: str = "2026-11-02", last: str = "2026-11-06", more: str = ""
) -> str:
    return (
        f'[[substitutions]]\ngiver = "{giver}"\nsubstitute = "{substitute}"\nfrom = {first}\nto = {last}\n'
        f'document = "1/QĐ"\n{more}\n'
    )


@pytest.mark.parametrize(
    ("agency", "more", "wrong", "meaning"),
    [
        ("", substitution("a", "b") + substitution("b", "a"), "a → b → a", "two"),
        ("", substitution("a", "b") + substitution("b", "c") + substitution("c", "a"), "nối thành vòng", "three"),
        ("", substitution("a", "a"), "a → a", "oneself"),
        ("", substitution("a", "b") + substitution("b", "a", "2026-11-06", "2026-11-07"), "06/11/2026", "on one day"),
        ("", substitution("a", "x"), "không có người mã “x”", "somebody unknown"),
        ("", substitution("a", "b", more='agencies = ["H19.9"]'), "không có cơ quan mã “H19.9”", "an unknown agency"),
        ("", '[[leaves]]\nperson = "a"\nfrom = 2026-11-02', "thiếu “to”", "an absence without end"),
        ("", '[[leaves]]\nperson = "x"\nfrom = 2026-11-02\nto = 2026-11-03', "không có người mã “x”", "who?"),
        ("", '[[substitutions]]\ngiver = "a"\nsubstitute = "b"\nfrom = 2026-11-02\nto = 2026-11-03', "thiếu “document”",
         "no document"),
        ('successor = "H19"', "", "không có “valid_to”", "a successor of one that still stands"),
        ('successor = "H19.9"\nvalid_to = 2026-01-01', "", "kế thừa “H19.9” không có", "an unknown successor"),
        ('successor = "H19.1"\nvalid_to = 2026-01-01', "", "kế thừa nối thành vòng", "after itself"),
    ],
)  # fmt: skip
def test_what_the_people_file_refuses(tmp_path: Path, agency: str, more: str, wrong: str, meaning: str) -> None:
    path = tmp_path / "people.toml"
    path.write_text(TOML.format(agency=agency, more=more), "utf-8")
    with pytest.raises(PeopleFileError) as caught:
        load_directory(path)
    assert any(wrong in str(mistake) for mistake in caught.value.mistakes), (meaning, str(caught.value))


@pytest.mark.parametrize(
    ("more", "meaning"),
    [
        (substitution("a", "b") + substitution("b", "a", "2026-11-09", "2026-11-13"), "in turn"),
        (
            substitution("a", "b", more='roles = ["officer"]') + substitution("b", "a", more='roles = ["chairman"]'),
            "each for another role",
        ),
        (substitution("a", "b") + substitution("a", "c"), "two at once"),
    ],
)
def test_what_is_no_loop(tmp_path: Path, more: str, meaning: str) -> None:
    path = tmp_path / "people.toml"
    path.write_text(TOML.format(agency="", more=more), "utf-8")
    assert len(load_directory(path).substitutions()) == 2, meaning
