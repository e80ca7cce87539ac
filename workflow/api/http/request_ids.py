"""Every request has an id: its answer, the logs, the audit log and the ledger name it.

The sender's own (`X-Request-Id`) is taken where it has the form of one; else one is made.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workflow.telemetry.request_id import enter_request, leave_request

HEADER = b"x-request-id"
FORM = r"^[A-Za-z0-9._~:/@+=-]{1,128}$"
"""Of an id that is taken."""
PARAMETER = {
    "name": "X-Request-Id",
    "in": "header",
    "required": False,
    "description": "By which the answer, the logs, the audit log and the ledger name this request. "
    "Left out: one is made.",
    "schema": {"type": "string", "examples": ["7f2c1e"]},
}
"""For OpenAPI."""

_FORM = re.compile(FORM.encode())


def request_id_of(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The id that the headers name, if it has the form of one; else a new one."""
    said = next((value for name, value in headers if name == HEADER), b"")
    return said.decode("ascii") if _FORM.match(said) and not said.endswith(b"\n") else secrets.token_hex(16)


class RequestIds:
    """Around an application, the outermost: what fails within is answered with the id, too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on under its id, and name it in the answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = request_id_of(scope["headers"])
        field = (HEADER, request_id.encode())

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), field]
            await send(message)

        token = enter_request(request_id)
        try:
            await self._app(scope, receive, named)
        finally:
            leave_request(token)
