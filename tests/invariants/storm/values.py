"""Data for any trigger, made from its declaration: mostly good, some silly.

What a declaration leaves open and a definition takes for granted is named here; a new trigger or field needs
nothing more to be in the storm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from state_machines.form.fields import FieldDeclaration
from state_machines.values.instants import format_instant
from tests.invariants.storm.incident_words import CONDITIONS

Keys = Mapping[str, Sequence[str]]
"""The keys that there are, by lifecycle."""
SILLY = 0.04
"""The share of values, and of triggers, that make no sense where they stand."""
PEOPLE: tuple[Any, ...] = (
    "kim@shop.example",
    "lee@shop.example",
    {"name": "Sam", "email": "sam@shop.example"},
)
CUSTOMERS: tuple[Mapping[str, Any], ...] = (
    {
        "name": "Ada", "zone": "Europe/Berlin", "quiet_hours": "20:00-08:00", "email": "ada@example.com",
        "phone": "+49 30 1234567", "channels": ["sms", "email"], "caps": {"per": "P1D", "most": 2},
    },
    {
        "name": "Bo", "zone": "America/New_York", "quiet_hours": "21:00-09:00",
        "window": "10:00-12:00,14:00-18:00", "email": "bo@example.com", "phone": "+1 212 5550100",
        "opted_out": ["email"],
    },
    {
        "name": "Chi", "zone": "Asia/Kathmandu", "quiet_hours": "22:00-07:30", "email": "chi@example.com",
        "phone": "+977 1 4412345", "opted_out": ["live", "sms"], "language": "de",
    },
    {
        "name": "Dee", "zone": "Europe/Berlin", "email": "dee@example.com", "social": "@dee",
        "opted_out": ["email"],
    },
    {"name": "Eli", "quiet_hours": "22:00-06:00", "email": "eli@example.com"},
)  # fmt: skip
_RECEIVERS: tuple[Any, ...] = (
    *CUSTOMERS,
    *(
        {"key": f"customer:customer-{letter}"} | dict(one)
        for letter, one in zip("AB", CUSTOMERS, strict=False)
    ),
    "fay@example.com",
)
_SILLY_VALUES: tuple[Any, ...] = (
    "", "nonsense", -1, None, [], {}, 1e16, "x" * 50, ["a"], {"a": {"b": 1}}, True,
)  # fmt: skip
ACCOUNTS = ("A-1", "A-2")
OFFICE = {"zone": "Europe/Berlin", "weekly": {"mon-fri": ["09:00-17:00"]}}
"""Hours of an office."""
MACHINES = (True, "auto-replied", "auto-generated")
"""How a source says that a machine has written a message."""
_HEADERS_OF_MACHINES = ({"Auto-Submitted": "auto-replied"}, {"Precedence": "bulk"})
LADDERS: tuple[Any, ...] = (
    [{"people": ["lead@shop.example"], "within": "PT2H"}],
    [{"people": []}, {"people": ["lead@shop.example"]}, {"people": ["boss@shop.example"], "within": "PT4H"}],
    [{"team": "team-A"}, {"rotation": "rotation-A", "within": "PT1H"},
     {"people": ["boss@shop.example"], "within": "PT3H"}],
    [{"team": "team-B", "hours": OFFICE, "outside": "wait"},
     {"people": ["boss@shop.example"], "within": "PT2H"}],
    [{"team": "nobody", "within": "PT3H"}, {"rotation": "nobody", "within": "PT5H"}],
)  # fmt: skip
_NAMED: Mapping[str, tuple[Any, ...]] = {
    "customer": _RECEIVERS,
    "ladder": LADDERS,
    "approvers": LADDERS,
    "quiet_hours": ("20:00-08:00", "00:00-06:00", "12:00-13:00"),
    "window": (["09:00-12:00", "14:00-17:00"], "10:00-18:00"),
    "zone": ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe"),
    "opted_out": (["sms"], ["email", "live"], []),
    "step": ("restart the modem", "change the cable"),
    "fact": ("account", "serial number"),
    "facts": ({"account": "A-1"}, {"disability": True}, {}),
    "members": (["kim@shop.example", "lee@shop.example"], ["lee@shop.example"]),
    "people": (["kim@shop.example"], ["sam@shop.example"]),
    "handover": ({"every": "P1D", "at": "09:00", "zone": "Europe/Berlin", "from": "2026-03-20"},),
    "eligible": ("true", "facts.?disability.orValue(false)"),
    "grants": (
        [{"role": "agent", "what": "credit", "up_to": 50}, {"role": "manager", "what": "credit"}],
        [{"role": "agent", "what": "form"}],
    ),
    "role": ("agent", "manager"),
    "what": ("credit", "form"),
    "policy": ("policy-A",),
    "desk": ("desk@shop.example",),
    "team": ("team-A", "team-B"),
    "email": ("ada@example.com", "bo@example.com", "new@example.com"),
    "phone": ("+49 30 1234567", "+1 212 5550100"),
    "social": ("@ada", "@dee"),
    "account": ACCOUNTS,
    "part": ("power", "billing"),
    "match": CONDITIONS,
    "chat": ("ada-chat",),
    "url": ("https://hooks.example.com/a",),
    "identities": (
        [{"kind": "account", "value": "A-1"}],
        [{"kind": "mastodon", "value": "@ada"}, {"kind": "account", "value": "A-2"}],
        [],
    ),
    "skills": ([], ["german"]),
    "remind_every": ("PT6H", "P1D"),
    "language": ("de", "en"),
    "auto_submitted": (*MACHINES, False, "no"),
    "headers": (*_HEADERS_OF_MACHINES, {}),
    "source_id": ("post-1", "post-2", "post-3"),
    "network": ("mastodon", "bluesky"),
    "override": ("o-1",),
    "pace": (
        {},
        {"first_word": "PT2H", "plan": "PT8H", "check_in": "PT30M", "close": "PT6H"},
        {"calendar": "customer", "close": "PT12H"},
        {"calendar": "house"},
    ),
    "call": ({"claim_within": "PT10M", "lease": "PT15M", "rest": "PT30M", "max_tries": 2},),
}
"""What fields of these names say that a declaration leaves open."""
_OF = {"case": "case", "customer": "customer", "into": "customer"}
"""Fields that name a subject, and of which lifecycle."""
_WHAT = {
    "part": "billing",
    "when": "in March",
    "tried": "a restart",
    "answered": "late",
    "not_enough": "no reason",
}
_WHY = {
    "expectations": "soon", "checked_in": "no", "answered_at_once": "no", "verified": "no",
    "over_promised": "yes", "cause": "a form nobody reads",
}  # fmt: skip
ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "what": _WHAT,
    "why": _WHY,
    "different": {"process": "one form", "empowered": "agents", "right_people": "yes"},
}
"""The three answers of a service alert."""
_TYPES: Mapping[str, tuple[Any, ...]] = {
    "string": ("we call", "it is done", "你好"),
    "integer": (0, 1, 2, 3, 5),
    "number": (10, 50.5, 400),
    "boolean": (True, False),
    "object": ({}, {"disability": True}),
    "array": ([],),
    "any": PEOPLE,
}
_CALENDARS: tuple[Any, ...] = (
    "always",
    "house",
    "nights",
    OFFICE,
)
_HOURS: tuple[Any, ...] = (
    {
        "zone": "Europe/Berlin",
        "weekly": {"mon-fri": ["08:00-12:00", "13:00-18:00"]},
        "closed": ["2026-03-30"],
    },
    {"zone": "America/New_York", "weekly": {"mon-sat": ["09:00-17:00"]}},
)
_CHANNELS: Mapping[str | None, Sequence[str]] = {
    "channel": ("preferred", "email", "sms", "chat", "social", "webhook", "live"),
    "written-channel": ("preferred", "email", "sms", "chat", "social", "webhook"),
    "contact-channel": ("email", "sms", "chat", "social", "webhook", "live"),
}


def is_by_machine(said: Mapping[str, Any]) -> bool:
    """Whether a machine has written a message, as its source or its headers say."""
    return said.get("auto_submitted") in MACHINES or (
        said.get("auto_submitted") is None and said.get("headers") in _HEADERS_OF_MACHINES
    )


def instant(now: datetime, minutes: float) -> str:
    """RFC 3339 text of an instant so many minutes after `now`."""
    return format_instant(now + timedelta(minutes=minutes))


def window(now: datetime, dice: Random) -> dict[str, str]:
    """A window that lies ahead, mostly."""
    begins = dice.choice((-60, 30, 120, 240, 24 * 60, 30 * 60))
    return {"from": instant(now, begins), "to": instant(now, begins + dice.choice((60, 120, 240)))}


def data_for(
    fields: Mapping[str, FieldDeclaration], now: datetime, dice: Random, keys: Keys
) -> dict[str, Any]:
    """What an event brings whose trigger declares these fields, in a world in which there are these keys."""
    given = {
        name: value_for(name, field, now, dice, keys)
        for name, field in fields.items()
        if dice.random() < (0.99 if field.required else 0.35)
    }
    if {"from", "to"} <= fields.keys() and {fields["from"].format, fields["to"].format} == {"date-time"}:
        given |= window(now, dice)
    return given


def value_for(name: str, field: FieldDeclaration, now: datetime, dice: Random, keys: Keys) -> Any:
    """A value for one field."""
    if dice.random() < SILLY / 3:
        return dice.choice(_SILLY_VALUES)
    if name in _OF and field.type == "string" and (named := keys.get(_OF[name])):
        return dice.choice(named[-8:])
    if name in ANSWERS and field.type == "object":
        return dict(ANSWERS[name])
    if field.enum:
        return dice.choice(field.enum)
    if field.type == "boolean":
        return dice.choice(_TYPES["boolean"])
    if field.format == "calendar":
        return dice.choice(_HOURS if field.type == "object" else _CALENDARS)
    if name in _NAMED:
        return dice.choice(_NAMED[name])
    if field.format == "date-time":
        return instant(now, dice.choice((-60, 1, 30, 120, 600, 2 * 24 * 60)))
    if field.format == "duration":
        return dice.choice(("PT10M", "PT30M", "PT2H", "P1D"))
    if field.format in _CHANNELS:
        return dice.choice(_CHANNELS[field.format])
    if name == "channel":
        return dice.choice(("phone", "social", "email"))
    if field.type == "object" and field.fields:
        return data_for(field.fields, now, dice, keys)
    if field.type == "array" and field.items is not None:
        return [value_for("", field.items, now, dice, keys) for _ in range(dice.choice((0, 1, 1, 2)))]
    if field.type == "integer" and field.minimum is not None:
        return dice.randint(int(field.minimum), int(field.maximum or field.minimum + 3))
    return dice.choice(_TYPES[field.type])
