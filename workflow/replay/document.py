"""A YAML file as plain values, with the line on which each of them stands."""

from collections.abc import Iterator
from typing import Any

import yaml

from state_machines.errors import Problem
from workflow.replay.refusal import ReplayRefused

MAX_BYTES = 1_000_000
"""A map is a page or two; what is longer is another file by mistake."""

Lines = dict[str, int]
"""Path of a value, such as ``triggers[2].when``, to its 1-based line."""


def read_document(raw: bytes, file: str) -> tuple[dict[str, Any], Lines]:
    """The mapping that a YAML file holds, and the lines of its values.

    Raises:
        ReplayRefused: too long, not UTF-8, not YAML, with aliases or a key twice, or not a mapping.
    """
    if len(raw) > MAX_BYTES:
        raise _refused("size", f"a map has at most {MAX_BYTES} bytes, this has {len(raw)}", None, file)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _refused("encoding", f"not UTF-8: byte {raw[error.start]:#04x}", line, file) from None
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
            raise _refused("yaml-alias", "aliases (*name) have no place in a map", None, file)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or str(error)
        raise _refused("yaml", f"not YAML: {what}", None if mark is None else mark.line + 1, file) from None
    except (ValueError, RecursionError) as error:  # a date such as 2016-02-30; nesting without an end
        raise _refused("yaml", f"not YAML: {error}", None, file) from None
    if not isinstance(value, dict) or root is None:
        raise _refused("type", "a map must be a YAML mapping of names to values", 1, file)
    lines: Lines = {}
    doubled = list(_walk(root, "", lines))
    if doubled:
        raise ReplayRefused([Problem(path, "doubled-key", "stands twice", line, file) for path, line in doubled])
    return value, lines


def line_of(lines: Lines, path: str) -> int | None:
    """The line of a value, or of the nearest thing around it that the file has."""
    while path:
        if path in lines:
            return lines[path]
        cut = max(path.rfind("."), path.rfind("["))
        path = path[:cut] if cut > 0 else ""
    return None


def _walk(node: yaml.Node, path: str, lines: Lines) -> Iterator[tuple[str, int]]:
    """Fill `lines`; gives the keys that stand twice in one mapping."""
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _walk(item, f"{path}[{index}]", lines)
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, item in node.value:
            inner = f"{path}.{key.value}" if path else str(key.value)
            if inner in seen:
                yield inner, key.start_mark.line + 1
            seen.add(inner)
            lines[inner] = key.start_mark.line + 1
            yield from _walk(item, inner, lines)


def _refused(rule: str, message: str, line: int | None, file: str) -> ReplayRefused:
    return ReplayRefused([Problem("map", rule, message, line, file)])
