"""How a change is told to other systems: as a CloudEvent (1.0), the same in every telling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from workflow.queries.changes import Change
from workflow.store.own_sources import ASIDE_SOURCE

SOURCE = "/makegood/changes"
TYPE_PREFIX = "makegood"


@dataclass(frozen=True, slots=True)
class StateChange:
    """The state before the decision and after it; the same where it did not move."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class DecidedEvent:
    """The event that was decided: its CloudEvents attributes, who sent it (null: makegood), what it said."""

    source: str
    id: str
    actor: str | None
    time: datetime
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ChangeTimer:
    """The timer that fired, and the instant (UTC) at which it was due."""

    name: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class ChangeData:
    """What was decided.

    Attributes:
        seq: the number of the decision within the subject, from 1: a receiver's measure of order.
        outcome: `moved`, `stayed` (in its state, with an effect) or `refused` (for the `reason`).
        version: of the lifecycle's definition that decided.
        team: that the subject is with after it.
        event: what was decided; null where a timer fired.
        timer: which timer fired; null where an event came.
    """

    lifecycle: str
    trigger: str
    seq: int
    outcome: str
    reason: str | None
    state: StateChange
    version: int
    team: str | None
    event: DecidedEvent | None
    timer: ChangeTimer | None


@dataclass(frozen=True, slots=True)
class ChangeEvent:
    """A change as a CloudEvent in JSON.

    Attributes:
        id: `<subject>/<seq>`, the same in every telling.
        type: `makegood.<lifecycle>.<trigger>`.
        subject: key of the subject; of one subject they come in the order of `data.seq`.
        time: when it was decided, UTC.
    """

    specversion: Literal["1.0"]
    id: str
    source: str
    type: str
    subject: str
    time: datetime
    datacontenttype: Literal["application/json"]
    data: ChangeData


def _told(source: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
    """What an event said, for whoever follows; words between colleagues are theirs alone."""
    return {} if source == ASIDE_SOURCE else data


def change_event(change: Change) -> ChangeEvent:
    """The CloudEvent that tells of a change."""
    cause = change.cause
    return ChangeEvent(
        "1.0",
        change.id,
        SOURCE,
        f"{TYPE_PREFIX}.{change.lifecycle}.{change.trigger}",
        change.subject,
        change.at,
        "application/json",
        ChangeData(
            change.lifecycle,
            change.trigger,
            change.seq,
            change.outcome,
            change.reason,
            StateChange(change.before, change.state),
            change.version,
            change.team,
            None
            if cause is None
            else DecidedEvent(
                cause.source, cause.id, cause.actor, cause.time, _told(cause.source, cause.data)
            ),
            None if change.timer is None else ChangeTimer(change.timer, change.due_at),
        ),
    )
