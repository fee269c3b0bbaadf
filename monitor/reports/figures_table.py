"""The Office's table as cells: the same columns on the page, in the workbook and on paper."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from monitor.domain.course import Measure as M
from monitor.reports.figures import SILENT
from monitor.reports.office import By, Table, TableRow


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its group and title, its figure, and what its dossiers are looked up by ("" = they are not)."""

    group: str
    title: str
    figure: Callable[[TableRow], int]
    measure: str = ""
    in_period: bool = False


def _in_period(*measures: M) -> Callable[[TableRow], int]:
    return lambda row: row.period.during(*measures)


def _at_end(measure: str) -> Callable[[TableRow], int]:
    return lambda row: row.period.after[measure]


# Biểu số II.06a/VPCP/KSTT (law.md §6.3), then what that form leaves out: what stands still, what is not known,
# and the duty to apologise.
COLUMNS = (
    Column("Tiếp nhận", "Tổng số", lambda r: r.period.received + r.period.carried_over),
    Column("Tiếp nhận", "Trực tuyến", _in_period(M.RECEIVED_ONLINE), "received_online", in_period=True),
    Column("Tiếp nhận", "Trực tiếp, bưu chính", _in_period(M.RECEIVED_OTHERWISE), "received_otherwise", in_period=True),
    Column("Tiếp nhận", "Từ kỳ trước", lambda r: r.period.carried_over),
    Column("Đã giải quyết", "Tổng số", lambda r: r.period.resolved),
    Column("Đã giải quyết", "Trước hạn", _in_period(M.FINISHED_EARLY), "finished_early", in_period=True),
    Column("Đã giải quyết", "Đúng hạn", _in_period(M.FINISHED_ON_TIME), "finished_on_time", in_period=True),
    Column("Đã giải quyết", "Quá hạn", _in_period(M.FINISHED_LATE), "finished_late", in_period=True),
    Column("Đang giải quyết", "Tổng số", lambda r: r.period.after.pending),
    Column("Đang giải quyết", "Trong hạn", _at_end(M.IN_TIME), "in_time"),
    Column("Đang giải quyết", "Quá hạn", _at_end(M.LATE), "late"),
    Column("Đang giải quyết", "Tạm dừng", _at_end(M.PAUSED), "paused"),
    Column("Chưa kết luận", "Không xác định", _at_end(M.UNCERTAIN), "uncertain"),
    Column("Chưa kết luận", "Chưa rõ", _at_end(M.UNKNOWN), "unknown"),
    Column("Chưa kết luận", "Nguồn im lặng", _at_end(SILENT), SILENT),
    Column("Thư xin lỗi", "Phải gửi", lambda r: r.period.after.letters_owed),
    Column("Thư xin lỗi", "Đúng hạn", _at_end(M.LETTER_ON_TIME), "letter_on_time"),
    Column("Thư xin lỗi", "Muộn", _at_end(M.LETTER_LATE), "letter_late"),
    Column("Thư xin lỗi", "Thiếu", _at_end(M.LETTER_MISSING), "letter_missing"),
    Column("Thư xin lỗi", "Còn hạn gửi", _at_end(M.LETTER_OPEN), "letter_open"),
)
BY_WORDS = {By.AGENCY: "Đơn vị", By.LEVEL: "Cấp", By.PROCEDURE: "Thủ tục", By.FIELD: "Lĩnh vực"}
TITLE = "Tình hình, kết quả giải quyết thủ tục hành chính"


def groups() -> list[tuple[str, int]]:
    """Group titles over the columns, with how many each spans."""
    found: list[tuple[str, int]] = []
    for column in COLUMNS:
        if found and found[-1][0] == column.group:
            found[-1] = (column.group, found[-1][1] + 1)
        else:
            found.append((column.group, 1))
    return found


def cells(row: TableRow) -> list[int]:
    """The figures of a row, in the order of `COLUMNS`."""
    return [column.figure(row) for column in COLUMNS]


def rate_text(row: TableRow) -> str:
    """`97,5 %`, rounded down, so that 100 % means all of them; a dash where nothing was resolved."""
    if row.rate is None:
        return "–"
    return f"{int(row.rate * 1000) / 10:.1f} %".replace(".", ",")


def period_text(since: date, until: date) -> str:
    """`Từ ngày 01/11/2026 đến ngày 25/11/2026`."""
    return f"Từ ngày {since:%d/%m/%Y} đến ngày {until:%d/%m/%Y}"


def lines(table: Table) -> Sequence[tuple[str, TableRow]]:
    """(ordinal, row), the sum last."""
    return [*((str(number), row) for number, row in enumerate(table.rows, 1)), ("", table.sum)]
