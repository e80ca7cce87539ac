"""Values in angle brackets: `<ada.email>`, `<hours>`, `<tomorrow 09:00>` in the texts of a scenario."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, TypeVar

from pydantic import BaseModel

from state_machines.values.instants import format_instant, zone
from workflow.scenarios.errors import FillingError
from workflow.scenarios.scenario import Scenario
from workflow.scenarios.times import PERSONS, Moment, TimeError, is_time, resolved

__all__ = [
    "Fillings",
    "filled",
    "filled_in_words",
    "fillings_of",
    "in_words",
    "is_name",
    "names_in",
    "tried",
    "zones_of",
]

Asked = Literal["value", "text", "texts", "person"]
AS_WRITTEN = frozenset({"holds"})
"""Fields whose texts stand as they are written: in an expression `<` is less-than."""

NAMELESS = frozenset({"subjects"})
"""Fields whose values stand beside the other fields: they have no name in YAML."""
ASKED: Mapping[str, Asked] = {
    **dict.fromkeys(("data", "answers", "succeeds", "arguments", "answer", "figures"), "value"),
    **dict.fromkeys(("words", "without", "explain", "why"), "texts"),
    **dict.fromkeys(("to", "by"), "person"),
}
"""What a field asks for: a value as it is, a text or a list of texts, a person; every other one a text."""

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

    def at(self, now: datetime, mark: str | None = None) -> Fillings:
        """What may stand there in a step at `now`, with the name that it gives to its instant, if any."""
        return replace(self, moment=self.moment.later(now, mark))


def is_name(text: str) -> bool:
    """Whether a person or a value can be called so."""
    return _NAME.fullmatch(text) is not None


def fillings_of(scenario: Scenario) -> Fillings:
    """What may stand in angle brackets at the beginning of a scenario; `Fillings.at` says it of a step."""
    moment = Moment(scenario.begins, scenario.begins, scenario.zone, {}, zones_of(scenario.people))
    return Fillings(moment, scenario.values, scenario.people)


def zones_of(people: Mapping[str, Any]) -> dict[str, str | None]:
    """The zones of people, by their short names; None where none is said."""
    found: dict[str, str | None] = {}
    for name, person in people.items():
        said = person.get("zone") if isinstance(person, Mapping) else None
        found[name] = said if isinstance(said, str) else None
    return found


def filled(value: Any, fillings: Fillings, asked: Asked = "value") -> Any:
    """The same with values where angle brackets were, in texts, lists, mappings (their keys, too) and parts
    of a scenario.

    A text that is `<name>` as a whole becomes the value itself, of whatever type; an instant is RFC 3339 in
    UTC, with `Z`. Values are not looked through for further angle brackets. `asked` is what such a text must
    be, where no part of a scenario says it: a value of whatever type, a text, one or several texts, a person.

    Raises:
        FillingError: of the first that is unknown or is no value; `field` is its path in what was given.
    """
    found, failures = tried(value, fillings, asked)
    if failures:
        raise failures[0]
    return found


def in_words(text: str, fillings: Fillings) -> str:
    """A text that is only read, with its values written out in it; as it was, if one of them cannot be."""
    try:
        return _in_words(text, fillings)
    except FillingError:
        return text


def filled_in_words(text: str, row: Mapping[str, Any]) -> str:
    """A text with the values of a row written out in it, before there is a scenario. Raises FillingError."""
    never = datetime.min.replace(tzinfo=zone("UTC"))
    return _in_words(text, Fillings(Moment(never, never, zone("UTC")), row))


def tried(value: Any, fillings: Fillings, asked: Asked = "value") -> tuple[Any, list[FillingError]]:
    """As `filled`, with all that cannot be filled; these texts are left as they were."""
    failures: list[FillingError] = []
    return _Pass(fillings, failures).over(value, "", asked), failures


class _Pass:
    """One way through a value, which goes on after a fault so that all of them are said at once."""

    def __init__(self, fillings: Fillings, failures: list[FillingError]) -> None:
        self._fillings, self._failures = fillings, failures

    def over(self, value: Any, path: str, asked: Asked = "value") -> Any:
        """`asked`: what the value of a text that is `<name>` as a whole must be."""
        if isinstance(value, str):
            return self._text(value, path, asked) if "<" in value else value
        if isinstance(value, BaseModel):
            return self._model(value, path)
        if isinstance(value, Mapping):
            return self._mapping(value, path, asked)
        if isinstance(value, list | tuple):
            item: Asked = "text" if asked == "texts" else asked
            return [self.over(one, f"{path}[{n}]", item) for n, one in enumerate(value)]
        return value

    def _model(self, part: _Model, path: str) -> _Model:
        """A part of a scenario; what nobody wrote in it is left alone."""
        changed = {}
        for name in part.model_fields_set - AS_WRITTEN:
            before, place = getattr(part, name), path if name in NAMELESS else _join(path, _name(part, name))
            after = self.over(before, place, ASKED.get(name, "text"))
            if after is not before:
                changed[name] = after
        return part.model_copy(update=changed) if changed else part

    def _mapping(self, value: Mapping[str, Any], path: str, asked: Asked) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, one in value.items():
            place = _join(path, key)
            name = self._text(key, place, whole=False) if "<" in key else key
            if name in found:
                message = f"{name!r} stands here twice once it is filled in"
                self._failures.append(FillingError("doubled-key", message, place))
            found[name] = self.over(one, place, asked)
        return found

    def _text(self, text: str, path: str, asked: Asked = "text", *, whole: bool = True) -> Any:
        try:
            only = _PIECE.fullmatch(text) if whole else None
            if only is not None and only["said"] is not None:
                return _as_asked(only["said"], _value(only["said"], self._fillings), asked)
            return _in_words(text, self._fillings)
        except FillingError as error:
            self._failures.append(FillingError(error.rule, error.message, path))
            return text


def names_in(value: Any) -> frozenset[str]:
    """The names that stand in angle brackets somewhere in a plain value, and whose zones are asked for."""
    if isinstance(value, str):
        found = {one for said in _PIECE.finditer(value) if said["said"] for one in _named_in(said["said"])}
        return frozenset(found)
    if isinstance(value, Mapping):
        return frozenset().union(*(names_in(one) for pair in value.items() for one in pair))
    return frozenset().union(*map(names_in, value)) if isinstance(value, list) else frozenset()


def _named_in(said: str) -> set[str]:
    first, person = _NAME.match(said), PERSONS.search(said)
    return {one.group() for one in (first,) if one} | {one["person"] for one in (person,) if one}


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _name(part: BaseModel, name: str) -> str:
    """That of a field in YAML."""
    return type(part).model_fields[name].alias or name


def _in_words(text: str, fillings: Fillings) -> str:
    """A text with its values written out in it."""

    def written(piece: re.Match[str]) -> str:
        if piece.group() == "<<":
            return "<"
        if piece["said"] is None:
            message = f"'<' begins a value in {text!r}, and none is in another; the character is '<<'"
            raise FillingError("angle-bracket", message)
        return _as_text(piece["said"], _value(piece["said"], fillings))

    return _PIECE.sub(written, text) if "<" in text else text


def _as_asked(said: str, value: Any, asked: Asked) -> Any:
    """A value where a field asks for it; null is a field that says nothing.

    What is empty is no text: it would stand in every other one.
    """
    if value is None or asked == "value" or (asked == "person" and isinstance(value, Mapping) and value):
        return value
    if asked == "texts" and isinstance(value, list) and value:
        return [_as_asked(said, one, "text") for one in value]
    text = _as_text(said, value)
    if not text:
        raise FillingError("empty", f"<{said}> is an empty text, which says nothing here")
    return text


def _as_text(said: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    kind = "nothing" if value is None else "a list" if isinstance(value, list) else "a mapping"
    message = f"<{said}> is {kind}, and a text is asked for; name a part of it"
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
