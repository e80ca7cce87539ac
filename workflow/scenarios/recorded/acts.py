"""What came from outside, as the acts of a scenario: events of other systems, links, desk, tasks, reports.

What subjects and timers did by themselves is no act: it follows again when the scenario is played.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select

from state_machines.definitions.senders import DESK, LINK, OPERATOR, OUTSIDE, REPORT, TASK
from workflow.engine.registry import Registry
from workflow.errors import UnknownDefinition
from workflow.scenarios.recorded.asked_effects import AskedEffect, AskedEffects
from workflow.scenarios.recorded.cast import Recorded
from workflow.scenarios.recorded.desk_acts import desk_act
from workflow.scenarios.recorded.link_acts import link_act
from workflow.store import schema
from workflow.store.own_sources import OWN_SOURCES, sender_of

_EVENT, _SUBJECT, _MOVE = schema.events.c, schema.subjects.c, schema.moves.c
_LATE = timedelta(seconds=1)
"""How much earlier an event may have happened than it came in, without a word of it."""
_AT_ONCE = 200
_STATUSES = ("delivered", "failed")
_RECEIPT = "receipt"
_NUMBERED = re.compile(r"(?P<begin>escalation:effect-)[0-9]+-(?:[0-9a-f]{8}|none)|(?P<own>delivery:)[0-9]+")
"""Keys that end in the number of an effect, and in the token under which it was sent."""


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that somebody did.

    Attributes:
        at: when it came in, UTC.
        subject: key of whom it was about.
        fields: those of a step, as docs/testing.md has them, with values as they were; `time` and `at` are
            instants. Empty: it cannot be told in a scenario.
        note: what cannot be told of it.
        effect: of the end of a task, its idempotency key.
        event: row of the event that it was, if it was one.
    """

    at: datetime
    subject: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    note: str | None = None
    effect: str | None = None
    event: int | None = None


def lasting_key(key: str) -> str:
    """A subject's key; with a ``*`` for the number of an effect, which may be another the next time."""
    numbered = _NUMBERED.fullmatch(key)
    return key if numbered is None else f"{numbered['begin'] or numbered['own']}*"


def acts_of(connection: Connection, registry: Registry, subjects: Mapping[str, Recorded]) -> list[Act]:
    """All acts about these subjects, in the order in which they came in."""
    effects = AskedEffects(connection)
    found = [act for row in _events(connection, subjects) for act in _act(row, effects, registry)]
    told = {act.effect for act in found}
    found += [_ending(one) for one in effects.answered_tasks(subjects.values()) if one.key not in told]
    return sorted(found, key=lambda act: act.at)  # which keeps the order of those at one instant


def _events(connection: Connection, subjects: Mapping[str, Recorded]) -> Iterator[Row[*tuple[Any, ...]]]:
    """Events that subjects and timers did not send, in order, with how they were decided."""
    rows = [one.row for one in subjects.values()]
    silent = [source for source in OWN_SOURCES if sender_of(source) not in (DESK, LINK, REPORT, TASK)]
    columns = (
        *(_EVENT.id, _EVENT.source, _EVENT.event_id, _EVENT.type, _EVENT.time, _EVENT.data, _EVENT.parent),
        *(_EVENT.received_at, _EVENT.effect, _EVENT.actor, _SUBJECT.key.label("subject")),
        *(_MOVE.outcome, _MOVE.reason),
    )
    found: list[Row[*tuple[Any, ...]]] = []
    for start in range(0, len(rows), _AT_ONCE):
        found += connection.execute(
            select(*columns)
            .join_from(schema.events, schema.subjects, _SUBJECT.id == _EVENT.subject_id)
            .outerjoin(schema.moves, _MOVE.event_id == _EVENT.id)
            .where(_EVENT.subject_id.in_(rows[start : start + _AT_ONCE]), _EVENT.source.not_in(silent))
        ).all()
    yield from sorted(found, key=lambda row: row.id)


