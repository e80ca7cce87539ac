"""`makegood api`: the HTTP door."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Annotated

import typer


def api(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on. Default: MAKEGOOD_API_HOST.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port; 0 picks a free one. Default: MAKEGOOD_API_PORT.")
    ] = None,
    processes: Annotated[
        int | None,
        typer.Option(min=1, max=256, help="Processes behind the port. Default: MAKEGOOD_API_PROCESSES."),
    ] = None,
) -> None:
    """Serve the HTTP API until it is told to stop; requests that have begun are finished.

    While the database is not there yet it waits, lives (/healthz) and is not ready (/readyz).
    """
    from workflow.cli.hang_up import answer_hang_up
    from workflow.cli.listening import bound_socket
    from workflow.settings import read_settings
    from workflow.telemetry import logs
    from workflow.telemetry.shared_meters import shared_meters

    settings = read_settings()
    logs.configure(settings.log_level)
    answer_hang_up()
    number = settings.api_processes if processes is None else processes
    with (
        bound_socket(  # before all that takes time: a port that is taken is said at once
            settings.api_host if host is None else host, settings.api_port if port is None else port
        ) as listening,
        shared_meters() if number > 1 else nullcontext() as counters,
    ):
        from workflow.cli.standing_in import stand_in_until_there

        stand_in_until_there(settings, listening)
        if counters is None:
            from workflow.cli.serving import serve

            serve(settings, listening)
        else:
            from workflow.cli.processes import ApiProcesses

            ApiProcesses(settings, listening, number, counters).run()
