"""`makegood health`: the question whether a service does its work, for a container's health check."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Kind(StrEnum):
    """Services that can be asked."""

    API = "api"
    WORKER = "worker"
    FLOWER = "flower"


def health(
    service: Annotated[Kind, typer.Argument(help="What is asked.")],
    name: Annotated[
        str, typer.Option(help="Of a worker on this machine: the name that it was started with.")
    ] = "worker",
    url: Annotated[
        str | None, typer.Option(help="Of API or Flower: its address. Default: as the settings say.")
    ] = None,
) -> None:
    """Say whether a running service does its work. Exit code 1 if it does not.

    The API is asked for /readyz and Flower for /healthcheck; a worker is sent a ping through the broker.
    """
    from workflow.settings import read_settings
    from workflow.supervisor.checks import http_ok, worker_answers

    settings = read_settings()
    if service is Kind.WORKER:
        from celery.utils.nodenames import gethostname

        from workflow.broker.client import celery_app

        well = worker_answers(celery_app(settings), f"{name}@{gethostname()}", without_broker=False)()
    elif service is Kind.FLOWER:
        well = http_ok(f"{url or f'http://{settings.flower_host}:{settings.flower_port}'}/healthcheck")()
    else:
        well = http_ok(f"{url or f'http://{settings.api_host}:{settings.api_port}'}/readyz")()
    typer.echo(f"{service}: {'well' if well else 'does not answer as it should'}", err=not well)
    if not well:
        raise typer.Exit(1)
