"""The help exists in both languages, for every command, argument and option; so does --json where something is shown."""

from collections.abc import Iterator
from typing import Any

import pytest
import typer

from monitor.cli.app import app
from monitor.cli.exits import Exit
from monitor.cli.help_vi import VIETNAMESE, in_language
from monitor.cli.terms import LETTER_STATES, NOTICE_STATES, RESULTS, STAGES
from monitor.domain.stage import Stage
from monitor.words import Words, language_of


def commands(command: Any, name: str = "dunghen") -> Iterator[tuple[str, Any]]:
    yield name, command
    for child_name, child in getattr(command, "commands", {}).items():
        yield from commands(child, f"{name} {child_name}")


TREE = list(commands(typer.main.get_command(app)))
# Those that only do something: `run` is the daemon, `demo` prints what it goes through.
DOES_ONLY = {"dunghen run", "dunghen demo"}


def texts(command: Any) -> Iterator[str]:
    if command.help:
        yield command.help.strip()
    yield from (p.help for p in command.params if getattr(p, "help", None) and p.name != "help")


def test_the_commands_are_the_ones_promised() -> None:
    promised = [
        "init",
        "check",
        "demo",
        "run",
        "pull",
        "judge",
        "late",
        "explain",
        "due",
        "verify",
        "calendar",
        "procedures",
        "letters",
        "alerts",
        "sources",
        "people",
        "accounts",
        "db",
    ]
    assert sorted(typer.main.get_command(app).commands) == sorted(promised)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("name", "command"), TREE, ids=[name for name, _ in TREE])
def test_every_help_text_has_its_vietnamese(name: str, command: Any) -> None:
    said = list(texts(command))
    assert said, f"{name} explains nothing"
    assert [text for text in said if text not in VIETNAMESE] == []
    assert all(getattr(p, "help", None) for p in command.params if p.name != "help"), "an option without help"


def test_no_translation_is_left_over() -> None:
    used = {text for _, command in TREE for text in texts(command)}
    assert set(VIETNAMESE) - used == set()


def test_help_speaks_vietnamese() -> None:
    command = typer.main.get_command(app)
    in_language(command, "vi")
    late = command.commands["late"]  # type: ignore[attr-defined]
    assert late.help == VIETNAMESE["List what is late and what will be, worst first."]
    assert next(p for p in late.params if p.name == "agency").help.startswith("Chỉ")


@pytest.mark.parametrize(("name", "command"), TREE, ids=[name for name, _ in TREE])
def test_every_command_that_shows_something_can_print_json_and_speak_both_languages(name: str, command: Any) -> None:
    if hasattr(command, "commands"):
        return
    options = {option for p in command.params for option in p.opts}
    assert "--lang" in options
    assert name in DOES_ONLY or "--json" in options


@pytest.mark.parametrize(
    ("chosen", "env", "language"),
    [
        (None, {}, "vi"),
        (None, {"LANG": "C.UTF-8"}, "vi"),
        (None, {"LANG": "POSIX"}, "vi"),
        (None, {"LANG": "vi_VN.UTF-8"}, "vi"),
        (None, {"LANG": "en_GB.UTF-8"}, "en"),
        (None, {"LANG": "de_DE.UTF-8"}, "en"),
        (None, {"LANG": "vi_VN.UTF-8", "LC_ALL": "en_US.UTF-8"}, "en"),
        (None, {"LANG": "en_US.UTF-8", "DUNGHEN_LANG": "vi"}, "vi"),
        ("en", {"LANG": "vi_VN.UTF-8"}, "en"),
        ("vi", {"LANG": "en_US.UTF-8"}, "vi"),
    ],
)
def test_the_language_follows_the_option_then_the_locale(
    chosen: str | None, env: dict[str, str], language: str
) -> None:
    assert language_of(chosen, env) == language


def test_every_stage_has_its_words() -> None:
    assert set(STAGES) >= {stage.value for stage in Stage}
    for table in (STAGES, RESULTS, LETTER_STATES, NOTICE_STATES):
        assert all(isinstance(words, Words) and all(words) for words in table.values())


def test_exit_codes_are_distinct_and_small() -> None:
    assert len({int(code) for code in Exit}) == len(list(Exit))
    assert all(0 <= code < 128 or code == Exit.INTERRUPTED for code in Exit)
