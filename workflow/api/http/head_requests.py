"""Wherever GET is answered, HEAD is (RFC 9110, 9.3.2): the same head, and nothing behind it.

The framework knows HEAD only where an operation declares it, and then would describe it as one of its own.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadRequests:
    """Around an application, which takes HEAD for GET; who stands around this sees HEAD."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; an answer to HEAD ends with its head, and whoever writes on is told to stop."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        asked = {**scope, "method": "GET"}
        answered = False

        async def head_alone(message: Message) -> None:
            nonlocal answered
            if answered:
                return
            answered = True
            scope.update(asked, method="HEAD")  # what was found out: the route, who asks
            await send(message)
            await send({"type": "http.response.body", "body": b""})

        async def read() -> Message:
            # A stream that would go on for ever ends, as when its reader goes away.
            return {"type": "http.disconnect"} if answered else await receive()

        try:
            await self._app(asked, read, head_alone)
        finally:
            scope.update(asked, method="HEAD")
