"""The application: resources, errors and documentation, wired to one door."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.responses import Response

from state_machines.errors import Problem
from workflow.api import dead_letters, documentation, effects, events, health, metrics, subjects
from workflow.api.door import Door, open_door
from workflow.api.observation import Observation
from workflow.api.problems import Kind, ProblemDetails, Refusal
from workflow.broker import Broker
from workflow.errors import InvalidQuery, NotFound, NotRetryable
from workflow.runtime import Runtime

log = structlog.get_logger(__name__)


def create_app(runtime: Runtime, broker: Broker | None = None) -> FastAPI:
    """The HTTP application on this runtime.

    Args:
        broker: by which workers are woken. Without one events are applied when a worker's clock looks.
    """
    door = open_door(runtime, broker)
    app = FastAPI(
        title="makegood",
        summary="Events in, subjects out.",
        description=documentation.DESCRIPTION,
        version="1",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan(door),
    )
    app.state.door = door
    for resource in (events, subjects, effects, dead_letters, health, metrics, documentation):
        app.include_router(resource.router)
    app.add_middleware(Observation, meters=door.meters)
    _answer_errors(app)
    documentation.describe(app, ProblemDetails)
    return app


def _lifespan(door: Door) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        try:
            yield
        finally:
            door.close()

    return lifespan


def _answer_errors(app: FastAPI) -> None:
    """Every error becomes problem details."""

    @app.exception_handler(Refusal)
    async def refused(_: Request, error: Refusal) -> Response:
        return error.answer()

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        problems = [
            Problem(".".join(str(part) for part in one["loc"]), one["type"], one["msg"])
            for one in error.errors()
        ]
        return Refusal(Kind.INVALID, problems).answer()

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        kind = Kind.of_status(error.status_code)
        field = "method" if kind is Kind.METHOD else "path"
        problem = Problem(field, kind.value[0], f"{error.detail}: {request.method} {request.url.path}")
        return Refusal(kind, [problem], headers=error.headers).answer()

    @app.exception_handler(NotFound)
    async def not_found(_: Request, error: NotFound) -> Response:
        return Refusal.of(Kind.NOT_FOUND, "path", "not-found", str(error)).answer()

    @app.exception_handler(NotRetryable)
    async def not_retryable(_: Request, error: NotRetryable) -> Response:
        return Refusal.of(Kind.CONFLICT, "path", "state", str(error)).answer()

    @app.exception_handler(InvalidQuery)
    async def invalid_query(_: Request, error: InvalidQuery) -> Response:
        return Refusal(Kind.INVALID, error.problems).answer()

    @app.exception_handler(OperationalError)
    @app.exception_handler(InterfaceError)
    @app.exception_handler(PoolTimeout)
    async def database(_: Request, error: Exception) -> Response:
        # The message itself may quote what was to be stored.
        log.error(
            "database failed", error=type(error).__name__, cause=type(getattr(error, "orig", error)).__name__
        )
        return Refusal.of(
            Kind.UNAVAILABLE,
            "database",
            "available",
            "it does not answer; try again, the same id makes it safe",
            Retry_After="2",
        ).answer()

    @app.exception_handler(Exception)
    async def fault(_: Request, error: Exception) -> Response:
        log.error("request failed", exc_info=error)
        return Refusal.of(Kind.INTERNAL, "request", "internal", "it was logged").answer()
