"""A span for each request, where traces are sent: what it leads to is found from it, in whatever process."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workflow.telemetry import tracing
from workflow.telemetry.request_id import current_request_id
from workflow.telemetry.trace_context import HEADER, STATE, trace_of, within
from workflow.telemetry.tracing import Side

QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
"""Paths that are asked again and again and lead to nothing."""

_HEADER, _STATE = HEADER.encode(), STATE.encode()


class TracedRequests:
    """Around an application: its requests belong to the trace that they name, or begin one."""

    def __init__(self, app: ASGIApp, route: str | None = None) -> None:
        """`route` is the template of the paths that come here, where nobody else will know it."""
        self._app = app
        self._route = route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on within its span."""
        if scope["type"] != "http" or not tracing.is_on() or scope["path"] in QUIET:
            await self._app(scope, receive, send)
            return
        said = [value for name, value in scope["headers"] if name == _HEADER]
        states = (value.decode("latin-1") for name, value in scope["headers"] if name == _STATE)
        caller = trace_of(said[0].decode("latin-1"), ",".join(states)) if len(said) == 1 else None
        span, status = tracing.begin(scope["method"], caller, Side.SERVER), 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            with within(span.traceparent):
                await self._app(scope, receive, noted)
        finally:
            # The route's template, as in the metrics: paths name subjects.
            route = self._route or str(getattr(scope.get("route"), "path", "unknown"))
            span.rename(f"{scope['method']} {route}")
            span.note(request_id=current_request_id(), status=status)
            if status >= 500:
                span.fail(f"answered {status}")
            span.end()
