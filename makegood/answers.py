"""What the API answers, as JSON objects. Instants are RFC 3339 text, UTC."""

from __future__ import annotations

from typing import Any, Generic, NotRequired, TypedDict, TypeVar

Item = TypeVar("Item")


class Page(TypedDict, Generic[Item]):
    """Some of many; `next` is the cursor of the next page, None on the last."""

    items: list[Item]
    next: str | None


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
    more: bool


class FoundText(TypedDict):
    """By what a subject was found: `match` says how, `field` what the `text` is.

    `marks` are the places in it, [from, to).
    """

    match: str
    field: str
    text: str
    marks: list[list[int]]


class Found(TypedDict):
    """A subject that a search has found; `found` is None where nobody looked for words."""

    key: str
    lifecycle: str
    state: str
    name: str | None
    title: str | None
    owner: str | None
    team: str | None
    due_at: str | None
    at_risk: bool
    opened_at: str | None
    changed_at: str | None
    closed_at: str | None
    found: FoundText | None


class LifecycleLine(TypedDict):
    """A lifecycle in its newest version; `collection` is where its subjects lie."""

    name: str
    version: int
    title: str
    description: str
    collection: str


class LifecycleList(TypedDict):
    """All lifecycles that the key may read, by name."""

    items: list[LifecycleLine]


class StateView(TypedDict):
    """A state; nothing leads out of a final one. `possible` are the triggers that lead somewhere from it."""

    name: str
    description: str
    final: bool
    possible: list[str]


class TriggerView(TypedDict):
    """A trigger.

    `senders` may send it; from `states` it leads somewhere (`initial`: it begins a subject). `operation` is
    where a key sends it, None where none may; `data` the JSON Schema of what it brings.
    """

    name: str
    description: str
    senders: list[str]
    states: list[str]
    operation: str | None
    data: dict[str, Any]


class LifecycleView(LifecycleLine):
    """One version of a lifecycle; `data` is the JSON Schema of what a subject knows."""

    versions: list[int]
    digest: str
    states: list[StateView]
    triggers: list[TriggerView]
    timeouts: list[dict[str, Any]]
    data: dict[str, Any]
