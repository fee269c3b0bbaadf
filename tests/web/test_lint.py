"""What the pages' code may not do, read from the code itself."""

import ast
import re
from pathlib import Path

import pytest

from monitor import TEMPLATES

WEB = Path(__file__).resolve().parents[2] / "monitor" / "web"
# These count over everything or know who asks before anybody may ask; what they may read is said at their top.
UNNARROWED = {
    "account.py",
    "admin.py",
    "gate.py",
    "health.py",
    "ical.py",
    "signing_in.py",
    "sso.py",
    "verify.py",
    "visit.py",
}
# Use cases that bring a transaction of their own, for rows that a narrowed session found before.
ON_THEIR_OWN = {
    "clerk.py": {"sessions"},  # prints the letters that the viewer's own list named
    "dossier.py": {"engine", "reading"},  # explains a code whose every dossier the viewer sees
    "office.py": {"sessions"},  # one row of the log
}
_BEYOND = {
    "text": "SQL as text",
    "table_of": "a Core table",
    "exec_driver_sql": "SQL as text",
    "literal_column": "SQL as text",
    "insert_many": "a Core statement",
    "update_many": "a Core statement",
    "insert_new": "a Core statement",
}
FILES = sorted(WEB.glob("*.py"))


def _names(tree: ast.AST) -> set[str]:
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    used |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    return used | imported


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_statement_that_the_criteria_cannot_reach(path: Path) -> None:
    """Core statements and SQL as text pass by the criteria of a narrowed session (reliability: measured)."""
    tree = ast.parse(path.read_text("utf-8"))
    from_sqlalchemy = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("sqlalchemy", "monitor.store"))
        for alias in node.names
    }
    found = {
        name for name in _names(tree) if name in _BEYOND and (name in from_sqlalchemy or name == "exec_driver_sql")
    }
    assert found == set(), {name: _BEYOND[name] for name in found}
    assert "__table__" not in _names(tree)


@pytest.mark.parametrize("path", [path for path in FILES if path.name not in UNNARROWED], ids=lambda path: path.name)
def test_the_store_is_opened_through_a_visit_only(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    opened = {
        node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in ("sessions", "engine")
    }
    opened |= {name for name in _names(tree) if name in ("reading", "Session", "sessionmaker") and _is_call(tree, name)}
    assert opened - ON_THEIR_OWN.get(path.name, set()) == set(), "use visit.reading() or visit.writing()"


def _is_call(tree: ast.AST, name: str) -> bool:
    return any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
        for node in ast.walk(tree)
    )


def test_the_lint_sees_what_it_is_there_for(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("from sqlalchemy import text\nsession.execute(text('SELECT 1'))\n")
    with pytest.raises(AssertionError, match="SQL as text"):
        test_no_statement_that_the_criteria_cannot_reach(bad)
    bad.write_text("with reading(program.engine) as session: ...\n")
    with pytest.raises(AssertionError, match=r"visit\.reading"):
        test_the_store_is_opened_through_a_visit_only(bad)


@pytest.mark.parametrize("path", sorted((TEMPLATES / "web").glob("*.html")), ids=lambda path: path.name)
def test_templates_hold_no_script_no_style_and_the_form_s_token(path: Path) -> None:
    """The content policy lets nothing inline run; a path of ours begins where the proxy serves us; posts carry a token."""
    html = path.read_text("utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)", html), "inline script"
    assert not re.search(r"\son\w+\s*=(?!=)|\sstyle\s*=|<style|javascript:", html), "inline handler or style"
    assert not re.search(r"""(?:href|action|src)=["']/""", html), 'write "{{ root }}/…"'
    assert not re.search(r"\|\s*safe\b|autoescape", html), "nothing from outside goes unescaped"
    for form in re.findall(r"<form\b.*?</form>", html, re.DOTALL | re.IGNORECASE):
        if re.search(r"""method=["']?post""", form, re.IGNORECASE):
            assert "form_token(visit)" in form, form[:80]
