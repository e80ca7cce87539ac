"""One row of the table of times, lived through: a subject with one timer, by `decide` alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

import yaml

from state_machines.decide import apply_decision, decide
from state_machines.decision import Event
from state_machines.definitions.lifecycle import Lifecycle, load
from state_machines.subject import Subject, Timer
from state_machines.timeouts.account import account
from state_machines.values.instants import parse_instant, zone
from workflow.engine.ledger import Retold

CALENDARS: Mapping[str, Any] = {
    "office": {
        "zone": "Europe/Berlin",
        "weekly": {"mon-fri": ["09:00-12:00", "13:00-17:00"]},
        "holidays": {"country": "DE"},
        "closed": ["2026-12-31"],
    },
    "shop": {
        "zone": "Europe/Berlin",
        "weekly": {"mon-fri": ["09:00-12:00", "13:00-17:00"], "sat": ["10:00-14:00"]},
        "holidays": {"country": "DE"},
        "open": {"2026-12-20": ["10:00-13:00"]},
    },
    "new_york": {
        "zone": "America/New_York",
        "weekly": {"mon-fri": ["09:00-17:00"]},
        "holidays": {"country": "US"},
    },
    "london": {
        "zone": "Europe/London",
        "weekly": {"mon-fri": ["09:00-17:00"]},
        "holidays": {"country": "GB", "subdivision": "ENG"},
    },
    "wherever": {"weekly": {"mon-fri": ["09:00-12:00", "13:00-17:00"]}},
    "kolkata": {"zone": "Asia/Kolkata", "weekly": {"mon-fri": ["09:30-18:00"]}},
    "night": {"zone": "Europe/Berlin", "weekly": {"mon-sun": ["22:00-06:00"]}},
    "week_nights": {
        "zone": "Europe/Berlin",
        "weekly": {"mon-fri": ["22:00-06:00"]},
        "closed": ["2026-06-25"],
    },
    "small_hours": {"zone": "Australia/Lord_Howe", "weekly": {"mon-sun": ["01:00-04:00"]}},
    "two_to_three": {"zone": "Europe/Berlin", "weekly": {"mon-sun": ["02:00-03:00"]}},
    "three_blocks": {
        "zone": "Europe/Berlin",
        "weekly": {"mon-thu": ["08:00-10:00", "10:30-12:30", "14:00-18:00"], "fri": ["08:00-10:00"]},
    },
}
_REST: Mapping[str, Any] = {
    "lifecycle": "row",
    "version": 1,
    "data": {"customer": {"type": "object"}, "due_at": {"type": "string", "format": "date-time"}},
    "triggers": {
        "begin": {
            "data": {"customer": {"type": "object"}, "due_at": {"type": "string", "format": "date-time"}}
        },
        "moved": {"data": {"customer": {"type": "object", "required": True}}},
        "wait": {},
        "back": {},
        "due": {},
    },
    "states": ["runs", "waits", {"name": "over", "final": True}],
    "transitions": [
        {"trigger": "begin", "source": "initial", "dest": "runs", "set": "event.data"},
        {"trigger": "wait", "source": "runs", "dest": "waits"},
        {"trigger": "back", "source": "waits", "dest": "runs"},
        {"trigger": "moved", "source": ["runs", "waits"], "set": {"customer": "=event.data.customer"}},
        {"trigger": "due", "source": ["runs", "waits"]},
    ],
}


def lived(row: Mapping[str, Any]) -> tuple[datetime | None, list[str]]:
    """When the timer of a row is due at its end, and how that is explained in the row's zone."""
    lifecycle = _lifecycle(yaml.safe_dump(dict(row["timeout"])))
    subject = Subject("row:1", "row", 1)
    last: tuple[Retold, Timer] | None = None
    data = {name: row[name] for name in ("customer", "due_at") if name in row}
    for number, (at, trigger, *more) in enumerate([(row["set"], "begin", data), *row.get("then", [])]):
        now = parse_instant(at)
        event = Event(trigger, f"e-{number}", "/tests", now, more[0] if more else {})
        if trigger == "due":
            setting = subject.timers["it"].setting
            event = event._replace(timer="it", setting=setting)
        decision = decide(lifecycle, subject, event, now)
        after = apply_decision(subject, event, decision, now)
        if "it" in after.timers and after.timers["it"] != subject.timers.get("it"):
            last = Retold(lifecycle, subject, event, decision, now, after), after.timers["it"]
        subject = after
    assert last is not None, "the timer was never set"
    told, timer = last
    where = zone(row["zone"]) if "zone" in row else None
    return timer.due_at, account(lifecycle.timeouts["it"], timer, told.view(), where)


@cache
def _lifecycle(timeout: str) -> Lifecycle:
    """The lifecycle of a row: everything but its timeout is the same for all."""
    declared = {"in": ["runs", "waits"], "on_timeout": "due", **yaml.safe_load(timeout)}
    used = declared.get("calendar")
    calendars = {used: CALENDARS[used]} if used else {}
    return load(yaml.safe_dump({**_REST, "calendars": calendars, "timeouts": {"it": declared}}))
