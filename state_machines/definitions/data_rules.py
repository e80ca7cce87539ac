"""The declaration of a trigger's data, compiled to a validator that says what is wrong field by field."""

from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

import jsonschema_rs

from state_machines.calendars.written import calendar_name
from state_machines.definitions.time_bounds import time_bounds
from state_machines.errors import Problem
from state_machines.expressions.fact_conditions import ConditionError, condition
from state_machines.form.fields import FieldDeclaration
from state_machines.notices.channels import FORMATS as CHANNEL_FORMATS
from state_machines.notices.channels import UnknownChannel
from state_machines.values.durations import parse_duration
from state_machines.values.instants import parse_instant, zone
from state_machines.values.time_errors import TimeError

_OURS: Mapping[str, Callable[[str], Any]] = {
    "date-time": parse_instant,
    "duration": parse_duration,
    "time-zone": zone,
    "calendar": calendar_name,
    "condition": condition,
    **CHANNEL_FORMATS,
}
"""Formats that are checked by what will read them, so that what is accepted can also be used."""

_REFUSALS = (TimeError, ConditionError, UnknownChannel)
"""What these raise of a text that they cannot read; each says its rule and why."""

_RULES = {
    "maxLength": "max-length",
    "additionalProperties": "unknown-field",
    "minProperties": "no-language",
    "propertyNames": "language",
}

MORE_PROBLEMS = "more-problems"
"""Rule of the last problem where not all are told."""
MOST_PROBLEMS = 100
"""That are told of one event: its data may break a rule in twenty thousand places."""
_LOOKED_AT = 50
"""Items of each list in which they are looked for: each costs far more than to find that there is one."""
_LONGEST = 200
"""Characters of a message."""


def _accepts(read: Callable[[str], Any]) -> Callable[[str], bool]:
    def accepted(text: str) -> bool:
        try:
            read(text)
        except _REFUSALS:
            return False
        return True

    return accepted


_FORMATS = {name: _accepts(read) for name, read in _OURS.items()}


class DataRule:
    """The declaration of one trigger's data, compiled."""

    __slots__ = ("_bounds", "_defaults", "_validator")

    def __init__(self, fields: Mapping[str, FieldDeclaration], *, partly: bool = False) -> None:
        """`partly` says that any field may be missing, and null where it need not be there."""
        self._bounds = time_bounds(fields)
        self._defaults = {name: one.default for name, one in fields.items() if one.default is not None}
        self._validator = (
            jsonschema_rs.Draft202012Validator(
                schema(fields, partly=partly), validate_formats=True, formats=_FORMATS
            )
            if fields
            else None
        )

    def problems(self, data: Mapping[str, Any]) -> list[Problem]:
        """What is wrong with these data; nothing, mostly."""
        if self._validator is None or self._validator.is_valid(data):
            return []
        looked_at = _beginnings(data)
        problems = [_problem(error) for error in self._validator.iter_errors(looked_at)]
        if not problems:  # it lies further behind
            try:
                self._validator.validate(data)
            except jsonschema_rs.ValidationError as error:
                problems = [_problem(error)]
        if len(problems) > MOST_PROBLEMS or looked_at != data:
            more = (
                f"of each list the first {_LOOKED_AT} were looked at, and {MOST_PROBLEMS} problems are told"
            )
            problems = [
                *problems[:MOST_PROBLEMS],
                Problem("data", MORE_PROBLEMS, f"there may be more: {more}"),
            ]
        return problems

    def problems_of_new(self, data: Mapping[str, Any]) -> list[Problem]:
        """What is wrong with the data of an event that is not accepted yet: see `time_bounds`, too."""
        problems = self.problems(data)
        return (
            problems
            if problems or self._bounds is None
            else list(islice(self._bounds(data, "data"), MOST_PROBLEMS))
        )

    def with_defaults(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """The data with the declared defaults where they say nothing; the same object where they say all."""
        return data if self._defaults.keys() <= data.keys() else {**self._defaults, **data}


def schema(fields: Mapping[str, FieldDeclaration], *, partly: bool = False) -> dict[str, Any]:
    """The JSON Schema (2020-12) of an object with these fields; `partly` as for `DataRule`."""
    parts = {name: _field_schema(one) for name, one in fields.items()}
    if partly:
        return {
            "type": "object",
            "properties": {
                name: part if fields[name].required else _or_null(part) for name, part in parts.items()
            },
        }
    return {
        "type": "object",
        "properties": parts,
        "required": [name for name, one in fields.items() if one.required],
    }


def _or_null(part: dict[str, Any]) -> dict[str, Any]:
    changed = dict(part)
    if "type" in part:
        own = part["type"]
        changed["type"] = [*(own if isinstance(own, list) else [own]), "null"]
    if "enum" in part:
        changed["enum"] = [*part["enum"], None]
    return changed


def _field_schema(declared: FieldDeclaration) -> dict[str, Any]:
    if declared.meaning == "words":
        return _words_schema(declared.max_length)
    found: dict[str, Any] = schema(declared.fields) if declared.fields is not None else {}
    if declared.type != "any":
        found["type"] = declared.type
    for name, value in (
        ("format", declared.format),
        ("enum", declared.enum),
        ("minimum", declared.minimum),
        ("maximum", declared.maximum),
        ("maxLength", declared.max_length),
        ("items", _field_schema(declared.items) if declared.items is not None else None),
    ):
        if value is not None:
            found[name] = value
    return found


def _words_schema(longest: int | None) -> dict[str, Any]:
    """A text, or an object of texts by language, each of so many characters at most."""
    bound = {} if longest is None else {"maxLength": longest}
    return {
        "type": ["string", "object"],
        **bound,
        "minProperties": 1,
        "propertyNames": {"pattern": "^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$"},
        "additionalProperties": {"type": "string", "minLength": 1, **bound},
    }


def _problem(error: Any) -> Problem:
    field = "data"
    for step in error.instance_path:
        field += f"[{step}]" if isinstance(step, int) else f".{step}"
    rule = error.kind.name
    if rule == "required":
        return Problem(f"{field}.{error.kind.property}", "required", "is missing")
    read = _OURS.get(error.kind.format) if rule == "format" else None
    if read is not None:
        try:
            read(error.instance)
        except _REFUSALS as refused:
            return Problem(field, refused.rule, refused.message)
    return Problem(field, _RULES.get(rule, rule), _short(error.message))


def _beginnings(value: Any) -> Any:
    """The same with the beginnings of long lists."""
    if isinstance(value, Mapping):
        return {name: _beginnings(part) for name, part in value.items()}
    return [_beginnings(part) for part in value[:_LOOKED_AT]] if isinstance(value, list) else value


def _short(message: str) -> str:
    """Messages quote the value, and a value may be a megabyte."""
    return (
        message if len(message) <= _LONGEST else f"{message[: _LONGEST // 2]} ... {message[-_LONGEST // 2 :]}"
    )
