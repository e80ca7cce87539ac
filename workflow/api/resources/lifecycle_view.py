"""A lifecycle as the API tells of it: its states, its triggers with what each takes, its timeouts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from state_machines.definitions.lifecycle import Lifecycle
from state_machines.diagram import when_due
from workflow.api.resources.collections import collection_of
from workflow.api.resources.data_schemas import body_schema, data_schema
from workflow.api.resources.senders import sendable, sources_of


@dataclass(frozen=True, slots=True)
class LifecycleLine:
    """A lifecycle in its newest version; `collection` is where its subjects lie."""

    name: str
    version: int
    title: str
    description: str
    collection: str


@dataclass(frozen=True, slots=True)
class LifecycleList:
    """All that the caller's key may read, by name."""

    items: list[LifecycleLine]


@dataclass(frozen=True, slots=True)
class StateView:
    """A state; nothing leads out of a final one. `possible` are the triggers that lead somewhere from it."""

    name: str
    description: str
    final: bool
    possible: list[str]


@dataclass(frozen=True, slots=True)
class TriggerView:
    """A trigger.

    Attributes:
        senders: who may send it, as the definition says.
        states: from which it leads somewhere, `initial` before the subject is opened.
        operation: where a key sends it; null where none may.
        data: JSON Schema of what it brings.
    """

    name: str
    description: str
    senders: list[str]
    states: list[str]
    operation: str | None
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TriggerList:
    """Triggers, in the order of the definition."""

    items: list[TriggerView]


@dataclass(frozen=True, slots=True)
class TimeoutView:
    """A timeout: where it runs and stands still, when it is due, and which trigger it gives then."""

    name: str
    states: list[str]
    paused_in: list[str]
    due: str
    trigger: str


@dataclass(frozen=True, slots=True)
class LifecycleView(LifecycleLine):
    """One version of a lifecycle.

    Attributes:
        versions: all that there are; a subject keeps the one it began with.
        data: JSON Schema of what a subject knows.
        digest: SHA-256 of what the definition says.
    """

    versions: list[int]
    digest: str
    states: list[StateView]
    triggers: list[TriggerView]
    timeouts: list[TimeoutView]
    data: Mapping[str, Any]


def line_of(lifecycle: Lifecycle) -> LifecycleLine:
    """The lifecycle in one line."""
    said = lifecycle.definition
    where = f"/v1/{collection_of(lifecycle.name)}"
    return LifecycleLine(lifecycle.name, lifecycle.version, said.title, said.description, where)


def view_of(lifecycle: Lifecycle, versions: list[int]) -> LifecycleView:
    """All that there is to tell."""
    line = line_of(lifecycle)
    return LifecycleView(
        *(line.name, line.version, line.title, line.description, line.collection),
        versions,
        lifecycle.digest,
        [
            StateView(one.name, one.description, one.final, list(lifecycle.possible[one.name]))
            for one in lifecycle.definition.states
        ],
        triggers_of(lifecycle),
        _timeouts(lifecycle),
        data_schema(lifecycle.definition.data),
    )


def triggers_of(lifecycle: Lifecycle, state: str | None = None) -> list[TriggerView]:
    """The triggers; with a state, those that lead somewhere from it."""
    taken = set(sendable(lifecycle))
    where = f"/v1/{collection_of(lifecycle.name)}/{{id}}"
    return [
        TriggerView(
            name,
            declared.description,
            sorted(lifecycle.senders[name]),
            sources_of(lifecycle, name),
            f"{where}/{name}" if name in taken else None,
            body_schema(declared.data),
        )
        for name, declared in lifecycle.triggers.items()
        if state is None or name in lifecycle.possible[state]
    ]


def _timeouts(lifecycle: Lifecycle) -> list[TimeoutView]:
    declared = lifecycle.declared_timeouts()
    return [
        TimeoutView(
            name,
            [state for state in lifecycle.states if state in rule.scope],
            sorted(rule.paused_in),
            when_due(declared[name]),
            rule.on_timeout,
        )
        for name, rule in lifecycle.timeouts.items()
    ]
