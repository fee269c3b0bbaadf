"""The cells of the Office's table as markup. Made here and not in the template: a table has thousands of them, and the
template's way to each (look-ups, filters, escaping) took longer than all that the store does for the page."""

from collections.abc import Callable, Mapping
from urllib.parse import quote_plus, urlencode

from markupsafe import Markup, escape

from monitor.reports import figures_table
from monitor.reports.office import By, TableRow

_BAD = frozenset({"late", "letter_missing", "finished_late"})
_NAMES = {By.AGENCY: "agency", By.PROCEDURE: "thu_tuc", By.FIELD: "linh_vuc", By.LEVEL: "cap"}
_NOWHERE = ("", "?")  # keys of rows that stand for several things at once, or for what has no name


class FigureCells:
    """Makes the cells of one table: each figure leads to its dossiers. `page` is the address of the dossiers behind a
    figure, `query` what the table was asked for, `number` how a number is written."""

    def __init__(self, page: str, query: Mapping[str, str], by: By, number: Callable[[int], str]) -> None:
        self._number, self._is_by_agency = number, by is By.AGENCY
        name = _NAMES[by]
        # what all rows share is written out once
        self._whole = f"{page}?{urlencode(query)}"
        self._start = f"{page}?{urlencode({key: value for key, value in query.items() if key != name})}&{name}="
        self._columns = [
            (
                column.figure,
                escape(_suffix(column.measure, in_period=column.in_period)) if column.measure else "",
                " bad" if column.measure in _BAD else "",
            )
            for column in figures_table.COLUMNS
        ]

    def link(self, row: TableRow, measure: str, in_period: bool) -> str:
        """The dossiers behind one figure of one row."""
        return self._of_row(row) + _suffix(measure, in_period=in_period)

    def row(self, row: TableRow) -> Markup:
        """The figures of a row. What stands for several rows' dossiers leads nowhere."""
        return self._cells(row, "" if row.key in _NOWHERE else self._of_row(row), marks_bad=True)

    def sum(self, row: TableRow) -> Markup:
        """Those of the table's last line."""
        return self._cells(row, self._of_row(row), marks_bad=False)

    def _of_row(self, row: TableRow) -> str:
        if row.key in _NOWHERE:
            return self._whole
        own = "&rieng=1" if self._is_by_agency and not row.opens else ""
        return f"{self._start}{quote_plus(row.key)}{own}"

    def _cells(self, row: TableRow, address: str, *, marks_bad: bool) -> Markup:
        start, number = escape(address), self._number
        found = []
        for figure, suffix, bad in self._columns:
            value = figure(row)
            if not value:
                found.append('<td class="figure">0</td>')
                continue
            text = number(value)
            if address and suffix:
                text = f'<a href="{start}{suffix}">{text}</a>'
            found.append(f'<td class="figure{bad if marks_bad else ""}">{text}</td>')
        return Markup("".join(found))  # noqa: S704 - numbers and addresses, each escaped above


def _suffix(measure: str, *, in_period: bool) -> str:
    return f"&measure={quote_plus(measure)}&trong_ky={int(in_period)}"
