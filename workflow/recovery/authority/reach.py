"""Whether anybody would hear: the teams and rotations that open ladders name, and the last resort."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from workflow.queries.subjects import find_subject
from workflow.recovery.contact.addresses import address
from workflow.recovery.rotations.duty import next_hand_over, on_duty
from workflow.store.port import Store
from workflow.store.schema import subjects

LAST_RESORT = "team:desk"
"""Who hears of what has no ladder, and of dead letters."""
_WITH_LADDERS = ("appointment", "approval", "case", "escalation", "promise")
_MOST_LOOKED_AT = 20_000
_MOST_SAID = 20


def last_resort(store: Store, now: datetime) -> tuple[bool, str]:
    """Whether somebody hears of what has no ladder of its own, and words about it; `now` is UTC."""
    with store.connect() as connection:
        fault = _fault(connection, LAST_RESORT, now)
        used = connection.scalar(
            select(subjects.c.id)
            .where(subjects.c.lifecycle.in_(_WITH_LADDERS), subjects.c.opened_at.is_not(None))
            .limit(1)
        )
    if fault is None:
        return True, f"{LAST_RESORT} has somebody with an address"
    how = "send team.set to team:desk with its members"
    words = f"{LAST_RESORT} {fault}; nobody would hear of what no ladder takes, or of dead letters: {how}"
    return used is None, words  # before anything has been opened, nothing can be missed


def unheard(store: Store, now: datetime) -> tuple[bool, str]:
    """Whether every team and rotation that an open ladder names has somebody, and words about it."""
    with store.connect() as connection:
        named = _named(connection)
        problems = [
            f"{key} {fault} ({count} ladders name it)"
            for key, count in sorted(named.items())
            if (fault := _fault(connection, key, now)) is not None
        ]
    if not problems:
        return True, f"{len(named)} teams and rotations are named by open ladders, and each has somebody"
    more = f"; and {len(problems) - _MOST_SAID} more" if len(problems) > _MOST_SAID else ""
    return False, "; ".join(problems[:_MOST_SAID]) + more


def _named(connection: Connection) -> Counter[str]:
    """How many open subjects' ladders name each; of the newest subjects, where there are very many."""
    query = (
        select(subjects.c.data)
        .where(subjects.c.lifecycle.in_(_WITH_LADDERS), subjects.c.closed_at.is_(None))
        .where(subjects.c.opened_at.is_not(None))
        .order_by(subjects.c.id.desc())
        .limit(_MOST_LOOKED_AT)
    )
    found = Counter[str]()
    for data in connection.scalars(query):
        found.update({key for level in data.get("ladder") or () for key in _keys_of(level)})
    return found


def _keys_of(level: Any) -> Iterator[str]:
    if not isinstance(level, Mapping):
        return
    for kind in ("team", "rotation"):
        if level.get(kind):
            yield f"{kind}:{level[kind]}"
    if ":" in str(level.get("outside") or ""):
        yield str(level["outside"])


def _fault(connection: Connection, key: str, now: datetime) -> str | None:
    """Why nobody would hear; None where somebody would."""
    found = find_subject(connection, key)
    if found is None or found[1].state in ("initial", "unset"):
        return "has not been set"
    state, data = found[1].state, found[1].data
    if state in ("dissolved", "retired"):
        return f"is {state}"
    if key.startswith("team:"):
        people = [*(data.get("members") or ()), data.get("lead")]
        return None if _reached(people) else "has nobody with an address"
    schedule = data.get("schedule") or {}
    present = on_duty(schedule, now)
    if present:
        return None if _reached(present) else "has nobody with an address on duty"
    later = next_hand_over(schedule, now)
    if later:
        return f"has nobody on duty until {later}"
    return "has run out"


def _reached(people: list[Any]) -> bool:
    return any(who is not None and address(who, "email") for who in people)
