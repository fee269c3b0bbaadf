"""The words of a message: the outbox row's payload through the templates in templates/alerts/.

Every value is cleaned of control characters and escaped by the template engine, never by hand. A template sees the
payload only, and the payload holds nothing of a citizen.
"""

import csv
import io
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import escape

from monitor import TEMPLATES
from monitor.alerts.charts import Bar, late_by_agency
from monitor.alerts.lines import counts_of
from monitor.alerts.outgoing import Outgoing

# Characters that a spreadsheet takes for the beginning of a formula, in both widths.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_COLUMNS = (
    ("Mã hồ sơ", "code"),
    ("Tình trạng", "how"),
    ("Ngày hẹn trả", "promised"),
    ("Số ngày làm việc", "days"),
    ("Thủ tục", "procedure"),
    ("Cơ quan giải quyết", "agency"),
    ("Thư xin lỗi", "letter"),
    ("Ghi chú", "note"),
    ("Đường dẫn", "link"),
)


# What stands above a list that comes by itself; an alert has none.
_NO_HEAD: Mapping[str, Any] = {"title": "", "changes": "", "table": []}


@dataclass(frozen=True, slots=True)
class Attachment:
    """The whole list where the text shows only its beginning."""

    name: str
    data: bytes


def render(template: str, message: Outgoing, shown: int) -> str:
    """The message by one template of templates/alerts/, with at most `shown` lines written out."""
    view = cleaned_view(message.view)
    lines = view["lines"]
    if "said" in view:  # a plain sentence instead of lines
        said = view["subject"] if template == "subject.txt.j2" else view["said"]
        return str(escape(said)) if ".html." in template else str(said)
    shown = _shown(view, shown)
    agencies = {line["agency"] for line in lines if line["agency"]}
    return (
        _environment()
        .get_template(template)
        .render(
            at=view["at_text"],
            updated=view.get("updated", ""),
            maybe_repeat=message.maybe_repeat,
            times=message.times,
            counts=counts_of(lines),
            total=len(lines),
            shown=lines[:shown],
            rest=max(len(lines) - shown, 0),
            agency=agencies.pop() if len(agencies) == 1 else "",
            agencies=len(agencies),
            head=view.get("head") or _NO_HEAD,
            in_place=bool(view.get("instead_of")),
            has_chart=bool(_bars(view)),
        )
        .strip()
    )


def whole_list(message: Outgoing, shown: int) -> Attachment | None:
    """Every line as a CSV that office programs open as text; None where the message itself shows them all."""
    lines = cleaned_view(message.view)["lines"]
    if len(lines) <= _shown(message.view, shown):
        return None
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([title for title, _ in _COLUMNS])
    writer.writerows([_cell(line[key]) for _, key in _COLUMNS] for line in lines)
    stamp = "".join(c for c in str(message.view["at"])[:16] if c.isdigit())
    # the mark at the start is how office programs know the letters are UTF-8
    return Attachment(f"danh-sach-ho-so-{stamp}.csv", ("\ufeff" + text.getvalue()).encode("utf-8"))


def chart(message: Outgoing) -> Attachment | None:
    """The picture of a sum's table; None where there is none."""
    bars = _bars(cleaned_view(message.view))
    if not bars:
        return None
    return Attachment("qua-han-theo-co-quan.png", late_by_agency("Hồ sơ quá hạn theo cơ quan", bars))


def _bars(view: Mapping[str, Any]) -> list[Bar]:
    rows = (view.get("head") or {}).get("table", ())
    return [Bar(row["agency"], row["late"], row["before"]) for row in rows if row["late"] or row["before"]]


def _shown(view: Mapping[str, Any], shown: int) -> int:
    """A sum tells agencies; its dossiers come in the file."""
    return 0 if (view.get("head") or {}).get("table") else shown


class _Cleaned(dict[str, Any]):
    """A view whose texts are clean already."""


def cleaned_view(view: Mapping[str, Any]) -> Mapping[str, Any]:
    """The view with every text clean, as given where it is so already: a message is worded several times."""
    return view if isinstance(view, _Cleaned) else _Cleaned(cleaned(view))


def cleaned(value: Any) -> Any:
    """The same data with every text free of control characters, line breaks and broken Unicode."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, Mapping):
        return {key: cleaned(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [cleaned(item) for item in value]
    return value


class _Printable(dict[int, str]):
    """What each character becomes, looked up once a character."""

    def __missing__(self, point: int) -> str:
        char = chr(point)
        is_bad = unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
        self[point] = " " if is_bad else char
        return self[point]


_PRINTABLE = _Printable()


def clean_text(text: str) -> str:
    """One line of printable text. Control, direction-changing and unpaired characters become blanks."""
    if text.isprintable():  # nearly every text: none of the categories above is printable
        return text if text.isascii() else " ".join(text.split())
    return " ".join(text.translate(_PRINTABLE).split())


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    return "'" + text if text.startswith(_FORMULA) else text


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES / "alerts"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
