"""`/api/v1/figures` says what the Office's page says, and no more than the asking account may see."""

import re
from typing import Any

import httpx
import pytest

from tests.web import desk
from tests.web.conftest import visiting

QUESTIONS = (  # of the API, of the page
    ("", ""),
    ("?by=procedure", "?theo=procedure"),
    ("?by=field&agency=H19.32", "?theo=field&agency=H19.32"),
    ("?by=level", "?theo=level"),
    ("?until=2026-03-04&since=2026-02-02", "?ngay=2026-03-04&tu=2026-02-02"),
)


@pytest.mark.parametrize(("of_api", "of_page"), QUESTIONS)
def test_the_sum_is_the_page_s(site: httpx.Client, of_api: str, of_page: str) -> None:
    found = site.get(f"/api/v1/figures{of_api}").json()
    html = site.get(f"/van-phong{of_page}").text
    foot = [int(text.replace(".", "")) for text in re.findall(r">(\d[\d.]*)<", html[html.index("<tfoot>") :])]
    every = found["sum"]
    assert every["received"] in foot
    assert every["pending"] in foot
    assert every["received"] + every["carried_over"] == every["resolved"] + every["pending"]
    assert every["pending"] == sum(row["pending"] for row in found["rows"])
    assert every["at_end"].get("late", 0) == sum(row["at_end"].get("late", 0) for row in found["rows"])


def test_a_silent_source_is_named_and_what_it_said_is_not_in_time(site: httpx.Client) -> None:
    now, then = (site.get(f"/api/v1/figures{day}").json() for day in ("", "?until=2026-03-04"))
    assert now["silent_sources"] == ["cong"]
    assert now["sum"]["at_end"]["silent"] == 2
    assert then["silent_sources"] == []
    assert "silent" not in then["sum"]["at_end"]


def test_the_dossiers_behind_a_figure_come_page_by_page(site: httpx.Client) -> None:
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        answer = site.get("/api/v1/figures/dossiers", params={"measure": "late", "limit": 2, "after": after}).json()
        seen += [row["code"] for row in answer["rows"]]
        after = answer["next"]
    late = site.get("/api/v1/figures").json()["sum"]["at_end"]["late"]
    assert sorted(seen) == sorted(case.code for case in desk.CASES if case.stage == "late" and case.source == "motcua")
    assert len(seen) == len(set(seen)) == late


def test_a_commune_counts_its_own_alone(program: Any) -> None:
    with visiting(program, name="leader") as client:
        rows = client.get("/api/v1/figures").json()["rows"]
        assert {row["key"] for row in rows} <= {"H19.32", "H19.32.1"}
        assert client.get("/api/v1/figures?agency=H19.31").status_code == 404
        assert client.get("/api/v1/figures/dossiers?measure=late&agency=H19.31").status_code == 404
        behind = client.get("/api/v1/figures/dossiers?measure=late").json()["rows"]
        assert {row["agency_code"] for row in behind} == {"H19.32"}
    with visiting(program, name="clerk") as client:
        assert client.get("/api/v1/figures").status_code == 403


def test_a_measure_nobody_counts_is_not_found(site: httpx.Client) -> None:
    assert site.get("/api/v1/figures/dossiers?measure=x").status_code == 404
    assert site.get("/api/v1/figures/dossiers").status_code == 422
    assert site.get("/api/v1/figures?until=x").status_code == 422
