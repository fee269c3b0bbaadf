"""The reports' figures, today's and every past day's, equal a separate count from the raw observations."""

import itertools
import json
import random
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, event, func, select
from sqlalchemy.orm import Session, sessionmaker

from connectors.base import DossierRecord
from monitor.domain.dossier import Status
from monitor.domain.letter import LetterState
from monitor.figures import spans_between
from monitor.letters.steps import By, open_case, record
from monitor.reports.figures import SILENT, Period, figures_by, periods_by, total, trend
from monitor.store.packing import unpacked
from monitor.store.scope import Reach, Scope, narrow
from monitor.store.tables import Figure, FindingRow, Letter, Observation, Standing
from monitor.store.tables.figures import FINDING
from tests.test_judging_stories import READY, RUNNING, VN, at, hear

Sessions = sessionmaker[Session]
CLASSES = (
    "waiting", "in_time", "late", "paused", "finished_early", "finished_on_time", "finished_late", "uncertain",
    "unknown",
)  # fmt: skip
DAYS = [date(2026, 11, day) for day in range(1, 26)]


def _life(number: int, dice: random.Random, agencies: int) -> dict[int, DossierRecord]:
    """What the source says of one dossier, by the day of November from which it says so."""
    received = dice.randint(1, 14)
    promised = received + dice.randint(2, 8)
    first = replace(
        RUNNING,
        key=f"k{number}",
        code=f"H19.{number % agencies}-2611{received:02d}-{number:04d}",
        agency_code=f"H19.{number % agencies}",
        procedure_code=f"1.{number % 4}",
        field_code=f"F{number % 2}",
        channel=dice.choice(["online", "counter", "post", ""]),
        received_at=at(received, 8),
        promised_at=at(promised, 17) if dice.random() > 0.1 else None,
    )
    said = {received + dice.choice([0, 0, 1, 3]): first}
    now = max(said)
    kind = dice.choice(["open", "done", "done", "heard_later", "paused", "extended", "odd", "new"])
    if kind in ("done", "heard_later"):
        ended = now + dice.randint(0, 7)
        heard = ended + (dice.randint(1, 4) if kind == "heard_later" else 0)
        said[heard] = replace(first, status=Status.READY, finished_at=at(ended, 10))
    elif kind == "paused":
        said[now + 2] = replace(first, status=Status.SUPPLEMENT)
        if dice.random() < 0.5:
            moved = first.promised_at + timedelta(days=4) if first.promised_at else None
            said[now + 5] = replace(first, promised_at=moved)
    elif kind == "extended" and first.promised_at:
        said[promised + dice.randint(-1, 3)] = replace(first, extended_at=first.promised_at + timedelta(days=5))
    elif kind == "odd":
        said[now + 1] = replace(first, status=Status.UNKNOWN, status_raw="77")
    elif kind == "new":
        said = {now: replace(first, status=Status.SUBMITTED, received_at=None, promised_at=None, submitted_at=at(now))}
        said[now + 1] = replace(first, received_at=at(now + 1, 8))
    return {day: record for day, record in said.items() if day <= DAYS[-1].day}


def _live(sessions: Sessions, number: int, seed: int, agencies: int = 3) -> None:
    """A daemon reads and judges on every day but each fifth, on which nobody was there."""
    dice = random.Random(seed)
    lives = [_life(n, dice, agencies) for n in range(number)]
    missed: dict[str, DossierRecord] = {}
    for day in DAYS:
        missed |= {life[day.day].key: life[day.day] for life in lives if day.day in life}
        if day.day % 5 or day == DAYS[-1]:
            hear(sessions, at(day.day, 9), *missed.values())
            missed = {}


def _day(text: str | None) -> date | None:
    return datetime.fromisoformat(text).astimezone(VN).date() if text else None


def _doubtful_from(said: list[tuple[date, dict[str, Any]]], fact: dict[str, Any]) -> date:
    """The day of a promise that broke between two readings, of which one saw a pause and the other none."""
    promised = max(filter(None, (_day(fact["promised_at"]), _day(fact["extended_at"]))), default=None)
    if promised is None:
        return date.max
    limit = promised + timedelta(days=1)
    for (_, before), (heard, after) in itertools.pairwise(said):
        last_read = max(day for day in DAYS if day < heard and day.day % 5)
        if "supplement" in (before["status"], after["status"]) and last_read < limit <= heard:
            return limit
    return date.max


