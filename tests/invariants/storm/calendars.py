"""Calendars: a promise falls due at the instant that a calendar of paper gives, and lapses then."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from tests.invariants.storm.paper import due_after, open_time
from tests.invariants.storm.sight import Known, Seen
from tests.invariants.storm.world import StormyWorld

_LENGTH = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")


class Deadlines:
    """What each named calendar said when, and by whose hours promises run."""

    def __init__(self) -> None:
        self._answered: set[str] = set()

    def look(self, world: StormyWorld, seen: Seen) -> Iterator[str]:
        """Whose deadline is another than by the calendar, and what has not lapsed in time."""
        for move in seen.moves:
            if move.key.startswith("promise:"):
                promise = world.subjects.get(move.key)
                if promise is not None and promise.data.get("within") and not promise.data.get("asks"):
                    yield from self._about_hours(world, seen, promise)
                    yield from _about_deadline(promise)
        if world.was_calm_since(world.now):
            for promise in world.subjects.values():
                if promise.lifecycle == "promise" and promise.state in ("made", "at_risk"):
                    due = _instant(promise.data["due_at"])
                    if due < world.now and due != promise.timers.get("deadline"):
                        yield f"calendar: {promise.key} is due at {due}, and its clock says {promise.timers}"
                    if due < world.now:
                        yield f"calendar: {promise.key} was due at {due} and is {promise.state}"

    def _about_hours(self, world: StormyWorld, seen: Seen, promise: Known) -> Iterator[str]:
        """Of a named calendar: the hours that it has, as it stood before this instant or after it."""
        if promise.key in self._answered:
            return
        self._answered.add(promise.key)
        hours, name = promise.data.get("hours"), promise.data.get("calendar")
        if isinstance(hours, Mapping):
            world.tally["weather: promises by hours"] += 1
        if not isinstance(name, str) or name in ("", "always", "customer"):
            return
        calendar = world.subjects.get(f"calendar:{name}")
        if calendar is not None:
            both = [seen.before.get(calendar.key, calendar), calendar]
            if hours not in [one.data.get("hours") or "always" for one in both]:
                yield f"calendar: {promise.key} runs by {hours}, and {name} has {both[1].data.get('hours')}"


def _about_deadline(promise: Known) -> Iterator[str]:
    data = promise.data
    length = _LENGTH.fullmatch(data["within"])
    if length is None or data["renegotiations"] or promise.state == "waiting":
        return
    days, whole_hours, minutes = (int(one or 0) for one in length.groups())
    hours = data.get("hours")
    due = due_after(hours, promise.opened_at, days, timedelta(hours=whole_hours, minutes=minutes))
    for wait in data["waits"]:
        stood = open_time(hours, _instant(wait["since"]), _instant(wait["until"]))
        due = due_after(hours, due, 0, stood) if stood else due
    if due != _instant(data["due_at"]):
        yield (
            f"calendar: {promise.key}, made at {promise.opened_at} for {data['within']} by {hours}, with the "
            f"pauses {data['waits']}, is due at {data['due_at']} and not at {due}"
        )


def _instant(text: Any) -> datetime:
    return datetime.fromisoformat(str(text))
