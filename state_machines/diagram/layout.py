"""Where the parts of a drawing stand: layers from above, arrows at right angles, room for labels.

The engine is graphlay: layered drawing after Sugiyama, the same input giving the same places always.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

import graphlay

from state_machines.diagram.drawing import Box, Drawing, Ways
from state_machines.subject import INITIAL

FONT = 13.0
SMALL = 11.0
LINE = 15.0
_WIDTH_OF_A_SIGN = 0.56
"""Mean width of a sign of a sans-serif font, in its size. Generous: what is too long overlaps."""
_MARGIN = 28.0
_WIDEST = 34
"""Signs in a line of a label."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class PlacedBox:
    """A state with its middle and its size."""

    box: Box
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class PlacedArrow:
    """The line from one state to another, with the middle of its label.

    `ways` is what each line of the label stands for.
    """

    labels: tuple[str, ...]
    timed: bool
    points: tuple[Point, ...]
    label_at: Point
    ways: tuple[Ways, ...] = ()


@dataclass(frozen=True, slots=True)
class Placed:
    """Everything in its place, from (0, 0) on."""

    width: float
    height: float
    initial: Point | None
    boxes: tuple[PlacedBox, ...]
    arrows: tuple[PlacedArrow, ...]


def place(drawn: Drawing) -> Placed:
    """Find a place for everything.

    States stand in layers in the order in which they are declared, so an arrow back is laid out the
    other way round: what a definition names first stays above, whatever leads back to it. Labels are
    laid out as boxes on the way, so that each stands on its own arrow and on nothing else.
    """
    graph = graphlay.Graph()
    starts = any(arrow.source == INITIAL for arrow in drawn.arrows)
    order = {box.name: n for n, box in enumerate(drawn.boxes)} | {INITIAL: -1}
    if starts:
        graph.node(INITIAL, width=18.0, height=18.0)
    for box in drawn.boxes:
        width, height = size_of(box)
        graph.node(box.name, width=width, height=height)
    lines: list[tuple[tuple[str, str, bool], tuple[str, ...], tuple[Ways, ...], bool]] = []
    for ends, said in _grouped(drawn).items():
        labels, ways = tuple(line for line, _ in said), tuple(of_line for _, of_line in said)
        upper, lower = sorted(ends[:2], key=order.__getitem__)
        label = f"label {len(lines)}"
        graph.node(label, width=text_width(labels, SMALL) + 10, height=LINE * len(labels) + 2)
        graph.edge(upper, label)
        graph.edge(label, lower)
        lines.append((ends, labels, ways, upper == ends[1]))
    found = graphlay.layout(graph, options=_OPTIONS)
    middle = [(node["center"]["x"], node["center"]["y"]) for node in found.nodes]
    first = 1 if starts else 0
    boxes = [PlacedBox(box, *at, *size_of(box)) for box, at in zip(drawn.boxes, middle[first:], strict=False)]
    arrows = [
        PlacedArrow(
            labels, ends[2], _way(found.edges[2 * n : 2 * n + 2], back), middle[first + len(boxes) + n], ways
        )
        for n, (ends, labels, ways, back) in enumerate(lines)
    ]
    return _moved(middle[0] if starts else None, boxes, arrows)


def _way(halves: Any, back: bool) -> tuple[Point, ...]:
    """The way of an arrow, through its label; of an arrow back from below to above."""
    points = [(point["x"], point["y"]) for half in halves for point in half["points"]]
    return tuple(reversed(points) if back else points)


_OPTIONS: Mapping[str, Any] = {
    "direction": "topbottom",
    "spacing": {"layer_gap": 26.0, "node_gap": 22.0, "port_gap": 16.0},
    "effort": "thorough",
}


def size_of(box: Box) -> tuple[float, float]:
    """Width and height of a state's box."""
    width = max(text_width((box.said,), FONT) + (44 if box.final else 10), text_width(box.stays, SMALL))
    return max(width + 24, 96.0), 34.0 + (LINE * len(box.stays) + 6 if box.stays else 0)


def _grouped(drawn: Drawing) -> Mapping[tuple[str, str, bool], list[tuple[str, Ways]]]:
    """Arrows between the same two states are one line with several labels, timed ones apart.

    Each line of the labels, with what it stands for.
    """
    grouped: dict[tuple[str, str, bool], list[tuple[str, Ways]]] = {}
    for arrow in drawn.arrows:
        lines = grouped.setdefault((arrow.source, arrow.dest, arrow.timed), [])
        parts = [*wrap(arrow.label, _WIDEST), *(part for part in arrow.due.split(" or ") if part)]
        lines += [(part, arrow.ways) for part in parts]
    return grouped


def text_width(lines: Iterable[str], font: float) -> float:
    """How wide the longest of these lines is, about."""
    return max((len(line) for line in lines), default=0) * font * _WIDTH_OF_A_SIGN


def _moved(initial: Point | None, boxes: list[PlacedBox], arrows: list[PlacedArrow]) -> Placed:
    """The same with its upper left corner at the margin."""
    left, top, right, bottom = _bounds(initial, boxes, arrows)
    dx, dy = _MARGIN - left, _MARGIN - top

    def moved(point: Point) -> Point:
        return point[0] + dx, point[1] + dy

    return Placed(
        right - left + 2 * _MARGIN,
        bottom - top + 2 * _MARGIN,
        moved(initial) if initial else None,
        tuple(PlacedBox(one.box, *moved((one.x, one.y)), one.width, one.height) for one in boxes),
        tuple(
            PlacedArrow(one.labels, one.timed, tuple(map(moved, one.points)), moved(one.label_at), one.ways)
            for one in arrows
        ),
    )


def _bounds(
    initial: Point | None, boxes: list[PlacedBox], arrows: list[PlacedArrow]
) -> tuple[float, float, float, float]:
    corners = [
        (one.x + sx * one.width / 2, one.y + sy * one.height / 2) for one in boxes for sx, sy in _SIGNS
    ]
    for arrow in arrows:
        width, height = text_width(arrow.labels, SMALL), LINE * len(arrow.labels)
        x, y = arrow.label_at
        corners += [*arrow.points, (x - width / 2, y - height / 2), (x + width / 2, y + height / 2)]
    if initial:
        corners.append((initial[0], initial[1] - 9))
    across, down = [x for x, _ in corners], [y for _, y in corners]
    return min(across), min(down), max(across), max(down)


_SIGNS = ((-1, -1), (1, 1))
