"""Every request that a key permitted, and every one that was refused, has an entry in the audit log."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workflow.access.audit import DONE, REFUSED, AuditEntry, AuditLog
from workflow.access.principal import Principal
from workflow.clock import Clock
from workflow.telemetry.request_id import current_request_id

_REFUSED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_HOLDER, _RULE = "makegood_holder", "makegood_rule"


def remember_holder(scope: Any, holder: Principal) -> None:
    """Note whose key this request came with."""
    scope[_HOLDER] = holder


def remembered_holder(scope: Any) -> Principal | None:
    """Whose key or session this request came with, as far as it was asked."""
    holder: Principal | None = scope.get(_HOLDER)
    return holder


def remember_rule(scope: Any, rule: str) -> None:
    """Note the rule by which this request was refused."""
    scope[_RULE] = rule


def entry_of(scope: Scope, at: datetime, route: str, *, refused: bool) -> AuditEntry:
    """What the audit log keeps of a request that was answered at this instant (UTC)."""
    holder: Principal | None = scope.get(_HOLDER)
    query = scope.get("query_string", b"").decode("latin-1")
    client = scope.get("client")
    return AuditEntry(
        at,
        None if holder is None else holder.actor,
        None if holder is None else holder.id,
        f"{scope['method']} {route}",
        scope["path"] + (f"?{query}" if query else ""),
        REFUSED if refused else DONE,
        scope.get(_RULE) if refused else None,
        client[0] if client else None,
        current_request_id(),
    )


class Accountability:
    """Middleware around an application."""

    def __init__(self, app: ASGIApp, audit: AuditLog, clock: Clock) -> None:
        self._app = app
        self._audit = audit
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and record how it ended."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            refused = status in _REFUSED
            if refused or _HOLDER in scope:
                route = str(getattr(scope.get("route"), "path", "unknown"))
                self._audit.note(entry_of(scope, self._clock.now(), route, refused=refused))
