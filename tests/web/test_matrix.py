"""Who gets what: every route there is, asked by every role about the own, a child, the parent and a foreign agency.

Nothing here lists the routes: they are read from the application. A route with parameters nobody taught this test to
fill fails it, so a new page is either covered or seen to be missing.
"""

import shutil
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from monitor.access.rights import RIGHTS, Right, Role
from monitor.store import database
from monitor.store.tables import Acknowledgement, ApplicantRow, Dossier, Letter, LetterStep, Observation
from monitor.web import clerk, letter_steps, visit
from monitor.web.visit import Demand, demand_of
from tests.web import desk
from tests.web.conftest import served
from tests.web.journeys import bring

# One dossier of each agency: its letter has the same number, for some.
HOME = "H19.32"  # the commune whose people ask
PLACES = {
    "own": "H19.32-260224-0021",
    "child": "H19.32.1-260227-0002",
    "foreign": "H19.31-260209-0007",
    "parent": "H19-260301-0001",
}
NUMBER = {place: desk.ID[code] for place, code in PLACES.items() if code in desk.ID} | {"parent": 900}
CITIZEN = {place: f"Công Dân Bịa {place}" for place in PLACES}
ROLES: dict[str, tuple[tuple[Role, str], ...]] = {f"{role}-home": ((role, HOME),) for role in Role} | {
    "stranger": (),
    "nobody": (),  # an account without any role
}


class Asked(NamedTuple):
    """One request of the matrix."""

    method: str
    path: str
    demand: Demand
    has_place: bool
    is_api: bool


# How a parameter of a path is filled for a place. What is about no agency stays the same for all.
FILLS: dict[str, Any] = {
    "code": lambda place: PLACES[place],
    "letter_id": lambda place: str(NUMBER[place]),
    "dossier_id": lambda place: str(NUMBER[place]),
    "kind": lambda _place: "pdf",
    "step": lambda _place: "doi-ngay",
    "procedure": lambda _place: "1.000001",
    "language": lambda _place: "en",
}
ABOUT_NO_AGENCY = frozenset({"kind", "step", "procedure", "language"})


def _routes(program: Any) -> list[Any]:
    return [route for route in desk.routes(program) if hasattr(route, "endpoint")]


def _asked(program: Any, place: str) -> list[Asked]:
    found = []
    for route in _routes(program):
        demand = demand_of(route.endpoint)
        assert demand is not None, f"{route.path} declares nothing"
        path = route.path
        names = set(route.param_convertors)
        assert names <= set(FILLS), f"{route.path}: teach FILLS to fill {names - set(FILLS)}"
        for name in names:
            for shape in (f"{{{name}}}", f"{{{name}:path}}"):
                path = path.replace(shape, FILLS[name](place))
        for method in sorted(route.methods - {"HEAD"}):
            found.append(Asked(method, path, demand, bool(names - ABOUT_NO_AGENCY), path.startswith("/api/")))
    return found


@pytest.fixture
def province(program: Any) -> Any:
    """A province of the test's own, for what writes."""
    return _settled(program)


@pytest.fixture(scope="module")
def standing_province(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, str]]:
    """One province and its server for all who only look, or are refused."""
    folder = tmp_path_factory.mktemp("province")
    shutil.copy(filled, folder / "store.db")
    opened = database.open_engine(f"sqlite:///{folder / 'store.db'}")
    made = desk.program(opened)
    site = made.settings.site.model_copy(update={"data_dir": folder / "data"})
    made.settings = made.settings.model_copy(update={"site": site})
    with served(_settled(made)) as address:
        yield made, address
    opened.dispose()


def _settled(program: Any) -> Any:
    """The desk's province, a citizen of each place with a name of their own, and a dossier of the parent agency."""
    with Session(program.engine) as session, session.begin():
        session.execute(insert(Dossier), [desk._dossier(900, desk.Case(PLACES["parent"], "late", -2, "H19"))])
        session.execute(insert(Letter), [desk._letter(900, desk.Case(PLACES["parent"], "late", -2, "H19"))])
        drafted = session.get_one(Letter, NUMBER["own"])
        for place, number in NUMBER.items():
            content = {**(drafted.content or {}), "addressee": [CITIZEN[place]], "dossier_code": PLACES[place]}
            session.execute(
                update(Letter)
                .where(Letter.id == number)
                .values(content=content, content_hash="x", state="drafted", suspended_for="")
            )
            case = desk.Case(PLACES[place], "late", -2, PLACES[place].rsplit("-", 2)[0])
            said = desk.evidence(number, case, CITIZEN[place])
            session.execute(update(Observation).where(Observation.key == f"k{number}").values(record=said["record"]))
            session.execute(update(ApplicantRow).where(ApplicantRow.view_id == number).values(name=CITIZEN[place]))
            session.execute(
                update(Dossier).where(Dossier.id == number).values(procedure_name=f"Thủ tục riêng của {place}")
            )
    desk.ACCOUNTS.update(ROLES)
    return program


