"""The clerks' page names every field and form that there is, and no other."""

import re
from pathlib import Path

from monitor.letters.forms import FIELDS, Forms

PAGE = Path(__file__).resolve().parents[2] / "docs" / "vi" / "phieu-xin-loi.md"


def test_the_clerks_page_lists_the_fields_and_forms_as_they_are() -> None:
    rows = dict(re.findall(r"^\| `(\w+)`(?: \([^|]*\))? \| ([^|]*) \|", PAGE.read_text("utf-8"), re.MULTILINE))
    forms = set(Forms().codes)
    assert forms <= rows.keys()
    assert {name: words for name, words in rows.items() if name not in forms} == {
        name: words.vi for name, words in FIELDS.items()
    }
