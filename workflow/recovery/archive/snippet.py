"""Where in a text the words stand that somebody asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence

from workflow.recovery.archive.words import simple

Mark = tuple[int, int]
_AROUND = 90
"""Characters on either side of the first word that is shown."""
_WORD = re.compile(r"[^\W_]+")


def snippet(text: str, words: Sequence[str]) -> tuple[str, list[Mark]]:
    """The line that has most of the words, cut around the first of them, and where they stand in it.

    Without words it is the beginning. `words` are as `words.asked` gives them.
    """
    best = _best_line(text, words) if words else text.partition("\n")[0]
    marks = _marks(best, words)
    middle = marks[0][0] if marks else 0
    begin = max(0, middle - _AROUND)
    if begin:
        begin = best.rfind(" ", 0, begin) + 1
    end = min(len(best), middle + 2 * _AROUND)
    if end < len(best):
        end = best.rfind(" ", begin, end) if " " in best[begin:end] else end
    lead, tail = "… " if begin else "", " …" if end < len(best) else ""
    moved = len(lead) - begin
    kept = [(start + moved, stop + moved) for start, stop in marks if begin <= start and stop <= end]
    return lead + best[begin:end] + tail, kept


def _best_line(text: str, words: Sequence[str]) -> str:
    """The first line that has most different words; the first of all if none has any."""
    longest_first = "|".join(sorted(map(re.escape, words), key=len, reverse=True))
    searched = simple(text)  # has the same lines
    found: dict[int, set[str]] = {}
    line = place = 0
    for match in re.finditer(rf"(?<![^\W_])(?:{longest_first})", searched):
        line += searched.count("\n", place, match.start())
        place = match.start()
        found.setdefault(line, set()).add(match.group())
    return text.split("\n")[max(found, key=lambda number: len(found[number]), default=0)]


def _marks(line: str, words: Sequence[str]) -> list[Mark]:
    return [
        match.span()
        for match in _WORD.finditer(line)
        if any(simple(match.group()).startswith(word) for word in words)
    ]
