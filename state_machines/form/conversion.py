"""From the first edition of the language to the second, as far as that is safe, and what is left to do.

The text is changed in place, so that comments and layout stay. What is changed means the same:
``conditions`` is called ``if``, an expression for all fields becomes changes by verb, part by part, and one
for all that is sent becomes fields that are shared, copied or said. What stands behind an anchor or an alias
is left alone, and so is what somebody has to decide: those are remarks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import yaml

from state_machines.expressions.references import Token, tokens
from state_machines.values.written import LONGEST_EXPRESSION

_EDITION = "edition: 2\n"
_EVENT_FIELD = re.compile(r"event\.data\.\?(\w+)")
_OWN_FIELD = re.compile(r"data\.\?(\w+)")
_MAY_LEAD_NOWHERE = re.compile(r"(?:event\.data|data|item)(?:\.\w+)*\.\?\w+(?:\.\??\w+)*")
"""A path that is sure to give an optional value."""


class Remark(NamedTuple):
    """Something that a person has to do, and where."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Converted:
    """The text in the second edition, what has been rewritten in it, and what is left to do.

    Lines are those of the first edition's text.
    """

    text: str
    rewritten: tuple[Remark, ...] = ()
    remarks: tuple[Remark, ...] = ()


class _Replacement(NamedTuple):
    begin: int
    end: int
    text: str


def convert(text: str) -> Converted:
    """Convert a definition of the first edition that can be read; one of the second stays as it is."""
    root = next(iter(yaml.compose_all(text, Loader=yaml.SafeLoader)), None)  # words may stand behind it
    if not isinstance(root, yaml.MappingNode) or _of(root, "edition") is not None:
        return Converted(text)
    replacements: list[_Replacement] = []
    rewritten: list[Remark] = []
    remarks: list[Remark] = []
    transitions = _of(root, "transitions")
    shared = _shared(root)
    for transition in transitions.value if isinstance(transitions, yaml.SequenceNode) else ():
        if isinstance(transition, yaml.MappingNode):
            _convert_transition(text, transition, shared, replacements, rewritten, remarks)
    for call in _calls(root, set()):
        _convert_sent(text, call, shared, replacements, rewritten)
    remarks += _long_expressions(root)
    lifecycle = next((key for key, _ in root.value if key.value == "lifecycle"), root.value[0][0])
    replacements.append(_Replacement(lifecycle.start_mark.index, lifecycle.start_mark.index, _EDITION))
    for one in sorted(replacements, reverse=True):
        text = text[: one.begin] + one.text + text[one.end :]
    return Converted(text, tuple(rewritten), tuple(sorted(set(remarks))))


def changes_of(expression: str) -> list[dict[str, Any]] | None:
    """The changes that an expression for all fields says, in one step; None where it is no plain map.

    ``{?'by': event.data.?by, 'tries': data.tries + 1, 'told': data.told + [x], 'at': now}`` is to copy `by`,
    to increment `tries`, to append to `told` and to set `at`. All values are found before the first is
    changed, so it is left whole where a change reads what another one has changed before it.
    """
    entries = _entries(expression)
    if entries is None:
        return None
    copied: dict[str, str] = {}
    by_verb: dict[str, dict[str, Any]] = {"set": {}, "append": {}, "increment": {}}
    for name, value, optional in entries:
        if optional:
            if (taken := _EVENT_FIELD.fullmatch(value)) is not None:
                copied[name] = taken[1]
            elif _MAY_LEAD_NOWHERE.fullmatch(value) is not None:
                by_verb["set"][name] = f"={value}"
            else:
                return None
            continue
        verb, given = _verb(name, value)
        by_verb[verb][name] = given
    changes: list[dict[str, Any]] = [{verb: said} for verb, said in by_verb.items() if said]
    if copied:
        changes.append({"copy": _shortly(copied)})
    return changes if len(changes) == 1 or not _reads_changed(entries) else None


