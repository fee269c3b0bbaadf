"""What the documents say exists, exists; what exists is in the documents."""

import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args

import pytest
import typer
from pydantic import BaseModel

from connectors.kit.settings import HttpSourceSettings, SourceSettings
from monitor import TEMPLATES, __version__
from monitor.cli.app import app
from monitor.cli.exits import Exit
from monitor.domain.dossier import Status
from monitor.domain.escalation import Occasion
from monitor.domain.letter import LetterState
from monitor.domain.limits import LimitUnit
from monitor.domain.stage import Stage
from monitor.explain_words import STAGE_VI, STATUS_VI
from monitor.letters.steps import STATES_VI
from monitor.settings import OWN_SOURCES, DigestSettings, LetterAgency, LetterKey, Rung, Settings

ROOT = Path(__file__).resolve().parent.parent.parent
SYSADMIN = (ROOT / "docs" / "sysadmin.md").read_text("utf-8")
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text("utf-8")
DOCS = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
SET_BY_LOADER = {"folder", "read_on"}


def section(text: str, title: str) -> str:
    """The part of a page under one heading, up to the next heading of any level."""
    match = re.search(rf"^#+ {re.escape(title)}$\n(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
    assert match, f"no heading {title!r}"
    return match[1]


def first_cells(text: str) -> list[str]:
    """The word in back-quotes that begins each row of the tables."""
    return re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)


def leaf_commands(command: Any, name: str = "dunghen") -> Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", {})
    if not children or command.invoke_without_command:
        yield name, command
    for child_name, child in children.items():
        yield from leaf_commands(child, f"{name} {child_name}")


COMMANDS = dict(leaf_commands(typer.main.get_command(app)))


def test_every_command_stands_in_the_table_and_no_other() -> None:
    rows = first_cells(section(SYSADMIN, "Commands"))
    told = [re.sub(r" [\[A-Z].*$", "", row) for row in rows]
    assert sorted(told) == sorted(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_stands_in_its_row(name: str) -> None:
    lines = section(SYSADMIN, "Commands").splitlines()
    rows = [line for line in lines if re.match(rf"\| `{name}(`| [^a-z])", line)]  # not those of its children
    assert len(rows) == 1
    told = set(re.findall(r"--[a-z-]+", rows[0]))
    has = {option for p in COMMANDS[name].params for option in (*p.opts, *p.secondary_opts) if option.startswith("--")}
    assert told <= has, "the row names an option that is not there"
    common = {"--config", "--lang", "--json", "--help"}
    missing = has - told - common
    # a switch is told by the half that changes something
    assert {m for m in missing if m.replace("--", "--no-", 1) not in told} == set()


def blocks(path: Path) -> str:
    return "\n".join(re.findall(r"```(?:sh)?\n(.*?)```", path.read_text("utf-8"), re.DOTALL))


@pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_in_examples_exist(path: Path) -> None:
    text = blocks(path) + "\n".join(re.findall(r"`(dunghen [^`]*)`", path.read_text("utf-8")))
    for words in re.findall(r"\bdunghen ((?:[a-z]+(?:-[a-z]+)* ?)+)", text):
        first, *rest = words.split()
        if f"dunghen {first}" in COMMANDS or any(name.startswith(f"dunghen {first} ") for name in COMMANDS):
            group = f"dunghen {first}" not in COMMANDS
            assert not (group and rest) or f"dunghen {first} {rest[0]}" in COMMANDS, words
        else:
            pytest.fail(f"{path.name}: dunghen {first} is no command")


@pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_and_named_files_lead_somewhere(path: Path) -> None:
    text = path.read_text("utf-8")
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", text):
        if not target.startswith("http"):
            assert (path.parent / target).exists(), f"{path.name}: {target}"
    for name in re.findall(r"`((?:monitor|connectors|tests|config|docs|templates)/[\w./-]+)`", text):
        assert (ROOT / name).exists() or "defaults" in name, f"{path.name}: {name}"


def keys(model: type[BaseModel], before: str = "") -> Iterator[str]:
    for name, info in model.model_fields.items():
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            yield from keys(info.annotation, f"{before}{name}.")
        elif before or name not in SET_BY_LOADER:
            yield before + name


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Configuration", set(keys(Settings))),
        ("The ladder: `[[escalation]]`", set(keys(Rung))),
        ("Lists that come by themselves: `[[digests]]`", set(keys(DigestSettings))),
        ("The head of a letter: `[[letters.agencies]]`", set(keys(LetterAgency))),
        ("A key that signs letters: `[[letters.keys]]`", set(keys(LetterKey))),
        ("Every source: `[[sources]]`", set(keys(HttpSourceSettings)) | set(keys(SourceSettings))),
    ],
    ids=["file", "rung", "digest", "letterhead", "letterkey", "source"],
)
def test_the_settings_reference_is_the_settings(title: str, expected: set[str]) -> None:
    assert set(first_cells(section(SYSADMIN, title))) == expected


