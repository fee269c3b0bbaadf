"""Views of real databases against connectors.md §11: PostgreSQL and SQLite, read by accounts that may not write."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from connectors.base import (
    AccessRefused,
    Capability,
    Connector,
    Reach,
    SourceUnavailable,
    Sweep,
    UnexpectedAnswer,
)
from connectors.sql.connector import build
from connectors.sql.settings import SqlSettings
from connectors.sql.wire import open_reader
from monitor.clock import FixedClock
from monitor.domain.dossier import Status
from tests.conformance.harness import NOW, Seen, codes, seen
from tests.conformance.records import RecordConformance
from tests.peers.database import READER, READER_PASSWORD, VIEW, fill, row, run

FULL = Sweep(Reach.FULL, NOW, NOW - timedelta(hours=1))
CHANGES = Sweep(Reach.CHANGES, NOW, NOW - timedelta(hours=1))
COLUMNS = {
    "key": "ma",
    "code": "ma",
    "status": "trang_thai",
    "received_at": "nhan",
    "promised_at": "hen",
    "finished_at": "xong",
    "applicant_name": "chu_ho_so",
}


def made(url: str, **extra: Any) -> SqlSettings:
    keys: dict[str, Any] = {
        "name": "csdl", "kind": "sql", "role": "one_stop", "url": url, "view": VIEW, "columns": COLUMNS, "page_rows": 10,
    }  # fmt: skip
    return SqlSettings(**{**keys, **extra})


def over(url: str, **extra: Any) -> Connector:
    return build(made(url, **extra), FixedClock(NOW))


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'mot-cua.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


class TestSql(RecordConformance):
    wire: ClassVar[dict[str, str]] = {
        "code": "ma",
        "promised_at": "hen",
        "received_at": "nhan",
        "status": "trang_thai",
        "name": "chu_ho_so",
    }
    url = ""

    @pytest.fixture(autouse=True)
    def _on_both(self, database: str) -> None:
        self.url = database

    def row(self, number: int, **facts: Any) -> dict[str, Any]:
        return row(number, **facts)

    def read_rows(self, rows: list[Any], **extra: Any) -> Seen:
        fill(self.url, rows)
        return seen(over(self.url, **extra).sweep(FULL))

    # --- reading

    @pytest.mark.parametrize("count", [1, 9, 10, 11, 20, 35])
    def test_16_19_every_row_once_whatever_the_page_breaks(self, count: int) -> None:
        result = self.read_rows([row(number) for number in range(1, count + 1)])
        assert result.by_code().keys() == set(codes(range(1, count + 1)))
        assert result.pages[-1].resume == ""

    def test_keys_that_are_numbers(self) -> None:
        result = self.read_rows([row(number) for number in range(1, 26)], columns={**COLUMNS, "key": "stt"})
        assert {record.key for record in result.records} == {str(904000 + number) for number in range(1, 26)}

    def test_17_rows_that_come_and_go_between_two_pages_shift_nothing(self) -> None:
        fill(self.url, [row(number) for number in range(1, 31)])
        pages = over(self.url).sweep(FULL)
        first = next(pages)
        run(self.url, "DELETE FROM ho_so WHERE stt IN (904002, 904003)")
        fresh = "INSERT INTO ho_so (ma, stt, trang_thai) VALUES ('H99.14-251103-0000', 1, 'đang xử lý')"
        run(self.url, fresh)
        rest = seen(pages)
        assert {r.code for r in first.records} | set(rest.codes) == set(codes(range(1, 31)))

    def test_45_a_doubled_key_over_a_page_break_hides_nothing(self) -> None:
        rows = [row(number) for number in range(1, 11)] + [row(10, hen="12/11/2025 08:15:00"), row(11)]
        result = self.read_rows(rows)
        assert set(result.codes) == set(codes(range(1, 12)))

    def test_20_a_key_that_is_no_key_is_no_loop(self) -> None:
        with pytest.raises(UnexpectedAnswer, match="không duy nhất"):
            self.read_rows([row(1) for _ in range(30)])

    def test_53_a_row_without_key_is_set_aside_wherever_it_sorts(self) -> None:
        result = self.read_rows([row(1), row(2, ma=None), row(3)])
        assert result.codes == codes([1, 3])
        assert [(bad.field, bad.problem) for bad in result.bad] == [("ma", "thiếu")]

    @pytest.mark.parametrize("plan", [FULL, Sweep(Reach.CHANGES, NOW, None)])
    def test_a_crash_on_any_page_goes_on_at_that_page(self, plan: Sweep) -> None:
        fill(self.url, [row(number) for number in range(1, 36)])
        connector = over(self.url)
        pages = list(connector.sweep(plan))
        for stop, page in enumerate(pages[:-1]):
            again = seen(connector.sweep(Sweep(plan.reach, NOW, plan.since, page.resume)))
            rest = [record for later in pages[stop + 1 :] for record in later.records]
            assert [r for r in again.records if r in rest] == rest

    def test_a_token_of_something_else_begins_anew(self) -> None:
        fill(self.url, [row(number) for number in range(1, 4)])
        for token in ("x", "{}", '{"after": [1]}', '{"after": true}'):
            assert seen(over(self.url).sweep(Sweep(Reach.FULL, NOW, None, token))).codes == codes([1, 2, 3])

    def test_24_changes_are_what_changed_since(self) -> None:
        fill(self.url, [row(1), row(2, sua="2025-11-20 08:30:00")], {"sua": "TIMESTAMP"})
        connector = over(self.url, since_column="sua")
        assert Capability.MODIFIED_SINCE in connector.capabilities
        assert seen(connector.sweep(CHANGES)).codes == codes([2])
        assert seen(connector.sweep(FULL)).codes == codes([1, 2])

    def test_24_changes_by_a_text_column(self) -> None:
        fill(self.url, [row(1), row(2, sua="2025-11-20T08:30:00+07:00")])
        connector = over(self.url, since_column="sua", since_format="iso")
        assert seen(connector.sweep(CHANGES)).codes == codes([2])

    def test_22_lookup_takes_equal_codes_only(self) -> None:
        fill(self.url, [row(number) for number in range(1, 9)])
        assert seen(over(self.url).lookup([*codes([3, 5]), "H99.14-251103-000", "' OR 1=1 --"])).codes == codes([3, 5])

    def test_probe_says_how_many(self) -> None:
        fill(self.url, [row(1), row(2)])
        assert "2 dòng" in over(self.url).probe().said

    # --- refusals

    def test_03_an_empty_view_is_refused_unless_it_may_be_empty(self) -> None:
        with pytest.raises(AccessRefused, match="0 dòng"):
            self.read_rows([])
        assert not self.read_rows([], expect_rows=0).records

    @pytest.mark.parametrize("changes", [{"view": "v_khac"}, {"columns": {**COLUMNS, "officer": "khong_co"}}])
    def test_a_view_or_a_column_that_is_not_there_is_named(self, changes: dict[str, Any]) -> None:
        with pytest.raises(UnexpectedAnswer, match="không có v_"):
            self.read_rows([row(1)], **changes)

    def test_nothing_can_be_written_through_it(self) -> None:
        fill(self.url, [row(1)])
        engine = open_reader(made(self.url))
        with engine.connect() as connection, pytest.raises(DBAPIError, match=r"(?i)read.?only"):
            connection.execute(text("DELETE FROM ho_so"))
        engine.dispose()
        assert self.read_rows([row(1)]).codes == codes([1])

    def test_10_no_error_quotes_a_row_or_an_address(self) -> None:
        with pytest.raises(UnexpectedAnswer) as caught:
            self.read_rows([row(1)], view="v_khac")
        assert make_url(self.url).database not in caught.value.said
        assert caught.value.__cause__ is None


def test_a_real_view_of_postgresql_with_its_own_types(postgres_url: str) -> None:
    """Timestamps with and without zone, a date, numbers, a boolean, an id of its own type."""
    run(
        postgres_url,
        "CREATE TABLE hs (id uuid, ma text, so numeric(12), nhan timestamp, hen date, xong timestamptz, tt int, onl boolean)",
        "INSERT INTO hs VALUES (gen_random_uuid(), 'H99.14-251103-0001', 17, '2025-11-03 08:15', '2025-11-10',"
        " '2025-11-07 09:00+00', 9, true)",
        "CREATE SCHEMA cong_khai",
        "CREATE VIEW cong_khai.v AS SELECT * FROM hs",
    )
    columns = {
        "key": "so", "code": "ma", "status": "tt", "received_at": "nhan", "promised_at": "hen", "finished_at": "xong",
        "officer": "id",
    }  # fmt: skip
    record = seen(over(postgres_url, view="cong_khai.v", columns=columns, status_map={"9": "ready"}).sweep(FULL)).only
    assert (record.key, record.status) == ("17", Status.READY)
    assert record.received_at == datetime(2025, 11, 3, 1, 15, tzinfo=UTC)
    assert (record.promised_at, record.promised_date_only) == (datetime(2025, 11, 9, 17, tzinfo=UTC), True)
    assert record.finished_at == datetime(2025, 11, 7, 9, tzinfo=UTC)


def test_an_account_that_may_only_read_the_view(postgres_url: str) -> None:
    fill(postgres_url, [row(1)])
    role = f"{READER}_{make_url(postgres_url).database}"
    run(
        postgres_url,
        f"CREATE ROLE {role} LOGIN PASSWORD '{READER_PASSWORD}'",
        f"GRANT SELECT ON {VIEW} TO {role}",
    )
    try:
        url = make_url(postgres_url).set(username=role, password=READER_PASSWORD).render_as_string(hide_password=False)
        assert seen(over(url).sweep(FULL)).codes == codes([1])
        with pytest.raises(AccessRefused) as caught:
            over(url, view="ho_so").probe()
        assert READER_PASSWORD not in caught.value.said
    finally:
        run(postgres_url, f"DROP OWNED BY {role}", f"DROP ROLE {role}")


def test_a_role_nobody_knows_is_refused(postgres_url: str) -> None:
    url = make_url(postgres_url).set(username="khong_ai").render_as_string(hide_password=False)
    with pytest.raises((AccessRefused, SourceUnavailable)) as caught:
        over(url).probe()
    assert "khong_ai" not in caught.value.said


def test_12_nobody_listens(tmp_path: Path) -> None:
    url = f"postgresql+psycopg://u:bi-mat@/x?host={tmp_path}"
    with pytest.raises(SourceUnavailable) as caught:
        over(url).probe()
    assert "bi-mat" not in caught.value.said


def test_12_a_statement_that_never_ends(postgres_url: str) -> None:
    run(postgres_url, "CREATE VIEW v_ho_so AS SELECT 'a'::text ma, pg_sleep(30)::text tt")
    with pytest.raises(SourceUnavailable, match="57014"):
        over(postgres_url, columns={"code": "ma", "officer": "tt"}, timeout=1).probe()


@pytest.mark.parametrize(
    ("url", "says"),
    [("nonsense", "không đọc được"), ("no_such+driver://x/y", "không đọc được"), ("mysql+pymysql://x/y", "pymysql")],
)
def test_an_address_that_cannot_be_used_says_what_to_do(url: str, says: str) -> None:
    with pytest.raises(UnexpectedAnswer, match=says):
        over(url).probe()


@pytest.mark.parametrize("keys", [{"view": "v; DROP TABLE x"}, {"view": "a.b.c"}, {"since_format": "%q"}])
def test_keys_that_cannot_be(keys: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        made("sqlite://", **keys)
