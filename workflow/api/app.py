"""The application: resources, errors and documentation, wired to one door."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from state_machines.errors import Problem
from workflow.api import (
    alerts,
    barometer,
    barometer_pages,
    dead_letters,
    desk,
    desk_cases,
    documentation,
    effects,
    events,
    explanations,
    health,
    intake,
    links,
    metrics,
    packets,
    policies,
    reports,
    subjects,
    twilio,
)
from workflow.api.admission import Limits
from workflow.api.door import Door, open_door
from workflow.api.faults import KNOWN, refusal_of
from workflow.api.observation import Observation
from workflow.api.problems import Kind, ProblemDetails, Refusal
from workflow.broker import Broker
from workflow.runtime import Runtime


class Application(FastAPI):
    """The framework's application, with a way past the framework for requests with events."""

    straight: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As an ASGI application."""
        if scope["type"] == "http" and scope["path"] == intake.PATH and scope["method"] == "POST":
            await self.straight(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def create_app(
    runtime: Runtime,
    broker: Broker | None = None,
    *,
    limits: Limits | None = None,
    counters: Path | None = None,
) -> FastAPI:
    """The HTTP application on this runtime.

    Args:
        broker: by which workers are woken. Without one events are applied when a worker's clock looks.
        limits: how much it takes in at once; None: as much as `Limits` says by itself.
        counters: directory in which all API processes of this door count together.
    """
    door = open_door(runtime, broker, limits or Limits(), counters)
    app = Application(
        title="makegood",
        summary="Events in, subjects out.",
        description=documentation.DESCRIPTION,
        version="1",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan(door),
    )
    app.state.door = door
    for resource in (
        events,
        explanations,
        subjects,
        packets,
        policies,
        links,
        desk,
        desk_cases,
        barometer,
        barometer_pages,
        alerts,
        effects,
        dead_letters,
        twilio,
        reports,
        health,
        metrics,
        documentation,
    ):
        app.include_router(resource.router)
    app.add_middleware(Observation, meters=door.meters)
    app.straight = Observation(door.intake, door.meters, intake.PATH)
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

    async def other(_: Request, error: Exception) -> Response:
        return refusal_of(error).answer()

    for kind in (*KNOWN, Exception):
        app.add_exception_handler(kind, other)
