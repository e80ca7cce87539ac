"""Marks: what somebody says bears a word of its own, by which it is found wherever it is said again."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

_MARK = re.compile(r"#(?:incident|wrote)\d+")
_MARKED: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "incident": ("incident", ("says", "words", "fix")),
    "customer": ("wrote", ("words",)),
}
"""What is marked: by lifecycle, the mark's word and the fields."""


def marked(
    lifecycle: str, trigger: str, data: Mapping[str, Any], number: Callable[[], int]
) -> dict[str, Any]:
    """The data of an event, with a mark on each text that is to be found again."""
    word, fields = _MARKED.get(lifecycle, ("", ()))
    if lifecycle == "customer" and trigger != "reach_out":
        fields = ()
    said = dict(data)
    for name in fields:
        if (lifecycle, trigger, name) == ("incident", "declare", "words"):
            continue  # what colleagues call it
        if isinstance(said.get(name), str) and said[name].strip():
            said[name] = f"{said[name]} #{word}{number()}"
    return said


def marks_in(text: Any) -> list[str]:
    """The marks that a text bears, in order."""
    return _MARK.findall(text) if isinstance(text, str) else []
