"""`makegood doctor`: is everything as it should be?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from workflow.maintenance.check_result import CheckResult
    from workflow.store import Store


def doctor() -> None:
    """Say what is configured, what answers and what waits too long. Exit code 1 if one is wrong."""
    from rich.console import Console
    from rich.text import Text

    from workflow.hooks.condition import of_routes, of_unmapped
    from workflow.maintenance.check_result import CheckResult
    from workflow.maintenance.doctor import examine
    from workflow.recovery import vocabulary
    from workflow.recovery.authority.reach import last_resort, unheard
    from workflow.recovery.known_calendars import known_calendars
    from workflow.settings import read_settings

    vocabulary.register()
    console = Console(highlight=False, soft_wrap=True)
    healthy = True

    def of_the_product(store: Store, now: datetime) -> Iterator[CheckResult]:
        yield CheckResult("calendars", *known_calendars(store))
        yield CheckResult("last resort", *last_resort(store, now))
        yield CheckResult("teams and rotations", *unheard(store, now))
        yield CheckResult("routes in", *of_routes(settings, store))
        yield CheckResult("messages that became no events", *of_unmapped(store))

    settings = read_settings()
    for result in examine(settings, of_the_product):
        mark = Text("ok   ", "green") if result.well else Text("WRONG", "bold red")
        console.print(mark, Text(f"{result.name}: {result.words}"))
        healthy = healthy and result.well
    if not healthy:
        raise typer.Exit(1)
