"""`makegood api`: the HTTP door."""

from __future__ import annotations

import signal
from types import FrameType
from typing import Annotated

import structlog
import typer
import uvicorn

from workflow import logs
from workflow.api.app import create_app
from workflow.broker import Broker, celery_app
from workflow.errors import SettingsError
from workflow.runtime import open_runtime
from workflow.settings import Settings, read_settings

_GRACE_SECONDS = 10


def api(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on. Default: MAKEGOOD_API_HOST.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port; 0 picks a free one. Default: MAKEGOOD_API_PORT.")
    ] = None,
) -> None:
    """Serve the HTTP API until it is told to stop; requests that have begun are finished."""
    settings = read_settings()
    logs.configure(settings.log_level)
    runtime = open_runtime(settings)
    broker = _broker(settings)
    signal.signal(signal.SIGTERM, _leave)
    try:
        uvicorn.run(
            create_app(runtime, broker),
            host=settings.api_host if host is None else host,
            port=settings.api_port if port is None else port,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # nothing here depends on who is at the other end
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
    finally:
        if broker is not None:
            broker.close()
        runtime.close()


def _leave(number: int, frame: FrameType | None) -> None:
    """Uvicorn ends in good order and then raises the signal anew: it must not end the process before us."""
    raise SystemExit(0)


def _broker(settings: Settings) -> Broker | None:
    """Without a broker the door stays open: events are stored, and a worker's clock finds them."""
    try:
        return Broker(celery_app(settings))
    except SettingsError as error:
        structlog.get_logger(__name__).warning("no wake-ups are sent", reason=str(error))
        return None
