"""The first hour: init, check, and how the command ends when something is wrong."""

import os
from pathlib import Path
from typing import Any

import pytest

from monitor import DEFAULTS
from monitor.cli import looking
from monitor.cli.start import STARTER
from tests.cli.office import CONFIG, Office
from tests.peers.deaf import nobody_listening
from tests.peers.smtp import mail_server

SECRET = "mat-khau-41c7"


@pytest.fixture
def office(office: Office) -> Office:
    """Nothing was stored here yet."""
    office.store.unlink()
    return office


def test_init_writes_the_starter_and_its_companions(office: Office, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "office"
    said = office("init", str(folder), "--json", config=False)
    assert said.json()["files"] == list(STARTER)
    for name in STARTER:
        assert (folder / name).read_bytes() == (DEFAULTS / name).read_bytes()


def test_init_never_overwrites_unless_told_to(office: Office) -> None:
    assert office("init", str(office.folder), config=False).code == 2
    assert (office.folder / "dunghen.toml").read_text("utf-8") == CONFIG
    assert office("init", str(office.folder), "--force", config=False).code == 0
    assert (office.folder / "dunghen.toml").read_text("utf-8") != CONFIG


def test_init_into_a_place_that_cannot_be(office: Office) -> None:
    (office.folder / "file").touch()
    assert office("init", str(office.folder / "file" / "x"), config=False).code == 2


def test_what_init_wrote_passes_check_as_it_is(office: Office, tmp_path: Path) -> None:
    office("init", str(tmp_path / "fresh"), config=False)
    said = office("check", "--json", "--config", str(tmp_path / "fresh" / "dunghen.toml"))
    assert said.code == 0, said.out
    assert "wrong" not in {one["result"] for one in said.json()["checks"]}
    assert not (tmp_path / "fresh" / "dunghen.db").exists(), "check leaves nothing behind"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may do everything to files of others")
@pytest.mark.parametrize("command", [("late",), ("pull",), ("db", "upgrade"), ("db", "backup"), ("letters", "draft")])
def test_root_touches_no_data_of_the_service_s_user(office: Office, command: tuple[str, ...]) -> None:
    """What root makes beside a store (its log, a copy, a letter) the daemon could not write any more."""
    office("db", "upgrade")
    os.chown(office.store, 65_534, 65_534)
    before = sorted(office.folder.rglob("*"))
    said = office(*command, "--lang", "vi")
    assert said.code == 5
    assert "thuộc người dùng nobody" in said.err
    assert "runuser -u nobody" in said.err
    assert sorted(office.folder.rglob("*")) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may do everything to files of others")
def test_root_makes_no_store_in_a_place_of_the_service_s_user(office: Office) -> None:
    """The service was started and stopped at a mistake in its configuration: its folder is there, its data are not."""
    os.chown(office.folder, 65_534, 65_534)
    said = office("db", "upgrade", "--lang", "vi")
    assert (said.code, office.store.exists()) == (5, False)
    assert "runuser -u nobody" in said.err


def results(said: Any) -> dict[str, str]:
    return {one["part"]: one["result"] for one in said.json()["checks"]}


def test_check_tries_each_source_and_channel(office: Office) -> None:
    said = office("check", "--json")
    assert said.code == 0
    assert results(said) == {
        "calendar": "ok",
        "procedures": "ok",
        "people": "ok",
        "database": "ok",
        "letters": "ok",
        "source bang": "ok",
        "channel telegram": "off",
        "channel email": "off",
        "channel sms": "off",
        "channel webhook": "off",
    }
    assert not office.store.exists()


def test_check_ends_with_3_when_a_source_does_not_answer(office: Office) -> None:
    (office.folder / "ho-so.csv").unlink()
    said = office("check", "--json")
    assert said.code == 3
    assert results(said)["source bang"] == "wrong"
    assert office("check", "--offline").code == 0, "the files alone are fine"


def test_check_signs_in_at_the_mail_server_and_sends_nothing(office: Office) -> None:
    with mail_server(password=SECRET) as server:
        text = f"""
[channels.email]
enabled = true
host = "127.0.0.1"
port = {server.port}
security = "none"
username = "dunghen"
password = {{ env = "DH_MAIL" }}
sender = "dunghen@example.gov.vn"
"""
        office.config(CONFIG + text)
        office.env["DH_MAIL"] = SECRET
        good = office("check", "--json")
        office.env["DH_MAIL"] = "wrong"
        bad = office("check", "--json")
        assert server.taken == []
    assert (good.code, results(good)["channel email"]) == (0, "ok"), good.out
    assert (bad.code, results(bad)["channel email"]) == (3, "wrong")
    assert SECRET not in good.out + good.err


def test_check_says_when_the_bot_api_is_not_there(office: Office) -> None:
    with nobody_listening() as port:
        office.config(
            CONFIG
            + "[channels.telegram]\nenabled = true\n"
            + f'api_url = "http://127.0.0.1:{port}"\ntoken = {{ env = "DH_TOKEN" }}\n'
        )
        office.env["DH_TOKEN"] = f"123456:{SECRET}"
        said = office("check", "--json")
    assert said.code == 3
    assert results(said)["channel telegram"] == "wrong"
    assert SECRET not in said.out + said.err


@pytest.mark.parametrize(
    ("file", "text", "part"),
    [
        ("calendar.toml", "[[day]]\non = 'soon'\nwork = true\n", "calendar"),
        ("people.toml", "[[posts]]\nperson = 'nobody'\nrole = 'officer'\nagency = 'H19'\n", "people"),
        ("procedures.toml", "[[", "procedures"),
    ],
)
def test_a_companion_with_a_mistake_is_refused(office: Office, file: str, text: str, part: str) -> None:
    (office.folder / file).write_text(text)
    said = office("check", "--json")
    assert said.code == 2
    assert results(said)[part] == "wrong"
    assert office("late").code == 2, "every other command refuses too"


def test_every_mistake_of_the_configuration_is_told_and_the_command_ends_with_2(office: Office) -> None:
    office.config('[site]\nname = 1\n[web]\nhost = "0.0.0.0"\n')
    said = office("late", "--json")
    assert said.code == 2
    assert [mistake["key"] for mistake in said.json()["mistakes"]] == ["site.name", "web.host"]
    assert "site.name" in said.err
    assert "web.host" in said.err


def test_messages_speak_the_language_asked_for(office: Office) -> None:
    office.config("[site]\n")
    assert "thiếu khóa này" in office("late", "--lang", "vi").err
    assert "is missing" in office("late", "--lang", "en").err
    assert "is missing" in office("--lang", "en", "late").err, "before the command too"


def test_a_misspelt_option_ends_with_2(office: Office) -> None:
    assert office("late", "--agenci", "x").code == 2
    assert office("lat").code == 2


def test_something_unexpected_shows_no_data(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver's message quotes the row it stumbled over: only its kind may be said."""

    def stumbles(*_: object) -> None:
        raise RuntimeError("INSERT … ('Nguyễn Văn Bịa', '0912345678')")

    monkeypatch.setattr(looking, "_check_stages", stumbles)
    said = office("late")
    assert said.code == 1
    assert "RuntimeError" in said.err
    assert "0912345678" not in said.err + said.out


def test_a_store_that_cannot_be_made_ends_with_5(office: Office) -> None:
    (office.folder / "blocked").touch()
    office.config(CONFIG + '[database]\nurl = "sqlite:///blocked/dunghen.db"\n')
    assert office("late").code == 5


def test_a_file_that_is_no_store_ends_with_5(office: Office) -> None:
    office.store.write_bytes(b"not a database at all" * 100)
    said = office("late")
    assert said.code == 5, said.err


def test_output_for_programs_has_no_bars(office: Office) -> None:
    said = office("pull", "--json")
    assert said.err == ""
