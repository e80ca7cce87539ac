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
    if service is Kind.WORKER:
        well = _worker_answers(name)
    else:
        from workflow.supervisor.checks import http_ok

        well = http_ok(f"{url or _address(service)}/{'readyz' if service is Kind.API else 'healthcheck'}")()
    typer.echo(f"{service}: {'well' if well else 'does not answer as it should'}", err=not well)
    if not well:
        raise typer.Exit(1)


def _worker_answers(name: str) -> bool:
    """Whether the worker of this machine with that name answers a ping through the broker."""
    from celery.utils.nodenames import gethostname

    from workflow.broker.app import celery_app
    from workflow.settings import read_settings
    from workflow.supervisor.checks import worker_answers

    node = f"{name}@{gethostname()}"
    return worker_answers(celery_app(read_settings()), node, without_broker=False)()


def _address(service: Kind) -> str:
    """Where the settings say that it listens."""
    from workflow.settings import read_settings

    settings = read_settings()
    if service is Kind.API:
        return f"http://{settings.api_host}:{settings.api_port}"
    return f"http://{settings.flower_host}:{settings.flower_port}"
