"""Decisions by which a subject changes its version: asked for by our own events, decided by two versions."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, Protocol

from state_machines.decision import Decision, Event
from state_machines.definitions.lifecycle import Lifecycle
from state_machines.migration import TRIGGER, apply_migration, migrate
from state_machines.subject import Subject
from workflow.store.own_sources import MIGRATION_SOURCE


class VersionChange(NamedTuple):
    """One of them, decided: the version by which the subject lives after it, the decision, the subject."""

    lifecycle: Lifecycle
    decision: Decision
    after: Subject


class Definitions(Protocol):
    """Whoever has the definition of each version."""

    def get(self, name: str, version: int) -> Lifecycle:
        """One version. Raises UnknownDefinition."""


def changes_version(event: Event) -> bool:
    """Whether an event asks for that: nobody else can send one of this source."""
    return event.source == MIGRATION_SOURCE and event.trigger == TRIGGER


def change_version(registry: Definitions, subject: Subject, event: Event, now: datetime) -> VersionChange:
    """Decide it. Raises UnknownDefinition, and as `migrate`."""
    old = registry.get(subject.lifecycle, subject.version)
    new = registry.get(subject.lifecycle, int(event.data["to"]))
    decision = migrate(old, new, subject, event, now)
    after = apply_migration(subject, event, decision, new, now)
    return VersionChange(new if after.version == new.version else old, decision, after)
