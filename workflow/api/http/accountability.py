"""Every request that a key permitted, and every one that was refused, has an entry in the audit log."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workflow.access.audit import DONE, REFUSED, AuditEntry, AuditLog
from workflow.access.principal import Principal
from workflow.clock import Clock

_REFUSED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_HOLDER, _RULE = "makegood_holder", "makegood_rule"


def remember_holder(scope: Any, holder: Principal) -> None:
    """Note whose key this request came with."""
    scope.setdefault("state", {})[_HOLDER] = holder


def remember_rule(scope: Any, rule: str) -> None:
    """Note the rule by which this request was refused."""
    scope.setdefault("state", {})[_RULE] = rule


class Accountability:
    """Middleware around an application.

    Args:
        route: the template of the paths that come here, where nobody else will know it.
        refusals_only: whether what was permitted is recorded elsewhere, as accepted events are.
    """

    def __init__(
        self,
        app: ASGIApp,
        audit: AuditLog,
        clock: Clock,
        route: str | None = None,
        *,
        refusals_only: bool = False,
    ) -> None:
        self._app = app
        self._audit = audit
        self._clock = clock
        self._route = route
        self._refusals_only = refusals_only

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
            state = scope.get("state") or {}
            holder: Principal | None = state.get(_HOLDER)
            if refused or (holder is not None and not self._refusals_only):
                self._audit.note(self._entry(scope, holder, refused, state.get(_RULE)))

    def _entry(self, scope: Scope, holder: Principal | None, refused: bool, rule: str | None) -> AuditEntry:
        route = self._route or str(getattr(scope.get("route"), "path", "unknown"))
        query = scope.get("query_string", b"").decode("latin-1")
        client = scope.get("client")
        return AuditEntry(
            self._clock.now(),
            None if holder is None else holder.actor,
            None if holder is None else holder.id,
            f"{scope['method']} {route}",
            scope["path"] + (f"?{query}" if query else ""),
            REFUSED if refused else DONE,
            rule if refused else None,
            client[0] if client else None,
        )
