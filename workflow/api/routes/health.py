"""Whether this process lives, and whether it can do its work."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Literal

from fastapi import Request

from workflow.api.context import ApiContext, context_of
from workflow.api.http.answers import JsonAnswer
from workflow.api.http.broker_watch import BrokerState
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.store_watch import DatabaseState, SchemaState

router = LateRouter(tags=["operation"])


@dataclass(frozen=True, slots=True)
class Alive:
    """The process answers; it says nothing about the database."""

    status: Literal["alive"]


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether events can be accepted.

    Attributes:
        database: reachable, takes-no-writes (a standby, a full disk), or unreachable.
        schema: at-head, behind (run `makegood migrate`), or unknown while the database is not reachable.
        broker: reachable, unreachable or not-set. It does not count: the broker is transport, events are
            stored without it and applied when it is back.
    """

    status: Literal["ready", "not-ready"]
    database: DatabaseState
    schema: SchemaState
    broker: BrokerState
    note: str


@router.get("/healthz", summary="The process is alive", response_model=Alive)
async def healthz() -> JsonAnswer:
    """Asks nothing of anybody: restart the process when this fails."""
    return JsonAnswer(Alive("alive"))


@router.get(
    "/readyz",
    summary="Events can be accepted",
    response_model=Readiness,
    responses={503: {"model": Readiness}},
)
async def readyz(request: Request) -> JsonAnswer:
    """200 when the database takes writes and has the newest schema, else 503. The broker is only reported."""
    # Not in a thread of those that serve requests: these may all be waiting for the database.
    readiness = await asyncio.to_thread(_readiness, context_of(request))
    return JsonAnswer(readiness, status_code=200 if readiness.status == "ready" else 503)


def _readiness(context: ApiContext) -> Readiness:
    store = context.store.state()
    return Readiness(
        "ready" if store.ready else "not-ready",
        store.database,
        store.schema,
        context.broker.state(),
        "The broker is transport: while it is away events are stored, and applied when it is back.",
    )
