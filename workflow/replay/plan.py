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
from workflow.replay.event_reader import EventReader, PlannedRow, holds
from workflow.replay.lifecycles import Lifecycles
from workflow.replay.limits import Limits, cut
from workflow.replay.log_row import LogRow
from workflow.replay.map import ReplayMap
from workflow.replay.refusal import Refusal, RowRefused
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
    """All events of a log, accounted for:
    ``asked == len(events) + len(duplicates) + len(refusals) + left_out + len(after_until) + len(outliers)``.

    Attributes:
        rows: how many the log has.
        asked: how many events they are: one each, unless the map makes several of a row.
        events: in order of time, then of the file.
        duplicates, refusals: rows that become no event.
        left_out: rows that the map leaves out.
        after_until, outliers: rows to which the clock does not go.
        order: what the order of time did.
        never_seen: columns that the map names and no row has, with the field that names each.
    """

    rows: int = 0
    asked: int = 0
    events: list[PlannedEvent] = field(default_factory=list)
    duplicates: list[Duplicate] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    left_out: int = 0
    after_until: list[PlannedRow] = field(default_factory=list)
    outliers: list[PlannedRow] = field(default_factory=list)
    order: Order = field(default_factory=Order)
    never_seen: dict[str, str] = field(default_factory=dict)


def make_plan(
    log: Iterable[LogRow],
    wanted: ReplayMap,
    lifecycles: Lifecycles,
    watcher: Watcher,
    limits: Limits | None = None,
) -> Plan:
    """Read all rows, order them, and make events of them.

    Raises:
        ReplayRefused: what `log` raises while it is read; or the limits cannot be understood.
    """
    plan = Plan(never_seen={column: field for field, column in wanted.columns()})
    limits = Limits() if limits is None else limits
    limits.instant()
    reader = _Rows(wanted, lifecycles, plan)
    for row in log:
        reader.take(row)
        if plan.rows % _STEP == 0:
            watcher.reading(plan.rows)
    found = cut(in_time_order(reader.planned), limits)
    plan.after_until, plan.outliers = found.after_until, found.outliers
    _make_events(plan, found.kept, wanted, lifecycles)
    plan.order = describe_order(sorted((one.row for one in plan.events), key=lambda row: row.row))
    watcher.reading(plan.rows)
    watcher.planned(len(plan.events))
    return plan


class _Rows:
    """Makes planned rows of the rows of a log, and keeps in the plan what becomes of the others."""

    def __init__(self, wanted: ReplayMap, lifecycles: Lifecycles, plan: Plan) -> None:
        self._wanted = wanted
        self._plan = plan
        self._readers = [
            EventReader(form, wanted, lifecycles.name_of(form.lifecycle)) for form in wanted.event_forms()
        ]
        self.planned: list[PlannedRow] = []

    def take(self, row: LogRow) -> None:
        """One more row."""
        plan = self._plan
        plan.rows += 1
        for column in plan.never_seen.keys() & row.values.keys():
            del plan.never_seen[column]
        if row.fault is not None:
            self._refuse(row, None, row.fault)
            return
        if any(holds(when, row) for when in self._wanted.leave_out):
            plan.asked += 1
            plan.left_out += 1
            return
        concerned = [one for one in self._readers if one.concerns(row)]
        if not concerned:
            self._refuse(
                row, None, RowRefused("events", "no-event", "none of the map's events is in this row")
            )
        for reader in concerned:
            try:
                self.planned.append(reader.read(row))
                plan.asked += 1
            except RowRefused as fault:
                self._refuse(row, reader, fault)

    def _refuse(self, row: LogRow, reader: EventReader | None, fault: RowRefused) -> None:
        try:
            subject = None if reader is None else reader.subject_of(row)
        except RowRefused:
            subject = None
        self._plan.asked += 1
        self._plan.refusals.append(
            Refusal(row.number, row.line, subject, fault.field, fault.rule, fault.message)
        )


def _make_events(plan: Plan, rows: list[PlannedRow], wanted: ReplayMap, lifecycles: Lifecycles) -> None:
    first: dict[str, PlannedRow] = {}
    opened: set[str] = set()
    for row in rows:
        before = first.get(row.id)
        if before is not None:
            plan.duplicates.append(
                Duplicate(row.row, row.line, row.id, before.row, before.content == row.content)
            )
            continue
        opens = row.opening is not None and row.subject not in opened
        trigger = row.opening if row.opening is not None and opens else row.trigger
        try:
            event = _event(row, trigger, wanted, lifecycles.named(row.lifecycle))
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
