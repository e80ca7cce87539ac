"""What becomes of a message that its sender has signed: events in the ledger, or a place among the
unmapped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from state_machines.errors import Problem
from workflow.access.bounds import Bounds
from workflow.access.principal import Principal
from workflow.access.role import Role
from workflow.engine.acceptance import Acceptance
from workflow.engine.cloudevent import CloudEvent
from workflow.engine.engine import Engine
from workflow.errors import EventConflict, InvalidEvent
from workflow.hooks import unmapped
from workflow.hooks.mapping import NotMapped, map_message
from workflow.hooks.message import Message
from workflow.hooks.route import Route

REFUSED, OTHER_EVENT = "refused", "other-event"
_ALWAYS = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a message.

    Attributes:
        status: ``accepted``, ``duplicate`` (every event was known), ``ignored`` (a case says that nothing is
            to come of it) or ``kept`` (it became no events).
        case: the name of the case that fits, if one does.
        acceptances: what became of each event.
        kept: its id among the unmapped.
        reason: why it was kept, in a word; or why it is ignored.
        problems: why it was kept.
    """

    status: str
    case: str | None
    acceptances: Sequence[Acceptance] = ()
    kept: int | None = None
    reason: str | None = None
    problems: Sequence[Problem] = ()


class NotTaken(Exception):
    """A message becomes no events, for this reason and these problems; nothing is stored."""

    def __init__(self, reason: str, problems: list[Problem], case: str | None) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.reason = reason
        self.problems = problems
        self.case = case


def speaker(route: Route) -> Principal:
    """Whose voice a route speaks with: bound to its source and to the events that its file names."""
    bounds = Bounds(sources=(route.form.source,), sends=route.event_types())
    return Principal(route.actor, route.name, Role.SYSTEM, _ALWAYS, bounds=bounds)


def take(engine: Engine, route: Route, message: Message) -> Received:
    """Map a message and accept its events, all or none. Raises NotTaken, and what the database does."""
    try:
        mapped = map_message(route, message)
    except NotMapped as error:
        raise NotTaken(error.reason, error.problems, error.case) from None
    if mapped.ignored is not None:
        return Received("ignored", mapped.case, reason=mapped.ignored)
    acceptances = _accepted(engine, route, mapped.events, mapped.case)
    fresh = any(one.status == "accepted" for one in acceptances)
    return Received("accepted" if fresh else "duplicate", mapped.case, acceptances)


def _accepted(engine: Engine, route: Route, events: Sequence[CloudEvent], case: str) -> list[Acceptance]:
    try:
        checked = engine.acceptor.check(events, speaker(route), route.actor)
        return engine.acceptor.store_one(checked)
    except EventConflict as error:
        raise NotTaken(OTHER_EVENT, error.problems, case) from None
    except InvalidEvent as error:
        raise NotTaken(REFUSED, error.problems, case) from None


def receive(engine: Engine, route: Route, message: Message, most_bytes: int) -> Received:
    """As `take`; what becomes no events is kept. Raises NoRoom, and what the database does."""
    try:
        return take(engine, route, message)
    except NotTaken as error:
        kept = unmapped.keep(
            engine.store,
            message,
            error.reason,
            error.problems,
            error.case,
            most_bytes=most_bytes,
            now=engine.clock.now(),
        )
        return Received("kept", error.case, (), kept, error.reason, error.problems)


def retry(engine: Engine, route: Route, number: int, by: str) -> Received:
    """Map one of the unmapped again, by the route as it is now; whoever asks is named.

    Raises:
        NotFound, NotRetryable: it is not there, or was settled.
        NotTaken: it still becomes no events; why is noted with it.
    """
    message = unmapped.waiting(engine.store, number)
    try:
        received = take(engine, route, message)
    except NotTaken as error:
        unmapped.failed_again(engine.store, number, error.reason, error.problems, error.case)
        raise
    unmapped.settle(engine.store, number, "retried", by, None, engine.clock.now())
    return received