KINDS = {get_args(m.model_fields["kind"].annotation)[0]: m for m in OWN_SOURCES}


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_of_a_kind_stands_on_its_page(kind: str) -> None:
    text = (ROOT / "docs" / "connectors" / f"{kind}.md").read_text("utf-8") + section(
        SYSADMIN, "Every source: `[[sources]]`"
    )
    own = set(KINDS[kind].model_fields) - set(HttpSourceSettings.model_fields)
    assert {key for key in own if not re.search(rf"\b{key}\b", text)} == set()
    assert f"connectors/{kind}.md" in SYSADMIN


def test_every_exit_code_is_told() -> None:
    rows = re.findall(r"^\| (\d+) \| (\w+) \|", section(SYSADMIN, "Exit codes"), re.MULTILINE)
    assert {name: int(code) for code, name in rows} == {code.name: int(code) for code in Exit}


@pytest.mark.parametrize(
    ("title", "enum"),
    [
        ("Stages", Stage),
        ("Statuses of a source", Status),
        ("Time limits", LimitUnit),
        ("States of a letter", LetterState),
        ("Occasions of a rung", Occasion),
    ],
)
def test_the_glossary_holds_the_enums(title: str, enum: type[StrEnum]) -> None:
    assert first_cells(section(GLOSSARY, title)) == [member.value for member in enum]


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("Stages", {s.value: v for s, v in STAGE_VI.items() if s is not Stage.LETTER_DUE}),
        ("Statuses of a source", {s.value: v for s, v in STATUS_VI.items() if s is not Status.UNKNOWN}),
        ("States of a letter", {s.value: v for s, v in STATES_VI.items()}),
    ],
)
def test_the_glossary_and_the_program_use_the_same_vietnamese(title: str, words: dict[str, str]) -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", section(GLOSSARY, title), re.MULTILINE))
    assert {name: rows[name] for name in words} == words


def test_every_form_of_letter_is_told() -> None:
    forms = sorted(path.parent.name for path in (TEMPLATES / "letters").glob("*/form.toml"))
    assert forms
    assert [form for form in forms if f"`{form}`" not in SYSADMIN] == []


def test_the_changelog_knows_the_version() -> None:
    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_architecture_stays_short() -> None:
    words = (ROOT / "ARCHITECTURE.md").read_text("utf-8").split()
    assert len(words) < 1500, "two pages, no more"


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_lock_files_name_no_place_and_hash_everything(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert not re.search(r"https?://|--(?:extra-)?index-url|--find-links", text)
    pinned = re.findall(r"^[a-z0-9][\w.-]*==\S+.*\\$", text, re.MULTILINE)
    assert len(pinned) == len(re.findall(r"^[a-z0-9]", text, re.MULTILINE)) > 30
    assert len(re.findall(r"^    --hash=sha256:", text, re.MULTILINE)) >= len(pinned)


def test_locks_cover_what_is_required() -> None:
    """A requirement added to setup.cfg or requirements-dev.in without `make lock` fails here, not on a new machine."""
    normal = re.compile(r"[-_.]+")

    def names(text: str) -> set[str]:
        return {normal.sub("-", n).lower() for n in re.findall(r"^\s*([A-Za-z][\w.-]*)(?![\w.-]|\s*=$)", text, re.M)}

    lock = names((ROOT / "requirements.lock").read_text("utf-8"))
    dev = names((ROOT / "requirements-dev.lock").read_text("utf-8"))
    config = (ROOT / "setup.cfg").read_text("utf-8")
    required = re.search(
        r"^install_requires =\n(.*?)^\[options.extras_require\]\ndemo =\n(.*?)^\[", config, re.M | re.S
    )
    assert required
    run = names(re.sub(r"^\s*#.*$", "", required[1] + required[2], flags=re.MULTILINE))
    assert run - lock == set()
    wanted_dev = names((ROOT / "requirements-dev.in").read_text("utf-8"))
    assert (wanted_dev | run) - dev == set()
