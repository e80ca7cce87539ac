"""Tells a story at the terminal as it comes about: the story's time, the cause, what happened."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Event

from rich.console import Console
from rich.text import Text

from workflow.demo.errors import Interrupted
from workflow.scenarios.outcome import StoryEntry
from workflow.scenarios.scenario import Scenario
from workflow.scenarios.story_table import story_time

_STYLES = {"timer": "yellow", "event": "cyan", "notice": "green", "task": "blue", "refused": "magenta"}
_READING_SECONDS = 0.9
"""Given to whoever reads a sentence about what people do."""


class Telling:
    """Prints what it is told; waits a moment before what people do, as long as nobody interrupts it."""

    def __init__(self, console: Console, scenario: Scenario, interrupted: Event) -> None:
        self._console = console
        self._scenario = scenario
        self._interrupted = interrupted

    def __call__(self, entry: StoryEntry) -> None:
        """Print one thing that happened. Raises Interrupted."""
        is_said = entry.kind == "person"
        if is_said and self._interrupted.wait(_READING_SECONDS):
            raise Interrupted()
        style = "bold" if is_said else _STYLES.get(entry.kind, "red")
        time = f"{story_time(entry.at, self._scenario):>9}"
        cause = "" if is_said else entry.kind
        told = Text.assemble((time, "dim"), (f"  {cause:<7}  ", style), (entry.words, style))
        self._console.print(told, soft_wrap=True)


def addresses(people: Mapping[str, object]) -> list[str]:
    """Every mail address of the story's people."""
    said = [one.get("email") if isinstance(one, Mapping) else one for one in people.values()]
    return [one for one in said if isinstance(one, str) and "@" in one]
