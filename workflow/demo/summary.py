"""What is printed when the story is over: how it ended, and where to look around."""

from __future__ import annotations

from urllib.parse import quote

from rich.console import Console
from rich.text import Text

from workflow.access.first_key import FILE as KEY_FILE
from workflow.maintenance.check_result import CheckResult
from workflow.scenarios.outcome import Outcome
from workflow.scenarios.report import Report
from workflow.scenarios.scenario import Scenario
from workflow.supervisor.flower import PASSWORD_FILE
from workflow.supervisor.stack import Stack


def print_ending(console: Console, outcome: Outcome, flower: CheckResult) -> None:
    """What differed, if anything; and the verdict."""
    console.print("")
    if not outcome.well:
        Report(console).tell(outcome)
    style, mark = ("green", "ok   ") if flower.well else ("bold red", "WRONG")
    console.print(Text.assemble((mark, style), f"  Flower  {flower.words}"), soft_wrap=True)
    if outcome.well and flower.well:
        told = sum(entry.kind == "notice" for entry in outcome.story)
        console.print(Text(f"ok     {told} notices, and no other; nothing is left to be done", "green"))
        console.print(Text("The story ended as it should.", "bold green"))
    else:
        console.print(Text("The story did not end as it should.", "bold red"))


def print_links(console: Console, stack: Stack, scenario: Scenario) -> None:
    """Where everything is, for as long as it stays up."""
    settings = stack.settings
    password = settings.data_dir / PASSWORD_FILE if settings.flower_password is None else "as set by you"
    keys = dict.fromkeys(one.step.to for one in scenario.steps if one.step.to and "*" not in one.step.to)
    rows = (
        *((key, f"{stack.api_url}/v1/subjects/{quote(key, safe=':')}") for key in list(keys)[:3]),
        ("sandbox", f"{stack.api_url}/sandbox   (the clock stands still: move it there)"),
        ("API", f"{stack.api_url}/docs   (bearer key in {settings.data_dir / KEY_FILE})"),
        ("Flower", f"{stack.flower_url}   user {settings.flower_user}, password: {password}"),
        ("notices, logs", f"{settings.data_dir}"),
    )
    for name, where in rows:
        console.print(Text(f"  {name:<20}{where}"), soft_wrap=True)
