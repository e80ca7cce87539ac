"""Cases that belong to an incident by its condition are joined: as they come, and those that came before.

An incident that was declared with `match` is open to every case of whose facts the condition holds and
that came after its `since`, or within the hour before it was declared. What was split off stays apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import structlog
from sqlalchemy import JSON, Connection, func, literal, select, type_coerce

from state_machines.expressions.fact_conditions import holds
from state_machines.values.instants import parse_instant
from workflow.engine.cloudevent import CloudEvent
from workflow.engine.engine import Engine
from workflow.errors import InvalidEvent
from workflow.recovery.policies.facts import facts_of
from workflow.store.schema import subjects

SOURCE = "/makegood/sweep"
BEFORE = timedelta(hours=1)
"""How long before it was declared a case may have come that its condition joins, unless it says so."""
_LISTENING = ("open", "planned")
_PAGE = 500
_MOST = 500
"""Cases that one sweep joins; the next joins the rest."""
_INCIDENTS = select(subjects.c.key, subjects.c.data, subjects.c.opened_at).where(
    subjects.c.lifecycle == "incident",
    subjects.c.closed_at.is_(None),
    subjects.c.state.in_(_LISTENING),
    type_coerce(subjects.c.data, JSON)["match"].as_string().is_not(None),
)
SOME_CONDITION = _INCIDENTS.exists()
"""That there is an incident that cases are joined to by a condition."""

log = structlog.get_logger(__name__)


class _Incident(NamedTuple):
    key: str
    match: str
    since: datetime


def join_matching(engine: Engine, now: datetime) -> int:
    """Join what matches and is no member yet, some; how many these are.

    Each joining is an event whose id names incident and case: any number of sweeps joins it once.
    """
    with engine.store.connect() as connection:
        found = [
            (incident.key, case)
            for incident in _incidents(connection)
            for case in _matching(connection, incident)
        ]
    events = [_event(incident, case, now) for incident, case in found[:_MOST]]
    try:
        if events:
            engine.accept(events)
    except InvalidEvent as error:  # an incident of the installation's own that knows no `join`
        rules = ", ".join(f"{problem.field} [{problem.rule}]" for problem in error.problems[:3])
        log.error("cases are joined to no incident", cases=len(events), refused=rules)
        return 0
    return len(events)


def _incidents(connection: Connection) -> Iterator[_Incident]:
    for key, data, opened_at in connection.execute(_INCIDENTS):
        since = data.get("since")
        yield _Incident(key, data["match"], parse_instant(since) if since else opened_at - BEFORE)


def _matching(connection: Connection, incident: _Incident) -> Iterator[str]:
    """Open cases that came since, match, and were never members, the oldest first."""
    member = subjects.alias("member")
    name = incident.key.partition(":")[2]
    key = literal(f"membership:{name}-").concat(func.substr(subjects.c.key, len("case:") + 1))
    query = (
        select(subjects.c.id, subjects.c.key, subjects.c.data)
        .where(
            subjects.c.lifecycle == "case",
            subjects.c.closed_at.is_(None),
            subjects.c.opened_at >= incident.since,
            ~select(member.c.id).where(member.c.key == key).exists(),
        )
        .order_by(subjects.c.id)
        .limit(_PAGE)
    )
    last, number = 0, 0
    while number < _MOST:
        rows = connection.execute(query.where(subjects.c.id > last)).all()
        for row, case, data in rows:
            last = row
            if holds(incident.match, facts_of(data)):
                number += 1
                yield case
        if len(rows) < _PAGE:
            return


def _event(incident: str, case: str, now: datetime) -> CloudEvent:
    said: Mapping[str, Any] = {"case": case, "rule": True}
    return CloudEvent(f"match/{incident}/{case}", SOURCE, "incident.join", incident, now, said)
