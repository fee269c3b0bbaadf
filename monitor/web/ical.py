"""The calendar of due dates, fetched by calendar programs: they cannot sign in, so the address holds a secret."""

from functools import partial

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from monitor.alerts.current import Office
from monitor.alerts.feeds import calendar_of, feed_of
from monitor.reports.census import subtree
from monitor.store.database import reading
from monitor.store.scope import Reach, Scope, narrow
from monitor.web.needs import WebNeeds
from monitor.web.visit import anyone

PATH = "/ical/{secret}.ics"


def route(program: WebNeeds) -> Route:
    """Stands beside the pages' gate: its secret is all there is to it, and it opens codes and days only."""

    @anyone
    async def feed(request: Request) -> Response:
        secret = str(request.path_params["secret"])
        found = await anyio.to_thread.run_sync(partial(_calendar, program, secret))
        if found is None:
            return Response(status_code=404)
        return Response(found, media_type="text/calendar; charset=utf-8")

    return Route(PATH, feed, methods=["GET"], include_in_schema=False)


def _calendar(program: WebNeeds, secret: str) -> bytes | None:
    office = Office(program.calendar, program.directory, program.settings.site.base_url)
    now = program.clock.now()
    with reading(program.engine) as session:
        feed = feed_of(session, secret, office, now)
        if feed is None:
            return None
        # the secret is one agency's: nothing above or beside it exists for whoever brings it
        narrow(session, Scope(Reach(frozenset(subtree(feed.agency_code, program.directory)))))
        return calendar_of(session, feed, office, now)
