"""A source that lies, sulks or breaks: a clear line in `sources`, no crash, no letter, no false "on time"."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from monitor.alerts.calendar_end import PLACE
from monitor.domain.stage import FINISHED_STAGES, RUNNING_STAGES
from monitor.reports.census import counts
from monitor.reports.late import late_dossiers
from monitor.reports.sources import set_aside, source_health, stale_sources
from monitor.store.tables import Dossier, Letter, Message, Notice
from tests.e2e.stand import letters_of, stand, table, told, whole_job

BROKEN_AT_ONCE = [
    ("html", "unexpected"),  # a login page where JSON is expected
    ("error_500", "unavailable"),
    ("timeout", "unavailable"),
    ("half_body", "unavailable"),
    ("null", "unexpected"),
    ("wrong_password", "refused"),  # the server answers as to a guest: 200, 0 rows
]


@pytest.mark.parametrize(("fault", "result"), BROKEN_AT_ONCE)
def test_a_broken_source_is_said_plainly_and_nothing_is_concluded(
    tmp_path: Path, sqlite_url: str, fault: str, result: str
) -> None:
    with stand(tmp_path, url=sqlite_url, size=200) as (sandbox, program, _):
        quick = program.settings.sources[0].model_copy(update={"timeout": 1, "tries": 1})
        program.settings = program.settings.model_copy(update={"sources": (quick, program.settings.sources[1])})
        sandbox.faults.put("one_stop", fault)
        (count,) = program.pull(["mot-cua"])
        program.judge()
        made = program.write_letters()
        with program.sessions() as session:
            (row, _) = source_health(session, program.settings.sources, now=program.clock.now())
            assert (count.result, row.result) == (result, result)
            assert row.said
            assert row.stale
            assert session.scalar(select(func.count()).select_from(Dossier)) == 0
            assert letters_of(session) == set()
        assert made.drafts.drafted == 0


@pytest.fixture(scope="module")
def good_day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store after a day on which all went well, to copy from."""
    folder = tmp_path_factory.mktemp("good_day")
    with stand(folder, url=f"sqlite:///{folder}/store.db", size=200) as (_, program, clock):
        whole_job(program, clock)
    return folder / "store.db"


@pytest.mark.parametrize(("fault", "result"), BROKEN_AT_ONCE)
def test_a_source_that_breaks_after_a_good_day_finishes_nothing(
    tmp_path: Path, good_day: Path, fault: str, result: str
) -> None:
    """Yesterday's thousands and today's none is an alarm, not a fact; once stale, no letter and no notice goes out."""
    shutil.copy(good_day, tmp_path / "store.db")
    with stand(tmp_path, url=f"sqlite:///{tmp_path}/store.db", size=200) as (sandbox, program, clock):
        quick = [s.model_copy(update={"timeout": 1, "tries": 1}) for s in program.settings.sources]
        program.settings = program.settings.model_copy(update={"sources": tuple(quick)})
        with program.sessions() as session:
            before = table(session, select(Dossier.id, Dossier.status))
            letters = letters_of(session)
        for peer in ("one_stop", "portal"):
            sandbox.faults.put(peer, fault)
        clock.sleep(timedelta(hours=49).total_seconds())  # over 24/11 into Wed 25/11, 10:00: more letter days come
        sent = told(sandbox)
        counted = program.pull(full=True, even_if_waiting=True)
        program.judge()
        program.write_letters(files=False)
        with program.sessions() as session:
            stale = stale_sources(session, program.settings.sources, now=clock.now())
            after = table(session, select(Dossier.id, Dossier.status))
            figures = counts(session, now=clock.now(), stale_sources=stale)
            assert counted[0].result == result
            assert after == before
            assert stale == {"mot-cua", "cong-dvc"}
            # nothing drafted on stale evidence, though new duties arose
            assert {row for row in letters_of(session) if row[2] == "drafted"} <= letters
            # nothing running is shown under its old stage: only as "source silent"
            assert all(figures.by_stage.get(stage.value, 0) == 0 for stage in RUNNING_STAGES)
        program.plan_and_send()
        with program.sessions() as session:
            about_dossiers = select(func.count()).where(Notice.dossier_id.is_not(None), Notice.state == "planned")
            assert session.scalar(about_dossiers) == 0
            silent = select(Notice.source).where(Notice.dossier_id.is_(None), Notice.source != PLACE)
            about_sources = session.scalars(silent).all()
            assert set(about_sources) == {"mot-cua", "cong-dvc"}
        assert told(sandbox) > sent  # the leaders hear about the source instead