def _stands(said: list[tuple[date, dict[str, Any]]], day: date) -> str | None:
    """The class at the end of `day`, straight from what was said; None: not there yet."""
    known = [record for heard, record in said if heard <= day]
    for heard, later in said:  # an ending counts on its day, however late it was heard
        if heard > day and min(_day(later["finished_at"]) or date.max, _doubtful_from(said, later)) <= day:
            known.append(later)
    fact = known[-1] if known else said[0][1]
    received, ended = _day(fact["received_at"]), _day(fact["finished_at"])
    if fact["status"] == "submitted":
        return "waiting" if known else None
    if received is None or received > day:
        return None
    promised = max(filter(None, (_day(fact["promised_at"]), _day(fact["extended_at"]))), default=None)
    if _doubtful_from(said, fact) <= day and fact in known:
        return "uncertain"
    if fact["status"] == "supplement" and known:
        return "paused"
    if fact["status"] == "unknown" or promised is None or promised < received:
        return "unknown"
    if fact["status"] == "ready" and ended is not None and ended <= day:
        if ended > promised:
            return "finished_late"
        return "finished_early" if ended < promised else "finished_on_time"
    return "late" if day > promised else "in_time"


def _counted_by_hand(session: Session, day: date) -> dict[tuple[str, str], Counter[str]]:
    """Every observation unpacked, dossier by dossier: no table of judging is looked at."""
    said: dict[str, list[tuple[date, dict[str, Any]]]] = {}
    for row in session.scalars(select(Observation).order_by(Observation.heard_at, Observation.id)):
        told = json.loads(unpacked(row.record))
        said.setdefault(row.key, []).append((row.heard_at.astimezone(VN).date(), told))
    found: dict[tuple[str, str], Counter[str]] = {}
    for history in said.values():
        measure = _stands(history, day)
        if measure is not None:
            last = history[-1][1]
            counts = found.setdefault((last["agency_code"], last["procedure_code"]), Counter())
            counts[measure] += 1
            if measure != "waiting":
                counts["received_online" if last["channel"] == "online" else "received_otherwise"] += 1
    return found


def test_every_days_figures_equal_a_count_from_the_raw_observations(sessions: Sessions) -> None:
    _live(sessions, 70, seed=20_261_125)
    seen: Counter[str] = Counter()
    with sessions() as session:
        for day in DAYS:
            hand = _counted_by_hand(session, day)
            by_agency = figures_by(session, "agency", day)
            by_procedure = figures_by(session, "procedure", day)
            of_one = figures_by(session, "procedure", day, agencies=["H19.1"])
            for measure in (*CLASSES, "received_online", "received_otherwise"):
                everything = sum(counts[measure] for counts in hand.values())
                assert total(by_agency.values())[measure] == everything, (day, measure)
                assert total(by_procedure.values())[measure] == everything, (day, measure)
                for agency in ("H19.0", "H19.1", "H19.2"):
                    theirs = sum(counts[measure] for (code, _), counts in hand.items() if code == agency)
                    got = by_agency.get((agency, ""))
                    assert (got[measure] if got else 0) == theirs, (day, agency, measure)
                for procedure in range(4):
                    code = (f"1.{procedure}", f"F{procedure % 2}")
                    theirs = sum(counts[measure] for (_, p), counts in hand.items() if p == code[0])
                    got = by_procedure.get(code)
                    assert (got[measure] if got else 0) == theirs, (day, procedure, measure)
                    mine = hand.get(("H19.1", code[0]), Counter())
                    got = of_one.get(code)
                    assert (got[measure] if got else 0) == mine[measure]
                seen[measure] += everything
    assert all(seen[measure] for measure in CLASSES), seen  # the story has every class


def test_a_large_branch_by_procedure_is_all_agencies_less_those_left_out(sessions: Sessions) -> None:
    """Of twelve agencies: all, all but one, more than half, half, one that nobody knows among them; whoever asks, and
    for nobody more than the own session holds."""
    _live(sessions, 60, seed=11, agencies=12)
    every = [f"H19.{n}" for n in range(12)]
    half, groups = every[:6], (every, every[1:], [*every[:9], "H19.none"], every[:6], every[:1])
    with sessions() as session:
        by_hand = {day: _counted_by_hand(session, day) for day in DAYS[4::5]}
    for held in (None, every, every[2:], half):
        with sessions() as session:
            if held is not None:
                narrow(session, Scope(Reach(frozenset(held))))
            for (day, hand), asked in itertools.product(by_hand.items(), groups):
                own = {code for code in asked if held is None or code in held}
                expected: Counter[tuple[str, str]] = Counter()
                for (agency, procedure), counts in hand.items():
                    if agency in own:
                        expected.update({(procedure, measure): counts[measure] for measure in CLASSES})
                found = figures_by(session, "procedure", day, agencies=asked)
                got = {(key[0], m): n for key, figures in found.items() for m, n in figures.of.items() if m in CLASSES}
                assert got == +expected, (day, asked, held)


