"""Who belongs to a team, and who is on duty, at this moment."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from workflow.queries.subjects import find_subject
from workflow.recovery.contact.people import same_person
from workflow.recovery.rotations.duty import on_duty


def members(connection: Connection, team: str) -> list[Any]:
    """Who belongs to the team of this name now, its lead among them; nobody where there is none."""
    found = find_subject(connection, f"team:{team}")
    if found is None or found[1].state != "staffed":
        return []
    lead = found[1].data.get("lead")
    return [*(found[1].data.get("members") or ()), *(() if lead is None else (lead,))]


def those_on_duty(connection: Connection, rotation: str, now: datetime) -> list[Any]:
    """Who is on duty at this instant (UTC) by the rotation of this name; nobody where there is none."""
    found = find_subject(connection, f"rotation:{rotation}")
    return [] if found is None else on_duty(found[1].data.get("schedule"), now)


def is_among(who: Any, people: Iterable[Any]) -> bool:
    """Whether somebody is one of these, by address in any spelling, or else by name."""
    return any(same_person(who, one) for one in people)
