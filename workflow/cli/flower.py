"""`makegood flower`: Flower over the workers of this installation."""

from __future__ import annotations

from typing import Annotated

import typer


def flower(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on. Default: MAKEGOOD_FLOWER_HOST.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port to listen on. Default: MAKEGOOD_FLOWER_PORT.")
    ] = None,
) -> None:
    """Show workers and tasks in Flower's pages, behind a password, until it is told to stop.

    User and password are MAKEGOOD_FLOWER_USER and MAKEGOOD_FLOWER_PASSWORD; without a password one is made
    and kept in the data directory. Flower's own variables FLOWER_* say the rest.
    """
    from workflow.broker.app import celery_app
    from workflow.settings import ensure_data_dir, read_settings
    from workflow.supervisor.flower import flower_password, run_flower

    settings = read_settings()
    app = celery_app(settings)
    password = flower_password(settings, ensure_data_dir(settings))
    run_flower(
        app,
        settings.flower_host if host is None else host,
        settings.flower_port if port is None else port,
        f"{settings.flower_user}:{password}",
    )
