"""What a service alert says, line by line: what its words are taken from, and what a search shows of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_NOT_SAID = frozenset({"case", "version", "left_out"})
"""Numbers of the document itself."""


def lines(document: Mapping[str, Any]) -> str:
    """The title, then a line for each thing that the document says; an entry of a list is one line."""
    said = (line for name, value in document.items() if name not in _NOT_SAID for line in _lines(value))
    return "\n".join(dict.fromkeys((_one_line(document["title"]), *said)))


def _lines(value: Any) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        if line := _one_line(one):
            yield line


def _one_line(value: Any) -> str:
    """A text without its line breaks; of an entry all that it says, in order."""
    if isinstance(value, Mapping):
        return ", ".join(part for name, one in value.items() if (part := _part(name, one)))
    if isinstance(value, bool) or value is None:
        return ""
    return " ".join(str(value).split())


def _part(name: str, value: Any) -> str:
    """What an entry says under this name: of details, which differ from one to the next, with their names."""
    if name == "details":
        return "; ".join(f"{detail}: {_one_line(said)}" for detail, said in value.items())
    return _one_line(value)
