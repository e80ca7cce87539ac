"""Values in angle brackets: `<ada.email>`, `<hours>`, `<tomorrow 09:00>` in the texts of a scenario."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel

from state_machines.values.instants import format_instant
from workflow.scenarios.errors import FillingError
from workflow.scenarios.times import Moment, TimeError, is_time, resolved

__all__ = ["AS_WRITTEN", "Fillings", "filled", "is_name", "texts_in"]

AS_WRITTEN = frozenset({"holds"})
"""Fields whose texts stand as they are written: in an expression `<` is less-than."""

_NAME = re.compile(r"[^\W\d][\w-]*")
_PIECE = re.compile(r"<<|<(?P<said>[^<>]*)>|<")
_PART = re.compile(r"[.](?P<part>[^.\[\]]+)|\[(?P<index>[0-9]{1,4})\]")
_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True)
class Fillings:
    """What may stand in angle brackets.

    Attributes:
        moment: from where times are reckoned.
        values: by name: of the row, and the scenario's.
        people: by name, an address or what is said of them.
    """

    moment: Moment
    values: Mapping[str, Any] = field(default_factory=dict)
    people: Mapping[str, Any] = field(default_factory=dict)


def is_name(text: str) -> bool:
    """Whether a person or a value can be called so."""
    return _NAME.fullmatch(text) is not None


def filled(value: Any, fillings: Fillings) -> Any:
    """The same with values where angle brackets were, in texts, lists, mappings (their keys, too) and parts
    of a scenario.

    A text that is `<name>` as a whole becomes the value itself, of whatever type; an instant is RFC 3339 in
    UTC, with `Z`. Values are not looked through for further angle brackets.

    Raises:
        FillingError: of the first that is unknown or is no value; `field` is its path in what was given.
    """
    if isinstance(value, str):
        return _filled_text(value, fillings)
    if isinstance(value, BaseModel):
        return _filled_model(value, fillings)
    if isinstance(value, Mapping):
        return _filled_mapping(value, fillings)
    if isinstance(value, list | tuple):
        return [_at(f"[{n}]", one, fillings) for n, one in enumerate(value)]
    return value


def texts_in(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Path and text of every text in a plain value, those of its keys among them."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        for n, one in enumerate(value):
            yield from texts_in(one, f"{path}[{n}]")
    elif isinstance(value, Mapping):
        for key, one in value.items():
            place = f"{path}.{key}" if path else str(key)
            yield place, str(key)
            yield from texts_in(one, place)


def _at(step: str, value: Any, fillings: Fillings) -> Any:
    try:
        return filled(value, fillings)
    except FillingError as error:
        inner = error.field
        path = step + ("." if inner and not inner.startswith("[") else "") + inner
        raise FillingError(error.rule, error.message, path) from None


def _filled_model(part: _Model, fillings: Fillings) -> _Model:
    """A part of a scenario; what nobody wrote in it is left alone."""
    changed = {}
    for name in part.model_fields_set - AS_WRITTEN:
        before = getattr(part, name)
        after = _at(name, before, fillings)
        if after is not before:
            changed[name] = after
    return part.model_copy(update=changed) if changed else part


def _filled_mapping(value: Mapping[str, Any], fillings: Fillings) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, one in value.items():
        name = _in_words(key, fillings) if isinstance(key, str) else key
        if name in found:
            raise FillingError("doubled-key", f"{name!r} stands here twice once it is filled in", str(key))
        found[name] = _at(str(key), one, fillings)
    return found


def _filled_text(text: str, fillings: Fillings) -> Any:
    if "<" not in text:
        return text
    whole = _PIECE.fullmatch(text)
    if whole is not None and whole["said"] is not None:
        return _value(whole["said"], fillings)
    return _in_words(text, fillings)


def _in_words(text: str, fillings: Fillings) -> str:
    """A text with its values written out in it."""

    def written(piece: re.Match[str]) -> str:
        if piece.group() == "<<":
            return "<"
        if piece["said"] is None:
            message = f"'<' begins a value in {text!r}; the character itself is '<<'"
            raise FillingError("angle-bracket", message)
        return _as_text(piece["said"], _value(piece["said"], fillings))

    return _PIECE.sub(written, text) if "<" in text else text


def _as_text(said: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    kind = "nothing" if value is None else "a list" if isinstance(value, list) else "a mapping"
    message = f"<{said}> is {kind} and cannot stand amid other words; name a part of it"
    raise FillingError("value-in-words", message)


def _value(said: str, fillings: Fillings) -> Any:
    name = _NAME.match(said)
    rest = said[name.end() :] if name is not None else said
    if name is not None and (not rest or rest[0] in ".["):
        return _named(name.group(), rest, said, fillings)
    if not is_time(said) and name is not None:
        raise FillingError("unknown-value", f"<{said}> is neither the name of a value nor a time")
    try:
        return format_instant(resolved(said, fillings.moment))
    except TimeError as error:
        raise FillingError(error.rule, error.message) from None


def _named(name: str, rest: str, said: str, fillings: Fillings) -> Any:
    if name in fillings.values:
        return _part(fillings.values[name], rest, said)
    if name not in fillings.people:
        known = sorted({*fillings.values, *fillings.people})
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"is {near[0]!r} meant?" if near else f"there is {', '.join(known[:20]) or 'none'}"
        raise FillingError("unknown-value", f"<{said}>: nobody and no value is called {name!r}; {hint}")
    person = fillings.people[name]
    if rest and isinstance(person, str):
        person = {"phone" if person.startswith("+") else "email": person}
    return _part(person, rest, said)


def _part(value: Any, rest: str, said: str) -> Any:
    """What a path such as `.email` or `.channels[0]` leads to."""
    while rest:
        step = _PART.match(rest)
        if step is None:
            message = f"<{said}>: {rest!r} leads to no part, as `.email` or `[0]` would"
            raise FillingError("value-path", message)
        rest = rest[step.end() :]
        if step["index"] is not None:
            if not isinstance(value, list) or int(step["index"]) >= len(value):
                raise FillingError("unknown-part", f"<{said}>: there is no item {step['index']}")
            value = value[int(step["index"])]
            continue
        if not isinstance(value, Mapping) or step["part"] not in value:
            parts = sorted(value) if isinstance(value, Mapping) else []
            known = f"there is {', '.join(map(str, parts))}" if parts else "it has no parts"
            raise FillingError("unknown-part", f"<{said}>: there is no part {step['part']!r}; {known}")
        value = value[step["part"]]
    return value
