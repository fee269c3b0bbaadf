"""Đúng Hẹn: reads the state of dossiers, knows which are late, writes the apology, tells the leader."""

from pathlib import Path

__version__ = "0.1.0"


def _folder(installed: str, checkout: str) -> Path:
    """Where package data lies: beside the code when installed from a wheel, at the top of a checkout otherwise."""
    here = Path(__file__).resolve().parent
    return here / installed if (here / installed).is_dir() else here.parent / checkout


TEMPLATES = _folder("templates", "templates")
DEFAULTS = _folder("defaults", "config")
