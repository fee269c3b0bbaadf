"""Small workbooks in a tenth of the time that the library takes to write one: its own file as the mould, only the sheet
written anew."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape
from zipfile import ZipFile

from openpyxl.utils import get_column_letter

from tests.conformance import test_workbook as workbook

_SHEET = "xl/worksheets/sheet1.xml"
_EPOCH = datetime(1899, 12, 30)


def with_members(members: Mapping[str, bytes]) -> bytes:
    """An archive of these, not packed."""
    made = BytesIO()
    with ZipFile(made, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return made.getvalue()


class QuickBook:
    """A good workbook as the library wrote it (`whole`, `members`), and others in its mould."""

    def __init__(self, whole: bytes) -> None:
        self.whole = whole
        with ZipFile(BytesIO(whole)) as archive:
            self.members = {name: archive.read(name) for name in archive.namelist()}
        sheet = self.members[_SHEET].decode()
        dated = re.search(r'<c r="D2" s="(\d+)"', sheet)
        assert dated is not None, "the column of dates"
        self._date_style = dated[1]
        self._before, self._after = re.split(r"<sheetData>.*</sheetData>", sheet, flags=re.DOTALL)

    @classmethod
    def beside(cls, folder: Path) -> "QuickBook":
        """Written once a folder."""
        path = folder / "mould.xlsx"
        if not path.exists():
            workbook.book([workbook.HEAD, workbook.row(1)]).save(path)
        return cls(path.read_bytes())

    def save(self, path: Path, rows: Iterable[workbook.Cells]) -> None:
        """A workbook of these rows; texts must be such as XML can hold."""
        lines = (
            f'<row r="{number}">{"".join(self._cell(number, i, cell) for i, cell in enumerate(cells, 1))}</row>'
            for number, cells in enumerate(rows, 1)
        )
        sheet = f"{self._before}<sheetData>{''.join(lines)}</sheetData>{self._after}"
        path.write_bytes(with_members(self.members | {_SHEET: sheet.encode()}))

    def _cell(self, row: int, column: int, cell: Any) -> str:
        place = f'r="{get_column_letter(column)}{row}"'
        if cell is None:
            return f"<c {place}/>"
        if isinstance(cell, bool):
            return f'<c {place} t="b"><v>{int(cell)}</v></c>'
        if isinstance(cell, int | float):
            return f"<c {place}><v>{cell}</v></c>"
        if isinstance(cell, datetime):
            return f'<c {place} s="{self._date_style}"><v>{(cell - _EPOCH) / timedelta(days=1)}</v></c>'
        return f'<c {place} t="inlineStr"><is><t xml:space="preserve">{escape(cell)}</t></is></c>'
