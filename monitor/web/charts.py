"""Charts made on the server as pictures of their own: a page shows them by address, so nothing runs in it."""

import sys
from collections.abc import Sequence
from datetime import date
from typing import Any

from starlette.responses import Response

# The picture is a document of its own, and its styles stand in it.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
_FONT = '"Segoe UI", "Noto Sans", "Liberation Sans", Arial, sans-serif'


def line(title: str, days: Sequence[date], series: Sequence[tuple[str, str, Sequence[int]]]) -> Response:
    """A line a series (name, colour, values); the days below, each seventh written out."""
    most = max([1, *(value for _, _, values in series for value in values)])
    step = _step(most)
    top = -(-most // step) * step
    style = _pygal().style.Style(
        background="#ffffff",
        plot_background="#ffffff",
        foreground="#16222e",
        foreground_strong="#16222e",
        foreground_subtle="#56616d",
        colors=tuple(colour for _, colour, _ in series),
        font_family=_FONT,
        guide_stroke_color="#d5dbe1",
        major_guide_stroke_color="#b8c1ca",
        guide_stroke_dasharray="0",
        major_guide_stroke_dasharray="0",
        title_font_size=18,
        label_font_size=15,
        major_label_font_size=15,
        legend_font_size=16,
    )
    chart = _pygal().Line(
        style=style,
        width=720,
        height=300,
        truncate_label=-1,
        truncate_legend=-1,
        js=[],
        no_prefix=True,
        show_minor_x_labels=False,
        legend_at_bottom=True,
        legend_at_bottom_columns=len(series),
        dots_size=2.5,
        stroke_style={"width": 2.5},
        margin=12,
        value_formatter=lambda value: f"{round(value):,}".replace(",", "."),
        range=(0, top),
        y_labels=list(range(0, top + 1, step)),
    )
    chart.title = title
    chart.x_labels = [f"{day:%d/%m}" for day in days]
    chart.x_labels_major = [f"{day:%d/%m}" for place, day in enumerate(days) if (len(days) - 1 - place) % 7 == 0]
    for place, (name, _, values) in enumerate(series):
        # the lines differ in more than their colour
        dash = {"width": 2.5} if place == 0 else {"width": 2.5, "dasharray": "7, 4"}
        chart.add(name, list(values), stroke_style=dash)
    return Response(
        chart.render(disable_xml_declaration=False),
        media_type="image/svg+xml",
        headers={"Content-Security-Policy": _POLICY},
    )


def _pygal() -> Any:
    """The library, without the import hook for plug-ins that it leaves behind (of a kind Python gave up)."""
    import pygal
    import pygal.style

    sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__name__ != "PluginImportFixer"]
    return pygal


def _step(most: int) -> int:
    """Between the lines of the scale: 1, 2 or 5 times a power of ten, at most five lines."""
    size = 1
    while True:
        for times in (1, 2, 5):
            if most <= 5 * times * size:
                return times * size
        size *= 10
