"""One difference as it is shown: what was expected in the left column, what was found in the right one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import tzinfo
from difflib import SequenceMatcher

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from workflow.scenarios.outcome import Difference
from workflow.scenarios.side_by_side import Pair, Sign, shortened, side_by_side
from workflow.scenarios.written_values import Line, visible

_LOOSE = re.compile(r"\.then\.(told|refused|dead)\b")
_STYLES: dict[Sign, tuple[str, str]] = {
    " ": ("dim", "dim"),
    "-": ("green", "red"),
    "+": ("green", "red"),
    "~": ("green", "red"),
}
_NOTHING = "nothing"
_MOST_LINES = 200
"""Lines that are shown of one difference."""
_LONGEST_MARKED = 2000
"""Characters of a line up to which the words in it that differ are looked for."""
_WORD = re.compile(r"\s+|\w+|.", re.DOTALL)


def difference_parts(difference: Difference, place: str, zone: tzinfo) -> Iterator[RenderableType]:
    """What is shown of a difference, from above: what is looked at and where, both sides, what helps.

    Args:
        difference: the one thing that is not as it must be.
        place: its file and line as they are shown.
        zone: by whose clock its instants are.
    """
    yield Text.assemble((visible(difference.what), "bold"), "  ", (f"{place} {difference.field}", "dim"))
    if difference.expected is not None or difference.found is not None:
        yield Padding(_sides(difference, zone), (0, 0, 0, 2))
    for line in difference.more:
        yield Padding(Text(visible(line)), (0, 0, 0, 4))


def _sides(difference: Difference, zone: tzinfo) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), expand=True, pad_edge=False, header_style="underline")
    table.add_column(width=1)
    table.add_column("expected", ratio=1, overflow="fold")
    table.add_column("found", ratio=1, overflow="fold")
    loosely = _LOOSE.search(difference.field) is not None
    told = side_by_side(difference.expected, difference.found, zone, loosely=loosely)
    # What a step needs and cannot have was not expected: there the left side is left empty.
    checks = ".then" in difference.field or difference.field.startswith("always")
    left = _NOTHING if difference.expected is None and checks else ""
    right = _NOTHING if difference.found is None else ""
    shown = shortened(told)
    for number, one in enumerate(shown[:_MOST_LINES]):
        if isinstance(one, int):
            table.add_row("", Text(f"… {one} more as it must be …", "dim italic"))
            continue
        cells = _cells(one)
        if number == 0:
            cells = cells[0] if one.expected else left, cells[1] if one.found else right
        table.add_row(one.sign, *cells)
    if len(shown) > _MOST_LINES:
        table.add_row("", Text(f"… {len(shown) - _MOST_LINES} more lines …", "dim italic"))
    return table


def _cells(pair: Pair) -> tuple[RenderableType, RenderableType]:
    left, right = (_text(line) for line in (pair.expected, pair.found))
    styles = _STYLES[pair.sign]
    left.stylize(styles[0])
    right.stylize(styles[1])
    if pair.sign == "~":
        _mark_words(left, right)
    return _set_in(left, pair.expected), _set_in(right, pair.found)


def _text(line: Line | None) -> Text:
    return Text("" if line is None else line.text)


def _set_in(text: Text, line: Line | None) -> RenderableType:
    return text if line is None else Padding(text, (0, 0, 0, 2 * line.depth))


def _mark_words(left: Text, right: Text) -> None:
    """Underline the words by which two lines differ, where they are much the same."""
    if max(len(left), len(right)) > _LONGEST_MARKED:
        return
    sides: list[list[str]] = [_WORD.findall(text.plain) for text in (left, right)]
    matcher = SequenceMatcher(None, sides[0], sides[1], autojunk=False)
    if matcher.ratio() < 0.5:
        return
    for what, a, b, c, d in matcher.get_opcodes():
        if what != "equal":
            for text, words, begin, end in ((left, sides[0], a, b), (right, sides[1], c, d)):
                start = sum(map(len, words[:begin]))
                text.stylize("underline", start, start + sum(map(len, words[begin:end])))
