"""Every way a source misleads us, from its socket to `dunghen sources`: no loss, no false "finished", no letter, no
endless loop, and a line that says what is wrong (issue "Connectors", must show 2)."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from connectors.base import Gate
from monitor.clock import FixedClock
from monitor.domain.dossier import FINISHED
from monitor.pull import PullCount
from monitor.reports.sources import SourceRow, open_gates, source_health
from monitor.settings import Database, Letters, Settings, Site
from monitor.store.tables import Dossier, FindingRow, Letter, SourceDossier
from monitor.wiring import Program
from tests.conformance import test_dvcqg, test_igate, test_opencps
from tests.conformance.harness import NOW, codes
from tests.peers import dvcqg, igate, opencps
from tests.peers.scripted import Asked, Reply, Script, json_reply, serving

# Promised Mon 10/11/2025 08:15, read on Thu 20/11: every open dossier of the peers is late and owes a letter.
ROWS = range(1, 31)


@dataclass
class Site_:
    """A program and the peers it reads; `scripts` may be exchanged between two readings."""

    program: Program
    clock: FixedClock
    scripts: dict[str, Script] = field(default_factory=dict)

    def pull(self, *, full: bool = False) -> dict[str, PullCount]:
        return {count.source: count for count in self.program.pull(full=full, even_if_waiting=True)}

    def row(self, name: str = "motcua") -> SourceRow:
        with self.program.sessions() as session:
            rows = source_health(session, self.program.settings.sources, now=self.clock.now())
        return next(row for row in rows if row.name == name)

    def gates(self, name: str = "motcua") -> list[str]:
        with self.program.sessions() as session:
            return [gate.gate for gate in open_gates(session, name)]

    def codes(self, *, finished: bool = False) -> set[str]:
        with self.program.sessions() as session:
            is_over = Dossier.status.in_([status.value for status in FINISHED])
            return set(session.scalars(select(Dossier.code).where(is_over if finished else Dossier.code != "")))

    def drafted(self) -> int:
        self.program.judge()
        self.program.write_letters(files=False)
        with self.program.sessions() as session:
            return session.scalar(select(func.count()).where(Letter.state == "drafted")) or 0

    def findings(self) -> set[str]:
        with self.program.sessions() as session:
            return set(session.scalars(select(FindingRow.kind).where(FindingRow.closed_at.is_(None))))


@pytest.fixture
def site(tmp_path: Path, sqlite_url: str) -> Iterator[Callable[..., Site_]]:
    with ExitStack() as stack:

        def make(**peers: tuple[Callable[[str], Any], Script]) -> Site_:
            scripts = {name: script for name, (_, script) in peers.items()}
            sources = []
            for name, (settings, _) in peers.items():
                server = stack.enter_context(serving(lambda asked, name=name: scripts[name](asked)))
                sources.append(settings(server.url).model_copy(update={"name": name, "tries": 1, "timeout": 2}))
            clock = FixedClock(NOW)
            made = Settings(
                site=Site(name="Tỉnh Mẫu", data_dir=tmp_path),
                database=Database(url=sqlite_url),
                letters=Letters(folder=tmp_path / "letters"),
                sources=tuple(sources),
            )
            return Site_(stack.enter_context(Program(made, clock, upgrade=True)), clock, scripts)

        yield make


def one_stop(url: str, **extra: Any) -> Any:
    return test_opencps.TestOpencps().settings(url, page_size=10, **extra)


def portal(url: str, **extra: Any) -> Any:
    return test_dvcqg.TestByCode().settings(url, **extra)


def rows() -> list[dict[str, Any]]:
    return [opencps.row(number) for number in ROWS]


# --- lists that move, lie and never end


@pytest.mark.parametrize("change", ["edited", "inserted", "deleted"])
def test_a_page_that_changes_while_we_read_loses_nobody(site: Callable[..., Site_], change: str) -> None:
    table = rows()
    peer, moved = opencps.OpencpsPeer(table), []

    def script(asked: Asked) -> Reply:
        if asked.query.get("start") not in ("0", None) and not moved:
            moved.append(change)
            if change == "edited":
                table[0] = opencps.row(1, dossierStatus="releasing", releaseDate="07/11/2025 10:00:00")
            elif change == "inserted":
                table.insert(0, opencps.row(99))
            else:
                del table[3:6]
        return peer(asked)

    it = site(motcua=(one_stop, script))
    assert it.pull(full=True)["motcua"].result == "ok"
    assert it.codes() >= set(codes(ROWS))
    assert it.codes(finished=True) == set()
    it.pull()
    assert it.codes(finished=True) == (set(codes([1])) if change == "edited" else set())
    row = it.row()
    assert (row.result, row.unseen) == ("ok", 3 if change == "deleted" else 0), (
        "the deleted ones are said not to be shown"
    )


def test_a_server_that_repeats_page_one_for_ever(site: Callable[..., Site_]) -> None:
    it = site(motcua=(one_stop, lambda asked: json_reply({"total": 9000, "data": rows()[:10]})))
    assert it.pull()["motcua"].result == "unexpected"
    assert (it.row().gates, "mãi cùng một trang" in it.row().said) == ((Gate.PAGES_REPEAT,), True)
    assert it.codes(finished=True) == set()
    assert it.drafted() == 0, "a source whose reading was not believed grounds no letter"


def test_a_total_that_lies(site: Callable[..., Site_]) -> None:
    peer = opencps.OpencpsPeer(rows())
    peer.total_lie = 500
    it = site(motcua=(one_stop, peer))
    assert it.pull()["motcua"].result == "unexpected"
    assert it.row().gates == (Gate.TOTAL_LIES,)
    assert "530 hồ sơ nhưng chỉ trả 30" in it.row().said
    assert it.drafted() == 0


# --- answers that are none


@pytest.mark.parametrize(
    ("reply", "result", "gates", "says"),
    [
        (Reply(b"<html><form>\xc4\x90\xc4\x83ng nh\xe1\xba\xadp<input type=password>"), "unexpected", [Gate.SIGN_IN_PAGE], "đăng nhập"),
        (json_reply(opencps.NOT_SIGNED_IN, 203), "refused", [], "HTTP 203"),
        (json_reply(opencps.ANY_FAILURE, 403), "unavailable", [], "403"),
        (json_reply({"total": 0, "data": []}), "refused", [Gate.GUEST_VIEW], "khách"),
        (Reply(b"OK"), "unexpected", [Gate.NOT_DATA], "văn bản thường"),
    ],
    ids=["html 200", "203", "403", "wrong password as guest", "plain text"],
)  # fmt: skip
def test_an_answer_that_is_none_after_a_good_day(
    site: Callable[..., Site_], reply: Reply, result: str, gates: list[str], says: str
) -> None:
    it = site(motcua=(one_stop, opencps.OpencpsPeer(rows())))
    assert it.pull()["motcua"].result == "ok"
    it.scripts["motcua"] = lambda asked: reply
    it.clock.sleep(timedelta(hours=2).total_seconds())
    assert it.pull()["motcua"].result == result
    row = it.row()
    assert (row.result, list(row.gates), row.stale, says in row.said) == (result, gates, True, True)
    assert row.dossiers == len(ROWS), "nobody is lost"
    assert it.codes(finished=True) == set()
    assert it.drafted() == 0, "silent for longer than it may be: no letter"
    with it.program.sessions() as session:
        assert set(session.scalars(select(Letter.suspended_for))) == {"source_silent"}
    it.scripts["motcua"] = opencps.OpencpsPeer(rows())
    assert it.pull()["motcua"].result == "ok"
    assert (it.row().gates, it.row().stale) == ((), False)
    assert it.drafted() == len(ROWS), "on its return the duties go on"


@pytest.mark.parametrize("code", ["-1", -1, "99", 1, "1"])
def test_an_error_code_in_any_spelling_is_no_empty_list(site: Callable[..., Site_], code: object) -> None:
    fails = json_reply({"error_code": code, "message": "Lỗi hệ thống", "result": []})
    peer = dvcqg.DvcqgPeer([dvcqg.row(number) for number in range(1, 8)])

    def script(asked: Asked) -> Reply:
        return peer(asked) if asked.path.endswith("login") else fails

    it = site(motcua=(one_stop, opencps.OpencpsPeer(rows()[:7])), cong=(portal, script))
    counts = it.pull()
    assert (counts["motcua"].result, counts["cong"].result) == ("ok", "unexpected")
    assert "error_code" in it.row("cong").said
    assert it.row("cong").gates == (Gate.NOT_DATA,)
    assert it.codes(finished=True) == set()


@pytest.mark.parametrize("code", [0, "0", "00"])
def test_success_in_any_spelling_is_read(site: Callable[..., Site_], code: object) -> None:
    peer = dvcqg.DvcqgPeer([dvcqg.row(number) for number in range(1, 4)])

    def script(asked: Asked) -> Reply:
        if asked.path.endswith("login"):
            return peer(asked)
        wanted = asked.json()["mahoso"]
        return json_reply({"error_code": code, "data": [row for row in peer.rows if row["MaHoSo"] == wanted]})

    it = site(motcua=(one_stop, opencps.OpencpsPeer(rows()[:3])), cong=(portal, script))
    assert it.pull()["cong"].result == "ok"
    assert it.row("cong").dossiers == 3


def test_a_token_that_ends_amid_the_pages(site: Callable[..., Site_]) -> None:
    peer = igate.IgatePeer(
        [igate.row(number, acceptedDate=f"2025-11-03T08:{number:02d}:00.000+0700") for number in range(1, 60)]
    )
    asked_for: list[int] = []

    def script(asked: Asked) -> Reply:
        if asked.method == "GET":
            asked_for.append(1)
            if len(asked_for) == 3:
                return json_reply({"error": "invalid_token"}, 401)
        return peer(asked)

    it = site(motcua=(lambda url: test_igate.TestIgate().settings(url, page_size=10), script))
    assert it.pull()["motcua"].result == "ok"
    assert len(it.codes()) == 59
    assert it.row().failures == 0


# --- two systems that disagree


def both(site: Callable[..., Site_], one: dict[str, Any], other: dict[str, Any]) -> Site_:
    """One dossier, linked by its code at the same unit; the one-stop's facts and the portal's."""
    unit = {"govAgencyCode": "H99.14"}
    theirs = {"MaDonViXuLy": "H99.14", **other}
    it = site(
        motcua=(one_stop, opencps.OpencpsPeer([opencps.row(1, **unit, **one)])),
        cong=(lambda url: test_dvcqg.TestByList().settings(url), dvcqg.DvcqgPeer([dvcqg.row(1, **theirs)])),
    )
    assert {count.result for count in it.pull().values()} == {"ok"}
    with it.program.sessions() as session:
        assert session.scalar(select(func.count(func.distinct(SourceDossier.dossier_id)))) == 1
        assert session.scalar(select(func.count(SourceDossier.id))) == 2
    return it


DONE = {"dossierStatus": "releasing", "releaseDate": "09/11/2025 16:00:00"}


def test_portal_late_and_one_stop_done_apologises_for_nothing(site: Callable[..., Site_]) -> None:
    it = both(site, DONE, {"MaTrangThai": "4"})
    assert it.drafted() == 0
    assert "state_mismatch" in it.findings()
    assert it.codes(finished=True) == set(codes([1])), "the one-stop's word wins"


@pytest.mark.parametrize("masked", ["9", "10"], ids=["masked 9", "done at the portal"])
def test_portal_done_and_one_stop_late_waits_for_a_person(site: Callable[..., Site_], masked: str) -> None:
    it = both(site, {}, {"MaTrangThai": masked})
    assert it.codes(finished=True) == set(), "a masked 9 finishes nothing"
    assert "state_mismatch" in it.findings()
    assert it.drafted() == 0
    with it.program.sessions() as session:
        assert session.scalars(select(Letter.suspended_for)).all() == ["state_mismatch"]
