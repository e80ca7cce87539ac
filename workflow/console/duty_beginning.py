"""A rotation's first form: a name, who takes turns, and when duty goes on to the next of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from state_machines.errors import Problem
from state_machines.subject import is_key
from workflow.console.form_values import text_in
from workflow.errors import InvalidQuery
from workflow.recovery.rotations.rotation import RotationError, parse_rotation

TURNS = ("P1D", "P7D", "P14D", "P28D")
"""How long a turn lasts, as the form offers it."""
_HOUR = 9
"""At which duty goes on to the next, unless they say otherwise."""
_FIELDS = {
    "handover.at": ("at", "Say at what time of day, such as 09:00."),
    "handover.from": ("from", "Say on which day the first turn begins."),
    "handover.zone": ("zone", "Say whose clock, such as Europe/Berlin."),
    "handover.every": ("every", "Say how long a turn lasts."),
}


def begun_rotation(said: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """Its name, and what `rotation.set` says of it. Raises InvalidQuery, naming the fields of the form."""
    problems = []
    name = text_in(said, "name") or ""
    if "/" in name or not is_key(f"rotation:{name}"):
        message = "Say what it is called, such as support: letters, digits and hyphens."
        problems.append(Problem("name", "required", message))
    members = _members(said)
    if not members or any("@" not in one for turn in members for one in turn):
        message = "Say by their address who takes turns, one a line."
        problems.append(Problem("members", "required", message))
    handover = {field: text_in(said, field) or "" for field in ("every", "at", "zone", "from")}
    data: dict[str, Any] = {"members": members, "handover": handover}
    try:
        parse_rotation(data)
    except RotationError as error:
        fields = [one.field for one in error.problems]
        problems += [
            Problem(field, "required", message) for of, (field, message) in _FIELDS.items() if of in fields
        ]
    if problems:
        raise InvalidQuery(problems)
    if owner := text_in(said, "owner"):
        data["owner"] = owner
    return name, data


def offered(zone: str, now: datetime) -> dict[str, str]:
    """What the form holds before anybody has written into it: somebody is on duty at once.

    `now` is by the clock of `zone`.
    """
    begun = now if now.hour >= _HOUR else now - timedelta(days=1)
    return {"every": "P7D", "at": f"{_HOUR:02}:00", "zone": zone, "from": begun.date().isoformat()}


def _members(said: Mapping[str, str]) -> list[list[str]]:
    lines = said.get("members", "").splitlines()
    turns = [[one.strip() for one in line.split(",") if one.strip()] for line in lines]
    return [turn for turn in turns if turn]
