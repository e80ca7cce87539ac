"""Forms for triggers, out of what a lifecycle declares: which there are now, and what each asks.

A lifecycle of one's own has them without a line written for it. Who acts is never asked: fields named `by`
are whoever has signed in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, get_args

from state_machines.catalog import load_catalog
from state_machines.decision import Outcome
from state_machines.definitions.lifecycle import Lifecycle
from state_machines.definitions.senders import DESK, OPERATOR
from state_machines.definitions.ways import Way
from state_machines.errors import Problem
from state_machines.form.fields import FieldDeclaration
from state_machines.values.instants import format_instant
from workflow.access.principal import Principal
from workflow.access.role import OVERSEEING
from workflow.api.routes.desk_cases import Act
from workflow.console.form_values import instant_in, text_in
from workflow.console.inputs import Input, TriggerForm
from workflow.console.lengths import read_length
from workflow.errors import InvalidQuery

BY, CUSTOMER = "by", "customer"
_ROWS = 3
"""Elements that a form has room for of a list of objects."""
OF_CATALOG: Mapping[str, tuple[str, ...]] = {
    "case": get_args(Act),
    "promise": ("keep", "renegotiate", "hand_over", "pause", "resume", "thanks", "displeasure", "withdraw"),
    "callback": ("correct",),
    "likeness": ("merge", "not_the_same"),
    "customer": ("separate",),
    "team": ("set",),
    "appointment": (
        "pick",
        "delay",
        "on_the_way",
        "arrived",
        "done",
        "move",
        "call_off",
        "cancel",
        "hand_over",
    ),
}
"""What people may do to subjects of the catalog by these forms; the rest has pages of its own, or is news
that subjects send each other."""
_OVERSEEING_ALONE = frozenset({("promise", "withdraw")})
_ONLY_FROM: Mapping[tuple[str, str], str] = {("customer", "separate"): "merged"}
"""States in which alone a page offers a trigger: of the one who was taken for another it needs no key."""
_AT_ONCE: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("case", "promise"): ("due_at", "within", "owner"),
    ("case", "call"): ("due_at", "within", "owner", "desk"),
    ("case", "book"): ("windows", "owner", "lead"),
    ("case", "contact"): ("channel",),
    ("appointment", "call_off"): ("reason",),
    ("promise", "displeasure"): ("words",),
    ("promise", "make"): ("within", "due_at", "owner", "customer"),
    ("case", "open"): ("customer", "part"),
}
"""What is asked for at once though it need not be said: a promise has a deadline, in one of two ways."""
_MANY = 4
"""A form of the catalog with more fields than this is folded."""
_FOR_PROGRAMS = frozenset({"auto_submitted", "delivery", "headers", "if_window", "noted", "source_id"})
"""Fields of the catalog by which programs say what they have seen or sent before; whoever has the page before
them need not."""
_NOT_ASKED = frozenset({
    (("promise", "hand_over"), "from"), (("appointment", "hand_over"), "from"), (("case", "grant"), "role"),
    (("customer", "separate"), "customer"),
})  # fmt: skip
"""Fields that a page leaves out: the lifecycle knows them, or the role of whoever acts does."""


def triggers_now(lifecycle: Lifecycle, state: str, holder: Principal) -> list[str]:
    """The triggers that whoever acts may send by a page to a subject in this state, as they are declared."""
    known = OF_CATALOG.get(lifecycle.name)
    if known is None and lifecycle.name in _catalog_names():
        return []
    possible = {way.trigger for way in lifecycle.ways if way.source == state and _does_something(way)}
    return [
        trigger
        for trigger in (lifecycle.triggers if known is None else known)
        if trigger in possible
        and (
            DESK in lifecycle.senders[trigger] or (holder.operates and OPERATOR in lifecycle.senders[trigger])
        )
        and ((lifecycle.name, trigger) not in _OVERSEEING_ALONE or holder.role in OVERSEEING)
        and _ONLY_FROM.get((lifecycle.name, trigger), state) == state
    ]


def moving_from(lifecycle: Lifecycle, state: str) -> frozenset[str]:
    """The triggers that may lead out of a state."""
    return frozenset(way.trigger for way in lifecycle.ways if way.source == state and way.dest != state)


def forms(lifecycle: Lifecycle, state: str, holder: Principal) -> list[TriggerForm]:
    """Their forms."""
    return [form(lifecycle, trigger) for trigger in triggers_now(lifecycle, state, holder)]


@lru_cache(1_024)
def form(lifecycle: Lifecycle, trigger: str) -> TriggerForm:
    """The form of one trigger."""
    declared = lifecycle.triggers[trigger]
    asked = {
        name: field
        for name, field in declared.data.items()
        if not _is_actor(name, field) and not _is_left_out(lifecycle.name, trigger, name)
    }
    inputs = (one for name, field in asked.items() for one in _inputs(name, field))
    first = _AT_ONCE.get((lifecycle.name, trigger), ())
    places = {name: place for place, name in enumerate(first)}
    # What must be said comes first, then what is nearly always said.
    ordered = sorted(inputs, key=lambda one: (not one.needed, places.get(one.field, len(places))))
    folds = lifecycle.name in OF_CATALOG and len(ordered) > _MANY
    return TriggerForm(trigger, declared.description, tuple(ordered), frozenset(first) if folds else None)


def opening_form(lifecycle: Lifecycle, trigger: str, asked: tuple[str, ...] | None = None) -> TriggerForm:
    """The form of a trigger that begins something: a customer is asked for part by part.

    `asked` names the fields in their order; None: all of them, what must be said first.
    """
    found = form(lifecycle, trigger)
    inputs = [part for one in found.inputs for part in (_of_customer(one) if one.name == CUSTOMER else [one])]
    if asked is not None:
        by_field = {name: [one for one in inputs if one.name.partition(".")[0] == name] for name in asked}
        inputs = [one for name in asked for one in by_field[name]]
    return replace(found, inputs=tuple(inputs))


def _of_customer(one: Input) -> list[Input]:
    """The parts of a customer of whom nothing is known yet."""
    hints = {"phone": "+49 30 1234", "language": "en, de …", "zone": "Europe/Berlin"}
    return [
        Input(
            f"{CUSTOMER}.{part}",
            part,
            "text",
            one.needed and part == "name",
            hints.get(part, ""),
            (),
            CUSTOMER,
        )
        for part in ("name", "phone", "email", "language", "zone")
    ]


def data_of(
    lifecycle: Lifecycle,
    trigger: str,
    said: Mapping[str, str],
    zone_name: str,
    by: str,
    shown: TriggerForm | None = None,
) -> dict[str, Any]:
    """What a form says, as the data of its trigger.

    `by` is who has signed in; `shown` the form, where it is not the trigger's usual one.

    Raises InvalidQuery, naming the fields that cannot be read.
    """
    declared = lifecycle.triggers[trigger].data
    data: dict[str, Any] = {}
    problems: list[Problem] = []
    for one in (shown or form(lifecycle, trigger)).inputs:
        try:
            value = _value(one, said, zone_name)
        except InvalidQuery as error:
            problems += error.problems
            continue
        if value is not None:
            _put(data, one.name, value)
        elif one.needed:
            problems.append(Problem(one.name, "required", "this is missing"))
    if problems:
        raise InvalidQuery(problems)
    found = {name: _rows(value) for name, value in data.items()}
    if lifecycle.name == "case" or any(_is_actor(name, field) for name, field in declared.items()):
        found[BY] = by
    return found


def _does_something(way: Way) -> bool:
    """Whether taking it changes or asks for anything; many only say that there is nothing to be done."""
    rule = way.rule
    changes = bool(rule.steps or rule.restart) or rule.changes is not None
    return way.outcome is Outcome.MOVED or changes or bool(way.effects)


def _is_actor(name: str, field: FieldDeclaration) -> bool:
    """Whether a field says who acts; one of that name that is a number or a choice is something else."""
    return name == BY and field.type in ("any", "string") and not field.enum


def _is_left_out(lifecycle: str, trigger: str, name: str) -> bool:
    return ((lifecycle, trigger), name) in _NOT_ASKED or (lifecycle in OF_CATALOG and name in _FOR_PROGRAMS)


def _catalog_names() -> frozenset[str]:
    return frozenset(one.name for one in load_catalog().values())


def _inputs(name: str, field: FieldDeclaration, group: str = "", needed: bool = True) -> Iterator[Input]:
    must = field.required and needed
    label = name.rpartition(".")[2]
    if field.fields and field.type in ("object", "any"):
        for part, declared in field.fields.items():
            yield from _inputs(f"{name}.{part}", declared, name, must)
        return
    if field.type == "array" and field.items is not None and field.items.fields:
        for row in range(_ROWS):
            for part, declared in field.items.fields.items():
                yield from _inputs(f"{name}.{row}.{part}", declared, name, must and row == 0)
        return
    options = tuple(str(one) for one in field.enum or ())
    yield Input(name, label, _kind(field), must, field.description, options, group)


def _kind(field: FieldDeclaration) -> str:
    if field.enum:
        return "choice"
    by_type = {"boolean": "truth", "integer": "whole", "number": "number", "array": "lines"}
    by_format = {"date-time": "moment", "date": "day", "duration": "duration"}
    if field.format in by_format:
        return by_format[field.format]
    if field.format == "email":
        return "person"
    if field.type in by_type:
        return by_type[field.type]
    if field.meaning == "person":
        return "person"
    return "words" if field.personal or field.meaning == "words" else "text"


def _value(one: Input, said: Mapping[str, str], zone_name: str) -> Any:
    text = text_in(said, one.name)
    if text is None:
        return None
    match one.kind:
        case "moment":
            at = instant_in(said, one.name, zone_name)
            return None if at is None else format_instant(at)
        case "truth":
            return text == "yes"
        case "whole" | "number":
            try:
                return int(text) if one.kind == "whole" else float(text.replace(",", "."))
            except ValueError:
                raise InvalidQuery([Problem(one.name, "number", "must be a number")]) from None
        case "duration":
            return read_length(text, one.name)
        case "lines":
            return [line.strip() for line in text.splitlines() if line.strip()]
        case _:
            return text


def _put(data: dict[str, Any], name: str, value: Any) -> None:
    *parents, last = name.split(".")
    at = data
    for part in parents:
        at = at.setdefault(part, {})
    at[last] = value


def _rows(value: Any) -> Any:
    """A list where the names of an object's parts are the numbers of rows."""
    if not isinstance(value, dict):
        return value
    parts = {name: _rows(part) for name, part in value.items()}
    if parts and all(name.isdecimal() for name in parts):
        return [parts[name] for name in sorted(parts, key=int)]
    return parts
