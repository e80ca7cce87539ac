"""How an event is decided: by the definition of its subject; or, of the house's own steps, without it.

Those that decide and those that read the ledger ask here, so that both come to the same.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, Protocol

from state_machines.asides import aside
from state_machines.decide import apply_decision, decide
from state_machines.decision import Decision, Event
from state_machines.definitions.lifecycle import Lifecycle
from state_machines.migration import apply_migration, migrate
from state_machines.subject import Subject
from workflow.store.own_sources import ASIDE_SOURCE, MIGRATION_SOURCE


class Decided(NamedTuple):
    """A decided event: the version by which its subject lives from then on, the decision, the subject."""

    lifecycle: Lifecycle
    decision: Decision
    after: Subject


class Definitions(Protocol):
    """Whoever has the definition of each version, such as a registry."""

    def get(self, name: str, version: int) -> Lifecycle:
        """One version. Raises UnknownDefinition."""


def decide_event(
    definitions: Definitions,
    lifecycle: Lifecycle,
    subject: Subject,
    event: Event,
    now: datetime,
    *,
    asking: bool = True,
) -> Decided:
    """Decide an event by this version, as of `now`, UTC; a move to another one by that of the subject.

    Nobody else can send what comes from a source of the house. `asking` is as for `decide`.
    Raises as `decide` and `migrate`, and UnknownDefinition.
    """
    if event.source == MIGRATION_SOURCE:
        old = definitions.get(subject.lifecycle, subject.version)
        new = definitions.get(subject.lifecycle, int(event.data["to"]))
        decision = migrate(old, new, subject, event, now)
        after = apply_migration(subject, event, decision, new, now)
        return Decided(new if after.version == new.version else old, decision, after)
    if event.source == ASIDE_SOURCE:
        decision = aside(subject, event)
    else:
        decision = decide(lifecycle, subject, event, now, asking=asking)
    return Decided(lifecycle, decision, apply_decision(subject, event, decision, now))
