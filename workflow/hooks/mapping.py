"""From a message to the events that it becomes: all of them, or why there are none. Nothing is stored
here."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from state_machines.compilation.arguments import Argument
from state_machines.errors import DecisionError, ExpressionError, Problem
from state_machines.expressions.expression import ABSENT, Expression
from state_machines.expressions.message_expressions import MessageView
from state_machines.values.instants import format_instant
from state_machines.values.time_errors import TimeError
from workflow.engine.cloudevent import MAX_EVENT_BYTES, CloudEvent, parse
from workflow.errors import InvalidEvent
from workflow.hooks.message import Message
from workflow.hooks.reading import Unreadable, read_message
from workflow.hooks.route import CompiledCase, CompiledEvent, Route

MOST_EVENTS_OF_MESSAGE = 100
"""That one message may become."""
_LONGEST_ID = 200
_UNREADABLE, _UNMAPPED, _FAILED = "unreadable", "unmapped", "mapping"


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a message becomes: `case` is the name of the one that fits, `ignored` why it has no events."""

    case: str
    events: tuple[CloudEvent, ...]
    ignored: str | None = None


class NotMapped(Exception):
    """A message becomes no events.

    Attributes:
        reason: ``unreadable`` (the body is not what the route says), ``unmapped`` (no case fits), or
            ``mapping`` (an expression failed, or what came of it is no event).
        problems: why, each with the field of the route or of the message.
        case: the name of the case that fits, if one does.
    """

    def __init__(self, reason: str, problems: list[Problem], case: str | None = None) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.reason = reason
        self.problems = problems
        self.case = case


def map_message(route: Route, message: Message) -> Mapped:
    """The events of a message. Raises NotMapped."""
    try:
        body = read_message(route.form.body, message)
    except Unreadable as error:
        raise NotMapped(_UNREADABLE, [error.problem]) from None
    view = MessageView(body, message.headers, message.query, message.received_at, route.names)
    case = _fitting(route, view)
    if case.ignore is not None:
        return Mapped(case.name, (), case.ignore)
    try:
        return Mapped(case.name, tuple(_events(route, case, view, message)))
    except InvalidEvent as error:
        raise NotMapped(_FAILED, error.problems, case.name) from None


def _fitting(route: Route, view: MessageView) -> CompiledCase:
    """The first case whose condition holds. One that cannot be asked ends the search: it may be the one."""
    for index, case in enumerate(route.cases):
        if case.when is None or _holds(case.when, view, f"cases[{index}].when", case.name):
            return case
    tried = ", ".join(repr(case.name) for case in route.cases)
    raise NotMapped(_UNMAPPED, [Problem("cases", "unmapped", f"none of the cases fits: {tried}"[:2000])])


def _holds(condition: Expression, view: MessageView, field: str, case: str) -> bool:
    seen: Any = view
    try:
        return condition.holds(seen)
    except ExpressionError as error:
        raise NotMapped(_FAILED, [_failure(field, error)], case) from None
    except DecisionError as error:
        raise NotMapped(_FAILED, [error.problem], case) from None


def _events(route: Route, case: CompiledCase, view: MessageView, message: Message) -> Iterator[CloudEvent]:
    identity = _identity(route, view, message, case.name)
    at = _time(route, view, message, case.name)
    made = [
        one
        for n, event in enumerate(case.events)
        for one in _of_rule(event, view, f"cases.events[{n}]", case)
    ]
    if not made:
        text = "all events of the case are left out by their conditions"
        raise NotMapped(_UNMAPPED, [Problem("cases.events", "no-event", text)], case.name)
    if len(made) > MOST_EVENTS_OF_MESSAGE:
        text = f"a message becomes {MOST_EVENTS_OF_MESSAGE} events at most, not {len(made)}"
        raise NotMapped(_FAILED, [Problem("cases.events", "too-many", text)], case.name)
    for number, (kind, subject, parent, data) in enumerate(made, start=1):
        document = {
            "specversion": "1.0",
            "id": identity if len(made) == 1 else f"{identity}#{number}",
            "source": route.form.source,
            "type": kind,
            "subject": subject,
            "time": format_instant(at),
            "data": data,
            **({} if parent is None else {"parent": parent}),
        }
        event = parse(document, field=f"events[{number - 1}]")
        if len(orjson.dumps(document)) > MAX_EVENT_BYTES:
            text = f"the event {kind} has more than {MAX_EVENT_BYTES} bytes"
            raise NotMapped(_FAILED, [Problem(f"events[{number - 1}]", "size", text)], case.name)
        yield event


_Made = tuple[str, Any, Any, Any]


def _of_rule(event: CompiledEvent, view: MessageView, field: str, case: CompiledCase) -> Iterator[_Made]:
    for one in _items(event, view, field, case.name):
        if event.when is not None and not _holds(event.when, one, f"{field}.when", case.name):
            continue
        subject = _value(event.subject, one, f"{field}.subject", case.name)
        parent = None if event.parent is None else _value(event.parent, one, f"{field}.parent", case.name)
        data = _value(event.data, one, f"{field}.data", case.name)
        yield event.type, subject, None if parent is ABSENT else parent, data


def _items(event: CompiledEvent, view: MessageView, field: str, case: str) -> Iterator[MessageView]:
    if event.each is None:
        yield view
        return
    seen: Any = view
    try:
        items = event.each.evaluate_json(seen)
    except ExpressionError as error:
        raise NotMapped(_FAILED, [_failure(f"{field}.each", error)], case) from None
    if not isinstance(items, list):
        text = "must give a list: an event is made for each element"
        raise NotMapped(_FAILED, [Problem(f"{field}.each", "type", text)], case)
    for item in items[: MOST_EVENTS_OF_MESSAGE + 1]:
        yield view.with_item(item)


def _value(argument: Argument, view: MessageView, field: str, case: str) -> Any:
    seen: Any = view
    try:
        return argument.value(seen)
    except ExpressionError as error:
        raise NotMapped(_FAILED, [_failure(error.field or field, error)], case) from None


def _identity(route: Route, view: MessageView, message: Message, case: str) -> str:
    """The id of the message; one that no event may have is made short by its digest."""
    if route.id is None:
        return f"sha256:{message.digest}"
    said = _value(route.id, view, "id", case)
    text = str(said) if isinstance(said, str | int) and not isinstance(said, bool) else ""
    if not text:
        text = "gives no text and no number by which the message can be told from others"
        raise NotMapped(_FAILED, [Problem("id", "required", text)], case)
    if len(text) > _LONGEST_ID or not text.isprintable():
        return f"sha256:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"
    return text


def _time(route: Route, view: MessageView, message: Message, case: str) -> datetime:
    """When it happened; when it came in where the route, or the message, does not say."""
    if route.time is None:
        return message.received_at
    said = _value(route.time, view, "time", case)
    if said is ABSENT or said is None or said == "":
        return message.received_at
    try:
        return route.read_time(said)
    except TimeError as error:
        raise NotMapped(_FAILED, [Problem("time", error.rule, error.message)], case) from None


def _failure(field: str, error: ExpressionError) -> Problem:
    return Problem(field, "expression", str(error).removeprefix(f"{error.field}: "))
