"""Reading the ledger: the state of a subject is rebuilt from its events and moves alone.

`decide` is deterministic, so the rebuilt subject equals the stored one (invariant 8). Where it does
not, either a definition was changed under its number or a row was changed by hand.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, select

from state_machines.decision import Decision, Event
from state_machines.definitions.lifecycle import Lifecycle
from state_machines.expressions.view import View
from state_machines.subject import Subject
from workflow.engine.deciding import Definitions, decide_event
from workflow.engine.registry import Registry
from workflow.errors import NotFound
from workflow.store.keys import key_is
from workflow.store.own_sources import TIMER_SOURCE, sender_of
from workflow.store.port import Store
from workflow.store.schema import events, moves, subjects

_MOVE = [moves.c[name] for name in ("version", "seq", "trigger", "timer", "setting", "due_at", "at")]
_EVENT = [events.c[name] for name in ("time", "data", "parent", "actor", "expected_revision")]
MOVE_COLUMNS = (subjects.c.lifecycle, *_MOVE, events.c.event_id, events.c.source, *_EVENT)
"""What is needed to decide again: moves, joined with their subjects and (outer) their events."""

_PAGE = 200


def rebuild(store: Store, registry: Registry, key: str) -> Subject:
    """The subject as it follows from the ledger alone.

    Raises:
        NotFound: the ledger holds nothing about that subject.
    """
    latest: Subject | None = None
    for told in retell(registry, key, _moves(store, key), asking=False):
        latest = told.after
    if latest is None:
        raise NotFound(f"subject: the ledger has nothing of {key!r}")
    return latest._replace(revision=None)  # the store does not keep it with the subject


def decisions(store: Store, registry: Registry, key: str) -> Iterator[tuple[Subject, Decision]]:
    """Decide everything about a subject again, in order; each decision, with the subject as it leaves it."""
    for told in retold(store, registry, key):
        yield told.after, told.decision


class Retold(NamedTuple):
    """One decision made again: the definition, the subject before, the event, the result and when (UTC)."""

    lifecycle: Lifecycle
    before: Subject
    event: Event
    decision: Decision
    at: datetime
    after: Subject

    def view(self) -> View:
        """What expressions could read at the end of the decision."""
        rule = self.lifecycle.data_rules.get(self.event.trigger)
        given = self.event.data if rule is None else rule.with_defaults(self.event.data)
        data = self.decision.data
        view = View(self.before, self.event, given, data, self.at, self.lifecycle.names)
        view.state = self.decision.dest
        return view


def retold(store: Store, registry: Registry, key: str) -> Iterator[Retold]:
    """Decide everything about a subject again, in order; each decision, with all that it was made from."""
    return retell(registry, key, _moves(store, key))


def retell(
    registry: Definitions, key: str, rows: Iterable[Row[Any]], *, asking: bool = True
) -> Iterator[Retold]:
    """The same from rows of its moves (with `MOVE_COLUMNS`), by their `seq`.

    `asking`: whether the decisions are to have their effects, which cost a third of them.
    """
    subject: Subject | None = None
    for row in rows:
        lifecycle = registry.get(row.lifecycle, row.version)
        if subject is None:
            subject = Subject(key, row.lifecycle, row.version)
        subject = subject._replace(seq=row.seq - 1)
        event = _event(row, key)
        lifecycle, decision, after = decide_event(registry, lifecycle, subject, event, row.at, asking=asking)
        yield Retold(lifecycle, subject, event, decision, row.at, after)
        subject = after


def _moves(store: Store, key: str) -> Iterator[Row[Any]]:
    """By pages: a subject may have many events of 64 KiB, and nobody needs all of them at once."""
    query = (
        select(*MOVE_COLUMNS)
        .join(subjects, subjects.c.id == moves.c.subject_id)
        .outerjoin(events, events.c.id == moves.c.event_id)
        .where(key_is(subjects.c.key, key))
        .order_by(moves.c.seq)
        .limit(_PAGE)
    )
    seq = 0
    while True:
        with store.connect() as connection:
            rows = connection.execute(query.where(moves.c.seq > seq)).all()
        yield from rows
        if len(rows) < _PAGE:
            return
        seq = rows[-1].seq


def _event(row: Row[Any], key: str) -> Event:
    if row.timer is None:
        kind = sender_of(row.source)
        identity, said = row.event_id, row.data
        return Event(
            *(row.trigger, identity, row.source, row.time, said, row.parent),
            sender=kind,
            actor=row.actor,
            expected_revision=row.expected_revision,
        )
    identity = f"{key}/{row.timer}/{row.setting}"
    return Event(row.trigger, identity, TIMER_SOURCE, row.due_at, timer=row.timer, setting=row.setting)
