"""The demo: its configuration loads as an office's would, it ends green, it touches no folder but its own."""

from pathlib import Path

import pytest
from rich.console import Console

from monitor.people import load_directory
from monitor.procedures import load_terms
from monitor.sandbox.configure import write_config
from monitor.sandbox.demo import MARKER, run_demo
from monitor.sandbox.servers import Sandbox
from monitor.settings_file import load


def test_the_written_configuration_loads_without_a_mistake(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = load(write_config(tmp_path, sandbox))
    assert [(source.name, source.role) for source in settings.sources] == [
        ("mot-cua", "one_stop"),
        ("cong-dvc", "portal"),
    ]
    assert [rung.name for rung in settings.escalation] == ["soon", "letter", "today", "late", "late3", "silent"]
    directory, terms = load_directory(settings.people.file), load_terms(settings.procedures.file)
    assert len(directory.agencies()) == 114
    former = next(agency for agency in sandbox.province.agencies if agency.former_code)
    assert directory.canonical("mot-cua", former.former_code) == former.code
    assert directory.canonical("cong-dvc", former.portal_code) == former.code
    for procedure in sandbox.province.procedures:
        countable = procedure.limits["online"].kind != "unclear"
        term = terms.find(procedure.code, "online")
        assert (term is not None and term.limit is not None) == countable, procedure.limits["online"].text


def test_secrets_lie_in_files_of_their_own_that_only_the_owner_reads(sandbox: Sandbox, tmp_path: Path) -> None:
    main = write_config(tmp_path, sandbox)
    for token in sandbox.province.tokens.values():
        assert token not in main.read_text("utf-8")
    modes = {path.stat().st_mode & 0o777 for path in tmp_path.glob("*.secret")}
    assert modes == {0o600}


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_a_small_demo_ends_green_and_says_where_things_lie(tmp_path: Path, lang: str) -> None:
    folder = tmp_path / "demo"
    console = Console(record=True, width=160, quiet=False, file=(tmp_path / "screen").open("w"))
    try:
        code = run_demo(folder, size=120, seed=5, lang=lang, console=console)
    finally:
        console.file.close()
    said = console.export_text()
    assert code == 0, said
    assert ("khớp với sự thật" if lang == "vi" else "agrees with the truth") in said
    paths = (folder / "letters.txt").read_text("utf-8").split()
    assert paths
    assert all(Path(path).stat().st_size > 1000 for path in paths)
    assert "http://127.0.0.1:8118" in said


def test_a_folder_with_somebodys_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "luan-van.txt").write_text("của tôi")
    assert run_demo(tmp_path, size=50, console=Console(quiet=True)) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["luan-van.txt"]


def test_what_an_earlier_demo_left_is_cleared(tmp_path: Path) -> None:
    from monitor.sandbox.demo import _emptied

    assert _emptied(tmp_path / "demo")
    left = tmp_path / "demo" / "letters"
    left.mkdir()
    (left / "old.pdf").write_bytes(b"x")
    assert _emptied(tmp_path / "demo")
    assert [path.name for path in (tmp_path / "demo").iterdir()] == [MARKER]
