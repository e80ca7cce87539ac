"""What was expected beside what was found: line by line as in YAML, with a sign where they differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from difflib import SequenceMatcher
from fnmatch import fnmatchcase
from itertools import zip_longest
from typing import Any, Literal, TypeGuard

from workflow.scenarios.alignment import aligned
from workflow.scenarios.matching import fits, texts
from workflow.scenarios.written_values import Line, is_list, text_lines, value_lines

Sign = Literal[" ", "-", "+", "~"]
_AROUND = 2
"""Lines that are as they must be, and yet shown before and after one that is not."""
_SHORT = 12
"""So many lines are shown as they are."""
_STAND_IN = ("words", "reason")
"""Of a notice, a refusal or what failed, these were expected to stand in what is found."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A line of what was expected beside its line of what was found; None where a side has none.

    The sign: ``-`` is missing, ``+`` is too much, ``~`` is another, a space is as it must be.
    """

    sign: Sign
    expected: Line | None
    found: Line | None

    @property
    def depth(self) -> int:
        """How deep it stands in what holds it, from 0."""
        return min(side.depth for side in (self.expected, self.found) if side is not None)


def side_by_side(expected: Any, found: Any, zone: tzinfo, *, loosely: bool = False) -> list[Pair]:
    """All lines of both; at least one has a sign, unless both are None.

    Of a mapping that was expected any part is compared, of a list every item. None as a whole is nothing.

    Args:
        expected: what was expected.
        found: what was there.
        zone: by whose clock instants are shown.
        loosely: whether `words` and `reason` need only stand in what is found, and `without` may not.
    """
    comparison = _Comparison(zone)
    if expected is None or found is None:
        return [
            *comparison.one_side("-", "", expected, 0, nothing=expected is None),
            *comparison.one_side("+", "", found, 0, nothing=found is None),
        ]
    if loosely and isinstance(expected, Mapping) and isinstance(found, Mapping):
        told = list(comparison.loose(expected, found))
    else:
        told = list(comparison.of("", expected, found, 0))
    if all(pair.sign == " " for pair in told):
        return [Pair("~", pair.expected, pair.found) for pair in told]
    return told


def shortened(told: Sequence[Pair], around: int = _AROUND) -> list[Pair | int]:
    """The lines that differ, those around them and what holds them; numbers: so many are left out there."""
    if len(told) <= _SHORT:
        return list(told)
    kept: set[int] = set()
    for at, pair in enumerate(told):
        if pair.sign != " ":
            kept.update(range(max(at - around, 0), min(at + around + 1, len(told))))
            kept.update(_holders(told, at))
    found: list[Pair | int] = []
    gap = 0
    for at, pair in enumerate(told):
        if at in kept:
            found += [gap, pair] if gap else [pair]
            gap = 0
        else:
            gap += 1
    return [*found, gap] if gap else found


def _holders(told: Sequence[Pair], at: int) -> Iterator[int]:
    depth = told[at].depth
    for before in range(at - 1, -1, -1):
        if told[before].depth < depth:
            depth = told[before].depth
            yield before


class _Comparison:
    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone

    def one_side(
        self,
        sign: Sign,
        label: str,
        value: Any,
        depth: int,
        *,
        nothing: bool = False,
        right: bool | None = None,
    ) -> Iterator[Pair]:
        """Lines that only one side has; `right` where the sign does not say which."""
        if nothing:
            return
        on_right = sign == "+" if right is None else right
        for line in value_lines(label, value, depth, self._zone):
            yield Pair(sign, None, line) if on_right else Pair(sign, line, None)

    def of(self, label: str, expected: Any, found: Any, depth: int) -> Iterator[Pair]:
        inner = depth + 1 if label else depth
        if isinstance(expected, Mapping) and isinstance(found, Mapping) and expected and found:
            yield from _held(label, depth, self._mappings(expected, found, inner))
        elif is_list(expected) and is_list(found) and expected and found:
            yield from _held(label, depth, self._lists(list(expected), list(found), inner))
        elif _has_lines(expected) and _has_lines(found):
            yield from _held(label and f"{label}|", depth, self._texts(expected, found, inner))
        else:
            same = not (_has_parts(expected) or _has_parts(found)) and _same(expected, found)
            sides = (value_lines(label, one, depth, self._zone) for one in (expected, found))
            yield from (Pair(" " if same else _beside(*lines), *lines) for lines in zip_longest(*sides))

    def loose(self, expected: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[Pair]:
        """A notice, a refusal or what failed: of some of it words are expected, others may not be there."""
        strict = {name: said for name, said in expected.items() if name not in (*_STAND_IN, "without")}
        rest = {name: said for name, said in found.items() if name not in _STAND_IN}
        yield from self._mappings(strict, rest, 0)
        for name in _STAND_IN:
            said = str(found.get(name) or "")
            if name in expected:
                right = all(str(one) in said for one in texts(expected[name]))
                yield from self._words(" " if right else "~", name, expected[name], said)
            elif name in found and "without" not in expected:
                yield from self.one_side(" ", f"{name}: ", said, 0, right=True)
        if "without" in expected:
            said = str(found.get("words") or "")
            right = not any(str(one) in said for one in texts(expected["without"]))
            shown = None if "words" in expected else said
            yield from self._words(" " if right else "~", "without", expected["without"], shown)

    def _words(self, sign: Sign, name: str, expected: Any, said: str | None) -> Iterator[Pair]:
        left = value_lines(f"{name}: ", expected, 0, self._zone)
        label = "words: " if name == "without" else f"{name}: "
        right = iter(()) if said is None else value_lines(label, said, 0, self._zone)
        yield from (Pair(sign, *lines) for lines in zip_longest(left, right))

    def _mappings(self, expected: Mapping[Any, Any], found: Mapping[Any, Any], depth: int) -> Iterator[Pair]:
        for name in sorted(expected, key=lambda name: name not in found):  # what both have comes first
            if name in found:
                yield from self.of(f"{name}: ", expected[name], found[name], depth)
            else:
                sign: Sign = " " if expected[name] is None else "-"
                yield from self.one_side(sign, f"{name}: ", expected[name], depth)
        for name in found:
            if name not in expected:
                yield from self.one_side(" ", f"{name}: ", found[name], depth, right=True)

    def _lists(self, expected: list[Any], found: list[Any], depth: int) -> Iterator[Pair]:
        for left, right in aligned(expected, found, _same, _akin):
            if left is None and right is not None:
                yield from self.one_side("+", "- ", found[right], depth)
            elif right is None and left is not None:
                yield from self.one_side("-", "- ", expected[left], depth)
            elif left is not None and right is not None:
                yield from self.of("- ", expected[left], found[right], depth)

    def _texts(self, expected: str, found: str, depth: int) -> Iterator[Pair]:
        left, right = text_lines(expected), text_lines(found)
        for what, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
            for one, other in zip_longest(left[a:b], right[c:d]):
                sign = " " if what == "equal" else _beside(one, other)
                sides = (None if side is None else Line(depth, side) for side in (one, other))
                yield Pair(sign, *sides)


def _held(label: str, depth: int, inner: Iterator[Pair]) -> Iterator[Pair]:
    """What stands below a label; of a list's item, the first line of each side stands beside its dash."""
    if label != "- ":
        if label:
            holder = Line(depth, label.rstrip())
            yield Pair(" ", holder, holder)
        yield from inner
        return
    sides = [False, False]
    for pair in inner:
        lines = [pair.expected, pair.found]
        for number, line in enumerate(lines):
            if line is not None and not sides[number]:
                lines[number] = Line(depth, f"- {line.text}")
                sides[number] = True
        yield Pair(pair.sign, *lines)


def _has_lines(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and "\n" in value


def _beside(expected: object, found: object) -> Sign:
    """The sign of two lines that are not the same, of which one may not be there."""
    return "-" if found is None else "+" if expected is None else "~"


def _has_parts(value: Any) -> bool:
    return bool(value) and (isinstance(value, Mapping) or is_list(value))


def _same(expected: Any, found: Any) -> bool:
    """As scenarios compare; a key may have a ``*``."""
    if isinstance(expected, str) and isinstance(found, str) and "*" in expected and ":" in expected:
        return fnmatchcase(found, expected.replace("[", "[[]"))
    return fits(expected, found)


def _akin(expected: Any, found: Any) -> bool:
    """Whether two things with parts have one in common: the one may be meant by the other."""
    if not isinstance(expected, Mapping) or not isinstance(found, Mapping):
        return False
    return any(name in found and fits(said, found[name]) for name, said in expected.items())
