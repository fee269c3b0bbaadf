"""When two systems contradict each other, and when one merely lags."""

from datetime import datetime

import pytest

from monitor.domain.dossier import Status
from monitor.domain.findings import View, disagreement, finish_doubt
from tests.domain.calendars import ZONE, at

WED, THU = at("2026-11-25 17:00"), at("2026-11-26 17:00")


@pytest.mark.parametrize(
    ("one_stop", "portal", "contradicts"),
    [
        ((Status.PROCESSING, WED), (Status.PROCESSING, WED), ""),
        ((Status.PROCESSING, WED), (Status.PROCESSING, at("2026-11-25 08:00")), ""),  # same day, another hour
        ((Status.PROCESSING, WED), (Status.PROCESSING, THU), "promised date"),
        ((Status.PROCESSING, WED), (Status.PROCESSING, None), ""),  # a portal knows less
        ((Status.READY, WED), (Status.PROCESSING, WED), "status"),  # portal late, one-stop done
        ((Status.PROCESSING, WED), (Status.READY, WED), "status"),  # and the reverse
        ((Status.SUPPLEMENT, WED), (Status.READY, WED), "status"),  # a masked 9
        ((Status.PROCESSING, WED), (Status.SUBMITTED, WED), ""),  # lag, not contradiction
        ((Status.READY, WED), (Status.RETURNED, WED), ""),  # both ended
        ((Status.PROCESSING, WED), (Status.UNKNOWN, WED), ""),  # unknown says nothing
        ((Status.UNKNOWN, WED), (Status.PROCESSING, THU), "promised date"),
    ],
)
def test_disagreement(one_stop: tuple[Status, object], portal: tuple[Status, object], contradicts: str) -> None:
    ours = View("motcua", "one_stop", one_stop[0], one_stop[1])  # type: ignore[arg-type]
    theirs = View("cong", "portal", portal[0], portal[1])  # type: ignore[arg-type]
    said = disagreement(ours, theirs, ZONE)
    assert said.startswith(contradicts)
    assert bool(said) is bool(contradicts)


def test_a_portal_that_still_shows_the_date_before_an_extension_only_lags() -> None:
    ours = View("motcua", "one_stop", Status.PROCESSING, WED, extended_at=THU)
    assert disagreement(ours, View("cong", "portal", Status.PROCESSING, WED), ZONE) == ""
    assert disagreement(ours, View("cong", "portal", Status.PROCESSING, THU), ZONE) == ""
    other = View("cong", "portal", Status.PROCESSING, at("2026-12-01 17:00"))
    assert disagreement(ours, other, ZONE) == "promised date: motcua says 26/11/2026, cong says 01/12/2026"


@pytest.mark.parametrize(
    ("finished", "promised", "by_day", "doubtful"),
    [
        (None, WED, False, False),
        (WED, WED, False, True),  # the promise to the second: an administrator's dialog fills it in
        (WED, WED, True, False),  # a promise of a day
        (at("2026-11-24 00:00"), WED, False, True),  # a bare midnight: a feed that knows days only
        (at("2026-11-24 10:00"), WED, False, False),
    ],
)
def test_a_finish_that_looks_made_up(
    finished: datetime | None, promised: datetime, by_day: bool, doubtful: bool
) -> None:
    assert bool(finish_doubt(finished, promised, by_day, ZONE)) is doubtful
