"""The story's timeline as it comes about: moves that were decided and notices that went out, each once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.text import Text

from state_machines.values.instants import parse_instant
from workflow.demo.scene import Scene
from workflow.demo.script import Story, Told

_STYLES = {"timer": "yellow", "event": "cyan", "notice": "green", "person": "bold", "quiet": "dim"}


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """One line: when it happened in the story, by what cause, what happened; `style` is only looks."""

    at: datetime
    cause: str
    words: str
    style: str


class Timeline:
    """Prints what is new in each scene: the story's time, the cause, what happened, who was told."""

    def __init__(self, console: Console, story: Story) -> None:
        self._console = console
        self._story = story
        self._decided: dict[str, int] = {}
        self._notices = 0

    def show(self, scene: Scene) -> None:
        """Print what this scene has and those before had not, in the order of the story's time."""
        for line in sorted([*self._moves(scene), *self._told(scene)], key=lambda line: line.at):
            self._print(line)

    def narrate(self, at: datetime, words: str) -> None:
        """A sentence about what a person does, or does not."""
        self._print(Line(at, "", words, "person"))

    def _moves(self, scene: Scene) -> Iterator[Line]:
        for subject in scene.subjects.values():
            for entry in subject["timeline"]:
                if entry["seq"] is not None and entry["seq"] > self._decided.get(subject["key"], 0):
                    self._decided[subject["key"]] = entry["seq"]
                    yield _move(scene.name(subject), entry)

    def _told(self, scene: Scene) -> Iterator[Line]:
        fresh = scene.notices[self._notices :]
        self._notices = len(scene.notices)
        for (title, channel), notices in groupby(fresh, key=lambda one: (one["title"], one["channel"])):
            alike = list(notices)
            people = (Told.of(notice).to for notice in alike)
            who = "; ".join(self._story.people.get(person, person) for person in people)
            yield Line(parse_instant(alike[0]["at"]), "notice", f"{channel} to {who}: {title}", "notice")

    def _print(self, line: Line) -> None:
        time = self._time(line.at)
        style = _STYLES[line.style]
        told = Text.assemble((time, "dim"), (f"  {line.cause:<6}  ", style), (line.words, style))
        self._console.print(told, soft_wrap=True)

    def _time(self, at: datetime) -> str:
        """Such as ``14:05``; after the first day ``+2 14:05``."""
        here = at.astimezone(self._story.begin.tzinfo)
        days = (here.date() - self._story.begin.date()).days
        return f"{f'+{days} ' if days else ''}{here:%H:%M}"


def _move(name: str, entry: Mapping[str, Any]) -> Line:
    """Such as ``promise     at_risk -> lapsed   by the timer deadline``; a refusal gives its reason."""
    style = entry["cause"]
    if entry["outcome"] == "refused":
        what, style = f"refused in {entry['from']}: {entry['reason']}", "person"
    elif entry["outcome"] == "stayed":
        what, style = f"stays {entry['to']}", "quiet"
    else:
        what = f"{entry['from']} -> {entry['to']}"
    by = f"timer {entry['timer']['name']}" if entry["timer"] else entry["trigger"]
    return Line(parse_instant(entry["at"]), entry["cause"], f"{name:<18}  {what:<28}  {by}", style)
