"""What the API answers, as JSON objects. Instants are RFC 3339 text, UTC."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict


class FieldError(TypedDict):
    """One broken rule: the field that breaks it, the rule's short stable name, a sentence for a person."""

    field: str
    rule: str
    message: str


class AcceptedEvent(TypedDict):
    """What became of one event.

    `status` is ``accepted`` or ``duplicate``. `outcome` is ``pending`` until it is decided, then ``moved``,
    ``stayed``, ``refused`` (with the `reason`) ``dead`` or ``discarded`` (by an operator); of a duplicate,
    what became of the first one.
    `state` and `seq` are those of an event that was waited for: the subject's state after the decision, and
    the decision's number.
    """

    source: str
    id: str
    subject: str
    status: str
    outcome: str
    reason: str | None
    state: NotRequired[str | None]
    seq: NotRequired[int | None]


class EventDecision(TypedDict):
    """What became of one event: its `outcome`, the subject's `state` after it, and the decision's number."""

    source: str
    id: str
    subject: str
    outcome: str
    reason: str | None
    state: str | None
    seq: int | None
    received_at: str
    decided_at: str | None


class AcceptedEvents(TypedDict):
    """The events that were sent, in their order, all of them committed."""

    accepted: int
    duplicates: int
    items: list[AcceptedEvent]


class Subject(TypedDict):
    """One subject as it stands. `seq` counts the decisions about it; `parent` opened it."""

    key: str
    lifecycle: str
    version: int
    state: str
    seq: int
    data: dict[str, Any]
    parent: str | None
    opened_at: str | None
    changed_at: str | None


class SubjectHistory(Subject):
    """A subject with its timers, the newest that it opened, its newest events and fired timers, in order.

    `more_children` were opened before, `earlier` entries were decided before (`Client.timeline` gives all),
    and `more_waiting` events wait behind those that are shown.
    """

    timers: list[dict[str, Any]]
    children: list[dict[str, Any]]
    more_children: int
    timeline: list[dict[str, Any]]
    earlier: int
    more_waiting: int


class RefusedDecision(TypedDict):
    """An event or a timer that could not apply when it was decided; the subject stayed in its `state`.

    `rule` is guard, impossible-now, event-data or stale-timer, `reason` says more. `sender` is the subject
    that sent it, where one did; `timer` the one that fired, else None.
    """

    subject: str
    seq: int
    state: str
    trigger: str
    rule: str
    reason: str
    source: str
    event_id: str
    sender: str | None
    timer: str | None
    at: str


class Effect(TypedDict):
    """Work that a decision asked for; `state` is pending, published, sending, settled, dead or unknown."""

    id: int
    subject: str
    key: str
    kind: str
    target: str
    queue: str | None
    state: str
    attempts: int
    created_at: str
    due_at: str | None
    settled_at: str | None
    receipt: Any
    error: str | None
    payload: dict[str, Any]


class DeadEvent(TypedDict):
    """An accepted event whose decision failed. `id` is its place in the ledger.

    `sender` is the subject that sent it, where one did. The error of an opening that the new subject refused
    begins with ``refused-opening``.
    """

    id: int
    subject: str
    source: str
    event_id: str
    type: str
    received_at: str
    dead_at: str
    error: str | None
    sender: str | None


class DeadTimer(TypedDict):
    """A timer that came due and whose decision failed."""

    subject: str
    name: str
    setting: int
    set_at: str
    dead_at: str
    error: str | None


class DeadMessage(TypedDict):
    """A message that came over the broker and could not be read: `size` in bytes, `digest` by SHA-256."""

    id: int
    queue: str
    received_at: str
    reason: str
    size: int
    digest: str


class DeadLetters(TypedDict):
    """The first events, timers and messages that were given up, the oldest first."""

    events: list[DeadEvent]
    timers: list[DeadTimer]
    messages: list[DeadMessage]
