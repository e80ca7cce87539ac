"""What is printed when the story is over: the results, and where to look around."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from rich.console import Console
from rich.table import Table
from rich.text import Text

from workflow.access.first_key import FILE as KEY_FILE
from workflow.demo.script import Story
from workflow.maintenance.check_result import CheckResult
from workflow.supervisor.flower import PASSWORD_FILE
from workflow.supervisor.stack import Stack


def print_results(console: Console, results: Sequence[CheckResult]) -> None:
    """One line each, and the verdict."""
    table = Table(title="How it ended", title_justify="left", show_header=False, box=None, padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for result in results:
        mark = Text("ok", "green") if result.well else Text("WRONG", "bold red")
        table.add_row(mark, result.name, Text(result.words, "" if result.well else "red"))
    console.print("", table, "")
    wrong = [result.name for result in results if not result.well]
    if wrong:
        console.print(Text(f"The story did not end as it should: {', '.join(wrong)}.", "bold red"))
    else:
        console.print(Text("The story ended as it should.", "bold green"))


def print_links(console: Console, stack: Stack, story: Story) -> None:
    """Where everything is, for as long as it stays up."""
    settings = stack.settings
    password = settings.data_dir / PASSWORD_FILE if settings.flower_password is None else "as set by you"
    subjects = [
        (f"the {name}", f"{stack.api_url}/v1/subjects/{quote(key, safe=':')}")
        for name, key in story.roots.items()
    ]
    rows = (
        *subjects,
        ("API", f"{stack.api_url}/docs   (bearer key in {settings.data_dir / KEY_FILE})"),
        ("Flower", f"{stack.flower_url}   user {settings.flower_user}, password: {password}"),
        ("notices, logs", f"{settings.data_dir}"),
    )
    for name, where in rows:
        console.print(Text(f"  {name:<15}{where}"), soft_wrap=True)