def _expected(asked: Asked, roles: tuple[tuple[Role, str], ...], name: str, place: str) -> set[int]:
    """What the declaration and the roles allow, worked out from nothing else."""
    if asked.demand.stranger:
        return {200, 303, 401, 403, 404, 422, 503}  # 404: nothing configured behind it
    if name == "stranger":
        return {401, 303}
    rights = {right for role, _ in roles for right in RIGHTS[role]}
    if asked.demand.right is not None and asked.demand.right not in rights:
        return {303, 403} if asked.path == "/" and Right.ADMINISTER in rights else {403}
    if asked.method != "GET":
        return {403}  # asked without its form's token
    if asked.has_place:
        return {404} if place in ("foreign", "parent") else {200}
    return {200, 303, 400, 422}


def _wrong(province: Any, address: str, name: str) -> list[str]:
    """Every answer that is not the declared one, or that shows what this role must not see."""
    wrong: list[str] = []
    hidden = ("foreign", "parent") if ROLES[name] else tuple(PLACES)
    with httpx.Client(base_url=address, timeout=30) as client:
        if name != "stranger":
            desk.sign_in(province, client, name)
        for place in PLACES:
            for asked in _asked(province, place):
                if place != "own" and not asked.has_place:
                    continue  # it is about no agency: asked once
                answers = [
                    client.request(asked.method, asked.path, params={"wait": 0.1} if "health" in asked.path else {})
                ]
                at = f"{asked.method} {asked.path} as {name} about {place}"
                if answers[0].status_code not in _expected(asked, ROLES[name], name, place):
                    wrong.append(f"{at}: {answers[0].status_code}")
                if asked.method != "GET" and place in ("foreign", "parent") and name != "stranger":
                    # with its form's token too: a form of ours, about what is not theirs
                    answers.append(
                        client.request(asked.method, asked.path, data={"form_token": desk.form_token(client)})
                    )
                    if answers[1].status_code not in (400, 403, 404, 422):
                        wrong.append(f"{at}, with token: {answers[1].status_code}")
                for answer in answers:
                    said = unescape(answer.text) + str(answer.headers)
                    wrong += [
                        f"{at}: shows {other}'s"
                        for other in hidden
                        if CITIZEN[other] in said
                        or f"Thủ tục riêng của {other}" in said
                        or (PLACES[other] in said and PLACES[other] not in asked.path)
                    ]
    return wrong


@pytest.mark.parametrize("name", sorted(ROLES))
def test_every_route_for_every_role_and_agency(standing_province: tuple[Any, str], name: str) -> None:
    """The status is the one declared; nothing of a foreign or the parent agency is in any answer, nor its citizen."""
    assert _wrong(*standing_province, name) == []


class Form(NamedTuple):
    """One filled-in form about a place: where it goes, what it holds, the right that its step needs."""

    path: str
    fields: dict[str, Any]
    right: Right | None  # None: whatever the route declares is all
    about_place: bool = True


_FILLED_IN = {"proof": "biên bản", "channel": "printed", "reason": "Chờ ý kiến phối hợp", "new_date": "2026-03-12"}
# Forms about one's own account or about nobody's: tests/web/test_door.py and test_sso.py are about them.
OWN_FORMS = ("/dang-nhap", "/dang-xuat", "/tai-khoan")


def _forms(program: Any, place: str) -> dict[str, list[Form]]:
    """By route: every form that can be sent about a place, each step of a letter, each list of several letters."""
    number = str(NUMBER[place])
    several = [number, str(NUMBER["own"])]  # one's own beside it: what is foreign stops all of it
    known = {
        "/thu/{letter_id}/{step}": [
            Form(f"/thu/{number}/{name}", _FILLED_IN, step.right) for name, step in letter_steps.STEPS.items()
        ],
        "/mot-cua/{step}": [
            Form(f"/mot-cua/{name}", {**_FILLED_IN, "letter": several}, right) for name, right in clerk._BULK.items()
        ],
        "/mot-cua/in": [Form("/mot-cua/in", {"agency": PLACES[place].rsplit("-", 2)[0]}, None, about_place=False)],
        "/lanh-dao/nhan/{dossier_id}": [
            Form(f"/lanh-dao/nhan/{number}", {"promised_on": "2026-03-09"}, Right.ACKNOWLEDGE)
        ],
        "/tim": [Form("/tim", {"q": text}, None, about_place=False) for text in (CITIZEN[place], f"riêng của {place}")],
    }
    posts = {
        route.path for route in _routes(program) if "POST" in route.methods and not route.path.startswith(OWN_FORMS)
    }
    assert posts == known.keys(), "teach this test what the new form holds"
    return known


def _record(program: Any) -> dict[str, Any]:
    """What is written of letters and answers, by place."""
    with Session(program.engine) as session:
        return {
            place: (
                session.get_one(Letter, number).state,
                session.scalar(select(func.count()).where(LetterStep.letter_id == number)),
                session.scalar(select(func.count()).where(Acknowledgement.dossier_id == number)),
            )
            for place, number in NUMBER.items()
        }


