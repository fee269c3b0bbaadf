"""Letters, alerts, people and the store itself from the command line."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from monitor.one_instance import OneInstance
from tests.cli.office import CONFIG, LATE, QUIET, TOMORROW, Office
from tests.peers.smtp import mail_server


def test_letters_from_duty_to_paper(working: Office) -> None:
    listed = working("letters", "list", "--json").json()["letters"]
    assert {row["code"]: (row["state"], row["is_late"]) for row in listed} == {
        LATE: ("owed", True),
        TOMORROW: ("owed", False),
    }
    assert working("letters", "show", LATE).code == 4, "not drafted yet"
    drafted = working("letters", "draft", "--json").json()
    assert drafted["drafts"]["drafted"] == 2
    paths = [Path(path) for files in drafted["files"] for path in files["paths"].values()]
    assert sorted(path.suffix for path in paths) == [".docx", ".docx", ".pdf", ".pdf"]
    assert all(path.stat().st_size > 1000 for path in paths)
    assert working("letters", "draft", "--json").json()["drafts"]["drafted"] == 0, "once"
    assert LATE in working("letters", "show", LATE).out
    assert working("letters", "show", "1", "--json").json()["content"]["dossier_code"]


def test_letters_are_rendered_again_where_asked(working: Office, tmp_path: Path) -> None:
    working("letters", "draft", "--no-files")
    out = tmp_path / "out"
    files = working("letters", "render", TOMORROW, "--kind", "pdf", "--out", str(out), "--json").json()["files"]
    assert [set(one["paths"]) for one in files] == [{"pdf"}]
    assert [path.name for path in out.rglob("*") if path.is_file()] == [f"{TOMORROW}-1.pdf"]
    assert working("letters", "render", QUIET).code == 4, "a dossier that needs no letter has none"
    assert working("letters", "render", "--kind", "odt").code == 2


def test_the_ladder_of_a_dossier_says_when_and_whom(working: Office) -> None:
    with_mail = CONFIG + '[channels.email]\nenabled = true\nhost = "127.0.0.1"\nsender = "a@example.gov.vn"\n'
    working.config(with_mail)
    rungs = working("alerts", "plan", TOMORROW, "--json").json()["rungs"]
    assert [(r["rung"], r["at"], r["state"]) for r in rungs] == [
        ("nhac", "2026-10-08T08:00:00+07:00", "owed"),
        ("qua-han", "2026-10-14T08:00:00+07:00", "ahead"),
    ]
    assert rungs[0]["tells"] == [{"person": "nv01", "name": "Trần Thị Thử", "channel": "email"}]
    assert rungs[1]["tells"] == []
    assert rungs[1]["reason"], "the head has no address on a channel that is on, and that is said"
    assert working("alerts", "plan", "H19-000000-0000").code == 4


def test_alerts_wait_are_sent_once_and_are_told(working: Office) -> None:
    assert {n["rung"] for n in working("alerts", "pending", "--json").json()["notices"]} == {"nhac", "qua-han"}
    with mail_server() as server:
        working.config(
            CONFIG
            + f'[channels.email]\nenabled = true\nhost = "127.0.0.1"\nport = {server.port}\n'
            + 'security = "none"\nsender = "dunghen@example.gov.vn"\n'
        )
        first = working("alerts", "send", "--json")
        again = working("alerts", "send", "--json")
        assert [recipient for recipient, _ in server.taken] == ["nv01@example.gov.vn"]
    assert (first.code, first.json()["sent"]["sent"]) == (0, 1), first.err
    assert again.json()["sent"]["sent"] == 0
    left = working("alerts", "pending", "--json").json()
    assert left["notices"] == []
    assert left["messages_by_state"] == {"sent": 1}


def test_a_mail_server_that_is_not_there_ends_with_3(working: Office) -> None:
    with mail_server() as server:
        port = server.port
    working.config(
        CONFIG
        + f'[channels.email]\nenabled = true\nhost = "127.0.0.1"\nport = {port}\n'
        + 'security = "none"\nsender = "dunghen@example.gov.vn"\n'
    )
    assert working("alerts", "send").code == 3
    assert working("alerts", "pending", "--json").json()["messages"][0]["state"] == "pending"
    assert "nv01" in working("alerts", "pending").out


def test_nobody_sends_beside_the_daemon(working: Office) -> None:
    engine = create_engine(f"sqlite:///{working.store}")
    with OneInstance(working.folder / "data", engine):
        assert working("alerts", "send").code == 2
    engine.dispose()


def test_people(office: Office) -> None:
    answer = office("people", "list", "--json").json()
    assert [agency["code"] for agency in answer["agencies"]] == ["H19", "H19.1"]
    assert {person["code"]: person["channels"] for person in answer["people"]} == {
        "nv01": ["email"],
        "ct01": ["telegram"],
    }
    assert "  Ủy ban nhân dân xã Mẫu" in office("people", "list").out


def test_who_answers_is_found_up_the_tree(office: Office) -> None:
    answer = office("people", "who", "agency_head", "H19.1", "--on", "2026-10-12", "--json").json()
    assert [person["code"] for person in answer["people"]] == ["ct01"], "nobody at the commune: the province"
    assert "Trần Thị Thử" in office("people", "who", "officer", "H19.1").out
    assert office("people", "who", "chairman", "H19.1").code == 4
    assert office("people", "who", "officer", "H99").code == 4


def test_a_backup_is_whole_and_comes_back(working: Office, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    assert working("db", "backup", str(copy)).code == 0
    assert copy.stat().st_mode & 0o077 == 0, "a copy holds people"
    working("letters", "draft", "--no-files")
    assert working("letters", "show", LATE).code == 0
    restored = working("db", "restore", str(copy), "--json")
    assert restored.code == 0, restored.err
    assert working("letters", "show", LATE).code == 4, "as it was when copied"
    kept = Path(restored.json()["kept"])
    with sqlite3.connect(kept) as before:
        assert before.execute("SELECT count(*) FROM letter WHERE state = 'drafted'").fetchone() == (2,)
    before.close()


def test_a_backup_names_itself_by_the_moment_and_never_overwrites(working: Office) -> None:
    made = working("db", "backup", "--json").json()
    assert Path(made["file"]) == working.folder / "data" / "backups" / "dunghen-20261012-090000.db"
    assert working("db", "backup").code == 2


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\x00" + b"\x00" * 500])
def test_what_is_no_copy_is_never_put_back(working: Office, tmp_path: Path, content: bytes) -> None:
    before = working.store.read_bytes()
    file = tmp_path / "copy.db"
    file.write_bytes(content)
    assert working("db", "restore", str(file)).code == 5
    assert working.store.read_bytes() == before
    assert working("db", "restore", str(tmp_path / "none.db")).code == 4


def test_nothing_is_put_back_under_a_running_daemon(working: Office, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    working("db", "backup", str(copy))
    engine = create_engine(f"sqlite:///{working.store}")
    with OneInstance(working.folder / "data", engine):
        assert working("db", "restore", str(copy)).code == 2
    engine.dispose()


def test_upgrade_makes_a_new_store_and_leaves_a_good_one_alone(office: Office) -> None:
    office.store.unlink()
    first = office("db", "upgrade", "--json").json()["revision"]
    assert office.store.exists()
    assert office("db", "upgrade", "--json").json()["revision"] == first


def test_a_store_of_a_newer_program_is_left_alone(working: Office) -> None:
    with sqlite3.connect(working.store) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    for words in (("late",), ("judge",), ("db", "upgrade")):
        assert working(*words).code == 5, words
    assert dict_of(working("check", "--json").json())["database"] == "wrong"


def test_an_old_store_is_never_upgraded_in_passing(working: Office) -> None:
    with sqlite3.connect(working.store) as connection:
        connection.execute("DELETE FROM alembic_version")
    connection.close()
    said = working("late")
    assert said.code == 5
    assert "dunghen db upgrade" in said.err


def test_a_postgresql_store_is_copied_with_its_own_tools(office: Office) -> None:
    office.config(CONFIG + '[database]\nurl = "postgresql+psycopg://localhost/dunghen"\n')
    said = office("db", "backup")
    assert said.code == 2
    assert "pg_dump" in said.err


def dict_of(answer: dict[str, list[dict[str, str]]]) -> dict[str, str]:
    return {one["part"]: one["result"] for one in answer["checks"]}
