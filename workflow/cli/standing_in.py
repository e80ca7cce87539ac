"""What answers on the API's port while the database is not there yet: it lives, and is not ready."""

from __future__ import annotations

import asyncio
import signal
import socket
from types import FrameType

import uvicorn
from starlette.types import Receive, Scope, Send

from workflow.api.http.answers import JsonAnswer
from workflow.api.http.connections import Connections
from workflow.api.http.problems import Kind, Refusal
from workflow.api.routes.health import Alive, Readiness
from workflow.cli.serving import server_config
from workflow.errors import StoreError
from workflow.settings import Settings
from workflow.store.waiting import tell_of_waiting, why_not_there

_UNSAID = "The database is waited for; nothing is known of the broker meanwhile."


def stand_in_until_there(settings: Settings, listening: socket.socket) -> None:
    """Answer on a bound socket until the database can be written to; at once where it can.

    Only in a process's main thread. No thread is left at the end, so that the process may fork; the socket
    stays bound.

    Raises:
        StoreError: the database's URL is none of a store, or the database refuses who asks.
        SystemExit: with code 0, by SIGTERM or SIGINT.
    """
    why = why_not_there(settings.database)
    if why is None:
        return
    connections = Connections(settings.max_connections, settings.max_connections_per_address)
    config = server_config(_Waiting(), connections=connections, refused=lambda reason: None, lifespan="off")
    before = {number: signal.signal(number, _leave) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        server = _StandIn(config, settings.database, why)
        server.run(sockets=[listening.dup()])  # uvicorn closes what it is given
        if server.fault is not None:
            raise server.fault
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _StandIn(uvicorn.Server):
    """Ends by itself once the database is there, or refuses us."""

    def __init__(self, config: uvicorn.Config, url: str, why: str) -> None:
        super().__init__(config)
        self._url = url
        self._why: str | None = why
        self.fault: StoreError | None = None
        """Why it is not waited for any longer."""

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn does, beside the looks at the database."""
        looking = asyncio.create_task(self._look())
        try:
            await super().serve(sockets)
        finally:
            looking.cancel()

    async def _look(self) -> None:
        looks = 0
        while self._why is not None:
            looks += 1
            await asyncio.sleep(tell_of_waiting(self._why, looks))
            try:
                self._why = await asyncio.to_thread(why_not_there, self._url)
            except StoreError as error:
                self.fault = error
                break
        self.should_exit = True


class _Waiting:
    """The application: alive, not ready, and for the rest as an API whose database is away."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As an ASGI application."""
        path = scope["path"] if scope["type"] == "http" else ""
        if path == "/healthz":
            answer = JsonAnswer(Alive("alive"))
        elif path == "/readyz":
            state = Readiness("not-ready", "unreachable", "unknown", "not-set", _UNSAID)
            answer = JsonAnswer(state, status_code=503)
        else:
            message = "it does not answer yet; try again, the same id makes it safe"
            answer = Refusal.of(Kind.UNAVAILABLE, "database", "available", message, Retry_After="2").answer()
        await answer(scope, receive, send)


def _leave(number: int, frame: FrameType | None) -> None:
    """Uvicorn ends in good order and then raises the signal anew."""
    raise SystemExit(0)
