"""Emphasis: what of a drawing stands out in colour, what is greyed and dashed, and a legend that says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape

from state_machines.diagram.drawing import Drawing, Ways

STYLE = """
.part.arrow,.timed.part.arrow{stroke-dasharray:9 3}.in.arrow,.part.arrow{stroke:#0a5fb4;stroke-width:1.9}
.timed.in.arrow,.timed.part.arrow{stroke:#b8690f;stroke-width:1.9}.timed.in.arrow{stroke-dasharray:none}
.in.tip,.part.tip{fill:#0a5fb4}.timed.in.tip,.timed.part.tip{fill:#b8690f}
.out.arrow,.timed.out.arrow{stroke:#8a95a0;stroke-width:1.3;stroke-dasharray:3 4}
.out.tip,.timed.out.tip{fill:#8a95a0}
.in.state{fill:#dcebfc;stroke:#0a5fb4;stroke-width:1.9}.in.final{fill:#e2f3dc;stroke:#2f7a27;stroke-width:1.9}
.out.state,.out.final{fill:#f6f7f8;stroke:#8a95a0;stroke-width:1.2;stroke-dasharray:3 4}
.out.ring{stroke:#b6bec6}.out.mark{fill:#8a95a0}.out.name,.out.label,.out.stays,.out.note{fill:#55606b}
.out.label,.out.stays,.out.note{font-style:italic}.in.label,.part.label,.in.stays,.part.stays,.in.note,.part.note{fill:#0b4a88}
.timed.in.label,.timed.part.label{fill:#8a4b00}"""


@dataclass(frozen=True, slots=True)
class Emphasis:
    """What of a lifecycle stands out.

    Attributes:
        states: names of states.
        ways: transitions, each from one source.
        caption: a line under the title.
        words: what it means to stand out, to do so in part, and not to.
    """

    states: frozenset[str]
    ways: Ways
    caption: str
    words: tuple[str, str, str]

    def of_state(self, name: str) -> str:
        """The class of a state: `` in`` or `` out``."""
        return " in" if name in self.states else " out"

    def of_ways(self, *ways: Ways) -> str:
        """The class of what stands for these: `` in``, `` part`` or `` out``."""
        every = frozenset().union(*ways)
        found = every & self.ways
        return " out" if not found else " in" if found == every else " part"

    def everywhere(self, drawn: Drawing) -> Iterator[tuple[str, str]]:
        """Class and words of each label of what every state has."""
        for label, ways in zip(drawn.everywhere, drawn.ways_everywhere, strict=True):
            found = len({source for _, _, source in ways & self.ways})
            every = len({source for _, _, source in ways})
            yield self.of_ways(ways), f"{label}: from {found} of {every} states"

    def legend(self, x: float, y: float) -> Iterator[str]:
        """The parts of the legend, in a row that begins at this point."""
        for kind, words in zip((" in", " part", " out"), self.words, strict=True):
            yield f'<path class="arrow{kind}" d="M{x:.1f} {y - 4:.1f}h30"/>'
            yield f'<text class="note" x="{x + 38:.1f}" y="{y:.1f}">{escape(words)}</text>'
            x += 38 + _width(words) + 26
        yield f'<path class="timed arrow in" d="M{x:.1f} {y - 4:.1f}h30"/>'
        yield f'<text class="note" x="{x + 38:.1f}" y="{y:.1f}">by a timeout</text>'

    @property
    def width(self) -> float:
        """How wide the legend is, about."""
        return sum(64 + _width(words) for words in (*self.words, "by a timeout"))


def kind_of(emphasis: Emphasis | None, ways: Iterable[Ways]) -> str:
    """The class of what stands for these; empty where nothing is emphasized."""
    return "" if emphasis is None else emphasis.of_ways(*ways)


def _width(words: str) -> float:
    return len(words) * 6.4
