"""The application: resources, errors and documentation, wired to one door."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from state_machines.errors import Problem
from workflow.access.keys import TEST_PREFIX
from workflow.api.browser import signed_in
from workflow.api.context import ApiContext, Workers, open_context
from workflow.api.http.accountability import Accountability, remember_rule
from workflow.api.http.allowed import EVERY, allow_field, options_answer
from workflow.api.http.error_mapping import KNOWN, refusal_of
from workflow.api.http.gone_readers import GoneReaders
from workflow.api.http.head_requests import HeadRequests
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.observation import Observation
from workflow.api.http.problems import Kind, ProblemDetails, Refusal
from workflow.api.http.request_ids import RequestIds
from workflow.api.http.traced_requests import TracedRequests
from workflow.api.ingest import endpoint
from workflow.api.ingest.limits import Limits
from workflow.api.rehearsal_application import RehearsalApplication, presents_test_key
from workflow.api.routes import (
    alerts,
    audit,
    barometer,
    changes,
    clock,
    customers,
    dead_letters,
    desk,
    desk_approvals,
    desk_cases,
    desk_customers,
    desk_incidents,
    discards,
    documentation,
    effects,
    event_decisions,
    events,
    explanations,
    health,
    hooks,
    incidents,
    lifecycles,
    metrics,
    migrations,
    notices,
    openapi,
    packets,
    policies,
    refusals,
    reports,
    resources,
    search,
    subjects,
    subscriptions,
    twilio,
    unmapped,
)
from workflow.engine.runtime import Runtime
from workflow.rehearsal.rehearsal import Rehearsal


class Application(FastAPI):
    """The framework's application, with a way past the framework for requests with events.

    What a test key asks for is asked of another application, which has nothing in common with this one but
    the definitions: see `workflow.rehearsal`.
    """

    straight: ASGIApp
    rehearsed: RehearsalApplication | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As an ASGI application."""
        if self.rehearsed is not None and presents_test_key(scope):
            try:
                other: ASGIApp | None = await self.rehearsed.application()
            except Exception as error:
                other = refusal_of(error).answer()
            if other is not None:
                await other(scope, receive, send)
                return
        await RequestIds(self._served)(scope, receive, send)

    async def _served(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == endpoint.PATH and scope["method"] == "POST":
            await TracedRequests(self.straight, endpoint.PATH)(scope, receive, send)
        else:
            await TracedRequests(super().__call__)(scope, receive, send)


def create_app(
    runtime: Runtime,
    broker: Workers | None = None,
    *,
    limits: Limits | None = None,
    counters: Path | None = None,
    pages: Sequence[APIRouter] = (),
    shown: Callable[[Request, Refusal], Response | None] = lambda request, refusal: None,
    rehearses: bool = False,
) -> FastAPI:
    """The HTTP application on this runtime.

    Args:
        broker: by which workers are woken. Without one events are applied when a scheduler looks.
        limits: how much it takes in at once; None: as much as `Limits` says by itself.
        counters: directory in which all API processes behind one port count together.
        pages: routers of pages for people, which come before the resources.
        shown: how a refusal is told to a person with a browser; None: as to a program.
        rehearses: whether this is the application of the rehearsal, for test keys alone.
    """
    limits = limits or Limits()
    if rehearses:
        context = open_context(runtime, broker, limits, prefix=TEST_PREFIX)
    else:
        context = open_context(runtime, broker, limits, counters, rehearsal=Rehearsal(runtime))
    app = Application(
        title="makegood",
        summary="Events in, subjects out.",
        description=documentation.DESCRIPTION,
        version="1",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # where a redirect leads would be the caller's word, by its Host
        lifespan=_lifespan(context),
    )
    app.state.context = context
    if context.rehearsal is not None:
        app.rehearsed = RehearsalApplication(
            context.rehearsal,
            lambda opened: create_app(opened.runtime, opened.worker, limits=limits, rehearses=True),
        )
    known: tuple[_Resource, ...] = (
        events,
        discards,
        event_decisions,
        explanations,
        search,
        subjects,
        lifecycles,
        migrations,
        packets,
        policies,
        customers,
        desk,
        desk_approvals,
        desk_cases,
        desk_customers,
        incidents,
        desk_incidents,
        barometer,
        alerts,
        effects,
        notices,
        dead_letters,
        refusals,
        changes,
        subscriptions,
        audit,
        clock,
        twilio,
        reports,
        unmapped,
        hooks,
        health,
        metrics,
        openapi,
        resources,  # last: of two paths that fit a request the first is taken
    )
    if rehearses:
        known = tuple(one for one in known if one not in _NOT_REHEARSED)
    # As they are: including them would build each route anew with every application.
    for router in (*pages, *(one.router for one in known)):
        app.router.routes.extend(router.routes)
    app.add_middleware(GoneReaders)
    app.add_middleware(HeadRequests)
    app.add_middleware(Accountability, audit=context.audit, clock=runtime.clock)
    every = runtime.settings.access_log
    app.add_middleware(Observation, meters=context.meters, every=every)
    app.straight = Observation(context.endpoint, context.meters, endpoint.PATH, every=every)
    _answer_errors(app, shown)
    openapi.describe(app, runtime.registry, ProblemDetails)
    return app


class _Resource(Protocol):
    """A module with a router."""

    router: LateRouter


_NOT_REHEARSED: Sequence[_Resource] = (subscriptions, hooks, unmapped, twilio, reports, clock)
"""What is about other systems: they are told nothing of a rehearsal, and do not know that there is one."""


def _lifespan(context: ApiContext) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        rehearsed = app.rehearsed if isinstance(app, Application) else None
        try:
            if rehearsed is not None:
                rehearsed.begin()
            yield
        finally:
            context.leave()
            if rehearsed is not None:
                rehearsed.close()
            context.close()

    return lifespan


def _methods(request: Request) -> set[str]:
    """What the resource at this path knows: each method has a route of its own, with the same template."""
    routes = [route for route in request.app.router.routes if isinstance(route, Route)]
    template = next(one.path for one in routes if one.matches(request.scope)[0] is not Match.NONE)
    return {method for one in routes if one.path == template for method in one.methods or ()}


def _answer_errors(app: FastAPI, shown: Callable[[Request, Refusal], Response | None]) -> None:
    """Every error becomes problem details, or the page that says so to a person."""

    def answer(request: Request, refusal: Refusal) -> Response:
        if refusal.kind is Kind.METHOD and request.method == "OPTIONS":
            return options_answer(refusal.headers["Allow"])
        return shown(request, refusal) or refusal.answer()

    @app.exception_handler(Refusal)
    async def refused(request: Request, error: Refusal) -> Response:
        remember_rule(request.scope, error.problems[0].rule)
        return answer(request, error)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        problems = [
            Problem(".".join(str(part) for part in one["loc"]), one["type"], one["msg"])
            for one in error.errors()
        ]
        return answer(request, Refusal(Kind.INVALID, problems))

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        if request.method == "OPTIONS" and request.scope["path"] == "*":  # of the server itself
            return options_answer(allow_field(EVERY))
        kind = Kind.of_status(error.status_code)
        field = "method" if kind is Kind.METHOD else "path"
        problem = Problem(field, kind.value[0], f"{error.detail}: {request.method} {request.url.path}")
        headers = dict(error.headers or {})
        if kind is Kind.METHOD:
            headers["Allow"] = allow_field(_methods(request))
        if "authorization" not in request.headers:
            await signed_in(request)  # no route has asked who looks, and the page says it
        return answer(request, Refusal(kind, [problem], headers=headers))

    async def other(request: Request, error: Exception) -> Response:
        refusal = refusal_of(error)
        remember_rule(request.scope, refusal.problems[0].rule)
        return answer(request, refusal)

    for kind in (*KNOWN, Exception):
        app.add_exception_handler(kind, other)
