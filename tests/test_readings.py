"""What a reading is believed for, on both databases: gates, absences, the age of each dossier's word, the breaker."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session, sessionmaker

from connectors.base import (
    Applicant,
    BadRecord,
    Capability,
    DossierRecord,
    Gate,
    Page,
    Probe,
    SourceUnavailable,
    Sweep,
    UnexpectedAnswer,
)
from connectors.canonical import record_from_json, record_hash
from monitor.clock import FixedClock
from monitor.domain.dossier import Status
from monitor.evidence import not_read_again
from monitor.judge import judge_due
from monitor.pull import BREAKER_AFTER, PullCount, SourceRules, pull_source
from monitor.quarantine import accept
from monitor.reports.sources import last_pulls, open_gates
from monitor.retention import let_go_of_raw
from monitor.store.packing import unpacked
from monitor.store.tables import ApplicantRow, Dossier, FindingRow, Observation, Quarantine, Source, SourceDossier
from tests.test_judging_stories import INTAKE, RULES, at

WHOLE = frozenset({Capability.LIST, Capability.TOTALS, Capability.STATUS_FILTER, Capability.LOOKUP})
Sessions = sessionmaker[Session]


def record(number: int, **facts: Any) -> DossierRecord:
    facts = {"received_at": at(2, 8) + timedelta(minutes=number), "promised_at": at(12, 17), **facts}
    return DossierRecord(
        key=f"k{number}",
        code=f"H19.1-261102-{number:04d}",
        status=facts.pop("status", Status.PROCESSING),
        status_raw="processing",
        agency_code="H19.1",
        **facts,
    )


def page(*records: DossierRecord, raw: bytes = b'{"a": 1, "b": 2}', resume: str = "") -> Page:
    return Page(records, (raw,) * len(records), resume=resume)


class Peer:
    """A source whose every part can be exchanged between two readings."""

    def __init__(self, *pages: Page, can: frozenset[Capability] = WHOLE) -> None:
        self.pages: Sequence[Page | Exception] = pages
        self.capabilities = can
        self.found: Sequence[Page] = ()
        self.asked: list[str] = []
        self.plans: list[Sweep] = []
        self.down = False

    def sweep(self, plan: Sweep) -> Iterator[Page]:
        self.plans.append(plan)
        self.asked.append("sweep")
        if self.down:
            raise SourceUnavailable("im")
        for one in self.pages:
            if isinstance(one, Exception):
                raise one
            yield one

    def lookup(self, codes: Sequence[str]) -> Iterator[Page]:
        self.asked += codes
        yield from self.found

    def probe(self) -> Probe:
        self.asked.append("probe")
        if self.down:
            raise SourceUnavailable("im")
        return Probe("")


RULES_OF = SourceRules("one", "script", "one_stop")


def pull(sessions: Sessions, peer: Peer, now: datetime, *, full: bool = False, **rules: Any) -> PullCount:
    return pull_source(
        sessions, replace(RULES_OF, **rules), peer, INTAKE, FixedClock(now), full=full, even_if_waiting=True,
        draw=lambda: 0.0,
    )  # fmt: skip


def view(sessions: Sessions, number: int) -> SourceDossier:
    with sessions() as session:
        return session.scalars(select(SourceDossier).where(SourceDossier.key == f"k{number}")).one()


# --- gates


def test_one_promise_for_all_is_a_default_and_nothing_of_it_is_stored(sessions: Sessions) -> None:
    same = [record(n, received_at=at(2 + n % 7, 8), promised_at=at(30, 17)) for n in range(60)]
    count = pull(sessions, Peer(page(*same, raw=b'{"person": "x"}')), at(9))
    assert count.result == "quarantined"
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(Dossier)) == 0
        (gate,) = open_gates(session, "one")
        assert (gate.gate, "60 hồ sơ" in gate.said) == (Gate.DATES_EQUAL, True)
        kept = session.get_one(Observation, gate.evidence_id)
        assert (kept.record, kept.key) == (b"", "")


def test_one_second_of_reception_for_all_is_an_import_not_a_fact(sessions: Sessions) -> None:
    same = [record(n, received_at=at(2, 8), promised_at=at(10 + n % 9)) for n in range(60)]
    assert pull(sessions, Peer(page(*same)), at(9)).result == "quarantined"
    midnight = at(2, 0)
    days = [record(n, received_at=midnight, promised_at=at(10 + n % 9)) for n in range(60)]
    assert pull(sessions, Peer(page(*days)), at(9, 10)).result == "ok", "a table that knows only days"


def test_rows_that_lost_a_field_they_always_had_are_not_believed_until_somebody_says_so(sessions: Sessions) -> None:
    first = [record(n) for n in range(30)]
    pull(sessions, Peer(page(*first)), at(3))
    peer = Peer(page(*[record(n, status=Status.READY) for n in range(30)], raw=b'{"a": 1, "state": 2}'))
    assert pull(sessions, peer, at(4), full=True).result == "quarantined"
    assert view(sessions, 1).status == "processing"
    again = pull(sessions, peer, at(4, 10), full=True)
    assert "trường b" in again.said
    with sessions.begin() as session:
        (gate,) = open_gates(session, "one")
        assert (gate.gate, gate.times_seen) == (Gate.SCHEMA_CHANGED, 2)
        assert accept(session, "one", 0, at(4, 11), by="Trần Thị Ví Dụ") == [Gate.SCHEMA_CHANGED]
    assert pull(sessions, peer, at(4, 12), full=True).result == "ok"
    assert view(sessions, 1).status == "ready"


def test_a_new_field_is_no_trouble(sessions: Sessions) -> None:
    pull(sessions, Peer(page(*[record(n) for n in range(30)])), at(3))
    assert pull(sessions, Peer(page(*[record(n) for n in range(30)], raw=b'{"a":1,"b":2,"c":3}')), at(4)).result == "ok"


def test_far_fewer_dossiers_are_not_believed_until_somebody_says_so(sessions: Sessions) -> None:
    pull(sessions, Peer(page(*[record(n) for n in range(10)])), at(3))
    few = Peer(page(record(1)))
    assert pull(sessions, few, at(4), full=True).result == "quarantined"
    with sessions.begin() as session:
        assert [g.gate for g in open_gates(session, "one")] == [Gate.COUNT_DROP]
        assert session.get_one(Source, "one").cursor_at == at(3), "the cursor stays"
        assert accept(session, "one", 1, at(4, 10), by="x") == [Gate.COUNT_DROP]
    assert pull(sessions, few, at(4, 11), full=True).result == "ok"
    with sessions() as session:
        assert open_gates(session, "one") == []


def test_a_gate_of_the_connector_is_kept_with_its_evidence_and_settles_when_a_reading_passes(
    sessions: Sessions,
) -> None:
    error = UnexpectedAnswer("trang đăng nhập", gate=Gate.SIGN_IN_PAGE, evidence=b"<html>")
    broken = Peer()
    broken.pages = [page(record(1)), error]
    assert pull(sessions, broken, at(3)).result == "unexpected"
    with sessions.begin() as session:
        (gate,) = open_gates(session, "one")
        assert gate.gate == Gate.SIGN_IN_PAGE
        assert gate.evidence_id is not None
        assert accept(session, "one", 0, at(3), by="x") == [], "a sign-in page cannot be accepted away"
    pull(sessions, Peer(page(record(1))), at(3, 10))
    with sessions() as session:
        assert session.scalars(select(Quarantine.settled_at)).one() == at(3, 10)


# --- absent is not finished; evidence has an age per dossier


def test_a_dossier_nobody_shows_any_more_keeps_the_age_of_its_last_word(sessions: Sessions) -> None:
    pull(sessions, Peer(page(record(1), record(2), record(3))), at(3))
    pull(sessions, Peer(page(record(1), record(2), record(3))), at(4))
    gone = Peer(page(record(1), record(3)))
    pull(sessions, gone, at(5))
    assert (view(sessions, 1).unseen_since_at, view(sessions, 2).unseen_since_at) == (None, at(4))
    assert gone.asked[1:] == ["H19.1-261102-0002"], "it was asked for by code, and only it"
    pull(sessions, gone, at(6))
    assert view(sessions, 2).unseen_since_at == at(4)
    assert view(sessions, 2).status == "processing", "absent is not finished"
    pull(sessions, Peer(page(record(1), record(2), record(3))), at(7))
    assert view(sessions, 2).unseen_since_at is None


def test_missing_after_so_many_full_sweeps_is_said_aloud_and_taken_back(sessions: Sessions) -> None:
    whole, gone = Peer(page(*[record(n) for n in range(4)])), Peer(page(*[record(n) for n in range(3)]))
    pull(sessions, whole, at(3))
    for day in (4, 5, 6):
        with sessions() as session:
            assert session.scalars(select(FindingRow.id)).all() == []
        pull(sessions, gone, at(day), full=True)
    with sessions() as session:
        assert session.scalars(select(FindingRow.kind)).all() == ["missing_at_source"]
    pull(sessions, whole, at(7), full=True)
    with sessions() as session:
        assert session.scalars(select(FindingRow.closed_at)).one() == at(7)


@pytest.mark.parametrize(
    "instead",
    [
        pytest.param(page(record(9)), id="another dossier came"),
        pytest.param(Page((), (), bad=(BadRecord("k9", "promised_at", "no date", b"{}"),)), id="another row is broken"),
    ],
)
def test_a_dossier_that_left_is_noticed_though_as_many_rows_came(sessions: Sessions, instead: Page) -> None:
    """Equal numbers spare the comparison of every key only where they prove that all were shown."""
    pull(sessions, Peer(page(*[record(n) for n in range(4)])), at(3))
    pull(sessions, Peer(page(*[record(n) for n in range(3)]), instead), at(4), full=True)
    assert view(sessions, 3).unseen_since_at == at(3)
    assert [view(sessions, n).unseen_since_at for n in range(3)] == [None] * 3


def test_nothing_is_said_late_on_a_word_from_before_the_deadline(sessions: Sessions) -> None:
    """Promised Thu 12/11, late from Fri 13/11; last read on Thu at 9:00."""
    pull(sessions, Peer(page(record(1), record(2))), at(12))
    judge_due(sessions, RULES, at(13, 8))
    with sessions() as session:
        ids = list(session.scalars(select(Dossier.id).order_by(Dossier.id)))
        assert not_read_again(session, ids, {"one": 10**6}, at(13, 8)) == set(ids)
    pull(sessions, Peer(page(record(1))), at(13, 9))
    with sessions() as session:
        assert not_read_again(session, ids, {"one": 10**6}, at(13, 9)) == {ids[1]}, "the other one was not shown again"
        assert not_read_again(session, ids, {"one": 3600}, at(13, 9)) == {ids[1]}


def test_not_shown_for_longer_than_its_source_may_be_silent(sessions: Sessions) -> None:
    pull(sessions, Peer(page(record(1), record(2))), at(3))
    pull(sessions, Peer(page(record(1))), at(4))
    with sessions() as session:
        ids = list(session.scalars(select(Dossier.id).order_by(Dossier.id)))
        assert not_read_again(session, ids, {"one": 86_400}, at(4)) == set()
        assert not_read_again(session, ids, {"one": 86_400}, at(4, 10)) == {ids[1]}


def test_a_reading_that_was_cut_off_and_went_on_confirms_nobody(sessions: Sessions) -> None:
    pull(sessions, Peer(page(record(1), record(2))), at(3))
    broken = Peer()
    broken.pages = [page(record(1), resume="p2"), SourceUnavailable("im")]
    pull(sessions, broken, at(4))
    rest = Peer(page(record(2)))
    assert pull(sessions, rest, at(4, 10)).result == "ok"
    assert rest.plans[0].resume == "p2", "it went on where it stood"
    assert view(sessions, 1).unseen_since_at is None, "its page came before the crash"
    with sessions() as session:
        source = session.get_one(Source, "one")
        assert (source.evidence_at, source.cursor_at) == (at(3), at(4))


def test_an_unchanged_row_costs_no_write(sessions: Sessions) -> None:
    peer = Peer(page(*[record(n) for n in range(40)]))
    pull(sessions, peer, at(3))
    written: list[str] = []
    with sessions() as session:
        engine = session.get_bind()

    def heard(*call: Any) -> None:
        if call[2].lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")):
            written.append(call[2].split()[1 if call[2].lstrip().upper().startswith("UPDATE") else 2])

    event.listen(engine, "before_cursor_execute", heard)
    pull(sessions, peer, at(4))
    event.remove(engine, "before_cursor_execute", heard)
    assert set(written) <= {"source", "pull", "quarantine"}


@pytest.mark.parametrize(
    ("later", "touched"),
    [
        pytest.param({"status": Status.READY}, False, id="the matter moved on"),
        pytest.param({"applicant": Applicant("Lê Thị Mẫu", phone="0900000002")}, True, id="another telephone"),
        pytest.param({"applicant": Applicant()}, True, id="nobody is named any more"),
    ],
)
def test_people_are_written_only_when_they_change(sessions: Sessions, later: dict[str, Any], touched: bool) -> None:
    first = {"applicant": Applicant("Lê Thị Mẫu", phone="0900000001")}
    pull(sessions, Peer(page(record(1, **first))), at(3))
    with sessions() as session:
        engine = session.get_bind()
    written: list[str] = []

    def heard(*call: Any) -> None:
        if "applicant" in call[2] and not call[2].lstrip().upper().startswith("SELECT"):
            written.append(call[2])

    event.listen(engine, "before_cursor_execute", heard)
    pull(sessions, Peer(page(record(1, **(first | later)))), at(4))
    event.remove(engine, "before_cursor_execute", heard)
    assert bool(written) is touched
    wanted = (first | later)["applicant"]
    with sessions() as session:
        person = session.scalars(select(ApplicantRow)).one()
        assert (person.name, person.phone) == (wanted.name, wanted.phone)
        assert person.folded == ("le thi mau" if wanted.name else "")


def test_33_every_promise_is_kept_with_the_moment_it_was_heard_and_the_first_one_is_never_lost(
    sessions: Sessions,
) -> None:
    promises = [at(12, 17), at(16, 17), at(20, 17)]
    for day, promised in enumerate(promises, 3):
        pull(sessions, Peer(page(record(1, promised_at=promised))), at(day))
    with sessions() as session:
        heard = session.scalars(select(Observation.heard_at).order_by(Observation.id)).all()
        dossier = session.scalars(select(Dossier)).one()
        assert heard == [at(3), at(4), at(5)]
        assert (dossier.original_promised_at, dossier.promised_at) == (promises[0], promises[2])


def test_37_a_finish_that_looks_made_up_is_a_finding(sessions: Sessions) -> None:
    copied = record(1, promised_at=at(12, 16), finished_at=at(12, 16), status=Status.READY)
    pull(sessions, Peer(page(copied, record(2))), at(13))
    with sessions() as session:
        assert session.scalars(select(FindingRow.kind)).all() == ["finish_not_trusted"]
    mended = replace(copied, finished_at=at(13, 10))
    pull(sessions, Peer(page(mended, record(2))), at(14))
    with sessions() as session:
        assert session.scalars(select(FindingRow.closed_at)).one() == at(14)


# --- when, how often, in which order


def test_the_full_sweep_publishes_what_the_readings_before_it_missed(sessions: Sessions) -> None:
    stamped = [record(n, source_updated_at=at(3, 7)) for n in range(5)]
    pull(sessions, Peer(page(*stamped)), at(3))
    pull(sessions, Peer(page()), at(3, 12))
    changed = [replace(one, status=Status.READY) for one in stamped[:2]]
    changed[1] = replace(changed[1], source_updated_at=at(3, 12))
    count = pull(sessions, Peer(page(*changed, *stamped[2:])), at(3, 13), full=True)
    assert (count.changed, count.drifted) == (2, 1), "one changed just now; the other should have been heard before"
    with sessions() as session:
        assert last_pulls(session, "one")[0].rows_drifted == 1


@pytest.mark.parametrize(
    ("last_full", "now", "full"),
    [
        (at(3, 2), at(3, 23), False),
        (at(3, 2), at(4, 1), False),
        (at(3, 2), at(4, 2), True),
        (at(3, 15), at(4, 1), False),
        (at(3, 15), at(4, 2), True),  # a sweep by hand moves it by less than a day
    ],
)
def test_the_full_sweep_comes_by_night(sessions: Sessions, last_full: datetime, now: datetime, full: bool) -> None:
    peer = Peer(page(record(1)))
    pull(sessions, peer, last_full, full=True, full_at=time(2))
    pull(sessions, peer, now, full_at=time(2))
    assert (peer.plans[-1].reach == "full") is full


def test_the_breaker_asks_one_small_thing_before_it_reads_again(sessions: Sessions) -> None:
    peer = Peer(page(record(1)))
    peer.down = True
    for hour in range(BREAKER_AFTER):
        assert pull(sessions, peer, at(3, hour)).result == "unavailable"
    assert set(peer.asked) == {"sweep"}
    peer.asked.clear()
    assert pull(sessions, peer, at(3, 10)).result == "unavailable"
    assert peer.asked == ["probe"], "no listing is asked of a peer that is down"
    peer.down = False
    assert pull(sessions, peer, at(3, 11)).result == "ok"
    assert peer.asked == ["probe", "probe", "sweep"]
    pull(sessions, peer, at(3, 12))
    assert peer.asked[-1] == "sweep"


def test_pauses_grow_to_half_an_hour_with_jitter_and_outlive_a_restart(sessions: Sessions) -> None:
    peer = Peer()
    peer.down = True
    waits = []
    for hour in range(7):
        pull(sessions, peer, at(3, hour))
        with sessions() as session:
            until = session.get_one(Source, "one").retry_not_before_at
            assert until is not None
            waits.append((until - at(3, hour)).total_seconds())
    assert waits == [60, 120, 300, 600, 1800, 1800, 1800]
    pull_source(sessions, RULES_OF, peer, INTAKE, FixedClock(at(4)), draw=lambda: 1.0)
    with sessions() as session:
        assert session.get_one(Source, "one").retry_not_before_at == at(4) + timedelta(seconds=2250)
    assert pull_source(sessions, RULES_OF, peer, INTAKE, FixedClock(at(4))).result == "waiting"


def test_what_the_budget_allows_goes_to_the_nearest_promises(sessions: Sessions) -> None:
    by_code = frozenset({Capability.LIST, Capability.LOOKUP})
    days = {1: 20, 2: 6, 3: 12, 4: 3}  # number = day of the promise; on the 5th one is past
    pull(sessions, Peer(page(*[record(n, promised_at=at(day, 17)) for n, day in days.items()]), can=by_code), at(4))
    empty = Peer(can=by_code)
    pull(sessions, empty, at(5), lookups_per_pull=2)
    assert empty.asked == ["sweep", "H19.1-261102-0002", "H19.1-261102-0003"]


def test_the_cursor_never_passes_the_beginning_of_a_reading(sessions: Sessions) -> None:
    clock = FixedClock(at(3))

    class Slow(Peer):
        def sweep(self, plan: Sweep) -> Iterator[Page]:
            clock.sleep(600)
            yield page(record(1))

    pull_source(sessions, RULES_OF, Slow(), INTAKE, clock)
    with sessions() as session:
        assert session.get_one(Source, "one").cursor_at == at(3)
    late = Peer(page())
    pull(sessions, late, at(3, 12))
    assert late.plans[0].since == at(3) - timedelta(seconds=RULES_OF.overlap_s)


# --- how long the source's own bytes are kept


def test_raw_answers_are_let_go_when_their_time_is_over_and_what_was_said_stays(sessions: Sessions) -> None:
    over = record(1, status=Status.RETURNED, finished_at=at(3, 10), returned_at=at(3, 11))
    pull(sessions, Peer(page(over, record(2))), at(4))
    assert let_go_of_raw(sessions, 86_400, at(4, 20)) == 0, "not yet"
    assert let_go_of_raw(sessions, 86_400, at(6)) == 1, "of the one that is over, not of the open one"
    assert let_go_of_raw(sessions, 86_400, at(6)) == 0
    with sessions() as session:
        kept = {o.key: (len(o.raw) > 0, record_hash(record_from_json(unpacked(o.record))) == o.record_hash)
                for o in session.scalars(select(Observation))}  # fmt: skip
    assert kept == {"k1": (False, True), "k2": (True, True)}
    assert pull(sessions, Peer(page(over, record(2))), at(7)).changed == 0
