"""The story of a scenario as a table: when by the scenario's clock, what kind of thing, in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.table import Table
from rich.text import Text

from workflow.scenarios.outcome import StoryEntry
from workflow.scenarios.scenario import Scenario
from workflow.scenarios.written_values import local_time, visible

_STYLES = {
    "step": "bold",
    "person": "bold",
    "timer": "yellow",
    "event": "cyan",
    "notice": "green",
    "task": "blue",
    "refused": "magenta",
    "dead": "red",
}
_FIRST, _LAST = 10, 25
"""Entries that are shown of a long story: how it began, and what came right before its end."""


def story_table(scenario: Scenario, story: Sequence[StoryEntry], *, whole: bool = False) -> Table:
    """A story in the order of time; a long one shortened in the middle, with a count, unless it is `whole`.

    Times are by the clock of the scenario's zone, such as ``14:05``; after the first day ``+2 14:05``.
    """
    told = sorted(story, key=lambda entry: entry.at)
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", ratio=1)
    left_out = 0 if whole or len(told) <= _FIRST + _LAST + 1 else len(told) - _FIRST - _LAST
    for number, entry in enumerate(told):
        if left_out and number == _FIRST:
            table.add_row("", "", Text(f"… {left_out} more …", "dim"))
        if not left_out or not _FIRST <= number < len(told) - _LAST:
            _add(table, entry, scenario)
    return table


def beginning(scenario: Scenario) -> str:
    """When a scenario begins, such as ``2030-01-06 09:00 +01:00``, and in which zone."""
    return f"{local_time(scenario.begins, scenario.zone)}, {scenario.zone}"


def story_time(at: datetime, scenario: Scenario) -> str:
    """Such as ``14:05``, or ``+2 14:05`` after the first day, in the scenario's zone; seconds if any."""
    here, begin = at.astimezone(scenario.zone), scenario.begins.astimezone(scenario.zone)
    days = (here.date() - begin.date()).days
    return f"{f'{days:+d} ' if days else ''}{here:%H:%M}{f':{here:%S}' if here.second else ''}"


def _add(table: Table, entry: StoryEntry, scenario: Scenario) -> None:
    style = _STYLES[entry.kind]
    time = Text(story_time(entry.at, scenario), "dim")
    kind = "" if entry.kind == "person" else entry.kind
    table.add_row(time, Text(kind, style), Text(visible(entry.words), style))
