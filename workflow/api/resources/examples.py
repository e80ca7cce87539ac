"""An example of declared data: what has to be there, and a little of what may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from state_machines.form.fields import FieldDeclaration

_OF_FORMAT: Mapping[str, str] = {
    "date-time": "2030-03-05T09:00:00+01:00",
    "date": "2030-03-05",
    "duration": "PT2H",
    "email": "ada@example.com",
    "time-zone": "Europe/Berlin",
    "calendar": "always",
    "uri": "https://shop.example/orders/17",
    "condition": "true",
    "task": "billing.refund",
    "queue": "billing",
    "channel": "email",
    "written-channel": "email",
    "contact-channel": "email",
}
_OF_MEANING: Mapping[str, Any] = {
    "person": "ada@example.com",
    "people": ["ada@example.com"],
    "words": "We call you back today",
}
_OPTIONAL = 2
"""So many fields that need not be there an example has."""

Fields = Mapping[str, FieldDeclaration]


def example_of(fields: Fields) -> dict[str, Any]:
    """An object with these fields that the door takes."""
    found = {name: _value(name, one) for name, one in fields.items() if one.required}
    others = (name for name, one in fields.items() if not one.required and _is_plain(one))
    for name in list(others)[:_OPTIONAL]:
        found[name] = _value(name, fields[name])
    return {name: found[name] for name in fields if name in found}


def _is_plain(one: FieldDeclaration) -> bool:
    """Whether it is a text, a number or a truth that says what it means by itself."""
    return (
        one.enum is not None
        or one.format in ("date-time", "email")
        or (one.type in ("string", "integer", "number", "boolean") and one.format is None)
    )


def _value(name: str, one: FieldDeclaration) -> Any:
    if one.enum:
        return one.enum[0]
    if one.default is not None:
        return one.default
    if one.format is not None:
        return _OF_FORMAT[one.format]
    if one.meaning is not None and one.meaning in _OF_MEANING:
        return _OF_MEANING[one.meaning]
    match one.type:
        case "boolean":
            return True
        case "integer" | "number":
            return _number(one)
        case "array":
            return [] if one.items is None else [_value(name, one.items)]
        case "object":
            return example_of(one.fields or {})
    return f"some {name.replace('_', ' ')}"[: one.max_length]


def _number(one: FieldDeclaration) -> int | float:
    least = (
        one.minimum
        if one.minimum is not None
        else 1
        if one.maximum is None or one.maximum >= 1
        else one.maximum
    )
    number = max(least, 1) if one.maximum is None or one.maximum >= 1 else least
    return int(number) if float(number).is_integer() else number
