"""A reader who goes amid a stream is no fault of ours.

The framework closes the end of its queue from which a stream is sent before it stops who fills it. Whoever
waits just then to put in one thing more fails, and a log would tell of an error whenever a busy stream is cut
off.
"""

from __future__ import annotations

from anyio import BrokenResourceError
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class GoneReaders:
    """Around an application: what fails for want of a reader who has gone fails in silence."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on. Raises whatever the application raises besides."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        gone = False

        async def read() -> Message:
            nonlocal gone
            message = await receive()
            gone = gone or message["type"] == "http.disconnect"
            return message

        try:
            await self._app(scope, read, send)
        except* BrokenResourceError:
            if not gone:
                raise
