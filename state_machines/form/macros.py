"""Macros: effects and changes that a definition has named, with parameters, written out where they are used.

``macros: {tell: {with: template, notice: {to: =data.customer, template: =template}}}`` is used as
``tell: extended``, or ``tell: {template: extended}``; one without parameters by its name alone. Several
effects stand in a list under ``do``, several changes under ``change``; a macro of changes is used among a
transition's changes. One effect or change stands without a list everywhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from state_machines.expressions.references import tokens

CALLS = frozenset({"task", "notice", "recall", "emit", "open", "forward"})
VERBS = frozenset({"set", "copy", "append", "add", "remove", "increment", "unset"})
_GUARDS = ("when", "each")
_EXPRESSIONS = frozenset({"when", "each", "choices", "expires"})
_WHOLE = frozenset({"data", "args", "kwargs"})
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_DEEPEST = 8
MOST_EFFECTS = 2_000
"""Effects and changes for which the macros of a definition may stand in all."""

Found = tuple[str, str, str]
"""Field, rule and sentence of something that is wrong."""


@dataclass(frozen=True, slots=True)
class _Macro:
    parameters: tuple[str, ...]
    kind: str
    parts: tuple[Any, ...]


@dataclass
class Expansion:
    """Writes out the macros of one document, given as plain JSON values, and collects what is wrong."""

    problems: list[Found] = field(default_factory=list)
    _macros: dict[str, _Macro] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)
    _written: int = 0

    def written_out(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """The document without macros."""
        rest = {name: value for name, value in document.items() if name != "macros"}
        self._take(document.get("macros"))
        for key, lists in (("states", ("on_enter", "on_exit")), ("transitions", ("effects",))):
            parts = rest.get(key)
            if isinstance(parts, list):
                rest[key] = [self._part(part, lists, f"{key}[{n}]") for n, part in enumerate(parts)]
        if isinstance(rest.get("transitions"), list):
            rest["transitions"] = [
                self._changing(part, f"transitions[{n}]") for n, part in enumerate(rest["transitions"])
            ]
        for name in sorted(self._macros.keys() - self._used):
            self.problems.append((f"macros.{name}", "unused-macro", f"nothing here uses {name!r}"))
        return rest

    def _take(self, declared: Any) -> None:
        if declared is None:
            return
        if not isinstance(declared, dict):
            self.problems.append(("macros", "type", "macros are a mapping from names to effects"))
            return
        for name, said in declared.items():
            place = f"macros.{name}"
            if _NAME.fullmatch(str(name)) is None or name in CALLS | VERBS | {"do", *_GUARDS}:
                message = f"{name!r} is no name for a macro, or is a word of effects themselves"
                self.problems.append((place, "name-form", message))
            elif (macro := self._macro(said, place)) is not None:
                self._macros[name] = macro

    def _macro(self, said: Any, place: str) -> _Macro | None:
        whole = _in_full(said)
        for key in sorted(whole.keys() - {"with", "do", "change", "description"}):
            self.problems.append((f"{place}.{key}", "unknown-field", f"{key!r} is no field of a macro"))
        kind = "change" if "change" in whole else "do"
        parameters, parts = whole.get("with", []), whole.get(kind)
        parts = _one_by_one(parts) if kind == "change" else _listed(parts)
        parameters = [parameters] if isinstance(parameters, str) else parameters
        if not isinstance(parameters, list) or any(_NAME.fullmatch(str(one)) is None for one in parameters):
            self.problems.append((f"{place}.with", "name-form", "`with` is a list of names of parameters"))
            return None
        if not isinstance(parts, list) or not parts:
            self.problems.append((f"{place}.{kind}", "required", f"`{kind}` is a list, and not an empty one"))
            return None
        return _Macro(tuple(parameters), kind, tuple(parts))

    def _part(self, part: Any, lists: tuple[str, ...], place: str) -> Any:
        if not isinstance(part, dict):
            return part
        return part | {
            key: [self._effect(one, f"{place}.{key}[{n}]", 0) for n, one in enumerate(_listed(part[key]))]
            for key in lists
            if isinstance(part.get(key), list | str | dict)
        }

    def _changing(self, part: Any, place: str) -> Any:
        if not isinstance(part, dict) or not isinstance(part.get("change"), list | str | dict):
            return part
        written = _one_by_one(part["change"])
        changes = [
            change
            for n, one in enumerate(written)
            for change in self._written_out(one, f"{place}.change[{n}]", "change", VERBS, 0)
        ]
        return {**part, "change": changes}

    def _effect(self, effect: Any, place: str, depth: int) -> Any:
        if _use(effect, CALLS | {"do"})[0] is None:
            return effect
        return {"do": self._written_out(effect, place, "do", CALLS | {"do"}, depth)}

    def _written_out(self, part: Any, place: str, kind: str, words: frozenset[str], depth: int) -> list[Any]:
        """What stands in the place of one effect or one change."""
        name, said = _use(part, words)
        if name is None:
            return [part]
        macro = self._macros.get(name)
        if macro is None or macro.kind != kind:
            what = "effect" if kind == "do" else "change"
            others = {other for other, one in self._macros.items() if one.kind == kind}
            known = ", ".join(sorted(words - {"do"} | others))
            self.problems.append(
                (place, f"unknown-{what}", f"there is no {what} {name!r}; there are {known}")
            )
            return []
        self._used.add(name)
        self._written += len(macro.parts)
        if depth == _DEEPEST or self._written > MOST_EFFECTS:
            message = f"{name!r} stands for itself, or for more than a definition may have"
            self.problems.append((place, "endless-macro", message))
            return []
        arguments = self._arguments(macro, said, f"{place}.{name}")
        if arguments is None:
            return []
        guards = {key: part[key] for key in _GUARDS if isinstance(part, dict) and key in part}
        filled = [self._guarded(_filled(one, arguments), guards, place) for one in macro.parts]
        if kind == "do":
            return [self._effect(one, place, depth + 1) for one in filled]
        return [more for one in filled for more in self._written_out(one, place, kind, words, depth + 1)]

    def _arguments(self, macro: _Macro, said: Any, place: str) -> dict[str, Any] | None:
        wanted = macro.parameters
        if isinstance(said, dict) and said.keys() == set(wanted):
            return said
        if len(wanted) == 1 and said is not None and not (isinstance(said, dict) and wanted[0] in said):
            return {wanted[0]: said}
        if not wanted and said in (None, {}):
            return {}
        message = f"takes {', '.join(wanted) or 'no parameters'}"
        self.problems.append((place, "macro-parameters", message))
        return None

    def _guarded(self, effect: Any, guards: Mapping[str, str], place: str) -> Any:
        """An effect of a macro, with `when` and `each` of where it is used besides its own."""
        if not guards:
            return effect
        effect = {effect: None} if isinstance(effect, str) else dict(effect)
        if "when" in guards:
            own = effect.get("when")
            effect["when"] = guards["when"] if own is None else f"({guards['when']}) && ({own})"
        if "each" in guards:
            if "each" in effect:
                self.problems.append(
                    (f"{place}.each", "doubled-each", "the macro repeats this effect itself")
                )
            effect["each"] = guards["each"]
        return effect


def _in_full(said: Any) -> dict[str, Any]:
    """What a macro says, under `do` or `change`."""
    if not isinstance(said, dict):
        return {"do": said}
    for kind, words in (("do", CALLS), ("change", VERBS)):
        if kind not in said and said.keys() & words:
            own = {key: value for key, value in said.items() if key in words or key in _GUARDS}
            return {kind: own, **{key: value for key, value in said.items() if key not in own}}
    return said


def _listed(parts: Any) -> Any:
    """One effect, written without a list, is a list of one."""
    return [parts] if isinstance(parts, str | dict) else parts


def _one_by_one(changes: Any) -> Any:
    """Changes in one mapping are done in the order in which they are written; one alone may have a `when`."""
    if isinstance(changes, dict) and "when" not in changes:
        return [{verb: said} for verb, said in changes.items()]
    return _listed(changes)


def _use(part: Any, words: frozenset[str]) -> tuple[str | None, Any]:
    """The macro that an effect or a change uses, and what it is given; None for one by its own words."""
    if isinstance(part, str):
        return part, None
    if not isinstance(part, dict):
        return None, None
    names = [name for name in part if name not in _GUARDS]
    if len(names) != 1 or names[0] in words:
        return None, None
    return str(names[0]), part[names[0]]


def _filled(value: Any, arguments: Mapping[str, Any], key: str = "") -> Any:
    """The effect with its parameters in their places."""
    if isinstance(value, dict):
        return {name: _filled(part, arguments, str(name)) for name, part in value.items()}
    if isinstance(value, list):
        return [_filled(part, arguments) for part in value]
    if not isinstance(value, str):
        return value
    if value.startswith("=") and value[1:] in arguments:
        return arguments[value[1:]]
    if value.startswith("="):
        return "=" + _in_expression(value[1:], arguments)
    return _in_expression(value, arguments) if key in _EXPRESSIONS or key in _WHOLE else value


def _in_expression(text: str, arguments: Mapping[str, Any]) -> str:
    places = [
        (word.position, word.text)
        for before, word in _with_former(text)
        if word.kind == "name" and word.text in arguments and before not in (".", ".?")
    ]
    for position, name in reversed(places):
        text = text[:position] + _as_expression(arguments[name]) + text[position + len(name) :]
    return text


def _with_former(text: str) -> Iterator[tuple[str, Any]]:
    former = ""
    for word in tokens(text):
        yield former, word
        former = word.text


def _as_expression(value: Any) -> str:
    """An argument as a part of an expression. JSON is CEL, but for the texts' escapes of half characters."""
    if isinstance(value, str) and value.startswith("="):
        return f"({value[1:]})"
    if isinstance(value, list):
        return f"[{', '.join(map(_as_expression, value))}]"
    if isinstance(value, dict):
        fields = (
            f"{json.dumps(name, ensure_ascii=False)}: {_as_expression(one)}" for name, one in value.items()
        )
        return f"{{{', '.join(fields)}}}"
    return json.dumps(value, ensure_ascii=False)
