"""`makegood doctor`: is everything as it should be?"""

from __future__ import annotations

import typer


def doctor() -> None:
    """Say what is configured, what answers and what waits too long. Exit code 1 if one is wrong."""
    from rich.console import Console
    from rich.text import Text

    from workflow.maintenance.doctor import examine
    from workflow.recovery import vocabulary
    from workflow.settings import read_settings

    vocabulary.register()
    console = Console(highlight=False, soft_wrap=True)
    healthy = True
    for result in examine(read_settings()):
        mark = Text("ok   ", "green") if result.well else Text("WRONG", "bold red")
        console.print(mark, Text(f"{result.name}: {result.words}"))
        healthy = healthy and result.well
    if not healthy:
        raise typer.Exit(1)
