"""Connections to PostgreSQL: one pool for writing, one for reading."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import InvalidatePoolError

from workflow.clock import monotonic
from workflow.store.postgresql_connection import PARAMETERS, BoundedConnection, let_go
from workflow.store.postgresql_errors import as_sqlalchemy, is_state, takes_no_writes
from workflow.store.rows import from_json, to_json

_IDLE_SECONDS = 2.0
Look = Callable[[psycopg.Connection[Any]], None]
"""What is done with a connection that somebody takes, before they have it: nothing is begun on it."""

_UTC = "set time zone 'UTC'"
"""In any other zone the driver cannot read the first and the last hours that Python can represent, and one
such row would stop every claim."""
_INDEXES = (
    "set plan_cache_mode = force_generic_plan",
    *(f"set enable_{way} = off" for way in ("seqscan", "bitmapscan", "mergejoin")),
)
"""Write transactions find every row by an index, in its order, and stop at the limit, whatever the statistics
say. These are wrong when it matters: in a table that was empty when it was last analysed and holds a million
rows now, the planner would sort them all for the first five hundred (docs/adr/0015)."""


def writing(url: str, look: Look, *, patient: bool) -> Engine:
    """An engine for write transactions: statements are planned once and only by indexes.

    `patient` waits for each answer, and lets a transaction wait, for as long as it takes.
    """
    return _engine(url, look, patient=patient, is_for_writing=True)


def reading(url: str, look: Look, *, patient: bool) -> Engine:
    """An engine for queries of any kind; `patient` as for `writing`."""
    return _engine(url, look, patient=patient, is_for_writing=False)


def _engine(url: str, look: Look, *, patient: bool, is_for_writing: bool) -> Engine:
    settings = (_UTC, *_INDEXES) if is_for_writing else (_UTC,)
    json = {"json_serializer": to_json, "json_deserializer": from_json}
    engine = create_engine(url, pool_size=5, max_overflow=15, hide_parameters=True, **json)

    @event.listens_for(engine, "do_connect")
    def connect(_: Any, __: Any, given: Any, named: dict[str, Any]) -> psycopg.Connection[Any]:
        kind: type[psycopg.Connection[Any]] = psycopg.Connection if patient else BoundedConnection
        return kind.connect(*given, **PARAMETERS | named)

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _: Any) -> None:
        bounds = [] if patient else let_go(connection.info.server_version, writing=is_for_writing)
        connection.execute("; ".join([*settings, *bounds]))
        connection.commit()

    @event.listens_for(engine, "handle_error", retval=True)
    def failed(context: ExceptionContext) -> BaseException | None:
        error = context.original_exception
        if takes_no_writes(error):
            context.is_disconnect = True  # and so are all that the pool holds
        return (
            as_sqlalchemy(error, context.statement, engine.dialect)
            if isinstance(error, psycopg.Error) and is_state(error)
            else None
        )

    @event.listens_for(engine, "checkin")
    def returned(_: Any, record: Any) -> None:
        record.info["returned"] = monotonic()

    @event.listens_for(engine, "checkout")
    def taken(connection: Any, record: Any, _: Any) -> None:
        # A ping each time costs a round trip a transaction; only one that was idle may have been lost.
        if monotonic() - record.info.get("returned", monotonic()) > _IDLE_SECONDS:
            try:
                connection.execute("select 1")
                connection.rollback()
            except engine.dialect.loaded_dbapi.OperationalError as error:
                raise InvalidatePoolError(str(error)) from error  # and so may all others be
        look(connection)

    return engine
