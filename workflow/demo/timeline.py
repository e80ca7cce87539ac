"""The story's timeline as it comes about: moves that were decided and notices that went out, each once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from state_machines.instants import parse_instant, zone
from workflow.demo.scene import Scene
from workflow.demo.script import Told
from workflow.demo.story import NAMES, ZONE

_CAUSE_STYLE = {"timer": "yellow", "event": "cyan", "notice": "green", "person": "bold"}


class Timeline:
    """Prints what is new in each scene: the story's time, the cause, what happened, who was told."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._decided: dict[str, int] = {}
        self._notices = 0

    def show(self, scene: Scene) -> None:
        """Print what this scene has and those before had not, in the order of the story's time."""
        news = [*self._moves(scene), *self._told(scene)]
        for at, cause, words in sorted(news, key=lambda one: one[0]):
            self._line(at, cause, words)

    def narrate(self, at: datetime, words: str) -> None:
        """A sentence about what a person does, or does not."""
        self._line(at, "person", words)

    def _moves(self, scene: Scene) -> Iterator[tuple[datetime, str, str]]:
        for subject in scene.subjects.values():
            for entry in subject["timeline"]:
                if entry["seq"] is not None and entry["seq"] > self._decided.get(subject["key"], 0):
                    self._decided[subject["key"]] = entry["seq"]
                    yield parse_instant(entry["at"]), entry["cause"], _move(subject["key"], entry)

    def _told(self, scene: Scene) -> Iterator[tuple[datetime, str, str]]:
        fresh = scene.notices[self._notices :]
        self._notices = len(scene.notices)
        for notice in fresh:
            yield parse_instant(notice["at"]), "notice", _notice(notice)

    def _line(self, at: datetime, cause: str, words: str) -> None:
        time = at.astimezone(zone(ZONE)).strftime("%a %H:%M")
        style = _CAUSE_STYLE[cause]
        self._console.print(Text.assemble((time, "dim"), "  ", (f"{cause:<6}", style), "  ", (words, style)))


def _move(key: str, entry: Mapping[str, Any]) -> str:
    """``promise:P-17  made -> at_risk  (warn)``; a refusal gives its reason."""
    if entry["outcome"] == "refused":
        what = f"refused in {entry['from']}: {entry['reason']}"
    elif entry["from"] == entry["to"] or entry["outcome"] == "stayed":
        what = f"stays {entry['from']}"
    else:
        what = f"{entry['from']} -> {entry['to']}"
    by = f"timer {entry['timer']['name']}" if entry["timer"] else entry["trigger"]
    return f"{key:<22} {what}  ({by})"


def _notice(notice: Mapping[str, Any]) -> str:
    told = Told.of(notice)
    return f"{told.channel} to {NAMES.get(told.to, told.to)}: {notice['title']}"
