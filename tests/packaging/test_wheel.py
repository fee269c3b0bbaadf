"""The wheel, in a clean environment without development packages, far from the checkout, does a newcomer's first steps."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor import __version__
from monitor.sandbox.configure import write_config
from monitor.sandbox.servers import Sandbox

ROOT = Path(__file__).resolve().parent.parent.parent
UV = Path(sys.executable).parent / "uv"
# A rule of the build: the same variables that a clean machine has, nothing that points back to this checkout.
CLEAN = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "DUNGHEN", "VIRTUAL_ENV"))}


def run(*words: str | Path, cwd: Path = Path("/"), code: int = 0) -> str:
    done = subprocess.run(
        [str(word) for word in words], cwd=cwd, env=CLEAN, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == code, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of what git would take, so that the checkout stays as it is."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    names = run("git", "-c", f"safe.directory={ROOT}", "ls-files", "-co", "--exclude-standard", cwd=ROOT).splitlines()
    for name in names:
        if (ROOT / name).is_file() and not name.startswith(("tests/", "docs/")):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, source / name)
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", out, source)
    (built,) = out.glob("dunghen-*.whl")
    return built


@pytest.fixture(scope="module")
def dunghen(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command in an environment that holds only what the lock file names."""
    place = tmp_path_factory.mktemp("clean") / "venv"
    run(UV, "venv", "-q", "--python", sys.executable, place)
    python = place / "bin" / "python"
    # the packages of this environment are the locked ones: linking them is quick and asks no registry
    locked = {line.split("==")[0] for line in (ROOT / "requirements.lock").read_text().splitlines() if "==" in line}
    here = Path(next(path for path in sys.path if path.endswith("site-packages")))
    there = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])").strip())
    _link_packages(here, there, {name.lower().replace("_", "-") for name in locked})
    run(UV, "pip", "install", "-q", "--offline", "--no-deps", "--python", python, wheel)
    return place / "bin" / "dunghen"


def _link_packages(here: Path, there: Path, wanted: set[str]) -> None:
    """Links the files that each wanted distribution recorded at its installation."""
    for info in here.glob("*.dist-info"):
        name = info.name.rsplit("-", 1)[0] if info.name.count("-") == 1 else info.name.split("-")[0]
        if name.lower().replace("_", "-") not in wanted:
            continue
        tops = {line.split(",")[0].split("/")[0] for line in (info / "RECORD").read_text("utf-8").splitlines()}
        for top in tops - {"..", "__pycache__", ""}:
            target = there / top
            if (here / top).exists() and not target.exists():
                target.symlink_to(here / top)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    # the installed program runs on the machine's clock: a past moment is past on every machine
    with Sandbox(now=datetime(2026, 1, 12, 2, 0, tzinfo=UTC), seed=7, size=300) as running:
        yield running


def test_the_wheel_carries_what_the_program_reads(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for needed in (
        "monitor/defaults/dunghen.toml",
        "monitor/defaults/calendars/vn.toml",
        "monitor/defaults/systemd/dunghen.service",
        "monitor/templates/letters/letter.typ",
        "monitor/templates/letters/letter.docx",
        "monitor/templates/fonts/LiberationSerif-Regular.ttf",
        "monitor/templates/web/today.html",
        "monitor/templates/alerts/telegram.html.j2",
        "monitor/store/migrations/env.py",
        "monitor/py.typed",
    ):
        assert needed in names
    tops = {name.split("/")[0] for name in names}
    assert tops == {"monitor", "connectors", f"dunghen-{__version__}.dist-info"}, "no top-level templates or config"
    assert not [name for name in names if "test" in name.split("/")[-1] or name.endswith((".secret", ".db"))]


def test_every_package_of_the_checkout_is_in_the_wheel(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    ours = {str(path.relative_to(ROOT)) for top in ("monitor", "connectors") for path in (ROOT / top).rglob("*.py")}
    assert ours - names == set(), "a package is missing in setup.cfg"


def test_the_environment_is_clean(dunghen: Path) -> None:
    python = dunghen.parent / "python"
    for name in ("pytest", "hypothesis", "mypy"):
        run(python, "-c", f"import {name}", code=1)
    assert "site-packages" in run(python, "-c", "import monitor; print(monitor.__file__)")


def test_a_newcomers_first_steps(dunghen: Path, sandbox: Sandbox, tmp_path: Path) -> None:
    office = tmp_path / "office"
    run(dunghen, "init", office)
    config = office / "dunghen.toml"
    checked = json.loads(run(dunghen, "check", "--json", "--config", config))
    assert "wrong" not in {one["result"] for one in checked["checks"]}
    counted = json.loads(
        run(dunghen, "due", "--config", config, "--received", "2026-10-05T09:15", "--limit", "5 ngày làm việc")
    )
    assert (counted["due_on"], counted["letter_by"]) == ("2026-10-12", "2026-10-09")
    demo = tmp_path / "demo"
    write_config(demo, sandbox)
    pulled = json.loads(run(dunghen, "pull", "mot-cua", "--json", "--config", demo / "dunghen.toml"))["pulls"]
    assert pulled[0]["result"] == "ok"
    assert pulled[0]["seen"] > 200
    assert json.loads(run(dunghen, "late", "--json", "--config", demo / "dunghen.toml"))["counts"]["total"] > 200
