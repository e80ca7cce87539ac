"""Events from outside for any lifecycle of the catalog: mostly likely ones with good data, some silly.

One number is one event, so that a machine's two hundred steps stay small and shrink well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from state_machines.definitions.lifecycle import Lifecycle
from state_machines.form.definition import Definition
from state_machines.form.fields import FieldDeclaration
from state_machines.subject import INITIAL
from tests.invariants.stormy_world import StormyWorld, in_

_SILLY = 0.06
"""The share of values, and of triggers, that make no sense where they stand."""
_ONWARD = 0.3
"""The share of triggers that are sure to lead somewhere."""
_HELPS = {("case", "planning"): ("plan", "plan", "plan", "agree", "agree")}
"""What leads on where a state has to be prepared before it can be left."""
_PEOPLE = ("kim@shop.example", "lee@shop.example", {"name": "Sam", "email": "sam@shop.example"})
_CUSTOMERS: tuple[Any, ...] = (
    {
        "key": "customer:customer-A", "name": "Ada", "zone": "Europe/Berlin", "quiet_hours": "20:00-08:00",
        "email": "ada@example.com", "phone": "+49 30 1234567", "channels": ["sms", "email"],
    },
    {
        "name": "Bo", "zone": "America/New_York", "quiet_hours": "21:00-09:00",
        "window": "10:00-12:00,14:00-18:00",
        "email": "bo@example.com", "phone": "+1 212 5550100", "opted_out": ["email"],
    },
    {
        "name": "Chi", "zone": "Asia/Kathmandu", "quiet_hours": "22:00-07:30", "email": "chi@example.com",
        "phone": "+977 1 4412345", "opted_out": ["live", "sms"], "language": "de",
    },
    {"name": "Dee", "zone": "Europe/Berlin", "email": "dee@example.com", "opted_out": ["email"]},
    {"name": "Eli", "quiet_hours": "22:00-06:00", "email": "eli@example.com"},
    "fay@example.com",
)  # fmt: skip
_SILLY_VALUES: tuple[Any, ...] = (
    "",
    "nonsense",
    -1,
    None,
    [],
    {},
    1e16,
    "x" * 50,
    ["a"],
    {"a": {"b": 1}},
    True,
)
_LADDERS: tuple[Any, ...] = (
    [{"people": ["lead@shop.example"], "within": "PT2H"}],
    [{"people": []}, {"people": ["lead@shop.example"]}, {"people": ["boss@shop.example"], "within": "PT1H"}],
    [{"team": "team-A"}, {"rotation": "rotation-A", "within": "PT1H"}, {"people": ["boss@shop.example"]}],
    [{"team": "nobody"}, {"rotation": "nobody"}],
)
_OWN = ("A", "B")
"""What outside systems number theirs; no system takes the ids that subjects give their children."""
_ANSWERS = {
    "policy": "policy_answer",
    "team": "on_duty",
    "rotation": "on_duty",
    "calendar": "calendar_answer",
}
"""With which word they answer; who does not know the word cannot have asked."""
_NAMED: dict[str, tuple[Any, ...]] = {
    "customer": _CUSTOMERS,
    "ladder": _LADDERS,
    "approvers": _LADDERS,
    "channel": ("preferred", "email", "sms", "live", "social"),
    "channels": (["sms", "email"], ["email"], ["live"]),
    "quiet_hours": ("20:00-08:00", "00:00-06:00", "12:00-13:00"),
    "window": (["09:00-12:00", "14:00-17:00"], "10:00-18:00"),
    "zone": ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe"),
    "opted_out": (["sms"], ["email", "live"], []),
    "news": ("claimed", "resting", "overdue", "reached", "customer_called", "withdrawn", "kept", "lapsed"),
    "step": ("restart the modem", "change the cable"),
    "fact": ("account", "serial number"),
    "members": (["kim@shop.example", "lee@shop.example"], []),
    "people": (["kim@shop.example"], []),
    "handover": ({"every": "P1D", "at": "09:00", "zone": "Europe/Berlin", "from": "2026-03-20"},),
    "eligible": ("true", "facts.?disability.orValue(false)"),
    "grants": ([{"role": "agent", "what": "credit", "up_to": 50}],),
    "role": ("agent", "manager"),
    "what": ("credit", "form"),
    "callback": ("callback:callback-A", "callback:callback-B"),
    "promise": ("promise:promise-A", "promise:promise-B"),
    "case": ("case:case-A",),
    "policy": ("policy-A",),
    "desk": (["desk@shop.example"], None),
    "team": ("team-A",),
    "email": ("ada@example.com", "new@example.com"),
    "phone": ("+49 30 1234567",),
    "identities": ([{"kind": "account", "value": "A-1"}], []),
    "skills": ([], ["german"]),
    "remind_every": ("PT6H", "P1D"),  # more often than any sane person would; a minute only costs time here
    "language": ("de", "en"),
}
_TYPES: dict[str, tuple[Any, ...]] = {
    "string": ("we call", "it is done", "你好"),
    "integer": (0, 1, 2, 3, 5),
    "number": (10, 50.5, 400),
    "boolean": (True, False),
    "object": ({}, {"disability": True}),
    "array": ([],),
    "any": _PEOPLE,
}
_CALENDARS: tuple[Any, ...] = (
    "always",
    "house",
    {"zone": "Europe/Berlin", "weekly": {"mon-fri": ["09:00-17:00"]}},
)
"""The door takes nothing else."""
_CHANNELS: Mapping[str | None, Sequence[str]] = {
    "channel": ("preferred", "email", "sms", "chat", "social", "webhook", "live", "recording"),
    "written-channel": ("preferred", "email", "sms", "chat", "social", "webhook", "recording"),
    "contact-channel": ("email", "sms", "chat", "social", "webhook", "live"),
}


def event_for(
    world: StormyWorld, number: int, among: Mapping[str, Sequence[str]] | None = None
) -> tuple[str, str, dict[str, Any]]:
    """Subject, trigger and data of the event that this number stands for in this world.

    `among` keeps to these lifecycles and their triggers.
    """
    dice = Random(number)
    names = sorted(among or world.lifecycles)
    known = [key for key in world.subjects if among is None or key.partition(":")[0] in among]
    if known and dice.random() < 0.75:
        key = dice.choice(known[-12:] if dice.random() < 0.5 else known)
        name = key.partition(":")[0]
    else:
        name = dice.choice(names)
        key = f"{name}:{name}-{dice.choice(_OWN)}"
    lifecycle = world.lifecycles[name]
    trigger = dice.choice(among[name]) if among else _trigger(world, lifecycle, key, dice)
    data = _object(world, lifecycle.definition.triggers[trigger].data, dice)
    if "ask" in data:
        asking = [one for one in world.subjects if _knows(world, one, _ANSWERS[name])]
        data["ask"] = dice.choice(asking or [""])
    return key, trigger, data


def _knows(world: StormyWorld, key: str, trigger: str) -> bool:
    return trigger in world.lifecycles[key.partition(":")[0]].triggers


def _trigger(world: StormyWorld, lifecycle: Lifecycle, key: str, dice: Random) -> str:
    """One that its state knows, mostly, and often one that leads on: else no case would come to its end."""
    subject = world.subjects.get(key)
    state = subject.state if subject else INITIAL
    onward = [*_leading_on(lifecycle.definition, state), *_HELPS.get((lifecycle.name, state), ())]
    if onward and dice.random() < _ONWARD:
        return dice.choice(onward)
    possible = sorted(lifecycle.possible[state])
    every = sorted(lifecycle.definition.triggers)
    return dice.choice(possible if possible and dice.random() > _SILLY else every)


def _leading_on(definition: Definition, state: str) -> list[str]:
    """Triggers by which it may leave this state for one that is not final."""
    final = {one.name for one in definition.states if one.final}
    return sorted(
        {
            trigger
            for one in definition.transitions
            if state in one.source and one.dest not in (None, "=", state, *final)
            for trigger in one.triggers
        }
    )


def _object(world: StormyWorld, fields: dict[str, FieldDeclaration], dice: Random) -> dict[str, Any]:
    return {
        name: _value(world, name, field, dice)
        for name, field in fields.items()
        if dice.random() < (0.98 if field.required else 0.4)
    }


def _value(world: StormyWorld, name: str, field: FieldDeclaration, dice: Random) -> Any:
    if dice.random() < _SILLY / 3 and field.format != "calendar":
        return dice.choice(_SILLY_VALUES)
    if name in _NAMED:
        return dice.choice(_NAMED[name])
    if field.enum:
        return dice.choice(field.enum)
    if field.format == "calendar":
        return dice.choice(_CALENDARS)
    if field.format == "date-time":
        return in_(world, dice.choice((-60, 1, 30, 120, 600, 2 * 24 * 60)))
    if field.format == "duration":
        return dice.choice(("PT1M", "PT15M", "PT2H", "P1D"))
    if field.format in _CHANNELS:
        return dice.choice(_CHANNELS[field.format])
    if field.type == "object" and field.fields:
        return _object(world, field.fields, dice)
    if field.type == "array" and field.items is not None:
        return [_value(world, "", field.items, dice) for _ in range(dice.choice((0, 1, 1, 2)))]
    return dice.choice(_TYPES[field.type])
