"""Every page of the people who work with dossiers, letters and figures, put together."""

from collections.abc import Iterator

from fastapi import APIRouter

from monitor.engine import Engine
from monitor.web import clerk, dossier, leader, letter_steps, looking_up, office, officer
from monitor.web.needs import WebNeeds
from monitor.web.render import Pages


def routers(program: WebNeeds, scheduler: Engine | None, shown: Pages) -> Iterator[APIRouter]:
    """The counter, the officer, the leader, the Office; one letter, one dossier, searching."""
    for page in (clerk, officer, leader, office, dossier):
        yield page.router(program, scheduler, shown)
    yield looking_up.router(program, shown)
    yield letter_steps.router(program, shown)
