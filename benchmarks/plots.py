"""One picture of a figure: bars beside each other, or lines over a size; SVG, on a ground of its own.

Text stays text, so that it can be found and read aloud, and the same figures make the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any, NamedTuple

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FuncFormatter

from benchmarks.figures import Figure, shown

_INK, _FAINT, _GROUND = "#1d2733", "#4a5a6a", "#ffffff"
_OURS, _BARE, _PEER, _GOAL = "#2f5d8c", "#3d7a37", "#a9b4c0", "#b8690f"
_LINES = ("#2f5d8c", "#b8690f", "#3d7a37", "#8a3d7a", "#43546a", "#a33c3c", "#2a8c8c")
_MARKS = ("o", "s", "^", "D", "v", "P", "X")
_FAR_APART = 30.0
"""From this ratio of the longest bar to the shortest on, the axis is logarithmic."""
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "makegood",
    "font.family": ["DejaVu Sans"],
    "font.size": 10,
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "axes.edgecolor": _FAINT,
    "xtick.color": _FAINT,
    "ytick.color": _INK,
    "figure.facecolor": _GROUND,
    "axes.facecolor": _GROUND,
}

_COUNTS = FuncFormatter(lambda value, _: f"{value:,g}")


class _Bar(NamedTuple):
    name: str
    value: float
    runs: Sequence[float]
    colour: str


def svg(figure: Figure, title: str) -> str:
    """The picture: lines where `detail` has a `plot`, else bars."""
    plot = figure.detail.get("plot")
    with rc_context(_STYLE):  # type: ignore[arg-type]
        canvas = _bars(figure, title) if plot is None else _lines(plot, title)
        text = StringIO()
        canvas.savefig(text, format="svg", metadata={"Date": None, "Title": title})
    return text.getvalue()


def _bars(figure: Figure, title: str) -> Canvas:
    runs = figure.detail.get("peer_runs", {})
    bars = [_Bar("makegood", figure.value, figure.runs, _OURS)]
    if figure.bare is not None:
        bars.append(_Bar("bare", figure.bare, figure.detail.get("bare_runs", ()), _BARE))
    bars += [_Bar(name, value, runs.get(name, ()), _PEER) for name, value in figure.peers.items()]
    canvas = Canvas(figsize=(8.4, 1.5 + 0.42 * len(bars)), layout="constrained")
    axes = canvas.add_subplot()
    values = [bar.value for bar in bars if bar.value > 0]
    far = len(values) > 1 and max(values) / min(values) > _FAR_APART
    if far:
        axes.set_xscale("log")
        axes.set_xlim(min(values) / 3, max(values) * 4)
    else:
        axes.set_xlim(0, max([*values, figure.detail.get("line") or 0]) * 1.18 or 1)
        axes.xaxis.set_major_formatter(_COUNTS)
    for place, bar in enumerate(bars):
        axes.barh(place, bar.value, color=bar.colour, height=0.62)
        if len(bar.runs) > 1:
            axes.plot([min(bar.runs), max(bar.runs)], [place, place], color=_INK, linewidth=1.2, marker="|")
        end = max([bar.value, *bar.runs])
        axes.annotate(
            shown(bar.value), (end, place), (6, 0), textcoords="offset points", va="center", fontsize=9
        )
    axes.set_yticks(range(len(bars)), [bar.name for bar in bars])
    axes.invert_yaxis()
    axes.set_xlabel(figure.unit + (" (logarithmic)" if far else ""))
    _finish(axes, title, goal=figure.detail.get("goal"), line=figure.detail.get("line"))
    return canvas


def _lines(plot: Mapping[str, Any], title: str) -> Canvas:
    """`plot`: `x` and `y` name the axes, `log_x` and `log_y`, `lines`: name -> points, `line`: the goal.

    With `panels`, a list of such plots over the same x, they stand below each other.
    """
    panels = plot.get("panels", [plot])
    canvas = Canvas(figsize=(8.4, 1.2 + 3.0 * len(panels)), layout="constrained")
    grid = canvas.subplots(len(panels), 1, sharex=True, squeeze=False)
    for place, (axes, panel) in enumerate(zip(grid[:, 0], panels, strict=True)):
        for number, (name, points) in enumerate(panel["lines"].items()):
            axes.plot(
                *zip(*points, strict=True), label=name, linewidth=1.6, markersize=5,
                color=_LINES[number % len(_LINES)],
                marker=_MARKS[number % len(_MARKS)] if len(points) < 30 else None,
            )  # fmt: skip
        axes.set_xscale("log" if plot.get("log_x") else "linear")
        if panel.get("log_y"):
            axes.set_yscale("log")
        else:
            axes.set_ylim(0, 1.08 * max(y for points in panel["lines"].values() for _, y in points) or 1)
            axes.yaxis.set_major_formatter(_COUNTS)
        if place == len(panels) - 1:
            axes.set_xlabel(plot["x"])
        axes.set_ylabel(panel["y"])
        if len(panel["lines"]) > 1:
            axes.legend(frameon=False, fontsize=9)
        axes.grid(color="#e3e8ee", linewidth=0.8)
        axes.set_axisbelow(True)
        if panel.get("line") is not None:
            axes.axhline(panel["line"], color=_GOAL, linestyle="--", linewidth=1.3)
        _spare(axes)
    grid[0, 0].set_title(title, loc="left", fontsize=12, fontweight="bold")
    return canvas


def _finish(axes: Axes, title: str, *, goal: str | None, line: float | None) -> None:
    axes.set_title(title, loc="left", fontsize=12, fontweight="bold")
    axes.grid(axis="x", color="#e3e8ee", linewidth=0.8)
    axes.set_axisbelow(True)
    if line is not None:
        axes.axvline(line, color=_GOAL, linestyle="--", linewidth=1.3)
        axes.annotate(
            f"goal: {goal}", (0, 1), (0, 4), xycoords="axes fraction", textcoords="offset points",
            fontsize=9, color=_GOAL,
        )  # fmt: skip
        axes.set_title(title, loc="left", fontsize=12, fontweight="bold", pad=20)
    _spare(axes)


def _spare(axes: Axes) -> None:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
