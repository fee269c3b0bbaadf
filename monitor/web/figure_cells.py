"""The cells of the Office's table as markup. Made here and not in the template: a table has thousands of them, and the
template's way to each (look-ups, filters, escaping) took longer than all that the store does for the page."""

from collections.abc import Callable, Mapping
from urllib.parse import quote_plus, urlencode

from markupsafe import Markup, escape

from monitor.reports import figures_table
from monitor.reports.office import By, TableRow

_BAD = frozenset({"late", "letter_missing", "finished_late"})
_NAMES = {By.AGENCY: "agency", By.PROCEDURE: "thu_tuc", By.FIELD: "linh_vuc", By.LEVEL: "cap"}


class FigureCells:
    """Makes the cells of one table: each figure leads to its dossiers. `page` is the address of the dossiers behind a
    figure, `query` what the table was asked for, `number` how a number is written."""

    def __init__(self, page: str, query: Mapping[str, str], by: By, number: Callable[[int], str]) -> None:
        self._page, self._query, self._name, self._number = page, query, _NAMES.get(by), number
        self._columns = [
            (
                column.figure,
                _suffix(column.measure, in_period=column.in_period) if column.measure else None,
                " bad" if column.measure in _BAD else "",
            )
            for column in figures_table.COLUMNS
        ]

    def link(self, row: TableRow, measure: str, in_period: bool) -> str:
        """The dossiers behind one figure of one row."""
        return self._of_row(row) + _suffix(measure, in_period=in_period)

    def row(self, row: TableRow) -> Markup:
        """The figures of a row. What stands for several rows' dossiers leads nowhere."""
        return self._cells(row, is_linked=row.key not in ("", "?"), marks_bad=True)

    def sum(self, row: TableRow) -> Markup:
        """Those of the table's last line."""
        return self._cells(row, is_linked=True, marks_bad=False)

    def _of_row(self, row: TableRow) -> str:
        of_key = {self._name: row.key} if self._name and row.key and row.key != "?" else {}
        own = {"rieng": "1"} if self._name == "agency" and of_key and not row.opens else {}
        return f"{self._page}?{urlencode({**self._query, **of_key, **own})}"

    def _cells(self, row: TableRow, *, is_linked: bool, marks_bad: bool) -> Markup:
        start = escape(self._of_row(row)) if is_linked else ""
        number = self._number
        found = []
        for figure, suffix, bad in self._columns:
            value = figure(row)
            text = number(value)
            if value and is_linked and suffix is not None:
                text = f'<a href="{start}{escape(suffix)}">{text}</a>'
            found.append(f'<td class="figure{bad if value and marks_bad else ""}">{text}</td>')
        return Markup("".join(found))  # noqa: S704 - numbers and addresses, each escaped above


def _suffix(measure: str, *, in_period: bool) -> str:
    return f"&measure={quote_plus(measure)}&trong_ky={int(in_period)}"
