"""YAML as a person likes to read it: parts one below the other, what is short in one line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from textwrap import wrap
from typing import Any

import yaml

from state_machines.errors import DefinitionError
from state_machines.form.yaml_document import read_yaml

WIDTH = 110
_SHORT = 88
"""Characters up to which a mapping or a list stands in one line."""
_ROOMY: Mapping[str, type] = {"then": dict, "given": dict, "people": dict, "told": list}
"""Fields whose parts always stand one below the other, if there is more than one."""


_FOLDED = re.compile(r"[^\s]+(?: [^\s]+)*")
"""A text that may be folded: YAML makes each break of a line one blank."""
_AT_BLANKS: Mapping[str, Any] = {"break_long_words": False, "break_on_hyphens": False}
_PLAIN = re.compile(r"[^\s'\"#&*!|>%@`,\[\]{}?-][^\n\t{}]*")


def yaml_lines(document: Mapping[str, Any], indent: int = 0) -> Iterator[str]:
    """The lines of a mapping in block style."""
    margin = " " * indent
    for name, value in document.items():
        key = _flow(name)
        if isinstance(value, str) and "\n" in value:
            yield from _paragraphs(key, value, indent)
        elif isinstance(value, str) and indent + len(key) + len(value) > WIDTH and _FOLDED.fullmatch(value):
            yield f"{margin}{key}: >-"
            yield from (f"{margin}  {line}" for line in wrap(value, WIDTH - indent - 2, **_AT_BLANKS))
        elif _fits(name, value, indent + len(key)):
            yield f"{margin}{key}: {_block(value)}"
        elif isinstance(value, Mapping):
            yield f"{margin}{key}:"
            yield from yaml_lines(value, indent + 2)
        else:
            yield f"{margin}{key}:"
            for item in value:
                yield from list_item(item, indent + 2)


def list_item(value: Any, indent: int, *, in_block: bool = False) -> Iterator[str]:
    """The lines of one item of a list; `in_block`: a mapping's fields stand one below the other."""
    margin = " " * indent
    if isinstance(value, Mapping) and value and (in_block or not _fits("", value, indent)):
        first, *rest = yaml_lines(value, indent + 2)
        yield f"{margin}- {first.lstrip()}"
        yield from rest
    else:
        yield f"{margin}- {_block(value)}"


def _fits(name: str, value: Any, indent: int) -> bool:
    """Whether a value stands in one line."""
    if not isinstance(value, Mapping | list) or not value:
        return True
    if (
        _has_paragraphs(value)
        or (isinstance(value, _ROOMY.get(name, ())) and len(value) > 1)
        or _depth(value) > 3
    ):
        return False
    return indent + len(_flow(value)) <= _SHORT


def _has_paragraphs(value: Any) -> bool:
    if isinstance(value, str):
        return "\n" in value
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return any(_has_paragraphs(one) for one in parts)


def _depth(value: Any) -> int:
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else None
    return 0 if parts is None else 1 + max((_depth(one) for one in parts), default=0)


def _flow(value: Any) -> str:
    """A value in one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_flow(name)}: {_flow(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(value) if isinstance(value, str) else _dumped(value)


def _block(value: Any) -> str:
    """A value behind the name of its field, or as an item of its own: commas mean nothing there."""
    return _scalar(value, "x: {}\n") if isinstance(value, str) else _flow(value)


@lru_cache(maxsize=8192)
def _scalar(text: str, place: str = "x: [{}, y]\n") -> str:
    """A text, quoted where a reader of YAML 1.1 or 1.2 would take it for something else."""
    if not _PLAIN.fullmatch(text):
        return _dumped(text)
    plain, quoted = (place.format(one) for one in (text, json.dumps(text)))
    try:
        meant = yaml.safe_load(quoted)
        same = yaml.safe_load(plain) == meant == read_yaml(plain)[0]
    except (yaml.YAMLError, DefinitionError):
        return _dumped(text)
    return text if same else _dumped(text)


def _dumped(value: Any) -> str:
    """A value that is no plain text; one that is a text stands in quotes."""
    if isinstance(value, str) and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    style = '"' if isinstance(value, str) else None
    text = yaml.safe_dump(
        [value], default_flow_style=True, default_style=style, width=10**9, allow_unicode=True
    )
    return text.strip()[1:-1]


def _paragraphs(key: str, text: str, indent: int) -> Iterator[str]:
    """A text of several lines: literally, if YAML can give it back as it is."""
    margin = " " * (indent + 2)
    plain = all(one.isprintable() or one == "\n" for one in text) and not text.startswith((" ", "\n"))
    if not plain or text != text.rstrip("\n") or any(line != line.rstrip() for line in text.split("\n")):
        yield f"{' ' * indent}{key}: {_flow(text)}"
        return
    yield f"{' ' * indent}{key}: |-"
    for line in text.split("\n"):
        yield f"{margin}{line}" if line else ""
