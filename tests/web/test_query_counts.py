"""How many queries a page takes does not depend on how many dossiers there are: every GET route there is, with the
desk's few dossiers and with a thousand more. A new page is covered, or seen to be missing here."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import event

from monitor.store import database
from tests.web import desk
from tests.web.conftest import visiting

CODE = "H19.31-260209-0007"
# How the parameter of a path is filled.
FILLS = {"code": CODE, "letter_id": str(desk.ID[CODE]), "kind": "pdf", "procedure": "1.000001"}
# What needs more than a path to answer as a list does.
ASKED = {
    "/": "?stage=&stage=late&stage=in_time&stage=finished_early",
    "/van-phong/ho-so": "?measure=late",
    "/api/v1/figures/dossiers": "?measure=late",
}
# The same page asked for in another way.
ALSO = (
    "/?agency=H19.32&stage=late",
    "/?stage=source_silent",
    "/van-phong?theo=procedure",
    "/van-phong?theo=field&agency=H19.32",
    "/van-phong?ngay=2026-02-27&tu=2026-02-01",
    "/van-phong/ho-so?measure=received_online&trong_ky=1",
    "/lanh-dao?agency=H19.32",
    "/quan-tri/hop-thu?state=sent",
    "/api/v1/late?stage=late&stage=in_time",
)
# Not about the store's dossiers: signing in, checking a printed code, waiting for a judging cycle, files.
LEFT_OUT = frozenset({"/healthz"})
MORE = tuple(
    desk.Case(f"H19.33-260301-{n:04d}", stage, 3 - n % 9, ("H19.33", "H19.32", "H19.01")[n % 3], letter)
    for n, (stage, letter) in enumerate(
        [("late", "owed"), ("late", ""), ("in_time", ""), ("due_today", "owed"), ("finished_early", ""), ("paused", "")]
        * 167
    )
)


def _paths(program: Any) -> list[str]:
    found = []
    for route in desk.routes(program):
        path = getattr(route, "path", "")
        if "GET" not in getattr(route, "methods", ()) or path in LEFT_OUT:
            continue
        for name, value in FILLS.items():
            path = path.replace(f"{{{name}:path}}", value).replace(f"{{{name}}}", value)
        found.append(path + ASKED.get(path, ""))
    return sorted({*found, *ALSO})


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> dict[str, tuple[int, int]]:
    """Queries of each page with few dossiers and with many."""
    few, many = (
        dict(_count(tmp_path_factory.mktemp("counted") / "store.db", sqlite_template, cases))
        for cases in (desk.CASES, desk.CASES + MORE)
    )
    return {path: (few[path], many[path]) for path in few}


def _count(path: Path, template: Path, cases: tuple[desk.Case, ...]) -> Iterator[tuple[str, int]]:
    path.write_bytes(template.read_bytes())
    store = database.open_engine(f"sqlite:///{path}")
    desk.fill(store, cases)
    program = desk.program(store)
    asked: list[str] = []
    event.listen(store, "before_cursor_execute", lambda *args: asked.append(args[2]))
    with visiting(program) as client:
        for address in _paths(program):
            _answer(client, address)  # what is asked once a process, or once a session, is not the page's
            asked.clear()
            _answer(client, address)
            yield address, sum(statement.lstrip().startswith(("SELECT", "WITH")) for statement in asked)
    store.dispose()


def _answer(client: httpx.Client, address: str) -> None:
    assert client.get(address).status_code in (200, 303, 404, 503), address


def test_a_thousand_dossiers_more_take_no_query_more(counted: dict[str, tuple[int, int]]) -> None:
    """Fewer are allowed: a list that is full after its first stage does not ask for the next one."""
    assert {path: pair for path, pair in counted.items() if pair[1] > pair[0]} == {}


def test_the_lists_are_among_what_is_counted(counted: dict[str, tuple[int, int]]) -> None:
    """Guards the test itself: each of these answers from the store, with as many rows as there are dossiers."""
    for path in (
        "/mot-cua",
        "/giai-quyet",
        "/lanh-dao",
        "/van-phong",
        "/thu",
        f"/hoso/{CODE}",
        "/quan-tri",
        "/metrics",
    ):
        assert counted[path][0] > 2, path


Searcher = Callable[[str], int]


@pytest.fixture(scope="module")
def searchers(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[tuple[Searcher, Searcher]]:
    """Queries of a search with few dossiers, and with many."""
    with ExitStack() as held:
        few, many = (
            held.enter_context(_searching(tmp_path_factory.mktemp("searched") / "store.db", sqlite_template, cases))
            for cases in (desk.CASES, desk.CASES + MORE[:300])
        )
        yield few, many


@pytest.mark.parametrize("looked_for", ["0007", "khai sinh", "Trần Thị", "Hư Cấu"])
def test_a_search_takes_no_more_either(looked_for: str, searchers: tuple[Searcher, Searcher]) -> None:
    """By POST, by code, procedure, family and given name."""
    few, many = searchers
    assert many(looked_for) <= few(looked_for)


@contextmanager
def _searching(path: Path, template: Path, cases: tuple[desk.Case, ...]) -> Iterator[Searcher]:
    path.write_bytes(template.read_bytes())
    store = database.open_engine(f"sqlite:///{path}")
    desk.fill(store, cases)
    asked: list[str] = []
    event.listen(store, "before_cursor_execute", lambda *args: asked.append(args[2]))
    with visiting(desk.program(store)) as client:

        def search(looked_for: str) -> int:
            form = {"q": looked_for, "form_token": desk.form_token(client)}
            assert client.post("/tim", data=form).status_code == 200  # what is asked once a process is not the search's
            asked.clear()
            assert client.post("/tim", data=form).status_code == 200
            return sum(statement.startswith("SELECT") for statement in asked)

        yield search
    store.dispose()