def _act(row: Row[*tuple[Any, ...]], effects: AskedEffects, registry: Registry) -> Iterator[Act]:
    match sender_of(row.source):
        case kind if kind == DESK:
            fields = desk_act(row.event_id, row.type, lasting_key(row.subject), row.data, row.outcome)
            yield _told(row, fields)
        case kind if kind == LINK:
            effect, _, name = row.event_id.rpartition("/")
            asked = effects.notice(effect)
            yield _told(
                row,
                None
                if asked is None
                else {"press": asked.choice()} | link_act(asked.payload, name, row.data),
            )
        case kind if kind == REPORT:
            yield from _report(row, effects)
        case kind if kind == TASK:
            yield from _task(row, effects)
        case _:
            yield _told(row, _sent(row, registry))


def _told(row: Row[*tuple[Any, ...]], fields: Mapping[str, Any] | None) -> Act:
    if fields is None:
        return Act(row.received_at, row.subject, note=f"{row.type} from {row.source} cannot be told here")
    return Act(row.received_at, row.subject, fields, event=row.id)


def _sent(row: Row[*tuple[Any, ...]], registry: Registry) -> dict[str, Any]:
    """An event as another system sent it, without its id; with its source if a definition names that."""
    lifecycle, _, trigger = row.type.partition(".")
    fields: dict[str, Any] = {"send": row.type, "to": lasting_key(row.subject)}
    if row.data:
        fields["data"] = row.data
    if row.parent is not None:
        fields["parent"] = row.parent
    if row.received_at - row.time >= _LATE or row.time > row.received_at:
        fields["time"] = row.time
    role = (row.actor or "").partition(":")[0]
    if role in ("agent", "supervisor"):
        fields["as"] = role
    try:
        known = registry.latest(lifecycle)
    except UnknownDefinition:
        return fields
    senders = known.senders.get(trigger, frozenset())
    if role == "operator" or (OPERATOR in senders and OUTSIDE not in senders):
        fields["as"] = "operator"
    if row.source in known.definition.model_dump_json():
        fields["source"] = row.source
    return fields


def _report(row: Row[*tuple[Any, ...]], effects: AskedEffects) -> Iterator[Act]:
    """What a channel reported. That it took a notice says nothing here: it always does."""
    status, asked = row.data.get("status"), effects.notice(str(row.data.get("effect")))
    if asked is None or status not in _STATUSES:
        yield Act(
            row.received_at, row.subject, note=f"a channel reported {status!r}, which cannot be told here"
        )
        return
    fields: dict[str, Any] = {"report": asked.choice(), "status": status}
    if row.data.get("code"):
        fields["code"] = row.data["code"]
    yield Act(row.received_at, row.subject, fields, event=row.id)


def _task(row: Row[*tuple[Any, ...]], effects: AskedEffects) -> Iterator[Act]:
    """How a task of another program ended; that an effect was given up follows by itself."""
    effect, _, kind = row.event_id.rpartition("/")
    asked = effects.task(effect)
    if kind != _RECEIPT or asked is None or asked.is_ours:
        return
    said = {"result": row.data["result"]} if "result" in row.data else {"error": row.data.get("error")}
    yield replace(_ended(asked, row.received_at, said), event=row.id)


def _ending(asked: AskedEffect) -> Act:
    """The end of a task of which no event tells."""
    assert asked.settled_at is not None, "it was answered"
    return _ended(asked, asked.settled_at, asked.receipt or {})


def _ended(asked: AskedEffect, at: datetime, said: Mapping[str, Any]) -> Act:
    fields: dict[str, Any] = {"task": asked.target, "of": asked.subject}
    if said.get("error") is not None:
        return Act(at, asked.subject, fields | {"fails": str(said["error"])}, effect=asked.key)
    result, note = said.get("result"), None
    if result is not None and not isinstance(result, Mapping):
        note = f"{asked.target} answered {result!r}; here a task answers with a mapping"
    succeeds = dict(result) if isinstance(result, Mapping) else {}
    return Act(at, asked.subject, fields | {"succeeds": succeeds}, note, asked.key)
