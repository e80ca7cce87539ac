"""`makegood up`: the whole system on one machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from workflow.settings import Settings
    from workflow.supervisor.service import Report
    from workflow.supervisor.stack import Stack

_UNREMARKABLE = ("starting", "stopping")


def up(
    workers: Annotated[int, typer.Option(min=1, help="Workers to run; each has its own scheduler.")] = 1,
    concurrency: Annotated[
        int | None, typer.Option(min=1, help="Processes per worker. [default: MAKEGOOD_WORKER_CONCURRENCY]")
    ] = None,
    sandbox: Annotated[
        bool,
        typer.Option(
            "--sandbox",
            help="On a clock that stands still until it is moved, and with channels that record.",
        ),
    ] = False,
    at: Annotated[
        str | None,
        typer.Option(help="RFC 3339 instant at which a new sandbox begins. [default: now]"),
    ] = None,
) -> None:
    """Run broker, migrations, API, workers and Flower here, restart what dies, end it all at ctrl-C."""
    from workflow.sandbox.opening import refuse_another_purpose, sandbox_settings
    from workflow.settings import ensure_data_dir, read_settings
    from workflow.supervisor.lock import sole_supervisor
    from workflow.supervisor.stack import plan_stack

    settings = read_settings()
    settings = sandbox_settings(settings, at) if sandbox or at is not None else settings
    refuse_another_purpose(settings)
    with sole_supervisor(ensure_data_dir(settings)):
        stack = plan_stack(settings, workers=workers, concurrency=concurrency)
        stack.supervisor(_tell).run(started=lambda: _welcome(stack))


def _tell(report: Report) -> None:
    if report.status not in _UNREMARKABLE:
        typer.echo(str(report))


def _welcome(stack: Stack) -> None:
    from workflow.supervisor.flower import PASSWORD_FILE

    settings = stack.settings
    password = f"{settings.data_dir / PASSWORD_FILE}" if settings.flower_password is None else "as set by you"
    typer.echo(
        "\n".join(
            (
                "",
                f"makegood is up   {stack.api_url}",
                f"  console        {_console(stack)}",
                *_sandbox(stack),
                f"  API            {stack.api_url}/docs",
                f"  API key        {_key(settings)}",
                f"  Flower         {stack.flower_url}   user {settings.flower_user}, password: {password}",
                f"  logs           {stack.log_dir}",
                "ctrl-C ends it.",
                "",
            )
        )
    )


def _sandbox(stack: Stack) -> list[str]:
    """Where a sandbox's clock stands, and what is to be seen there; nothing in earnest."""
    from workflow.clock import SandboxClock, clock_from

    clock = clock_from(stack.settings.clock)
    if not isinstance(clock, SandboxClock):
        return []
    stands = f"its clock stands at {clock.now().isoformat()}; nothing is sent"
    return [f"  sandbox        {stack.api_url}/sandbox   {stands}"]


def _console(stack: Stack) -> str:
    """Where people sign in; as long as there are none, the link by which the first one comes."""
    from workflow.access.first_link import first_link

    link = first_link(stack.settings, stack.api_url)
    return f"{stack.api_url}/" if link is None else f"{link}   (works once: say there who you are)"


def _key(settings: Settings) -> str:
    """The installation's first key, shown this one time; later where it is, or how to make one."""
    from workflow.access.first_key import FILE as KEY_FILE
    from workflow.access.first_key import first_key

    made = first_key(settings)
    file = settings.data_dir / KEY_FILE
    if made is not None:
        return f"{made}   (role operator: it may do everything here; shown once, kept in {file})"
    return f"in {file}" if file.exists() else "makegood keys create --role system"
