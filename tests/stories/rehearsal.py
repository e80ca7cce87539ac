"""The script of a story as the demo performs it, on a virtual clock: the same steps and verdict, no stack."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from workflow.demo.ending import Ending
from workflow.demo.scene import Scene
from workflow.demo.script import Asks, Follows, Says, Step, Story
from workflow.demo.verdict import verdict

from state_machines.values.instants import format_instant
from tests.demo.endings import flower
from tests.stories.front_door import Story as Stage
from workflow.maintenance.check_result import CheckResult


class Rehearsal:
    """Plays a story as fast as it goes."""

    def __init__(self, story: Story, database_url: str, directory: Path) -> None:
        self.story = story
        self.stage = Stage(database_url, directory, story.begin)

    def verdict(self) -> list[CheckResult]:
        """Every step, then what a performance would say at the end."""
        for step in self.story.steps(self.stage.clock.now()):
            self._take(step)
        self.stage.until(self.stage.clock.now() + timedelta(hours=1))
        broken = self.stage.get("/v1/effects", state=["dead", "unknown"])["items"]
        ending = Ending(self.scene(), broken, self.stage.get("/v1/dead-letters"), flower())
        return verdict(self.story, ending)

    def scene(self, *, timelines: bool = True) -> Scene:
        """What the API and the mailbox show now; without the timelines it is one request."""
        found = {one["key"]: one for one in self.stage.get("/v1/subjects", limit=1000)["items"]}
        notices = [
            {"at": format_instant(one.asked_at), "about": one.about, "channel": one.channel, "to": one.to,
             "title": one.title, "words": one.words}
            for one in self.stage.mailbox.notices
        ]  # fmt: skip
        roots = {key: name for name, key in self.story.roots.items()}
        subjects = {key: self.stage.subject(key) for key in found} if timelines else found
        return Scene(subjects, tuple(notices), roots)

    def _take(self, step: Step) -> None:
        if step.until is not None:
            self._wait(step, self.stage.clock.now() + step.within)
        self.stage.until(self.stage.clock.now() + step.after)
        for deed in step.does:
            self._do(deed)

    def _wait(self, step: Step, latest: datetime) -> None:
        assert step.until is not None
        while not step.until.holds(self.scene(timelines=False)):
            due = self.stage.next_due()
            assert due is not None and due <= latest, f"{step.until} has not come about: {step.words}"
            self.stage.until(max(due, self.stage.clock.now()))

    def _do(self, deed: Says | Follows | Asks) -> None:
        if isinstance(deed, Says):
            newest = self.scene(timelines=False).newest(deed.name)
            key = self.story.roots[deed.name] if newest is None else str(newest["key"])
            self.stage.post(
                f"{key.partition(':')[0]}.{deed.trigger}", key, deed.data_at(self.stage.clock.now())
            )
        elif isinstance(deed, Follows):
            notice = [one for one in self.stage.mailbox.notices if one.about == deed.about][-1]
            assert self.stage.follow(notice, **deed.answers).is_success, deed
        else:
            self._ask(deed)

    def _ask(self, asks: Asks) -> None:
        scene = self.scene(timelines=False)
        keys = {scene.name(one): one["key"] for one in scene.subjects.values()}
        path = asks.path.format_map(keys)
        if asks.body is not None:
            answer = self.stage.at_desk(path, **asks.body).json()
        else:
            parts = urlsplit(path)
            answer = self.stage.get(parts.path, **parse_qs(parts.query))
        assert asks.holds(answer), (asks.path, answer)
