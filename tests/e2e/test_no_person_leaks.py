"""The sandbox's people and secrets are searched for wherever they must not be."""

import io
import logging
from contextlib import redirect_stderr, redirect_stdout
from datetime import datetime
from pathlib import Path

from sqlalchemy import MetaData, inspect, select

from monitor import logs
from monitor.store.tables import Base
from tests.e2e.stand import stand, texts, whole_job

# Personal data may live in these tables and nowhere else.
MAY_HOLD_PERSONS = {"observation", "applicant", "letter"}


def test_names_phones_and_tokens_stay_where_they_belong(tmp_path: Path, store_url: str) -> None:
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(out):
        logs.set_up(json=True)
        logging.getLogger().setLevel(logging.DEBUG)
        with stand(tmp_path, url=store_url, size=250) as (sandbox, program, clock):
            sandbox.faults.put("one_stop", "half_record", times=1)  # errors must not leak either
            sandbox.faults.put("bot", "too_many", times=1)
            whole_job(program, clock)
            secrets = {text for text in sandbox.province.secrets() if len(text) >= 6}
            told = texts(sandbox)
            urls = "\n".join([*sandbox.one_stop.asked, *sandbox.portal.asked, *sandbox.bot.asked])
            stored = {
                name: _text_of(program.engine, name)
                for name in inspect(program.engine).get_table_names()
                if name not in MAY_HOLD_PERSONS
            }
            kept = _text_of(program.engine, "applicant")
            files = "\n".join(str(path) for path in tmp_path.rglob("*"))
    tokens = set(sandbox.province.tokens.values())
    people = secrets - tokens
    assert sum(person in kept for person in people) > 100  # the search would find them if they were there
    assert [s for s in people if s in told] == []
    assert [s for s in people if s in urls] == []
    assert [s for s in secrets if s in out.getvalue()] == []
    assert [s for s in secrets if s in files] == []
    assert {name: found for name, text in stored.items() if (found := [s for s in secrets if s in text])} == {}
    assert set(stored) | MAY_HOLD_PERSONS == set(Base.metadata.tables) | {"alembic_version"}


def _text_of(engine: object, name: str) -> str:
    """Each value of a table once; an instant holds nobody's name."""
    meta = MetaData()
    meta.reflect(engine, only=[name])  # type: ignore[arg-type]
    with engine.connect() as connection:  # type: ignore[attr-defined]
        rows = connection.execute(select(meta.tables[name]))
        return "\n".join({str(value) for row in rows for value in row if not isinstance(value, datetime)})
