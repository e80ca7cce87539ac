"""A lifecycle as an SVG that needs nothing else: no script, no font, no browser's layout.

Rounded boxes are states, a doubled border with a bull's eye a final one; a solid arrow is an event from
outside, a dashed one a timeout with the time it takes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from xml.sax.saxutils import escape

from state_machines.diagram.drawing import AGAIN, Drawing, Ways, Words, brief, drawing
from state_machines.diagram.emphasis import STYLE, Emphasis, kind_of
from state_machines.diagram.layout import (
    FONT,
    LINE,
    SMALL,
    Placed,
    PlacedArrow,
    PlacedBox,
    place,
    text_width,
)
from state_machines.form.definition import Definition

_HEADING = 34.0
_CORNER = 7.0
_STYLE = f"""\
text{{font-family:"DejaVu Sans",Verdana,Helvetica,Arial,sans-serif;fill:#1d2733}}
.title{{font-size:15px;font-weight:bold}}.name{{font-size:{FONT:g}px;font-weight:bold}}
.stays{{font-size:{SMALL:g}px;fill:#4a5a6a}}.note{{font-size:{SMALL:g}px;fill:#4a5a6a}}
.label{{font-size:{SMALL:g}px}}.behind{{fill:#fff;fill-opacity:.88}}
.timed.label{{fill:#8a4b00}}
.state{{fill:#eef4fb;stroke:#2f5d8c;stroke-width:1.4}}.final{{fill:#f1f7ee;stroke:#3d7a37;stroke-width:1.4}}
.mark{{fill:#3d7a37;stroke:none}}.ring{{fill:none;stroke:#3d7a37;stroke-width:1.2}}.begin{{fill:#1d2733}}
.arrow{{fill:none;stroke:#43546a;stroke-width:1.3}}.timed.arrow{{stroke:#b8690f;stroke-dasharray:6 4}}
.tip{{fill:#43546a}}.timed.tip{{fill:#b8690f}}"""
_PRESENT = ".present{fill:#ffe9a8;stroke:#8a4b00;stroke-width:3.5}"


def svg(
    definition: Definition,
    emphasis: Emphasis | None = None,
    present: str | None = None,
    counts: Mapping[str, str] | None = None,
    words: Words | None = None,
) -> str:
    """The text of the drawing, XML in UTF-8.

    Args:
        definition: what is drawn.
        emphasis: what of it stands out; None: all of it is drawn alike.
        present: the state that is lit, since a subject is in it; then only states and the triggers between
            them are drawn.
        counts: what stands in each state, by its name, such as how many subjects are in it; drawn as briefly.
        words: what readers call states and triggers, where it is drawn briefly; None: by their names.
    """
    is_brief = present is not None or counts is not None
    drawn = brief(drawing(definition), counts or {}, words) if is_brief else drawing(definition)
    placed = place(drawn)
    notes = _notes(drawn, emphasis)
    heading = _HEADING + (0 if emphasis is None else 2.6 * LINE)
    longest = max(len(drawn.title) * 9.0, text_width((line for _, line in notes), SMALL))
    width = max(placed.width, longest + 56, 0 if emphasis is None else emphasis.width + 56)
    height = placed.height + heading + LINE * len(notes) + (12 if notes else 0)
    indent = (width - placed.width) / 2
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" role="img" aria-labelledby="title">',
        f'<title id="title">{escape(drawn.title)}</title>',
        f"<style>{_STYLE}{'' if emphasis is None else STYLE}{'' if present is None else _PRESENT}</style>",
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="#fff"/>',
        f'<text class="title" x="28" y="26">{escape(drawn.title)}</text>',
        *(() if emphasis is None else _explained(emphasis)),
        f'<g transform="translate({indent:.1f} {heading:g})">',
        *_lines(placed, emphasis),
        *(part for box in placed.boxes for part in _box(box, emphasis, present)),
        *(part for arrow in placed.arrows for part in _label(arrow, emphasis)),
        "</g>",
        *_text(28.0, placed.height + heading + 8, notes, anchor="start"),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


_Line = tuple[str, str]
"""Class and words of a line of text."""


def _notes(drawn: Drawing, emphasis: Emphasis | None) -> list[_Line]:
    notes = []
    if drawn.everywhere:
        said = "In every state, which it does not leave: "
        if emphasis is None:
            notes.append(("note", said + ", ".join(drawn.everywhere)))
        else:
            notes.append(("note", said))
            notes += [(f"note{kind}", f"    {words}") for kind, words in emphasis.everywhere(drawn)]
    if any(AGAIN in label for box in drawn.boxes for label in box.stays):
        notes.append(("note", f"{AGAIN} leaves the state and enters it again"))
    return notes


def _explained(emphasis: Emphasis) -> Iterator[str]:
    yield from _text(28.0, 45.0, [("note", emphasis.caption)], anchor="start")
    yield from emphasis.legend(28.0, 64.0)


def _lines(placed: Placed, emphasis: Emphasis | None) -> Iterator[str]:
    if placed.initial is not None:
        x, y = placed.initial
        yield f'<circle class="begin" cx="{x:.1f}" cy="{y:.1f}" r="8"/>'
    for arrow in placed.arrows:
        kind, mark = "timed " if arrow.timed else "", kind_of(emphasis, arrow.ways)
        yield f'<path class="{kind}arrow{mark}" d="{_path(arrow)}"/>'
        yield f'<polygon class="{kind}tip{mark}" points="{_tip(arrow)}"/>'


def _path(arrow: PlacedArrow) -> str:
    """The line with its corners rounded."""
    first, *rest = arrow.points
    said = [f"M{first[0]:.1f} {first[1]:.1f}"]
    before = first
    for corner, after in pairwise(rest):
        into, out = _towards(corner, before), _towards(corner, after)
        said.append(f"L{into[0]:.1f} {into[1]:.1f}Q{corner[0]:.1f} {corner[1]:.1f} {out[0]:.1f} {out[1]:.1f}")
        before = corner
    said.append(f"L{rest[-1][0]:.1f} {rest[-1][1]:.1f}")
    return "".join(said)


def _towards(corner: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    """The point on the way from a corner where its rounding begins."""
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    length = (dx * dx + dy * dy) ** 0.5
    part = min(_CORNER, length / 2) / length if length else 0.0
    return corner[0] + dx * part, corner[1] + dy * part


def _tip(arrow: PlacedArrow) -> str:
    (fx, fy), (x, y) = arrow.points[-2:]
    length = ((x - fx) ** 2 + (y - fy) ** 2) ** 0.5 or 1.0
    ux, uy = (x - fx) / length, (y - fy) / length
    corners = [(x, y), (x - 9 * ux - 4 * uy, y - 9 * uy + 4 * ux), (x - 9 * ux + 4 * uy, y - 9 * uy - 4 * ux)]
    return " ".join(f"{cx:.1f},{cy:.1f}" for cx, cy in corners)


def _box(placed: PlacedBox, emphasis: Emphasis | None, present: str | None) -> Iterator[str]:
    box, width, height = placed.box, placed.width, placed.height
    left, top = placed.x - width / 2, placed.y - height / 2
    yield "<g>"
    if box.description:
        yield f"<title>{escape(box.description)}</title>"
    kind, mark = "final" if box.final else "state", "" if emphasis is None else emphasis.of_state(box.name)
    kind += " present" if box.name == present else ""
    size = f'width="{width:.1f}" height="{height:.1f}"'
    yield f'<rect class="{kind}{mark}" x="{left:.1f}" y="{top:.1f}" {size} rx="10"/>'
    name_at = placed.x
    if box.final:
        yield (
            f'<rect class="ring{mark}" x="{left + 3:.1f}" y="{top + 3:.1f}" width="{width - 6:.1f}" '
            f'height="{height - 6:.1f}" rx="8"/>'
        )
        yield f'<circle class="ring{mark}" cx="{left + 19:.1f}" cy="{top + 17:.1f}" r="7"/>'
        yield f'<circle class="mark{mark}" cx="{left + 19:.1f}" cy="{top + 17:.1f}" r="4"/>'
        name_at += 10
    yield from _text(name_at, top + 21.5, [(f"name{mark}", box.said)])
    if box.stays:
        yield f'<path class="arrow{mark}" d="M{left + 8:.1f} {top + 32:.1f}H{left + width - 8:.1f}"/>'
        yield from _text(placed.x, top + 45, _marked("stays", box.stays, box.ways, emphasis))
    yield "</g>"


def _label(arrow: PlacedArrow, emphasis: Emphasis | None) -> Iterator[str]:
    x, y = arrow.label_at
    width, height = text_width(arrow.labels, SMALL), LINE * len(arrow.labels)
    yield (
        f'<rect class="behind" x="{x - width / 2:.1f}" y="{y - height / 2:.1f}" '
        f'width="{width:.1f}" height="{height:.1f}" rx="3"/>'
    )
    top = y - height / 2 + SMALL
    kind = "timed label" if arrow.timed else "label"
    yield from _text(x, top, _marked(kind, arrow.labels, arrow.ways, emphasis))


def _marked(kind: str, lines: Sequence[str], ways: Sequence[Ways], emphasis: Emphasis | None) -> list[_Line]:
    """Lines of text, each in the class of what it stands for."""
    return [(kind + kind_of(emphasis, (of_line,)), line) for line, of_line in zip(lines, ways, strict=True)]


def _text(x: float, y: float, lines: Iterable[_Line], anchor: str = "middle") -> Iterator[str]:
    for n, (kind, line) in enumerate(lines):
        if line:
            at = f'x="{x:.1f}" y="{y + n * LINE:.1f}" text-anchor="{anchor}"'
            yield f'<text class="{kind}" {at}>{escape(line)}</text>'
