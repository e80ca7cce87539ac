"""The timeline: every move and every notice once, in the story's order, with cause and channel."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from tests.demo.endings import Telling, entry
from workflow.demo.scene import Scene
from workflow.demo.stories.story_3_late_callback import STORY
from workflow.demo.timeline import Timeline


def printed(*scenes: Scene) -> list[str]:
    """The lines that these scenes, seen one after the other, give."""
    said = StringIO()
    timeline = Timeline(Console(file=said, width=40), STORY)
    for scene in scenes:
        timeline.show(scene)
    return said.getvalue().splitlines()


def test_what_was_shown_is_not_shown_again() -> None:
    scene = Telling().ending().scene
    assert printed(scene, scene) == printed(scene)


def test_moves_and_notices_are_in_the_order_of_time() -> None:
    lines = printed(Telling().ending().scene)
    assert [line[:5] for line in lines] == sorted(line[:5] for line in lines)
    assert lines[2] == "13:30  notice  email to Paul, the manager: nudge"
    assert lines[3].split() == ["14:00", "timer", "promise", "at_risk", "->", "lapsed", "timer", "lapse"]


def test_who_hears_the_same_shares_a_line() -> None:
    ended = [line for line in printed(Telling().ending().scene) if line.endswith(": ended")]
    assert len(ended) == 1
    assert ended[0].count(";") == 3


def test_a_refusal_gives_its_reason() -> None:
    telling = Telling()
    telling.subjects["promise"]["timeline"].append(
        entry(5, 8, "keep", "kept_late", "kept_late") | {"outcome": "refused", "reason": "it has ended"}
    )
    assert "refused in kept_late: it has ended" in printed(telling.ending().scene)[-1]
