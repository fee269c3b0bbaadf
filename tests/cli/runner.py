"""Runs commands of the program inside the test's process."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import typer.testing

from monitor.cli.app import app

# It builds the eighty commands anew for each call, which took a quarter of these tests' time.
typer.testing._get_command = cache(typer.testing._get_command)


def run(words: Sequence[str], env: Mapping[str, str]) -> Any:
    """The command's exit code and what it wrote."""
    return typer.testing.CliRunner().invoke(app, list(words), env=dict(env))
