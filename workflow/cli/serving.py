"""One API process, from settings to its end."""

from __future__ import annotations

import gc
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event, Thread
from types import FrameType
from typing import Any

import structlog
import uvicorn
from starlette.types import ASGIApp

from workflow.api.http.bounded_protocol import BoundedProtocol, Refused
from workflow.api.http.connections import Connections
from workflow.api.http.head_bounds import HeadBounds
from workflow.broker.app import celery_app
from workflow.broker.client import Broker
from workflow.broker.redis_cluster import refuse_cluster
from workflow.console.site import create_site
from workflow.engine.registry import Registry
from workflow.errors import SettingsError
from workflow.recovery.runtime import open_runtime
from workflow.settings import Settings
from workflow.telemetry import logs, tracing

_PAUSE = 0.1
"""Seconds before each lifecycle that is compiled ahead: whoever starts a process wants to use it, too."""
GRACE_SECONDS = 10
"""How long requests that have begun may take when the process is told to end."""


def serve(settings: Settings, listening: socket.socket, counters: Path | None = None) -> None:
    """Serve on a bound socket until told to stop; requests that have begun are finished.

    Only in a process's main thread.

    Args:
        counters: as for `create_site`.

    Raises:
        MakegoodError: the store or a definition cannot be used.
        SystemExit: at the end, after a signal.
    """
    logs.configure(settings.log_level)
    tracing.configure("api")
    broker = _broker(settings)
    runtime = open_runtime(settings)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    try:
        site = create_site(runtime, broker, counters=counters)
        connections = Connections(settings.max_connections, settings.max_connections_per_address)
        config = server_config(site, connections=connections, refused=site.state.context.meters.ended_early)
        with _compiled_ahead(runtime.registry):
            ApiServer(config, site.state.context.leave).run(sockets=[listening])
    finally:
        if broker is not None:
            broker.close()
        runtime.close()
        tracing.shutdown()


@contextmanager
def _compiled_ahead(registry: Registry) -> Iterator[None]:
    """Have a thread compile all lifecycles meanwhile, so that hardly a request has to wait for that."""
    over = Event()

    def compile_all() -> None:
        registry.compile_ahead(lambda: not over.wait(_PAUSE))
        gc.freeze()  # it stays: to go through all of it stops every request for a quarter of a second

    thread = Thread(target=compile_all, name="makegood-compile", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


class ApiServer(uvicorn.Server):
    """Uvicorn's server, which first has those told that would follow for ever: it waits for every request."""

    def __init__(self, config: uvicorn.Config, leave: Callable[[], None]) -> None:
        """`leave` is called once, in the event loop, when the server is to end."""
        super().__init__(config)
        self._leave = leave

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End, as uvicorn does."""
        self._leave()
        await super().shutdown(sockets)


def server_config(
    app: ASGIApp,
    *,
    connections: Connections,
    refused: Refused,
    bounds: HeadBounds | None = None,
    **more: Any,
) -> uvicorn.Config:
    """How an application is served.

    Args:
        connections: counts those of this process.
        refused: is told why a connection was ended before its request reached the application.
        bounds: of each connection; None: as `HeadBounds` says by itself.
        more: further options of uvicorn's.
    """
    bounds = bounds or HeadBounds()
    protocol: Any = partial(BoundedProtocol, bounds=bounds, connections=connections, refused=refused)
    return uvicorn.Config(
        app,
        http=protocol,
        timeout_keep_alive=bounds.idle_seconds,  # type: ignore[arg-type]
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nothing here depends on who is at the other end
        ws="none",
        timeout_graceful_shutdown=GRACE_SECONDS,
        **more,
    )


def _leave(number: int, frame: FrameType | None) -> None:
    """Uvicorn ends in good order and then raises the signal anew: it must not end the process before us."""
    raise SystemExit(0)


def _broker(settings: Settings) -> Broker | None:
    """Without a broker events are stored all the same, and a scheduler finds them.

    Raises SettingsError for one that is there and can be none.
    """
    try:
        app = celery_app(settings)
    except SettingsError as error:
        structlog.get_logger(__name__).warning("no wake-ups are sent", reason=str(error))
        return None
    refuse_cluster(app)
    return Broker(app)
