"""The Office's table as files: no text becomes a formula, the figures are the page's, the print fits."""

import io
import re
import zipfile
from html import unescape
from typing import Any

import httpx
import openpyxl
import pypdf
import pytest

from monitor.domain.course import Measure
from monitor.people import Agency, Directory
from monitor.reports.figures import Figures, Period
from monitor.reports.figures_table import COLUMNS, cells, rate_text
from monitor.reports.office import Asked, By, Table, TableRow, ranked
from tests.web import desk
from tests.web.conftest import visiting

NASTY = ('=HYPERLINK("http://x.example","bấm")', "+1+1", "-2", "@SUM(A1)", "\t=1", "＝1+1")


@pytest.fixture
def office(program: Any) -> Any:
    """The Office over a province whose agencies have names that a workbook could take for formulas."""
    named = [
        Agency(one.code, NASTY[place % len(NASTY)] if one.parent else one.name, one.parent, one.kind)
        for place, one in enumerate(desk.AGENCIES)
    ]
    program.directory = Directory(named)
    with visiting(program, name="office") as client:
        yield client


def test_no_cell_of_the_workbook_is_a_formula(office: httpx.Client) -> None:
    answer = office.get("/van-phong/tong-hop.xlsx")
    assert answer.headers["content-disposition"] == 'attachment; filename="tong-hop-20260301-20260305.xlsx"'
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        sheets = [book.read(name).decode() for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
    assert sheets
    assert all(not re.search(r"<f[ >/]", sheet) for sheet in sheets)
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    texts = [cell for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]
    assert {cell.data_type for cell in texts} == {"s"}
    assert any(cell.value.startswith("=HYPERLINK") for cell in texts), "the nasty name is there, as a text"


def test_the_workbook_the_paper_and_the_page_show_the_same_sum(office: httpx.Client) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(office.get("/van-phong/tong-hop.xlsx").content)).active
    last = next(row for row in sheet.iter_rows(values_only=True) if row[1] == "Tổng cộng")
    paper = pypdf.PdfReader(io.BytesIO(office.get("/van-phong/tong-hop.pdf").content))
    text = " ".join(page.extract_text() for page in paper.pages)
    html = office.get("/van-phong").text
    foot = re.findall(r">(\d[\d.]*)<", html[html.index("<tfoot>") : html.index("</tfoot>")])
    numbers = [str(number) for number in last[2 : 2 + len(COLUMNS)]]
    assert foot[: len(COLUMNS)] == numbers
    assert " ".join(numbers) in re.sub(r"\s+", " ", text)
    assert paper.pages[0].mediabox.width > paper.pages[0].mediabox.height


def test_a_leader_exports_the_own_agencies_only(program: Any) -> None:
    with visiting(program, name="leader") as client:
        names = [
            row[1]
            for row in openpyxl.load_workbook(io.BytesIO(client.get("/van-phong/tong-hop.xlsx").content)).active.values
        ]
        assert client.get("/van-phong/tong-hop.xlsx?agency=H19.31").status_code == 404
    assert not any(name and "Tân Lộc" in str(name) for name in names)
    assert any(name and "Suối Mơ" in str(name) for name in names)


def _row(name: str, early: int, late: int, pending_late: int = 0, missing: int = 0) -> TableRow:
    after = {
        Measure.FINISHED_EARLY.value: early,
        Measure.FINISHED_LATE.value: late,
        Measure.LATE.value: pending_late,
        Measure.LETTER_MISSING.value: missing,
        Measure.RECEIVED_OTHERWISE.value: early + late + pending_late,
    }
    return TableRow(name, name, Period(Figures(), Figures(after)))


def test_agencies_are_ranked_and_one_that_resolved_nothing_is_no_best() -> None:
    rows = [_row("nothing", 0, 0, 3, 1), _row("half", 5, 5, 1, 7), _row("all", 3, 0, 0, 0)]
    table = Table(Asked(desk.TODAY, desk.TODAY, By.AGENCY), rows, _row("sum", 8, 5))
    assert [row.name for row in ranked(table, "rate")] == ["all", "half", "nothing"]
    assert [row.name for row in ranked(table, "late")] == ["nothing", "half", "all"]
    assert [row.name for row in ranked(table, "letters")] == ["half", "nothing", "all"]
    assert [rate_text(row) for row in rows] == ["–", "50,0 %", "100,0 %"]
    assert rate_text(_row("almost", 1999, 1)) == "99,9 %", "rounded down: 100 % means all"


def test_the_table_adds_up_across() -> None:
    """(3) = (4)+(5)+(6), (7) = (8)+(9)+(10), (3) = (7)+(11)."""
    values = dict(zip([f"{c.group}/{c.title}" for c in COLUMNS], cells(_row("one", 4, 2, 3)), strict=True))
    assert values["Tiếp nhận/Tổng số"] == 9
    assert values["Đã giải quyết/Tổng số"] == values["Đã giải quyết/Trước hạn"] + values["Đã giải quyết/Quá hạn"] == 6
    assert values["Tiếp nhận/Tổng số"] == values["Đã giải quyết/Tổng số"] + values["Đang giải quyết/Tổng số"]


def test_every_figure_of_the_page_opens_as_many_dossiers_as_it_says(program: Any) -> None:
    """Those of a silent source are opened as silent only; an agency's own row opens its own, not its children's."""
    opened = 0
    with visiting(program, name="office") as client:
        for query in ("", "?agency=H19.32", "?theo=procedure", "?theo=field"):
            html = client.get(f"/van-phong{query}").text
            for address, number in sorted(set(re.findall(r'<a href="(/van-phong/ho-so[^"]+)">(\d+)</a>', html))):
                behind = client.get(unescape(address)).text
                assert len(re.findall(r'class="code" href="', behind)) == int(number), address
                opened += 1
        silent = client.get("/van-phong/ho-so?measure=silent").text
        in_time = client.get("/van-phong/ho-so?measure=in_time").text
    assert opened > 40
    assert "G22.99-260220-0002" in silent
    assert "Trong hạn" not in silent, "nor as what it is now"
    (overtaken,) = (row for row in in_time.split("<tr>") if "H19.02-260213-0008" in row)
    assert "Đang xét lại" in overtaken
    assert "G22.99-260220-0002" not in in_time, "the last word of a silent source is not shown as in time"
