"""Where in a text the words stand that somebody asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence

from workflow.archive.words import simple

Mark = tuple[int, int]
_AROUND = 90
"""Characters on either side of the first word that is shown."""
_WORD = re.compile(r"[^\W_]+")
_LAYOUT = re.compile(r"^(?:#+ |> |- |\|)|\*\*| \|(?: |$)|^\|?(?: ?--- ?\|)+$", re.MULTILINE)


def snippet(text: str, words: Sequence[str]) -> tuple[str, list[Mark]]:
    """The line that has most of the words, cut around the first of them, and where they stand in it.

    Without words it is the beginning. `words` are as `words.asked` gives them.
    """
    lines = [line for one in _LAYOUT.sub(" ", text).splitlines() if (line := " ".join(one.split()))]
    best, marks = lines[0] if lines else "", list[Mark]()
    if words:
        longest_first = "|".join(sorted(map(re.escape, words), key=len, reverse=True))
        beginnings = re.compile(rf"(?<![^\W_])(?:{longest_first})")
        best = max(lines, key=lambda line: _found(line, beginnings), default="")
        marks = _marks(best, words)
    middle = marks[0][0] if marks else 0
    begin = max(0, middle - _AROUND)
    if begin:
        begin = best.rfind(" ", 0, begin) + 1
    end = min(len(best), middle + 2 * _AROUND)
    if end < len(best):
        end = best.rfind(" ", begin, end) if " " in best[begin:end] else end
    lead, tail = "… " if begin else "", " …" if end < len(best) else ""
    shift = len(lead) - begin
    kept = [(start + shift, stop + shift) for start, stop in marks if begin <= start and stop <= end]
    return lead + best[begin:end] + tail, kept


def _found(line: str, beginnings: re.Pattern[str]) -> int:
    """How many different words it has."""
    return len(set(beginnings.findall(simple(line))))


def _marks(line: str, words: Sequence[str]) -> list[Mark]:
    return [
        match.span()
        for match in _WORD.finditer(line)
        if any(simple(match.group()).startswith(word) for word in words)
    ]
