"""The picture of a digest: late dossiers by agency, now and at the last one. SVG by pygal, PNG by resvg, our own fonts.

The same figures give the same bytes on every machine: no font of the system is used.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from monitor import TEMPLATES

_WIDTH = 720
_BAR_HEIGHT = 46
_FONT = "Liberation Serif"
_FONTS = ("LiberationSerif-Regular.ttf", "LiberationSerif-Bold.ttf")


@dataclass(frozen=True, slots=True)
class Bar:
    """One agency: how many are late now, and how many were at the last digest (None: there was none)."""

    name: str
    now: int
    before: int | None = None


def late_by_agency(title: str, bars: Sequence[Bar]) -> bytes:
    """A PNG with one bar for each agency, in the order given, and a lighter one for the last digest."""
    import pygal
    import resvg_py
    from pygal.style import Style

    style = Style(
        background="#ffffff",
        plot_background="#ffffff",
        foreground="#1b1b1b",
        foreground_strong="#1b1b1b",
        foreground_subtle="#777777",
        colors=("#b3261e", "#d9a6a2"),
        font_family=_FONT,
        label_font_size=15,
        major_label_font_size=15,
        legend_font_size=15,
        title_font_size=19,
        value_font_size=15,
        value_label_font_size=15,
        opacity="1",
    )
    compared = any(bar.before is not None for bar in bars)
    chart = pygal.HorizontalBar(
        style=style,
        width=_WIDTH,
        height=150 + _BAR_HEIGHT * max(len(bars), 1),
        title=title,
        show_legend=compared,
        legend_at_bottom=True,
        print_values=True,
        print_values_position="top",
        value_formatter=lambda value: f"{value:.0f}",
        show_x_guides=False,
        show_y_guides=False,
        show_x_labels=False,
        js=(),
        no_prefix=True,
    )
    ordered = list(reversed(bars))  # the library draws from the bottom
    chart.x_labels = [_short(bar.name) for bar in ordered]
    chart.add("Hiện nay", [bar.now for bar in ordered])
    if compared:
        chart.add("Kỳ trước", [bar.before or 0 for bar in ordered])
    fonts = [str(TEMPLATES / "fonts" / name) for name in _FONTS]
    picture = resvg_py.svg_to_bytes(
        svg_string=chart.render(is_unicode=True),
        background="#ffffff",
        skip_system_fonts=True,
        font_files=fonts,
        font_family=_FONT,
        serif_family=_FONT,
        sans_serif_family=_FONT,
        monospace_family=_FONT,
    )
    return bytes(picture)


def _short(name: str) -> str:
    """An agency's name as a label: what all share is left out."""
    return name.replace("Ủy ban nhân dân", "UBND")[:32]
