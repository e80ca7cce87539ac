"""Marks: what somebody says bears a word of its own, by which it is found wherever it is said again."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

_MARK = re.compile(r"#(?:incident|wrote)\d+")
_MARKED: Mapping[tuple[str, str], tuple[str, Sequence[str]]] = {
    ("incident", "declare"): ("incident", ["says"]),
    **{("incident", one): ("incident", ["words"]) for one in ("split", "tell", "solve")},
    ("incident", "plan"): ("incident", ["words", "fix"]),
    ("customer", "reach_out"): ("wrote", ["words"]),
}
"""What is marked: by lifecycle and trigger, the mark's word and the fields."""


def marked(
    lifecycle: str, trigger: str, data: Mapping[str, Any], number: Callable[[], int]
) -> dict[str, Any]:
    """The data of an event, with a mark on each text that is to be found again."""
    word, fields = _MARKED.get((lifecycle, trigger), ("", ()))
    said = dict(data)
    for name in fields:
        if isinstance(said.get(name), str) and said[name].strip():
            said[name] = f"{said[name]} #{word}{number()}"
    return said


def marks_in(text: Any) -> list[str]:
    """The marks that a text bears, in order."""
    return _MARK.findall(text) if isinstance(text, str) else []
