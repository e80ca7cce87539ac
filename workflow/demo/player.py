"""Plays a story: waits for what must come about, then does what its people do, through the front door."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event

from workflow.clock import CompressedClock, monotonic
from workflow.demo.deeds import Deeds
from workflow.demo.errors import Interrupted, StoryStuck
from workflow.demo.scene import Scene, Stage
from workflow.demo.script import Asks, Follows, Says, Step, Until
from workflow.demo.timeline import Timeline

_LOOK_SECONDS = 0.1
PATIENCE_SECONDS = 25.0
"""How much longer than in the story something may take on a busy machine."""


@dataclass(frozen=True, slots=True)
class Player:
    """What a story is played with. Setting `interrupted` ends it at once."""

    stage: Stage
    deeds: Deeds
    timeline: Timeline
    clock: CompressedClock
    interrupted: Event

    def play(self, steps: Sequence[Step]) -> None:
        """Take every step in turn.

        Raises StoryStuck when what a step waits for does not come about, Interrupted, and ClientError when
        the API does not answer or refuses an event.
        """
        for number, step in enumerate(steps):
            if step.until is not None:
                self._wait_for(step.until, step.within)
            self._wait_until(self.clock.now() + step.after)
            self.timeline.narrate(self.clock.now(), step.words)
            for place, deed in enumerate(step.does):
                self._do(deed, f"step-{number}-{place}")

    def rest(self, until: datetime) -> None:
        """Wait for an instant of the story without looking. Raises Interrupted."""
        if self.interrupted.wait(self.clock.seconds_until(until)):
            raise Interrupted()

    def watch(self, holds: Callable[[Scene], bool], seconds: float, what: str) -> Scene:
        """Look until it is so, and give that scene. Raises StoryStuck after so many real seconds."""
        deadline = monotonic() + seconds
        while True:
            scene = self._look()
            if holds(scene):
                return scene
            if self.interrupted.is_set():
                raise Interrupted()
            if monotonic() > deadline:
                raise StoryStuck(f"waited {seconds:.0f} s for {what}; {_standing(scene)}")
            if self.interrupted.wait(_LOOK_SECONDS):
                raise Interrupted()

    def _wait_for(self, until: Until, within: timedelta) -> None:
        seconds = within.total_seconds() / self.clock.speed + PATIENCE_SECONDS
        self.watch(until.holds, seconds, str(until))

    def _wait_until(self, instant: datetime) -> None:
        """People take their time, while the world goes on."""
        while self.clock.now() < instant:
            self._look()
            self.rest(min(instant, self.clock.now() + self.clock.real(_LOOK_SECONDS)))

    def _look(self) -> Scene:
        scene = self.stage.look()
        self.timeline.show(scene)
        return scene

    def _do(self, deed: Says | Follows | Asks, identity: str) -> None:
        """An event is sent at once; a link or an answer may need a moment to be there."""
        deeds = self.deeds
        if isinstance(deed, Says):
            deeds.say(deed, identity, self.clock.now())
        elif isinstance(deed, Follows):
            self.watch(
                lambda scene: deeds.link(deed, scene) is not None,
                PATIENCE_SECONDS,
                f"a link about {deed.about}",
            )
            deeds.follow(deed, self._look())
        else:
            self.watch(lambda scene: deeds.ask(deed, scene), PATIENCE_SECONDS, f"an answer of {deed.path}")


def _standing(scene: Scene) -> str:
    """How far it has come instead."""
    states = [f"{subject['key']} is {subject['state']}" for subject in scene.subjects.values()]
    return ", ".join(states) or "nothing has been opened"
