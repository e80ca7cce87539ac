"""An example of declared data: what has to be there, and a little of what may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from state_machines.definitions.lifecycle import Lifecycle
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
    "person": "ana@shop.example",
    "people": ["ana@shop.example"],
    "words": "We call you back today",
}
_BY_NAME: Mapping[str, Any] = {
    "account": "B-4711",
    "about": "the repair of the heating",
    "amount": 30,
    "by": "ana@shop.example",
    "case": "case:C-17",
    "cause": "part_missing",
    "channel": "email",
    "country": "DE",
    "customer": {"name": "Ada Lovelace", "email": "ada@example.com"},
    "email": "ada@example.com",
    "from": "2030-03-05T09:00:00+01:00",
    "kind": "callback",
    "language": "de",
    "name": "Ada Lovelace",
    "note": "Please ring twice",
    "outcome": "It is repaired",
    "into": "customer:C-18",
    "mine": "customer:C-17",
    "owner": "ana@shop.example",
    "part": "heating",
    "phone": "+4930123456",
    "place": "Lindenstraße 3, Berlin",
    "policy": "P-17",
    "promise": "promise:P-17",
    "reason": "It was repaired already",
    "subdivision": "BE",
    "team": "repairs",
    "title": "Your repair",
    "to": "2030-03-05T11:00:00+01:00",
    "words": "We call you back today",
}
"""By what a field is called, as far as that fits what is declared of it."""
_HOURS = {"zone": "Europe/Berlin", "weekly": {"mon-fri": ["09:00-17:00"]}}
_OPTIONAL = 2
"""So many fields that need not be there an example has."""

WRITTEN: Mapping[str, Mapping[str, Any]] = {
    "rotation.set": {
        "members": ["ana@shop.example", "ben@shop.example"],
        "handover": {"every": "P7D", "at": "09:00", "zone": "Europe/Berlin", "from": "2030-03-04"},
    },
    "promise.make": {
        "words": "We call you back today",
        "owner": "ana@shop.example",
        "customer": {"name": "Ada Lovelace", "email": "ada@example.com"},
        "due_at": "2030-03-05T17:00:00+01:00",
    },
    "incident.declare": {
        "words": "The north is dark",
        "says": {"en": "The power is out in the north. We know it.", "de": "Im Norden ist der Strom weg."},
        "owner": "ola@grid.example",
    },
    "job.schedule": {
        "task": "billing.refund",
        "kwargs": {"order": "4711", "amount": 30},
        "at": "2030-03-05T09:00:00+01:00",
    },
}
"""By type of event."""

Fields = Mapping[str, FieldDeclaration]


def example_body(lifecycle: Lifecycle, trigger: str) -> dict[str, Any]:
    """An example of what a trigger brings: of one that asks for more than it declares, a written one."""
    written = WRITTEN.get(f"{lifecycle.name}.{trigger}")
    declared = lifecycle.triggers[trigger].data
    if written is not None and written.keys() <= declared.keys():  # an own definition may declare others
        return dict(written)
    return example_of(declared)


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
    known = _BY_NAME.get(name)
    if known is not None and _fits(known, one):
        return known
    if one.format == "calendar" and one.type == "object":
        return _HOURS
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


def _fits(known: Any, one: FieldDeclaration) -> bool:
    if isinstance(known, str):
        fitting = (
            one.type == "string"
            and one.format in (None, "date-time", "email")
            and (one.max_length is None or len(known) <= one.max_length)
        )
    elif isinstance(known, dict):
        fitting = one.type == "object" and one.fields is None
    else:
        fitting = one.type in ("integer", "number") and one.minimum is None and one.maximum is None
    return fitting


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
