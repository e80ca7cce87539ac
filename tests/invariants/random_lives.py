"""Random events for the lifecycles of the catalog: every trigger, with data that its declaration allows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from state_machines.catalog import load_catalog
from state_machines.form.fields import FieldDeclaration
from state_machines.values.instants import format_instant
from tests.workflow.world import NOW

LIFECYCLES = ("promise", "escalation", "callback", "job")
_PERSON: dict[str, Any] = {
    "name": "Ada",
    "email": "ada@example.com",
    "phone": "+49 30 1",
    "zone": "Europe/Berlin",
    "quiet_hours": "20:00-08:00",
    "window": ["09:00-12:00", "14:00-17:00"],
}
_ANYTHING: list[Any] = ["sam@example.com", _PERSON, "Ada", 3, None, ["a@b.example", "c@d.example"]]
_NAMED: dict[str, st.SearchStrategy[Any]] = {
    # What the declarations leave open and the expressions take for granted.
    "customer": st.sampled_from(["ada@example.com", _PERSON, {"name": "Bo"}]),
    "owner": st.sampled_from(["sam@example.com", {"email": "sam@example.com"}]),
    "who": st.sampled_from(["kim@example.com", "lee@example.com"]),
    "by": st.sampled_from(["kim@example.com", "lee@example.com"]),
    "news": st.sampled_from(["claimed", "resting", "overdue", "reached", "customer_called", "withdrawn"]),
    "args": st.lists(st.integers(0, 9), max_size=2),
    "participants": st.lists(st.sampled_from(["kim@example.com", "lee@example.com"]), max_size=2),
    "ladder": st.just([{"people": ["lead@shop.example"], "within": "PT20M"}]),
}
_INSTANTS = st.integers(-60, 60 * 24 * 3).map(
    lambda minutes: format_instant(NOW + timedelta(minutes=minutes))
)
_TEXTS = st.sampled_from(["", "we call — 你好", "a b"])
_TYPES: dict[str, st.SearchStrategy[Any]] = {
    "string": _TEXTS,
    "integer": st.integers(1, 4),
    "number": st.sampled_from([0.5, 3, 1e16]),
    "boolean": st.booleans(),
    "object": st.just({}),
    "array": st.just([]),
    "any": st.sampled_from(_ANYTHING),
}
_FORMATS: dict[str, st.SearchStrategy[Any]] = {
    "calendar": st.sampled_from(["always", "house", "customer"]),
    "date-time": _INSTANTS,
    "duration": st.sampled_from(["PT15M", "PT2H", "P1D"]),
    "email": st.just("a@b.example"),
    "time-zone": st.just("Asia/Tokyo"),
    "channel": st.sampled_from(["preferred", "email", "sms", "live"]),
    "written-channel": st.sampled_from(["preferred", "email", "sms"]),
    "contact-channel": st.sampled_from(["email", "sms", "live"]),
}


def _value(name: str, field: FieldDeclaration) -> st.SearchStrategy[Any]:
    if name in _NAMED:
        return _NAMED[name]
    if field.enum:
        return st.sampled_from(field.enum)
    if field.format in _FORMATS:
        return _FORMATS[field.format]
    if field.type == "object" and field.fields:
        return _object(field.fields)
    if field.type == "array" and field.items is not None:
        return st.lists(_value("", field.items), max_size=2)
    return _TYPES[field.type]


def _object(fields: dict[str, FieldDeclaration]) -> st.SearchStrategy[dict[str, Any]]:
    required = {name: _value(name, field) for name, field in fields.items() if field.required}
    optional = {name: _value(name, field) for name, field in fields.items() if not field.required}
    return st.fixed_dictionaries(required, optional=optional)


def _events(lifecycle: str, *, opening: bool = False) -> st.SearchStrategy[tuple[str, Any, Any, Any]]:
    definition = load_catalog()[lifecycle].definition
    openings = [name for rule in definition.transitions if "initial" in rule.source for name in rule.triggers]
    of = {name: _object(declared.data) for name, declared in definition.triggers.items()}
    return st.sampled_from(openings if opening else list(definition.triggers)).flatmap(
        lambda trigger: st.tuples(
            st.just("event"),
            st.just(f"{lifecycle}.{trigger}"),
            st.sampled_from(["A", "B"]).map(lambda name: f"{lifecycle}:{name}"),
            of.get(trigger, st.just({})),
        )
    )


_PASSING = st.tuples(st.just("pass"), st.integers(0, 60 * 20), st.integers(0, 50), st.just(None))
"""Minutes that pass, and by how many seconds the clock is late at each timer."""
_APPLYING = st.tuples(st.just("apply"), st.integers(1, 3), st.just(None), st.just(None))
_ONE = st.one_of(*(_events(lifecycle) for lifecycle in LIFECYCLES), _PASSING, _PASSING, _APPLYING)
_OPENINGS = st.lists(st.one_of(*(_events(lifecycle, opening=True) for lifecycle in LIFECYCLES)), min_size=4)
STEPS = st.tuples(_OPENINGS, st.lists(_ONE, min_size=10, max_size=40)).map(lambda parts: parts[0] + parts[1])
"""First some lives begin, for without that there is nothing to tell; then whatever happens."""
