"""What every connector must make of the rows it reads, over whatever way they come (connectors.md §11.3–11.5).

A kind inherits `RecordConformance`; one over HTTP inherits `Conformance`, which is this and the network. Numbers in
the names are the cases of §11.
"""

from abc import ABC, abstractmethod
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from connectors.base import UnexpectedAnswer
from monitor.domain.dossier import Status
from tests.conformance.harness import Seen, codes


class RecordConformance(ABC):
    """Inherit it, fill in the abstract part, and every test below runs against the kind."""

    wire: ClassVar[dict[str, str]]  # our field = the key of the source

    @abstractmethod
    def row(self, number: int, **facts: Any) -> dict[str, Any]:
        """Row `number` of the invented table, with keys of the source."""

    @abstractmethod
    def read_rows(self, rows: list[Any], **extra: Any) -> Seen:
        """All that a source with these rows brings; `extra` are settings."""

    def fact(self, **facts: Any) -> dict[str, Any]:
        return self.row(1, **{self.wire[name]: value for name, value in facts.items()})

    # --- 11.3 dates

    @pytest.mark.parametrize("nothing", ["", "0", "0001-01-01T00:00:00", "01/01/1970 08:00:00", "null"])
    def test_27_32_no_promise_is_a_fact_not_an_error(self, nothing: str) -> None:
        record = self.read_rows([self.fact(promised_at=nothing)]).only
        assert record.promised_at is None
        assert record.status is Status.PROCESSING

    def test_27_32_absent_key_is_no_promise(self) -> None:
        row = self.row(1)
        del row[self.wire["promised_at"]]
        assert self.read_rows([row]).only.promised_at is None

    def test_28_wall_clock_is_the_sources_zone(self) -> None:
        assert self.read_rows([self.row(1)]).only.promised_at == datetime(2025, 11, 10, 1, 15, tzinfo=UTC)

    def test_29_promise_without_hour_is_marked(self) -> None:
        record = self.read_rows([self.fact(promised_at="10/11/2025 00:00:00")]).only
        assert record.promised_date_only
        assert record.promised_at == datetime(2025, 11, 9, 17, 0, tzinfo=UTC)

    @pytest.mark.parametrize("broken", ["31/02/2025 08:00:00", "10/11/2025 abc", "tuần sau", "10/11/2205 08:00:00"])
    def test_25_31_promise_that_cannot_be_read_sets_its_row_aside(self, broken: str) -> None:
        spoilt = self.row(2, **{self.wire["promised_at"]: broken})
        result = self.read_rows([self.row(1), spoilt, self.row(3)])
        assert sorted(result.codes) == codes([1, 3]), "good rows are not lost beside a bad one"
        (bad,) = result.bad
        assert bad.field == self.wire["promised_at"]
        assert str(broken) not in bad.problem or not str(broken)
        assert bad.raw

    def test_26_day_and_month_swapped_everywhere_stops_the_reading(self) -> None:
        facts = {self.wire["received_at"]: "05/11/2025 08:15:00", self.wire["promised_at"]: "11/05/2025 08:15:00"}
        with pytest.raises(UnexpectedAnswer, match="đảo ngày và tháng"):
            self.read_rows([self.row(number, **facts) for number in range(1, 40)])

    # --- 11.4, 11.5 meaning and shapes

    @pytest.mark.parametrize("code", ["", "11", "trạng thái lạ", "99"])
    def test_40_unknown_status_stays_unknown(self, code: str) -> None:
        record = self.read_rows([self.fact(status=code)]).only
        assert record.status is Status.UNKNOWN
        assert record.status_raw == code

    def test_40_a_site_may_name_its_own_states(self) -> None:
        record = self.read_rows([self.fact(status="Trạng  thái LẠ.")], status_map={"trạng thái lạ": "suspended"}).only
        assert record.status is Status.SUSPENDED

    def test_45_a_row_that_stands_twice_is_kept_once(self) -> None:
        assert len(self.read_rows([self.row(1), self.row(1)]).records) == 1

    def test_48_numbers_as_text_and_text_as_numbers(self) -> None:
        row = {name: str(value) if isinstance(value, int) else value for name, value in self.row(1).items()}
        assert self.read_rows([row]).codes == codes([1])

    def test_50_names_are_kept_as_written(self) -> None:
        name = "CÔNG TY TNHH VÍ DỤ; CHI NHÁNH A"
        assert self.read_rows([self.fact(name=name)]).only.applicant.name == name

    def test_42_text_is_composed_and_spaced_once(self) -> None:
        record = self.read_rows([self.fact(name="Nguye\u0302\u0303n  Va\u0306n\tMa\u0302\u0303u")]).only
        assert record.applicant.name == "Nguyễn Văn Mẫu"

    def test_53_unknown_keys_and_missing_ones_do_not_matter(self) -> None:
        row = {**self.fact(name=None), "khoáMới": {"a": [1, 2]}}
        record = self.read_rows([row]).only
        assert record.applicant.name == ""
