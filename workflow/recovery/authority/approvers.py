"""Who may decide an approval at this moment.

Whoever was asked: by name, as a member of a team that was asked, or on duty in a rotation that was; resolved
now, so that nobody decides who has left the team since. Else a supervisor, who says why. Never whoever asks:
that is the lifecycle's own rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, select

from state_machines.errors import Problem
from workflow.access.principal import Principal
from workflow.access.role import OVERSEEING, Role
from workflow.errors import NotFound, NotPermitted
from workflow.queries.subjects import find_subject
from workflow.recovery.authority.membership import is_among, members, those_on_duty
from workflow.store.port import Store
from workflow.store.schema import subjects

_OWN = "escalation:approval-"
"""With what the keys of the escalations begin that an approval itself opens."""


class Standing(StrEnum):
    """As what somebody decides."""

    ASKED = "asked"
    SUPERVISOR = "supervisor"


def standing(
    store: Store, key: str, holder: Principal, who: Any, reason: str | None, now: datetime
) -> Standing:
    """As what `who` may decide the approval with this key now.

    Args:
        holder: whose key it is.
        reason: what they give for it.
        now: the instant at which members and those on duty are looked up, UTC.

    Raises:
        NotFound: there is no such approval.
        NotPermitted: they were not asked, and are no supervisor or give no reason.
    """
    with store.connect() as connection:
        found = find_subject(connection, key)
        if found is None or found[1].lifecycle != "approval" or found[1].opened_at is None:
            raise NotFound(f"approval: there is no {key!r}")
        asked = is_among(who, _asked(connection, key, found[1].data, now))
    if asked:
        return Standing.ASKED
    if holder.role in OVERSEEING or Role.SUPERVISOR.value in holder.authorities:
        if reason:
            return Standing.SUPERVISOR
        message = "a supervisor who was not asked says why they decide"
        raise NotPermitted([Problem("body.reason", "required", message)])
    message = "decides this only who was asked and still belongs there, or a supervisor with a reason"
    raise NotPermitted([Problem("body.by", "not-asked", message)])


def _asked(connection: Connection, key: str, approval: Mapping[str, Any], now: datetime) -> Iterator[Any]:
    """Everybody who has been asked and is still whom that level means.

    Who takes on the ladder, or is given it, is not asked by that: anybody of the desk could do so.
    """
    reached = approval.get("level") or 0
    # The ladder's own escalations alone, whose names nobody outside can give: others may hang there as well.
    own = subjects.c.key.startswith(_OWN, autoescape=True)
    query = select(subjects.c.data).where(subjects.c.parent == key, own)
    for data in connection.scalars(query):
        reached = max(reached, data.get("level") or 0)
    for level in (approval.get("ladder") or ())[: reached + 1]:
        yield from level.get("people") or ()
        kind, _, name = str(level.get("outside") or "").partition(":")
        for team in (level.get("team"), name if kind == "team" else None):
            yield from members(connection, team) if team else ()
        for rotation in (level.get("rotation"), name if kind == "rotation" else None):
            yield from those_on_duty(connection, rotation, now) if rotation else ()
