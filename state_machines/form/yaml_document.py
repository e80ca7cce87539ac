"""YAML text to plain JSON values, with the line of every field; nothing in it can run, swell or hide.

YAML is read by the rules of its version 1.2 (https://yaml.org/spec/1.2.2/, 10.3, the core schema), as
editors do, and not by those of 1.1 that PyYAML follows: ``on``, ``no`` and ``yes`` are texts, ``9:30``
is no number and ``2026-07-01`` no date. What has no place in a definition is refused with its line:
doubled keys, tags, merge keys, texts as large as no definition is, aliases that unfold without end.
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from state_machines.errors import DefinitionError, Problem

__all__ = ["LARGEST", "Lines", "read_yaml"]

LARGEST = 256 * 1024
"""Bytes of UTF-8 that a document may have."""
_DEEPEST = 40
MOST_NODES = 20_000
"""Values that a document may have, aliases unfolded."""
_LONGEST_NUMBER = 18
_QUICK: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_WHOLE = "document"
_PREFIX = "tag:yaml.org,2002:"
_PLAIN_TAGS = frozenset(
    _PREFIX + name for name in ("str", "int", "float", "bool", "null", "timestamp", "value", "merge")
)
_NULL = re.compile(r"|~|null|Null|NULL")
_BOOLEAN = re.compile(r"true|True|TRUE|false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")


class Lines:
    """Where each field of a document stands: path such as ``transitions[2].dest`` to 1-based line."""

    def __init__(self, lines: dict[str, int] | None = None) -> None:
        self._lines = lines or {}
        self._files: dict[str, str] = {}

    def of(self, field: str) -> int | None:
        """The line of a field, or of the nearest part of the document that holds it; None in an empty one."""
        return self._lines.get(self._nearest(field))

    def file_of(self, field: str, otherwise: str | None) -> str | None:
        """The file in which a field stands, where that is not the one of the whole document."""
        return self._files.get(self._nearest(field), otherwise)

    def take(self, field: str, others: "Lines", name: str, offset: int, file: str | None) -> None:
        """Note that a field stands where another document has the field `name`."""
        line = others.of(name)
        if line is not None:
            self._lines[field] = line + offset
        if file is not None:
            self._files[field] = file

    def _nearest(self, field: str) -> str:
        path = field
        while path not in self._lines and path:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return path


def read_yaml(text: str, file: str | None = None) -> tuple[Any, Lines]:
    """The value of the one document in `text`, and the line of every field in it.

    Raises:
        DefinitionError: with one problem for the first thing that is no such document, its rule being
            ``too-large``, ``yaml``, ``too-deep``, ``yaml-tag``, ``yaml-merge``, ``yaml-alias``,
            ``yaml-number``, ``key-form`` or ``doubled-key``.
    """
    try:
        if len(text.encode("utf-8", "surrogatepass")) > LARGEST:
            raise _Refused("", "too-large", f"a document has at most {LARGEST // 1024} KiB", None)
        node = _composed(text)
        if node is None:
            raise _Refused("", "yaml", "the document is empty", 1)
        return _Reader().read(node)
    except _Refused as refused:
        problem = Problem(refused.field or _WHOLE, refused.rule, refused.message, refused.line, file)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = f"not YAML: {error.problem or error.context}"
        if "expected ',' or" in said:  # of a flow mapping or a list
            said += "; a text with brackets, commas or quotation marks in it stands in quotes of its own"
        problem = Problem(_WHOLE, "yaml", said, mark.line + 1 if mark else None, file)
    except yaml.reader.ReaderError as error:
        said = f"character U+{ord(text[error.position]):04X} may not stand in YAML"
        problem = Problem(_WHOLE, "yaml", said, text.count("\n", 0, error.position) + 1, file)
    raise DefinitionError([problem]) from None


class _Refused(Exception):
    def __init__(self, field: str, rule: str, message: str, line: int | None) -> None:
        self.field, self.rule, self.message, self.line = field, rule, message, line
        super().__init__(message)


def _composed(text: str) -> yaml.Node | None:
    """The tree, by the loader in C where there is one, which is ten times as fast; what that one cannot read
    the other one says in words."""
    try:
        _check_size(text, _QUICK)
        return yaml.compose(text, Loader=_QUICK)
    except (yaml.YAMLError, UnicodeEncodeError):
        _check_size(text, yaml.SafeLoader)
        return yaml.compose(text, Loader=yaml.SafeLoader)


def _check_size(text: str, loader: Any) -> None:
    """Refuse too much while it is still a flat stream: what builds the tree calls itself per level."""
    depth = values = 0
    for event in yaml.parse(text, Loader=loader):
        values += isinstance(event, yaml.NodeEvent)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        line = event.start_mark.line + 1 if event.start_mark else None
        if depth > _DEEPEST:
            raise _Refused("", "too-deep", f"nested more than {_DEEPEST} levels deep", line)
        if values > 2 * MOST_NODES:  # names and values each count
            raise _Refused("", "too-large", f"more than {MOST_NODES} values", line)


class _Reader:
    """Walks the tree of nodes once, following aliases, with a budget for all of it."""

    def __init__(self) -> None:
        self._lines: dict[str, int] = {}
        self._nodes = 0
        self._open: set[int] = set()

    def read(self, node: yaml.Node) -> tuple[Any, Lines]:
        value = self._value(node, "", _line(node))
        return value, Lines(self._lines)

    def _value(self, node: yaml.Node, path: str, line: int) -> Any:
        self._lines[path] = line
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise _Refused(path, "yaml-alias", f"unfolded it has more than {MOST_NODES} values", _line(node))
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node, path)
        if id(node) in self._open:
            raise _Refused(path, "yaml-alias", "an alias stands inside what it stands for", line)
        self._open.add(id(node))
        read = self._mapping if isinstance(node, yaml.MappingNode) else self._sequence
        value = read(node, path)
        self._open.discard(id(node))
        return value

    def _sequence(self, node: yaml.Node, path: str) -> list[Any]:
        _expect_tag(node, "seq", path)
        return [self._value(item, f"{path}[{n}]", _line(item)) for n, item in enumerate(node.value)]

    def _mapping(self, node: yaml.Node, path: str) -> dict[str, Any]:
        _expect_tag(node, "map", path)
        fields: dict[str, Any] = {}
        for name, key, value in _entries(node, path):
            field = f"{path}.{name}" if path else name
            if name in fields:
                raise _Refused(field, "doubled-key", f"{name!r} stands here twice", _line(key))
            fields[name] = self._value(value, field, _line(key))
        return fields


def _entries(node: yaml.Node, path: str) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
    for key, value in node.value:
        if key.tag == _PREFIX + "merge":
            raise _Refused(path, "yaml-merge", "merge keys (<<) are not used: say each field", _line(key))
        name = _scalar(key, path) if isinstance(key, yaml.ScalarNode) else None
        if not isinstance(name, str):
            raise _Refused(path, "key-form", "the name of a field is a text; put it into quotes", _line(key))
        yield name, key, value


def _line(node: yaml.Node) -> int:
    return node.start_mark.line + 1 if node.start_mark else 1


def _expect_tag(node: yaml.Node, name: str, path: str) -> None:
    if node.tag != _PREFIX + name:
        raise _Refused(path, "yaml-tag", f"the tag {node.tag!r} is not used here", _line(node))


def _scalar(node: yaml.ScalarNode, path: str) -> Any:
    """What a scalar says by the core schema of YAML 1.2."""
    if node.tag not in _PLAIN_TAGS:
        raise _Refused(path, "yaml-tag", f"the tag {node.tag!r} is not used here", _line(node))
    text: str = node.value
    if node.style:  # quoted, or a block
        return text
    if _NULL.fullmatch(text):
        return None
    if _BOOLEAN.fullmatch(text):
        return text.lower() == "true"
    if _INTEGER.fullmatch(text) or _NUMBER.fullmatch(text):
        if len(text) > _LONGEST_NUMBER:
            message = f"a number has at most {_LONGEST_NUMBER} characters"
            raise _Refused(path, "yaml-number", message, _line(node))
        number = float(text) if not _INTEGER.fullmatch(text) else int(text)
        if number in (float("inf"), float("-inf")):
            raise _Refused(path, "yaml-number", f"{text} is larger than any number", _line(node))
        return number
    return text
