"""Measures and logs every request. Plain ASGI, so that nothing is buffered on the way."""

from __future__ import annotations

import logging

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workflow.api.http.accountability import remembered_holder
from workflow.api.http.deprecation import fields_of
from workflow.api.http.metrics import Meters
from workflow.clock import monotonic

log = structlog.get_logger(__name__)
_level = logging.getLogger(__name__)

_HEADERS = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))


class Observation:
    """Middleware around an application.

    Args:
        route: the template of the paths that come here, where nobody else will know it.
        every: whether each request has a line in the log, and not only those that fail for a fault of ours.
    """

    def __init__(
        self, app: ASGIApp, meters: Meters, route: str | None = None, *, every: bool = False
    ) -> None:
        self._app = app
        self._meters = meters
        self._route = route
        self._every = every

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; note how long it took and how it ended."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status, size = monotonic(), 500, 0

        async def noted(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                own = message.get("headers", ())
                said = {name.lower() for name, _ in own}
                more = [one for one in _HEADERS if one[0] not in said]
                message["headers"] = [*own, *more, *fields_of(scope)]
            else:
                size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            # The route's template, never the path: paths name subjects and would be labels without end.
            route = self._route or str(getattr(scope.get("route"), "path", "unknown"))
            self._note(scope, route, status, size, monotonic() - began)

    def _note(self, scope: Scope, route: str, status: int, size: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._meters.served(method, route, status, seconds)
        # A logger takes longer to say nothing than a request to be answered.
        if status < 500 and not self._every and not _level.isEnabledFor(logging.DEBUG):
            return
        holder = remembered_holder(scope)
        write = log.error if status >= 500 else log.info if self._every else log.debug
        write(
            "request",
            method=method,
            route=route,
            status=status,
            milliseconds=round(seconds * 1000, 1),
            bytes=size,
            key=None if holder is None else holder.id,
        )


_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
