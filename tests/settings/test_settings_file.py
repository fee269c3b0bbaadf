"""The configuration file: every mistake at once, each with its key and what to write; secrets never shown."""

import re
from pathlib import Path

import pytest

from monitor import DEFAULTS, settings_file
from monitor.mistakes import SettingsRefused
from monitor.settings_file import find, load, read

HERE = Path(__file__).parent
BAD = sorted((HERE / "bad").glob("*.toml"))
GOOD = sorted((HERE / "good").glob("*.toml"))
SECRET = "không ai được thấy 7f3a"
ENV = {"DUNGHEN_TEST_SECRET": SECRET, "DUNGHEN_TEST_DB": "postgresql+psycopg://u:mật@db/dunghen"}
_EXPECT = re.compile(r"^# expect: (.*?) ?\| (.*)$", re.MULTILINE)


def refused(path: Path) -> SettingsRefused:
    with pytest.raises(SettingsRefused) as caught:
        load(path, ENV)
    return caught.value


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_file_is_refused_with_exactly_its_mistakes(path: Path) -> None:
    expected = _EXPECT.findall(path.read_text("utf-8"))
    assert expected, "say in the file what is expected"
    mistakes = refused(path).mistakes
    assert sorted(m.key for m in mistakes) == sorted(key for key, _ in expected)
    for key, fix in expected:
        told = [m for m in mistakes if m.key == key]
        assert all(m.file == str(path) for m in told)
        assert any(fix in m.fix.en for m in told), f"{key}: {[m.fix.en for m in told]} should say {fix}"


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_mistake_is_told_in_both_languages(path: Path) -> None:
    for mistake in refused(path).mistakes:
        assert all([*mistake.wrong, *mistake.fix])
        assert mistake.wrong.vi != mistake.wrong.en
        assert mistake.line("vi").startswith(str(path))
        assert mistake.key in mistake.line("en")


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_no_mistake_shows_a_secret(path: Path) -> None:
    said = repr(refused(path)) + "".join(m.line("vi") + m.line("en") for m in refused(path).mistakes)
    assert SECRET not in said
    assert "hunter2" not in said
    assert "123456" not in said


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_good_file_is_read(path: Path) -> None:
    assert load(path, ENV).site.name


def test_mistakes_come_in_the_order_of_the_file() -> None:
    tables = [m.key.partition(".")[0].partition("[")[0] for m in refused(HERE / "bad" / "many_at_once.toml").mistakes]
    assert tables == sorted(tables, key=["site", "sources", "escalation", "web"].index)


def test_lengths_of_time_become_seconds() -> None:
    first, second, _ = load(HERE / "good" / "sources.toml", ENV).sources
    assert (first.every, first.stale_after, first.full_every) == (90, 7200, 86_400)
    assert second.every == 900, "a bare number is seconds"


def test_paths_start_where_the_file_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # wherever the program was started
    settings = load(HERE / "good" / "sources.toml", ENV)
    assert settings.folder == HERE / "good"
    assert settings.database.url == f"sqlite:///{HERE / 'good' / 'dunghen.db'}"
    assert settings.site.data_dir == HERE / "good" / "data"
    assert settings.letters.folder == HERE / "good" / "letters"
    assert settings.sources[0].verify_tls == str(HERE / "good" / "ca.pem")  # type: ignore[union-attr]
    assert settings.sources[2].path == HERE / "good" / "ho-so.csv"  # type: ignore[union-attr]