def test_the_root_by_procedure_adds_up_no_pairs(sessions: Sessions) -> None:
    """However many agencies stand below it: what is read is what is kept for all of them."""
    _live(sessions, 24, seed=3, agencies=12)
    cubes: list[Any] = []
    with sessions() as session:
        narrow(session, Scope(Reach(frozenset(f"H19.{n}" for n in range(12)))))
        event.listen(session, "do_orm_execute", lambda state: cubes.append(state.statement.compile().params["cube_1"]))
        figures_by(session, "procedure", DAYS[-1], agencies=[f"H19.{n}" for n in range(12)])
        figures_by(session, "procedure", DAYS[-1], agencies=["H19.3", "H19.4"])
    last_day = ["both"]
    assert cubes == [*last_day, "agency", "procedure", *last_day, "both"]


def test_the_figures_agree_among_themselves(sessions: Sessions) -> None:
    """The reporting table's own check, (3) = (4)+(5)+(6) = (7)+(11), for pairs of days; a trend is the figures of its
    days; and what `figure` says of today is a plain count over `standing`."""
    _live(sessions, 40, seed=7)
    with sessions() as session:
        ends = {day: total(figures_by(session, "agency", day).values()) for day in DAYS}
        course = trend(session, DAYS[-1], 20, measures=["late", "in_time"])
        counted = select(Standing.measure, func.count()).where(Standing.until_on.is_(None)).group_by(Standing.measure)
        plain = {row[0]: row[1] for row in session.execute(counted)}
    for first in DAYS[1::3]:
        for last in DAYS[DAYS.index(first) :: 4]:
            period = Period(ends[first - timedelta(days=1)], ends[last])
            assert period.received + period.carried_over == period.resolved + ends[last].pending
    assert ends[DAYS[-1]].resolved > 5
    assert course == [(day, {"late": ends[day]["late"], "in_time": ends[day]["in_time"]}) for day in DAYS[-20:]]
    assert {m: n for m, n in ends[DAYS[-1]].of.items() if not m.startswith("received")} == plain
    assert any(measure.startswith(FINDING) for measure in plain)


def test_spans_hold_each_of_their_days_once() -> None:
    dice = random.Random(5)
    for _ in range(300):
        first = date(2023, 1, 1) + timedelta(days=dice.randint(0, 1200))
        days = [first + timedelta(days=n) for n in range(dice.randint(1, 900))]
        spans = spans_between(days[0], days[-1])
        held = [day for span in spans for day in days if day.isoformat().startswith(span)]
        assert held == days
        assert len(spans) <= 2 * (11 + 3 + 9) + 3, "never day by day over months"
    assert spans_between(date(2024, 2, 1), date(2024, 2, 28)) == ["2024-02-0", "2024-02-1", *(
        f"2024-02-{day}" for day in range(20, 29)
    )]  # fmt: skip
    assert spans_between(date(2025, 2, 20), date(2025, 3, 31)) == ["2025-02-2", "2025-03"]
    assert spans_between(days[1], days[0]) == []


def test_a_date_moved_later_does_not_improve_the_days_before(sessions: Sessions) -> None:
    """Promised the 12th, late on the 13th and 14th; on the 15th the source shows the 20th."""
    hear(sessions, at(2), RUNNING)
    hear(sessions, at(13))
    hear(sessions, at(15), replace(RUNNING, promised_at=at(20, 17)))
    with sessions() as session:
        course = [counts["late"] for _, counts in trend(session, date(2026, 11, 16), 5, measures=["late"])]
    assert course == [0, 1, 1, 0, 0]  # 12th … 16th


def test_an_ending_heard_late_counts_on_its_day(sessions: Sessions) -> None:
    """It ended on the 13th, the source said so on the 17th: late on no day after the 12th, resolved from the 13th."""
    hear(sessions, at(2), RUNNING)
    hear(sessions, at(16))
    hear(sessions, at(17), READY)
    with sessions() as session:
        by_day = [figures_by(session, "agency", date(2026, 11, day))[("H19.1", "")] for day in (12, 13, 16)]
    assert [(day["in_time"], day["late"], day["finished_late"]) for day in by_day] == [(1, 0, 0), (0, 0, 1), (0, 0, 1)]


def test_a_dossier_handed_to_another_agency_counts_there_from_that_day(sessions: Sessions) -> None:
    hear(sessions, at(2), RUNNING)
    hear(sessions, at(5), replace(RUNNING, agency_code="H19.2"))
    with sessions() as session:
        before = figures_by(session, "agency", date(2026, 11, 4))
        after = figures_by(session, "agency", date(2026, 11, 5))
    assert [(key[0], figures["in_time"], figures.received) for key, figures in before.items()] == [("H19.1", 1, 1)]
    assert [(key[0], figures["in_time"], figures.received) for key, figures in after.items()] == [("H19.2", 1, 1)]