@pytest.mark.parametrize("name", sorted(set(ROLES) - {"stranger"}))
def test_every_form_filled_in_for_every_role_and_agency(province: Any, name: str) -> None:
    """With its token and good fields, single and in bulk: what is foreign is 404 and stays as it was, to the last of
    several; what is one's own is 403 without the right, and with it the form is taken (or refused in words)."""
    wrong: list[str] = []
    rights = {right for role, _ in ROLES[name] for right in RIGHTS[role]}
    declared = {route.path: demand_of(route.endpoint) for route in _routes(province) if "POST" in route.methods}
    with served(province) as address, httpx.Client(base_url=address, timeout=30) as client:
        desk.sign_in(province, client, name)
        token = {"form_token": desk.form_token(client)}
        for place in ("foreign", "parent", "child", "own"):
            before = _record(province)
            for route, forms in _forms(province, place).items():
                for form in forms:
                    answer = client.post(form.path, data={**token, **form.fields})
                    at = f"{form.path} as {name} about {place}: {answer.status_code}"
                    demand = declared[route]
                    assert demand is not None
                    lets_in = demand.right is None or demand.right in rights
                    if not lets_in:
                        allowed = {403}
                    elif not form.about_place:
                        allowed = {200, 409}
                    elif place in ("foreign", "parent"):
                        allowed = {404}
                    else:
                        allowed = {200, 303, 409} if form.right in rights else {403}
                    if answer.status_code not in allowed:
                        wrong.append(at)
                    said = unescape(answer.text) if answer.headers.get("content-type") != "application/pdf" else ""
                    asked_for = str(form.fields)
                    wrong += [
                        f"{at}: shows {other}'s"
                        for other in (("foreign", "parent") if ROLES[name] else tuple(PLACES))
                        if (CITIZEN[other] in said and CITIZEN[other] not in asked_for) or PLACES[other] in said
                    ]
            if place in ("foreign", "parent") and _record(province) != before:
                wrong.append(f"{name} about {place}: something was written")
    assert wrong == []


def test_a_foreign_letter_among_several_stops_all_of_them(province: Any) -> None:
    """The list comes from a browser: one id that is not theirs and nothing is done, not even to their own."""
    bring(province, NUMBER["own"], "counter_told")
    fields = {"letter": [str(NUMBER["own"]), str(NUMBER["foreign"])], "proof": "biên bản"}
    with served(province) as address, httpx.Client(base_url=address, timeout=30) as client:
        desk.sign_in(province, client, "clerk-home")
        fields["form_token"] = desk.form_token(client)
        assert client.post("/mot-cua/doi-ngay", data=fields).status_code == 404
        assert _record(province)["own"][0] == "counter_told"
        fields["letter"] = [str(NUMBER["own"])]
        assert "Đã ghi 1 thư." in client.post("/mot-cua/doi-ngay", data=fields).text
        assert _record(province)["own"][0] == "date_changed"


def test_the_matrix_sees_a_store_that_is_not_narrowed(province: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the narrowing forgotten, the matrix would say so: it is no check that cannot fail."""
    monkeypatch.setattr(visit, "narrow", lambda session, _scope: session)
    with served(province) as address:
        found = _wrong(province, address, "clerk-home")
    assert any("/hoso/" in one for one in found)
    assert any("shows foreign's" in one for one in found)


def test_unknown_and_foreign_look_the_same(standing_province: tuple[Any, str]) -> None:
    """To the byte, headers and all: nobody learns that something exists by asking for it."""
    unknown = {"code": "H19.31-000000-9999", "letter_id": "424242", "dossier_id": "424242", "kind": "pdf"}
    province, address = standing_province
    with httpx.Client(base_url=address, timeout=30) as client:
        desk.sign_in(province, client, "clerk-home")
        compared = 0
        for route in _routes(province):
            if "GET" not in route.methods or not set(route.param_convertors) - ABOUT_NO_AGENCY:
                continue
            paths = [route.path, route.path]
            for name in route.param_convertors:
                for shape in (f"{{{name}}}", f"{{{name}:path}}"):
                    paths[0] = paths[0].replace(shape, FILLS[name]("foreign"))
                    paths[1] = paths[1].replace(shape, unknown[name])
            foreign, never = client.get(paths[0]), client.get(paths[1])
            assert foreign.status_code == never.status_code, paths
            assert foreign.content.replace(paths[0].encode(), b"") == never.content.replace(paths[1].encode(), b"")
            assert {k: v for k, v in foreign.headers.items() if k != "date"} == {
                k: v for k, v in never.headers.items() if k != "date"
            }
            compared += 1
    assert compared >= 3


def test_crawling_every_number_finds_no_foreign_letter(standing_province: tuple[Any, str]) -> None:
    """IDOR: a clerk who tries all ids gets the own agency's letters and nothing else."""
    province, address = standing_province
    with httpx.Client(base_url=address, timeout=30) as client:
        desk.sign_in(province, client, "clerk-home")
        got = {n for n in (*range(1, 20), 900) if client.get(f"/letters/{n}.docx").status_code == 200}
    assert got == {NUMBER["own"], NUMBER["child"]}
