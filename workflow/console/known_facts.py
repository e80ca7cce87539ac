"""What is known of a subject, for its page: who, when and how much, by the names of its fields.

Of the catalog these are the fields that people need; what a lifecycle notes for itself is not among them. Of
a lifecycle of one's own they are all that hold one value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from state_machines.catalog import NAMES
from state_machines.definitions.lifecycle import Lifecycle
from state_machines.form.fields import FieldDeclaration
from state_machines.values.instants import InstantError, parse_instant

_OF_CATALOG: Mapping[str, tuple[str, ...]] = {
    "promise": ("customer", "regarding", "owner", "team", "due_at", "channel", "waiting_for", "case"),
    "appointment": ("about", "customer", "window", "place", "eta", "owner", "team", "wish", "case"),
    "callback": ("customer", "title", "due_at", "desk", "language", "promise"),
    "escalation": ("customer", "case"),
    "approval": ("what", "amount", "by", "reason", "policy", "customer", "case"),
    "likeness": ("one", "other", "kinds"),
    "customer": ("customer",),
    "team": ("members", "lead"),
}
_SHOWN_ALREADY = "words"
"""Stands above it."""
_LONGEST = 500
"""Characters of a text that is shown."""


@dataclass(frozen=True, slots=True)
class KnownFact:
    """One fact.

    Attributes:
        name: of its field.
        kind: ``moment``, ``window``, ``person``, ``subject`` (a key), ``truth``, ``channel``, ``values``, or
            ``value``.
    """

    name: str
    kind: str
    value: Any


def known_facts(lifecycle: Lifecycle, data: Mapping[str, Any]) -> list[KnownFact]:
    """Those that a page of the subject shows, in the order of its definition; of the catalog, in our own."""
    declared = lifecycle.definition.data
    names = _OF_CATALOG.get(lifecycle.name, ()) if lifecycle.name in NAMES else tuple(declared)
    return list(_facts(declared, names, data))


def _facts(
    declared: Mapping[str, FieldDeclaration], names: tuple[str, ...], data: Mapping[str, Any]
) -> Iterator[KnownFact]:
    for name in names:
        value = data.get(name)
        if name == _SHOWN_ALREADY or value is None or value in ("", [], {}):
            continue
        kind = _kind(name, declared.get(name), value)
        if kind:
            yield KnownFact(name, kind, value[:_LONGEST] if isinstance(value, str) else value)


def _kind(name: str, declared: FieldDeclaration | None, value: Any) -> str:
    """How it is shown; empty: not at all."""
    if isinstance(value, Mapping):
        if {"from", "to"} <= value.keys() and all(_is_instant(value[end]) for end in ("from", "to")):
            return "window"
        return "person" if any(value.get(part) for part in ("name", "email", "phone")) else ""
    if isinstance(value, bool):
        return "truth"
    if isinstance(value, list):
        return "values" if all(isinstance(one, str) for one in value) else ""
    if isinstance(value, str) and declared is not None and declared.format == "date-time":
        return "moment" if _is_instant(value) else "value"
    if name in ("case", "promise", "one", "other") and isinstance(value, str) and ":" in value:
        return "subject"
    if name == "channel":
        return "channel"
    return "value" if isinstance(value, str | int | float) else ""


def _is_instant(value: Any) -> bool:
    try:
        parse_instant(value)
    except InstantError:
        return False
    return True
