"""Declared instants and lengths of time stand in the data as texts, and are read as what they are.

``now - data.due_at`` is compiled as ``now - timestamp(data.due_at)``. What is asked whether it is there
(``has(data.due_at)``) and what is taken as a whole (``data``) stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence

from state_machines.expressions.references import Token, tokens
from state_machines.expressions.scope import Scope

_FURTHER = frozenset({".", ".?", "[", "[?", "("})


def with_typed_paths(text: str, scope: Scope) -> str:
    """The expression as CEL has to be told it."""
    if not scope.instants and not scope.durations:
        return text
    words = tokens(text)
    insertions: list[tuple[int, str]] = []
    for index, word in enumerate(words):
        place = _field(words, index)
        if place is None:
            continue
        root, last = place
        path = f"{root}.{words[last].text}"
        function = (
            "timestamp" if path in scope.instants else "iso_duration" if path in scope.durations else None
        )
        if function is None or (last + 1 < len(words) and words[last + 1].text in _FURTHER - {".", ".?"}):
            continue
        end = words[last].position + len(words[last].text)
        if words[last - 1].text == ".?":
            insertions.append((end, f".optMap(it, {function}(it))"))
        elif not (index > 1 and words[index - 1].text == "(" and words[index - 2].text == "has"):
            insertions += [(word.position, f"{function}("), (end, ")")]
    for position, inserted in sorted(insertions, key=lambda one: one[0], reverse=True):
        text = text[:position] + inserted + text[position:]
    return text


def _field(words: Sequence[Token], index: int) -> tuple[str, int] | None:
    """For the first word of ``data.x`` or ``event.data.x``: the root, and where the field stands."""
    if words[index].kind != "name" or (index and words[index - 1].text in (".", ".?")):
        return None
    marks = [word.text for word in words[index : index + 5]]
    if marks[:1] == ["data"] and len(marks) > 2 and marks[1] in (".", ".?"):
        root, last = "data", index + 2
    elif marks[:3] == ["event", ".", "data"] and len(marks) > 4 and marks[3] in (".", ".?"):
        root, last = "event.data", index + 4
    else:
        return None
    return (root, last) if words[last].kind == "name" else None
