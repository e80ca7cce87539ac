"""Where a process spends its time, as a picture: a flame graph of sampled stacks, without any script.

Each box is a function with all that it calls above it, as wide as the share of samples in which it ran.
Functions of makegood have a box each; what libraries do between two of them is one box, with the library's
name. Source: B. Gregg, "The Flame Graph", CACM 59(6), 2016.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from html import escape

_WIDTH, _ROW, _MARGIN, _TOP = 1180, 18, 10, 58
_LEAST = 1.5
"""Pixels below which a box is left out."""
_LETTER = 6.1
"""Pixels of a letter, about."""
_ROOMS = {
    "state_machines": ("#cfe3f7", "state_machines: what is decided, and its words"),
    "workflow": ("#f6dcb4", "workflow: claims, writes, hands on"),
    "tasks": ("#d3ead0", "tasks: turns, sending"),
    "": ("#e3e6ea", "libraries"),
}
_FRAME = re.compile(r"(?P<name>.+) \((?P<file>.+?)(?::\d+)?\)$")
_TASK = "__protected_call__"
"""Celery's last function before a task: all below it is the same for every sample."""
STEPS = ("Engine.fire", "Engine.apply", "Relay.run", "Relay.publish", "NoticeSender.run")
"""What tasks are for; how they come to it is left out, since there are many ways."""


@dataclass
class Box:
    """One function, or what one library did; `share` of samples with it, and what it called by name."""

    name: str
    room: str
    share: int = 0
    above: dict[str, Box] = field(default_factory=dict)

    def add(self, path: Sequence[tuple[str, str]], samples: int) -> None:
        """Count samples of a stack, and of all above this box."""
        self.share += samples
        if path:
            (name, room), *rest = path
            self.above.setdefault(name, Box(name, room)).add(rest, samples)


def read(lines: Iterable[str]) -> Box:
    """Collapsed stacks (`outermost;…;innermost samples` a line) as boxes; only what tasks do."""
    whole = Box("all tasks", "")
    for line in lines:
        stack, _, samples = line.rpartition(" ")
        _, found, inner = stack.rpartition(_TASK)
        if found:
            whole.add(list(_told_apart(_from_a_step(inner.split(";")[1:]))), int(samples))
    return whole


def _from_a_step(frames: Sequence[str]) -> Sequence[str]:
    """The frames from the innermost step on; where there is none, all of them."""
    steps = [place for place, frame in enumerate(frames) if frame.split(" (")[0] in STEPS]
    return frames[steps[-1] :] if steps else frames


def _told_apart(frames: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Name and room of each box, from the outermost on."""
    before = None
    for frame in frames:
        match = _FRAME.match(frame)
        if match is None:
            continue
        package = match["file"].lstrip("<").split("/")[0].removesuffix(".py")
        if package in _ROOMS:
            module = match["file"].rsplit("/", 1)[-1].removesuffix(".py")
            yield f"{match['name'].replace('<locals>.', '')} · {module}", package
            before = None
        elif package != before:
            yield package.strip("<>"), ""
            before = package


def svg(whole: Box, title: str, words: str) -> str:
    """The picture, as text; the same boxes make the same bytes."""
    unit = (_WIDTH - 2 * _MARGIN) / max(1, whole.share)
    depth = _depth(whole, unit)
    height = _TOP + depth * _ROW + 34
    drawn = "\n".join(_drawn(whole, _MARGIN, 0, unit, height - 34, whole.share))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'font-family="DejaVu Sans, sans-serif" font-size="10.5" fill="#1d2733">\n'
        f"<title>{escape(title)}</title>\n"
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>\n'
        f'<text x="{_MARGIN}" y="22" font-size="15">{escape(title)}</text>\n'
        f'<text x="{_MARGIN}" y="42" fill="#4a5a6a">{escape(words)}</text>\n'
        f"{drawn}\n{_legend(height)}\n</svg>\n"
    )


def _depth(box: Box, unit: float) -> int:
    wide = [one for one in box.above.values() if one.share * unit >= _LEAST]
    return 1 + max((_depth(one, unit) for one in wide), default=0)


def _drawn(box: Box, left: float, level: int, unit: float, ground: int, all_: int) -> Iterator[str]:
    width, top = box.share * unit, ground - (level + 1) * _ROW
    fits = int((width - 6) / _LETTER)
    name = box.name if len(box.name) <= fits else f"{box.name[: fits - 1]}…" if fits > 4 else ""
    text = f'<text x="{left + 3:.1f}" y="{top + 13}">{escape(name)}</text>' if name else ""
    percent = 100 * box.share / max(1, all_)
    yield (
        f'<g><title>{escape(box.name)}: {percent:.1f} %</title><rect x="{left:.1f}" y="{top}" '
        f'width="{width:.1f}" height="{_ROW - 1}" fill="{_ROOMS[box.room][0]}" stroke="#ffffff"/>{text}</g>'
    )
    for one in sorted(box.above.values(), key=lambda found: found.name):
        if one.share * unit >= _LEAST:
            yield from _drawn(one, left, level + 1, unit, ground, all_)
        left += one.share * unit


def _legend(height: int) -> str:
    parts, left = [], float(_MARGIN)
    for colour, words in _ROOMS.values():
        parts.append(
            f'<rect x="{left:.0f}" y="{height - 24}" width="12" height="12" fill="{colour}"/>'
            f'<text x="{left + 17:.0f}" y="{height - 14}">{words}</text>'
        )
        left += 40 + len(words) * _LETTER
    return "\n".join(parts)