def sent_of(expression: str) -> dict[str, Any] | None:
    """What an expression for all that is sent says by `share`, `copy` and `data`; None for no plain map."""
    entries = _entries(expression)
    if entries is None:
        return None
    shared: dict[str, str] = {}
    copied: dict[str, str] = {}
    said: dict[str, Any] = {}
    for name, value, optional in entries:
        if not optional:
            said[name] = _literally(value)
        elif (taken := _EVENT_FIELD.fullmatch(value)) is not None:
            copied[name] = taken[1]
        elif (taken := _OWN_FIELD.fullmatch(value)) is not None:
            shared[name] = taken[1]
        elif _MAY_LEAD_NOWHERE.fullmatch(value) is not None:
            said[name] = f"={value}"
        else:
            return None
    parts = {"share": _shortly(shared), "copy": _shortly(copied), "data": said}
    return {word: one for word, one in parts.items() if one}


def _shortly(names: dict[str, str]) -> dict[str, str] | list[str]:
    """A list where all are called alike here and there."""
    return list(names) if all(name == other for name, other in names.items()) else names


def _convert_transition(
    text: str,
    transition: yaml.MappingNode,
    shared: set[int],
    replacements: list[_Replacement],
    rewritten: list[Remark],
    remarks: list[Remark],
) -> None:
    for key, value in transition.value:
        line = key.start_mark.line + 1
        if key.value == "conditions":
            replacements.append(_Replacement(key.start_mark.index, key.end_mark.index, "if"))
            rewritten.append(Remark(line, "`conditions` is called `if`"))
        if key.value != "set" or not isinstance(value, yaml.ScalarNode):
            continue
        expression = value.value.removeprefix("=").strip()
        changes = changes_of(expression)
        if id(value) in shared or changes is None:
            why = (
                "is shared by an anchor"
                if id(value) in shared
                else "is no plain map, or reads what it changes"
            )
            remarks.append(Remark(line, f"`set` is one expression and {why}; say it by verb under `change`"))
            continue
        written = f"change: {_written(changes)}"
        rewritten.append(Remark(line, f"`set` is written `{written}`"))
        layout = "\n" if text[key.start_mark.index - 1] in " \n" and value.style in ("|", ">") else ""
        replacements.append(_Replacement(key.start_mark.index, value.end_mark.index, written + layout))


def _convert_sent(
    text: str,
    call: yaml.MappingNode,
    shared: set[int],
    replacements: list[_Replacement],
    rewritten: list[Remark],
) -> None:
    """`data` of an emit or an open, if it is one expression and stands there once."""
    key, value = next((pair for pair in call.value if pair[0].value == "data"), (None, None))
    if key is None or not isinstance(value, yaml.ScalarNode) or {id(call), id(value)} & shared:
        return
    parts = sent_of(value.value.removeprefix("=").strip())
    if not parts:
        return
    between = ", " if call.flow_style else "\n" + " " * key.start_mark.column
    written = between.join(f"{word}: {_written(said)}" for word, said in parts.items())
    rewritten.append(
        Remark(key.start_mark.line + 1, f"`data` is written `{', '.join(parts)}`, field by field")
    )
    layout = "\n" if value.style in ("|", ">") else ""
    replacements.append(_Replacement(key.start_mark.index, value.end_mark.index, written + layout))


def _calls(node: yaml.Node, seen: set[int]) -> Iterator[yaml.MappingNode]:
    """Every `emit` and `open` of an effect."""
    if id(node) in seen or isinstance(node, yaml.ScalarNode):
        return
    seen.add(id(node))
    for one in node.value:
        key, value = one if isinstance(one, tuple) else (None, one)
        called = key is not None and key.value in ("emit", "open") and isinstance(value, yaml.MappingNode)
        if called and any(name.value == "trigger" for name, _ in value.value):
            yield value
        yield from _calls(value, seen)


def _written(changes: Any) -> str:
    """As YAML in one line."""
    said: str = yaml.safe_dump(
        changes, default_flow_style=True, width=10**6, allow_unicode=True, sort_keys=False
    )
    return said.strip()