def test_an_absolute_database_stays_where_it_is(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text('[site]\nname = "x"\n[database]\nurl = "sqlite:////var/lib/dunghen/dunghen.db"\n')
    assert load(file, {}).database.url == "sqlite:////var/lib/dunghen/dunghen.db"


def test_secrets_are_read_and_never_shown() -> None:
    settings = load(HERE / "good" / "sources.toml", ENV)
    from_env, from_file, _ = settings.sources
    assert from_env.password.get_secret_value() == SECRET  # type: ignore[union-attr]
    assert from_file.password.get_secret_value() == "bí mật"  # type: ignore[union-attr]
    assert SECRET not in repr(settings)
    assert SECRET not in str(settings.model_dump())
    assert SECRET not in settings.model_dump_json()


def test_a_database_address_may_be_a_secret() -> None:
    assert load(HERE / "good" / "channels.toml", ENV).database.url == ENV["DUNGHEN_TEST_DB"]


@pytest.mark.parametrize(("mode", "warns"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True)])
def test_a_secret_that_others_can_read_is_pointed_out(tmp_path: Path, mode: int, warns: bool) -> None:
    secret = tmp_path / "token"
    secret.write_text(SECRET + "\n")
    secret.chmod(mode)
    file = tmp_path / "dunghen.toml"
    file.write_text('[site]\nname = "x"\n[channels.telegram]\nenabled = true\ntoken = { file = "token" }\n')
    loaded = read(file, {})
    token = loaded.settings.channels.telegram.token
    assert token is not None
    assert token.get_secret_value() == SECRET
    assert [w.key for w in loaded.warnings] == (["channels.telegram.token"] if warns else [])
    assert all("chmod 600" in w.fix.vi for w in loaded.warnings)


def write(path: Path, name: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'[site]\nname = "{name}"\n')
    return path


def test_the_file_is_looked_for_in_four_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = write(tmp_path / "given.toml", "given")
    named = write(tmp_path / "named.toml", "named")
    here = tmp_path / "here"
    system = write(tmp_path / "etc" / "dunghen.toml", "system")
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setattr(settings_file, "SYSTEM_FILE", system)
    env = {"DUNGHEN_CONFIG": str(named)}
    assert load(given, env).site.name == "given"
    assert load(None, env).site.name == "named"
    assert load(None, {}).site.name == "system"
    write(here / "dunghen.toml", "here")
    assert load(None, {}).site.name == "here"


def test_no_file_anywhere_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(settings_file, "SYSTEM_FILE", tmp_path / "none.toml")
    with pytest.raises(SettingsRefused) as caught:
        find(None, {})
    assert "dunghen init" in caught.value.mistakes[0].fix.vi


@pytest.mark.parametrize("way", ["option", "variable"])
def test_a_named_file_that_is_not_there_is_never_replaced_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "dunghen.toml", "not this one")
    missing = tmp_path / "missing.toml"
    with pytest.raises(SettingsRefused) as caught:
        load(missing if way == "option" else None, {"DUNGHEN_CONFIG": str(missing)})
    assert caught.value.mistakes[0].file == str(missing)


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "dunghen.toml"
    file.write_bytes('[site]\nname = "Đúng Hẹn"\n'.encode("utf-16"))
    assert "UTF-8" in refused(file).mistakes[0].wrong.en


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path / "dunghen.toml", "x")

    def forbidden(_path: Path) -> bytes:  # root, who runs the tests on some machines, may read every file
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", forbidden)
    assert "leave to read" in refused(file).mistakes[0].fix.en


def test_the_starter_file_is_usable_as_it_comes() -> None:
    loaded = read(DEFAULTS / "dunghen.toml", {})
    assert loaded.warnings == ()
    assert {rung.when for rung in loaded.settings.escalation} >= {"due", "late", "source_silent"}


def test_the_examples_commented_out_in_the_starter_are_good(tmp_path: Path) -> None:
    """What a newcomer uncomments must work: every `# key = …` line of the starter, uncommented."""
    for companion in ("calendar.toml", "procedures.toml", "people.toml"):
        (tmp_path / companion).write_bytes((DEFAULTS / companion).read_bytes())
    text = (DEFAULTS / "dunghen.toml").read_text("utf-8")
    for secret in re.findall(r'file = "([a-z-]+\.secret)"', text):
        (tmp_path / secret).write_text("x" * 40)
        (tmp_path / secret).chmod(0o600)
    shown = [re.sub(r"^# (?=\[\[?[a-z]|[a-z_]+ = )", "", line) for line in text.splitlines()]
    file = tmp_path / "dunghen.toml"
    file.write_text("\n".join(shown), "utf-8")
    loaded = read(file, {})
    assert [source.kind for source in loaded.settings.sources] == ["opencps", "dvcqg", "spreadsheet"]
    channels = loaded.settings.channels
    assert channels.enabled() == ("sms", "webhook", "phong-hop")
    assert channels.telegram.webhook_secret is not None
    assert channels.email.bounces is not None
    assert channels.sms.status_url
    assert loaded.settings.shadow
    assert loaded.warnings == ()
