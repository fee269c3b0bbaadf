"""`make proof`: the same properties, fuzzers and kill points at full counts, and a dated report with the seeds.

DUNGHEN_PROOF_SEED repeats a run; DUNGHEN_PROOF_MOST caps the examples of each property. Words after the command go to pytest: `python -m tests.proof tests/domain`.
"""

import os
import platform
import secrets
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

from monitor import __version__
from monitor.clock import SystemClock

ROOT = Path(__file__).resolve().parent.parent


def main(words: list[str]) -> int:
    """Runs pytest with everything counted in full; returns its exit code."""
    seed = int(os.environ.get("DUNGHEN_PROOF_SEED") or secrets.randbelow(2**32))
    began = SystemClock().now()
    reports = ROOT / "reports"
    reports.mkdir(exist_ok=True)
    stamp = f"{began:%Y-%m-%d-%H%M%S}"
    results = reports / f"proof-{stamp}.xml"
    how = ["-n2", "--dist=worksteal", f"--hypothesis-seed={seed}", f"--junitxml={results}"]
    command = [sys.executable, "-m", "pytest", *how]
    environment = os.environ | {"DUNGHEN_PROOF": "1", "DUNGHEN_PROOF_SEED": str(seed)}
    code = subprocess.run([*command, *words], cwd=ROOT, env=environment, check=False).returncode
    seconds = (SystemClock().now() - began).total_seconds()
    report = reports / f"proof-{stamp}.md"
    report.write_text(_report(results, seed, stamp, seconds, code), "utf-8")
    results.unlink(missing_ok=True)
    print(f"{report.relative_to(ROOT)}: exit code {code}")
    return code


def _report(results: Path, seed: int, stamp: str, seconds: float, code: int) -> str:
    files: dict[str, list[float]] = defaultdict(lambda: [0, 0, 0, 0.0])  # passed, failed, skipped, seconds
    troubles = []
    for case in ElementTree.parse(results).iter("testcase") if results.is_file() else ():
        row = files[case.get("classname", "")]
        bad = case.find("failure") is not None or case.find("error") is not None
        row[1 if bad else 2 if case.find("skipped") is not None else 0] += 1
        row[3] += float(case.get("time", 0))
        if bad:
            troubles.append(f"- {case.get('classname')}::{case.get('name')}")
    lines = [
        f"| {name} | {ok:.0f} | {bad:.0f} | {skipped:.0f} | {took:.1f} |"
        for name, (ok, bad, skipped, took) in sorted(files.items())
    ]
    return "\n".join(
        [
            f"# Proof of {stamp} (UTC)",
            "",
            f"Version {__version__}, revision {_revision()}, Python {platform.python_version()}, {os.cpu_count()} cores.",
            f"Seed of the properties: {seed} (repeat with DUNGHEN_PROOF_SEED={seed} make proof).",
            f"{seconds:.0f} s, exit code {code}.",
            "",
            "| Tests | Passed | Failed | Skipped | Seconds |",
            "| --- | --- | --- | --- | --- |",
            *lines,
            "",
            *(["## Failed", "", *troubles] if troubles else ["Nothing failed."]),
            "",
        ]
    )


def _revision() -> str:
    asked = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() or "unknown"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