@pytest.mark.parametrize(
    ("fault", "field"),
    [("half_record", "dossierStatus"), ("bad_date", "dueDate")],
)
def test_a_bad_row_is_set_aside_and_its_page_goes_on(tmp_path: Path, sqlite_url: str, fault: str, field: str) -> None:
    with stand(tmp_path, url=sqlite_url, size=200) as (sandbox, program, _):
        sandbox.faults.put("one_stop", fault, times=1, after=1)  # the first call only asks whether we are a guest
        (count,) = program.pull(["mot-cua"], full=True)
        broken_before = sum(one.broken_at == "one_stop" for one in sandbox.province.dossiers)
        assert count.result == "ok"
        assert count.set_aside == broken_before + 1
        assert count.changed > 100
        with program.sessions() as session:
            rows = set_aside(session, source="mot-cua")
            assert any(field in row.field for row in rows)
            assert all(row.problem for row in rows)
        sandbox.faults.clear()
        (again,) = program.pull(["mot-cua"], full=True)
        assert again.set_aside == broken_before
        with program.sessions() as session:
            assert len(set_aside(session, source="mot-cua")) == broken_before  # the mended one is cleared


@pytest.mark.parametrize(("fault", "stage"), [("unknown_status", "unknown"), ("no_promise", "no_promise")])
def test_unknown_and_unpromised_are_classes_of_their_own(
    tmp_path: Path, sqlite_url: str, fault: str, stage: str
) -> None:
    """Never on time, never late, never a ground for a letter."""
    with stand(tmp_path, url=sqlite_url, size=200) as (sandbox, program, clock):
        sandbox.faults.put("one_stop", fault)
        sandbox.faults.put("portal", fault)
        program.pull(["mot-cua"], full=True)
        program.judge()
        program.write_letters()
        with program.sessions() as session:
            stages = table(session, select(Dossier.stage, func.count()).group_by(Dossier.stage))
            assert stages.get(stage, 0) > 0
            running = {s.value for s in RUNNING_STAGES}
            assert not running & set(stages)
            if fault == "unknown_status":
                assert not {s.value for s in FINISHED_STAGES} & set(stages)
            assert session.scalar(select(func.count()).select_from(Letter)) == 0
            shown = late_dossiers(session, now=clock.now(), stages=[stage])
            assert len(shown) == stages[stage]


def test_a_source_that_comes_back_is_told_in_one_message_each_not_a_storm(tmp_path: Path, sqlite_url: str) -> None:
    """Two days of silence pile up duties; on the return every official hears of all of them at once."""
    with stand(tmp_path, url=sqlite_url, size=320) as (sandbox, program, clock):
        whole_job(program, clock)
        quick = [s.model_copy(update={"timeout": 1, "tries": 1}) for s in program.settings.sources]
        program.settings = program.settings.model_copy(update={"sources": tuple(quick)})
        program._connectors.clear()
        for peer in ("one_stop", "portal"):
            sandbox.faults.put(peer, "error_500")
        clock.sleep(timedelta(hours=49).total_seconds())
        program.pull(even_if_waiting=True)
        program.judge()
        program.plan_and_send()
        held = select(func.count()).where(Notice.dossier_id.is_not(None), Notice.state == "owed")
        with program.sessions() as session:
            waiting = session.scalar(held) or 0
            told_before = session.scalar(select(func.max(Message.id))) or 0
        assert waiting > 10, "what became due meanwhile waits"
        sandbox.faults.clear()
        assert {count.result for count in program.pull(even_if_waiting=True)} == {"ok"}
        program.judge()
        program.plan_and_send()
        with program.sessions() as session:
            fresh = select(Message.person, Message.channel, func.count()).where(Message.id > told_before)
            made = session.execute(fresh.group_by(Message.person, Message.channel)).all()
            assert made
            assert {number for _, _, number in made} == {1}, "one digest, not a storm"
