"""A reading whose dates run backwards is not believed; same-day promises are no sign of that."""

from datetime import UTC, datetime, timedelta

import pytest

from connectors.base import DossierRecord, UnexpectedAnswer
from connectors.kit.sanity import DateWatch
from monitor.domain.dossier import Status

AT = datetime(2025, 11, 10, 1, 15, tzinfo=UTC)


def record(term: timedelta, date_only: bool = False) -> DossierRecord:
    return DossierRecord(
        key="1",
        code="",
        status=Status.READY,
        status_raw="",
        received_at=AT,
        promised_at=AT + term,
        promised_date_only=date_only,
    )


def test_promises_by_the_day_may_end_today() -> None:
    DateWatch().look_at([record(timedelta(hours=-8), date_only=True)] * 100)


def test_a_few_typing_errors_are_no_wrong_format() -> None:
    DateWatch().look_at([record(timedelta(days=5))] * 80 + [record(timedelta(days=-30))] * 20)


def test_many_are() -> None:
    watch = DateWatch()
    watch.look_at([record(timedelta(days=-30))] * 19)
    with pytest.raises(UnexpectedAnswer, match="20 trên 20"):
        watch.look_at([record(timedelta(days=-30))])