def test_what_left_an_agency_counts_there_before_that_day_where_no_row_says_that_nothing_is_left(
    sessions: Sessions,
) -> None:
    """A store that was brought up to columns for measures has no rows of noughts (migration 0019)."""
    hear(sessions, at(2), RUNNING)
    hear(sessions, at(5), replace(RUNNING, agency_code="H19.2"))
    with sessions.begin() as session:
        session.execute(delete(Figure).where(Figure.span == "", Figure.agency_code == "H19.1"))
    for last in (4, 5, 6, 30):
        with sessions() as session:
            found = periods_by(session, "agency", date(2026, 11, 3), date(2026, 11, last))
        ends = {key[0]: (period.before.pending, period.after.pending) for key, period in found.items()}
        assert ends == ({"H19.1": (1, 1)} if last < 5 else {"H19.1": (1, 0), "H19.2": (0, 1)}), last


def test_another_procedure_within_an_agency_counts_from_that_day(sessions: Sessions) -> None:
    """The last thing that happened, and nothing of it in the agency's own figures."""
    hear(sessions, at(2), RUNNING)
    hear(sessions, at(5), replace(RUNNING, procedure_code="9.9"))
    with sessions() as session:
        before, after = (figures_by(session, "procedure", date(2026, 11, day)) for day in (4, 5))
    assert [(key[0], figures["in_time"]) for key, figures in before.items()] == [(RUNNING.procedure_code, 1)]
    assert [(key[0], figures["in_time"]) for key, figures in after.items()] == [("9.9", 1)]


def test_letters_count_on_the_day_of_their_step(sessions: Sessions) -> None:
    """Owed on the last lawful day, signed that day: in time. The other is signed after it: late."""
    other = replace(RUNNING, key="k2", code="H19.1-261102-0002")
    hear(sessions, at(2), RUNNING, other)
    hear(sessions, at(11, 8))
    with sessions.begin() as session:
        ids = sorted(session.scalars(select(Letter.id)))
        case = open_case(session, ids[0], By("an", at(11, 10), "test"), (LetterState.OWED,))
        record(session, case, LetterState.SIGNED, "signed", By("an", at(11, 10), "test"))
    hear(sessions, at(13, 8))
    with sessions() as session:
        first, last = (total(figures_by(session, "agency", date(2026, 11, day)).values()).of for day in (11, 13))
        named = [{k: v for k, v in figures.items() if k.startswith("letter")} for figures in (first, last)]
    assert named == [{"letter_open": 1, "letter_on_time": 1}, {"letter_missing": 1, "letter_on_time": 1}]


def test_open_findings_are_counted_and_closed_ones_no_more(sessions: Sessions) -> None:
    hear(sessions, at(2), replace(RUNNING, status=Status.UNKNOWN, status_raw="77"))
    hear(sessions, at(5), RUNNING)
    with sessions() as session:
        kinds = {
            day: set(total(figures_by(session, "agency", date(2026, 11, day)).values()).findings) for day in (2, 5)
        }
        of_dossiers = (FindingRow.closed_at.is_(None), FindingRow.dossier_id.is_not(None))
        open_now = set(session.scalars(select(FindingRow.kind).where(*of_dossiers)))
    assert "unknown_status" in kinds[2]
    assert "unknown_status" not in kinds[5]
    assert kinds[5] == open_now


def test_what_a_silent_source_said_is_not_in_time_today(sessions: Sessions) -> None:
    hear(sessions, at(2), RUNNING)
    with sessions() as session:
        figures = total(figures_by(session, "agency", date(2026, 11, 3), silent_sources={"one"}).values())
    assert (figures["in_time"], figures[SILENT], figures.pending) == (0, 1, 1)


def test_judging_again_without_news_writes_no_figure(sessions: Sessions) -> None:
    hear(sessions, at(2), RUNNING)
    written: list[str] = []
    engine = sessions.kw["bind"]
    event.listen(engine, "before_cursor_execute", lambda *args: written.append(args[2]))
    hear(sessions, at(3))
    assert not [s for s in written if s.lower().startswith(("insert into figure ", "insert into standing"))]


@pytest.mark.parametrize("measure", ["received_online", "received_otherwise"])
def test_nothing_is_counted_before_it_began(sessions: Sessions, measure: str) -> None:
    hear(sessions, at(5), RUNNING)
    with sessions() as session:
        assert figures_by(session, "agency", date(2026, 11, 1)) == {}
        assert total(figures_by(session, "agency", date(2026, 11, 2)).values())[measure] == (
            measure != "received_online"
        )
