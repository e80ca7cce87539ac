"""From a log to the events of a replay, in order of time; every row is an event, a duplicate or refused."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from state_machines.definitions import event_data
from state_machines.definitions.lifecycle import Lifecycle
from state_machines.errors import EventDataError
from state_machines.values.instants import format_instant
from workflow.engine.cloudevent import CloudEvent, parse
from workflow.errors import InvalidEvent
from workflow.replay.log import LogRow
from workflow.replay.map import ReplayMap
from workflow.replay.refusal import Refusal, RowRefused
from workflow.replay.rows import PlannedRow, RowReader
from workflow.replay.timeline import Order, describe_order, in_time_order
from workflow.replay.watcher import Watcher

_STEP = 1000
"""Rows between two words to the watcher."""


@dataclass(frozen=True, slots=True)
class PlannedEvent:
    """An event that a row has become."""

    row: PlannedRow
    event: CloudEvent


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A row whose id another row has already; `identical` tells whether it also says the same."""

    row: int
    line: int
    id: str
    first_row: int
    identical: bool


@dataclass(slots=True)
class Plan:
    """All rows of a log, accounted for: ``rows == len(events) + len(duplicates) + len(refusals)``.

    Attributes:
        rows: how many the log has.
        events: in order of time, then of the file.
        duplicates, refusals: rows that become no event.
        order: what the order of time did.
    """

    rows: int = 0
    events: list[PlannedEvent] = field(default_factory=list)
    duplicates: list[Duplicate] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    order: Order = field(default_factory=Order)


def make_plan(log: Iterable[LogRow], wanted: ReplayMap, lifecycle: Lifecycle, watcher: Watcher) -> Plan:
    """Read all rows, order them, and make events of them.

    Raises:
        ReplayRefused: what `log` raises while it is read.
    """
    plan = Plan()
    reader = RowReader(wanted, lifecycle.name)
    rows: list[PlannedRow] = []
    for row in log:
        plan.rows += 1
        try:
            rows.append(reader.read(row))
        except RowRefused as fault:
            plan.refusals.append(_refusal(row, reader, fault))
        if plan.rows % _STEP == 0:
            watcher.reading(plan.rows)
    _make_events(plan, in_time_order(rows), wanted, lifecycle)
    plan.order = describe_order(sorted((one.row for one in plan.events), key=lambda row: row.row))
    watcher.reading(plan.rows)
    watcher.planned(len(plan.events))
    return plan


def _refusal(row: LogRow, reader: RowReader, fault: RowRefused) -> Refusal:
    try:
        subject = None if row.fault is not None else reader.subject_of(row)
    except RowRefused:
        subject = None
    return Refusal(row.number, row.line, subject, fault.field, fault.rule, fault.message)


def _make_events(plan: Plan, rows: list[PlannedRow], wanted: ReplayMap, lifecycle: Lifecycle) -> None:
    first: dict[str, PlannedRow] = {}
    opened: set[str] = set()
    for row in rows:
        before = first.get(row.id)
        if before is not None:
            plan.duplicates.append(
                Duplicate(row.row, row.line, row.id, before.row, before.content == row.content)
            )
            continue
        opens = wanted.opening is not None and row.subject not in opened
        trigger = wanted.opening.trigger if wanted.opening is not None and opens else row.trigger
        try:
            event = _event(row, trigger, wanted, lifecycle)
        except (InvalidEvent, EventDataError) as error:
            problem = error.problems[0]
            plan.refusals.append(
                Refusal(row.row, row.line, row.subject, problem.field, problem.rule, problem.message)
            )
            continue
        first[row.id] = row
        opened.add(row.subject)
        plan.events.append(PlannedEvent(row, event))


def _event(row: PlannedRow, trigger: str, wanted: ReplayMap, lifecycle: Lifecycle) -> CloudEvent:
    """The same event, checked in the same way, as if it had come in at the door."""
    document: Mapping[str, Any] = {
        "specversion": "1.0",
        "id": row.id,
        "source": wanted.source,
        "type": f"{lifecycle.name}.{trigger}",
        "subject": row.subject,
        "time": format_instant(row.at),
        "data": row.data,
    }
    event = parse(document)
    event_data.validate(lifecycle, trigger, event.data)
    return event
