"""What would come of messages: mapped, accepted and decided by a real engine, in a store that is gone at the
end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from state_machines.errors import Problem
from workflow.clock import VirtualClock
from workflow.engine.acceptance import Acceptance
from workflow.engine.cloudevent import CloudEvent
from workflow.engine.definition_sources import with_catalog
from workflow.engine.engine import Engine
from workflow.engine.registry import Registry
from workflow.errors import InvalidEvent
from workflow.hooks.mapping import NotMapped, map_message
from workflow.hooks.message import Message
from workflow.hooks.receiving import speaker
from workflow.hooks.route import Route
from workflow.queries.event_outcomes import event_outcome
from workflow.replay.replay_store import replay_store
from workflow.store import schema


@dataclass(frozen=True, slots=True)
class EventPreview:
    """One event that a message becomes.

    Attributes:
        event: the CloudEvent.
        verdict: ``accepted``, or ``refused`` by the engine's door.
        outcome: what was decided: ``moved``, ``stayed``, ``refused`` (by the lifecycle), ``dead``; None where
            it was not accepted.
        state: the state of its subject once all is decided; None where there is none.
        problems: why it was refused: field, rule and message of each.
    """

    event: CloudEvent
    verdict: str
    outcome: str | None
    state: str | None
    problems: Sequence[Problem]

    def to_json(self) -> dict[str, Any]:
        """As `makegood route test --json` says it."""
        return {
            "event": self.event.to_json(),
            "verdict": self.verdict,
            "outcome": self.outcome,
            "state": self.state,
            "problems": [_problem(one) for one in self.problems],
        }


@dataclass(frozen=True, slots=True)
class MessagePreview:
    """What would come of one message: `status` is ``accepted``, ``refused``, ``ignored``, or why it is not
    mapped."""

    status: str
    case: str | None
    events: Sequence[EventPreview] = ()
    ignored: str | None = None
    problems: Sequence[Problem] = ()

    @property
    def is_well(self) -> bool:
        """Whether it would not be kept, and every event decided without a refusal."""
        outcomes = {one.outcome for one in self.events}
        return self.status in ("accepted", "ignored") and not outcomes & {"refused", "dead"}

    def to_json(self) -> dict[str, Any]:
        """As `makegood route test --json` says it."""
        return {
            "status": self.status,
            "case": self.case,
            "ignored": self.ignored,
            "events": [one.to_json() for one in self.events],
            "problems": [_problem(one) for one in self.problems],
        }


Sources = Sequence[tuple[str, str | None]]


@contextmanager
def preview_engine(own: Sources, now: datetime) -> Iterator[Engine]:
    """An engine at this instant that knows the catalog and the installation's own lifecycles, and has no
    subject."""
    with replay_store(None, "/preview") as store:
        registry, clock = Registry(store), VirtualClock(now)
        registry.register(with_catalog(own), now)
        yield Engine(store, registry, clock)


def previewed(engine: Engine, route: Route, message: Message) -> MessagePreview:
    """What comes of a message after those that this engine has had."""
    try:
        mapped = map_message(route, message)
    except NotMapped as error:
        return MessagePreview(error.reason, error.case, problems=error.problems)
    if mapped.ignored is not None:
        return MessagePreview("ignored", mapped.case, ignored=mapped.ignored)
    refused = [_acceptance_problems(engine, route, event) for event in mapped.events]
    if any(refused):
        events = [
            EventPreview(event, "refused" if problems else "accepted", None, None, problems)
            for event, problems in zip(mapped.events, refused, strict=True)
        ]
        return MessagePreview("refused", mapped.case, events)
    try:
        checked = engine.acceptor.check(mapped.events, speaker(route), route.actor)
        acceptances = engine.acceptor.store_one(checked)
    except InvalidEvent as error:
        return MessagePreview("refused", mapped.case, problems=error.problems)
    while engine.apply().decided:
        pass
    events = [_decided(engine, *pair) for pair in zip(mapped.events, acceptances, strict=True)]
    return MessagePreview("accepted", mapped.case, events)


def _acceptance_problems(engine: Engine, route: Route, event: CloudEvent) -> list[Problem]:
    try:
        engine.acceptor.check([event], speaker(route), route.actor)
    except InvalidEvent as error:
        return error.problems
    return []


def _decided(engine: Engine, event: CloudEvent, acceptance: Acceptance) -> EventPreview:
    found = event_outcome(engine.store, acceptance.source, acceptance.event_id)
    assert found is not None, "what is accepted is in the ledger"
    subjects = schema.subjects.c
    with engine.store.connect() as connection:
        state = connection.scalar(select(subjects.state).where(subjects.key == event.subject))
    problems = [] if found.reason is None else [Problem(event.subject, found.outcome, found.reason)]
    return EventPreview(event, "accepted", found.outcome, state, problems)


def _problem(problem: Problem) -> dict[str, str]:
    return {"field": problem.field, "rule": problem.rule, "message": problem.message}
