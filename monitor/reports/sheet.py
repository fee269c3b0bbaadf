"""The Office's table as a PDF to file and to sign under."""

import json
import threading
from functools import cache

import typst

from monitor import TEMPLATES
from monitor.reports.figures_table import BY_WORDS, COLUMNS, TITLE, cells, groups, lines, period_text, rate_text
from monitor.reports.office import Table

_LAYOUT = TEMPLATES / "reports" / "figures.typ"
_lock = threading.Lock()  # one compiler, many callers


def pdf(table: Table, site: str, said: str) -> bytes:
    """A4 across, the head on every page, the sum last."""
    data = {
        "title": TITLE,
        "site": site,
        "said": said,
        "period": period_text(table.asked.since, table.asked.until),
        "by": BY_WORDS[table.asked.by],
        "groups": [{"title": title, "span": span} for title, span in groups()],
        "columns": [column.title for column in COLUMNS],
        "rows": [
            {
                "ordinal": ordinal,
                "name": row.name,
                "cells": [f"{number:,}".replace(",", ".") for number in cells(row)],
                "rate": rate_text(row),
                "is_sum": not ordinal,
            }
            for ordinal, row in lines(table)
        ],
    }
    with _lock:
        made = _compiler().compile(sys_inputs={"table": json.dumps(data, ensure_ascii=False)}, format="pdf")
    assert isinstance(made, bytes)
    return made


@cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(str(_LAYOUT), font_paths=[str(TEMPLATES / "fonts")], ignore_system_fonts=True)