def _verb(name: str, value: str) -> tuple[str, Any]:
    held = f"data.{name} + "
    if value.startswith(held):
        rest = value.removeprefix(held)
        if rest.isdigit():
            return "increment", int(rest)
        inner = _inside(rest, "[", "]")
        if inner is not None and len(inner) == 1:
            return "append", f"={inner[0]}"
    return "set", _literally(value)


def _literally(value: str) -> Any:
    """The number or the like that an expression is; else the expression, with its ``=``."""
    try:
        literal = json.loads(value)
    except ValueError:
        return f"={value}"
    return literal if not isinstance(literal, str) else f"={value}"


def _reads_changed(entries: Sequence[tuple[str, str, bool]]) -> bool:
    """Whether some value reads a field that an earlier step may have changed by then."""
    names = {name for name, _, _ in entries}
    return any(
        word.text in names and before.text in (".", ".?") and root.text == "data"
        for own, value, _ in entries
        for root, before, word in _triples(value)
        if word.text != own
    )


def _triples(text: str) -> Iterator[tuple[Token, Token, Token]]:
    words = tokens(text)
    return zip(words, words[1:], words[2:], strict=False)


def _entries(expression: str) -> list[tuple[str, str, bool]] | None:
    """(name, value, whether it may be absent) of a map that is written out."""
    parts = _inside(expression, "{", "}")
    if parts is None:
        return None
    found = []
    for part in parts:
        words = tokens(part)
        optional = bool(words) and words[0].text == "?"
        words = words[1:] if optional else words
        if len(words) < 3 or words[0].kind != "string" or words[1].text != ":":
            return None
        value = part[words[2].position :].strip()
        found.append((words[0].text.strip("'\""), value, optional))
    return found


def _inside(text: str, opener: str, closer: str) -> list[str] | None:
    """The parts between commas of what stands in one pair of brackets; None where it is something else."""
    words = tokens(text)
    if len(words) < 2 or words[0].text != opener or words[-1].text != closer:
        return None
    parts, depth, begin = [], 0, words[0].position + 1
    for word in words[1:-1]:
        if word.text in ("(", "[", "{", "[?"):
            depth += 1
        elif word.text in (")", "]", "}"):
            depth -= 1
            if depth < 0:
                return None  # two of them, one after the other
        elif word.text == "," and depth == 0:
            parts.append(text[begin : word.position])
            begin = word.position + 1
    last = text[begin : words[-1].position]
    return [*parts, last] if last.strip() else parts


def _long_expressions(node: yaml.Node) -> Iterator[Remark]:
    for one in _scalars(node, set()):
        said = one.value.strip()
        if len(said) > LONGEST_EXPRESSION and (
            said.startswith("=") or (one.style == ">" and ("data." in said))
        ):
            line = one.start_mark.line + 1
            yield Remark(line, f"an expression of {len(said)} characters; name its parts under `let`")
        if "cel.bind(" in said:
            yield Remark(one.start_mark.line + 1, "cel.bind is not used; name the value under `let`")


def _scalars(node: yaml.Node, seen: set[int]) -> Iterator[yaml.ScalarNode]:
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.MappingNode):
        for _, value in node.value:
            yield from _scalars(value, seen)
    else:
        for one in node.value:
            yield from _scalars(one, seen)


def _shared(root: yaml.Node) -> set[int]:
    """Nodes that stand in more than one place."""
    seen: dict[int, int] = {}

    def count(node: yaml.Node) -> None:
        seen[id(node)] = seen.get(id(node), 0) + 1
        if seen[id(node)] > 1 or isinstance(node, yaml.ScalarNode):
            return
        for one in node.value:
            for part in one if isinstance(one, tuple) else (one,):
                count(part)

    count(root)
    return {one for one, times in seen.items() if times > 1}


def _of(node: yaml.MappingNode, name: str) -> yaml.Node | None:
    return next((value for key, value in node.value if key.value == name), None)
