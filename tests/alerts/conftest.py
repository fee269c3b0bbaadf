"""A store for tests whose statements run on both databases elsewhere."""

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session, sessionmaker

from monitor.store import database


@pytest.fixture
def sqlite_sessions(sqlite_url: str) -> Iterator[sessionmaker[Session]]:
    engine = database.open_engine(sqlite_url)
    yield database.session_factory(engine)
    engine.dispose()
