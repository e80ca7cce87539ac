"""Whether this process lives, and whether it can do its work."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import structlog
from fastapi import Request
from sqlalchemy.exc import SQLAlchemyError

from workflow.api.context import context_of
from workflow.api.http.answers import JsonAnswer
from workflow.api.http.broker_watch import BrokerState
from workflow.api.http.late_routes import LateRouter
from workflow.engine.transient_errors import code_of
from workflow.store import Store, head, revision

log = structlog.get_logger(__name__)
router = LateRouter(tags=["operation"])
_newest_revision = cache(head)


@dataclass(frozen=True, slots=True)
class Alive:
    """The process answers; it says nothing about the database."""

    status: Literal["alive"]


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether events can be accepted.

    Attributes:
        database: reachable or not.
        schema: at-head, behind (run `makegood migrate`), or unknown while the database is not reachable.
        broker: reachable, unreachable or not-set. It does not count: the broker is transport, events are
            stored without it and applied when it is back.
    """

    status: Literal["ready", "not-ready"]
    database: Literal["reachable", "unreachable"]
    schema: Literal["at-head", "behind", "unknown"]
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
def readyz(request: Request) -> JsonAnswer:
    """200 when the database answers and has the newest schema, else 503. The broker is only reported."""
    context = context_of(request)
    schema = schema_state(context.runtime.store)
    ready = schema == "at-head"
    readiness = Readiness(
        "ready" if ready else "not-ready",
        "unreachable" if schema == "unknown" else "reachable",
        schema,
        context.broker.state(),
        "The broker is transport: while it is away events are stored, and applied when it is back.",
    )
    return JsonAnswer(readiness, status_code=200 if ready else 503)


def schema_state(store: Store) -> Literal["at-head", "behind", "unknown"]:
    """Whether the database has the schema of this code; unknown when it does not answer."""
    try:
        return "at-head" if revision(store) == _newest_revision() else "behind"
    except SQLAlchemyError as error:
        log.warning("database does not answer", error=type(error).__name__, code=code_of(error))
        return "unknown"
