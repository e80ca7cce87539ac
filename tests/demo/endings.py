"""The ending of story 3 when it went well, as the API and Flower show it; tests spoil a part of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from state_machines.values.instants import format_instant
from workflow.broker.task_names import APPLY, FIRE, SEND
from workflow.demo.ending import Ending, FlowerSeen
from workflow.demo.scene import Scene
from workflow.demo.stories import story_3_late_callback as story


def at(hours: float) -> str:
    """An instant so many hours after the promise was made."""
    return format_instant(story.BEGIN + timedelta(hours=hours))


def entry(
    seq: int, hours: float, trigger: str, source: str, dest: str, *, timer: bool = False
) -> dict[str, Any]:
    """One entry of a timeline."""
    return {
        "seq": seq,
        "at": at(hours),
        "cause": "timer" if timer else "event",
        "trigger": trigger,
        "from": source,
        "to": dest,
        "outcome": "moved",
        "reason": None,
        "timer": {"name": trigger} if timer else None,
        "effects": [{"key": f"{trigger}/{seq}", "state": "settled"}],
    }


def subject(key: str, state: str, data: dict[str, Any], timeline: list[dict[str, Any]]) -> dict[str, Any]:
    """A subject as `GET /v1/subjects/{key}` shows it, as far as the verdict looks."""
    return {
        "key": key,
        "lifecycle": key.partition(":")[0],
        "seq": len(timeline),
        "state": state,
        "data": data,
        "timers": [],
        "children": [],
        "timeline": timeline,
    }


def subjects() -> dict[str, dict[str, Any]]:
    """The three subjects of the story."""
    return {
        "promise": subject(
            story.PROMISE,
            "kept_late",
            {"due_at": at(4), "kept_at": at(6.5), "kept_by": story.MANAGER},
            [
                entry(1, 0, "make", "initial", "made"),
                entry(2, 3.5, "warn", "made", "at_risk", timer=True),
                entry(3, 4, "lapse", "at_risk", "lapsed", timer=True),
                entry(4, 6.5, "keep", "lapsed", "kept_late"),
            ],
        ),
        "escalation": subject(
            "escalation:promise-P-17",
            "resolved",
            {
                "promise": story.PROMISE,
                "told": [{"people": [story.TEAM_LEAD]}, {"people": []}, {"people": [story.REGIONAL]}],
            },
            [entry(1, 4, "open", "initial", "notified")],
        ),
        "callback": subject(
            "callback:C-1",
            "reached",
            {"tries": [{"result": "no_answer"}], "customer": story.customer(story.BEGIN)},
            [
                entry(1, 4.5, "request", "initial", "waiting"),
                entry(2, 4.6, "claim", "waiting", "claimed"),
                entry(3, 6.3, "claim", "waiting", "claimed"),
            ],
        ),
    }


def notices() -> list[dict[str, Any]]:
    """The recording: every expected notice, at a time that fits."""
    hours = {
        "nudge": 3.5,
        "broken_promise": 4,
        "escalation": 4,
        "displeasure": 6.5,
        "ended": 6.5,
        "thanks": 7,
    }
    return [
        {
            "at": at(hours[told.about]),
            "about": told.about,
            "title": told.about,
            "channel": told.channel,
            "to": story.customer(story.BEGIN) if told.to == story.CUSTOMER else told.to,
        }
        for told in story.EXPECTED
    ]


def flower(**changes: Any) -> FlowerSeen:
    """Flower as it should be, but for the changes."""
    good: dict[str, Any] = {
        "without_password": 401,
        "with_password": 200,
        "tasks": {APPLY: 3, FIRE: 2, SEND: 5},
        "text": f"{story.PROMISE} escalation:promise-P-17",
    }
    return FlowerSeen(**(good | changes))


class Telling:
    """The parts of an ending, all as they should be until a test spoils one."""

    def __init__(self) -> None:
        self.subjects = subjects()
        self.notices = notices()
        self.broken_effects: list[dict[str, Any]] = []
        self.dead_letters: dict[str, list[dict[str, Any]]] = {"events": [], "timers": []}
        self.flower = flower()

    def ending(self) -> Ending:
        """Put together."""
        by_key = {one["key"]: one for one in self.subjects.values()}
        scene = Scene(by_key, tuple(self.notices), {story.PROMISE: "promise"})
        return Ending(scene, self.broken_effects, self.dead_letters, self.flower)
