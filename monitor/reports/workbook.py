"""The Office's table as an .xlsx file. Every text is a text: no cell can become a formula (reliability.md §4.6)."""

import io
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

from monitor.reports.figures_table import BY_WORDS, COLUMNS, TITLE, cells, groups, lines, period_text, rate_text
from monitor.reports.office import Table

_THIN = Side(style="thin", color="999999")
_BOX = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
_HEAD = PatternFill("solid", start_color="E3EAF1")
_FIRST_ROW = 5


def xlsx(table: Table, site: str, said: str) -> bytes:
    """One sheet, set up to print on A4 across. `said` is the line that tells as of when it was counted."""
    book = Workbook()
    sheet: Any = book.active
    sheet.title = "Tong hop"
    width = 2 + len(COLUMNS) + 1
    _text(sheet.cell(1, 1), site).font = Font(name="Times New Roman", bold=True)
    _text(sheet.cell(2, 1), TITLE).font = Font(name="Times New Roman", bold=True, size=14)
    _text(sheet.cell(3, 1), f"{period_text(table.asked.since, table.asked.until)}. Đơn vị tính: hồ sơ. {said}")
    _head(sheet, BY_WORDS[table.asked.by])
    for at, (ordinal, row) in enumerate(lines(table), _FIRST_ROW + 2):
        bold = Font(name="Times New Roman", bold=not ordinal)
        texts = [_text(sheet.cell(at, 1), ordinal), _text(sheet.cell(at, 2), row.name)]
        texts.append(_text(sheet.cell(at, width), rate_text(row)))
        numbers = [sheet.cell(at, 3 + place) for place in range(len(COLUMNS))]
        for cell, number in zip(numbers, cells(row), strict=True):
            cell.value, cell.number_format = number, "#,##0"
        for cell in [*texts, *numbers]:
            cell.font, cell.border = bold, _BOX
        texts[1].alignment = Alignment(wrap_text=True, vertical="top")
        texts[2].alignment = Alignment(horizontal="right")
    sheet.column_dimensions["A"].width = 5
    sheet.column_dimensions["B"].width = 42
    for place in range(3, width + 1):
        sheet.column_dimensions[get_column_letter(place)].width = 10
    sheet.freeze_panes = sheet.cell(_FIRST_ROW + 2, 3)
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.page_setup.fitToHeight, sheet.sheet_properties.pageSetUpPr.fitToPage = 0, True
    sheet.print_title_rows = f"{_FIRST_ROW}:{_FIRST_ROW + 1}"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _head(sheet: Any, by: str) -> None:
    top, below = _FIRST_ROW, _FIRST_ROW + 1
    for across, title in ((1, "TT"), (2, by), (3 + len(COLUMNS), "Tỷ lệ trả đúng, trước hạn")):
        _text(sheet.cell(top, across), title)
        sheet.merge_cells(start_row=top, end_row=below, start_column=across, end_column=across)
    at = 3
    for title, span in groups():
        _text(sheet.cell(top, at), title)
        sheet.merge_cells(start_row=top, end_row=top, start_column=at, end_column=at + span - 1)
        at += span
    for place, column in enumerate(COLUMNS):
        _text(sheet.cell(below, 3 + place), column.title)
    for line in sheet.iter_rows(min_row=top, max_row=below, max_col=3 + len(COLUMNS)):
        for cell in line:
            cell.font = Font(name="Times New Roman", bold=True)
            cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
            cell.fill, cell.border = _HEAD, _BOX


def _text(cell: Cell, text: str) -> Cell:
    cell.value = text
    cell.data_type = "s"  # whatever it begins with: openpyxl would make a formula of "=…"
    return cell
