"""What the people of a story do, over HTTP: say something, follow a link they were sent, ask the API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from urllib.parse import quote

import httpx

from makegood import ClientError, Event
from workflow.demo.errors import StoryStuck
from workflow.demo.scene import Scene, Stage
from workflow.demo.script import Asks, Follows, Says

SOURCE = "/makegood/demo"
_LINK = re.compile(r"https?://[^\s/]+(/l/[^\s\"'<>)]+)")
_NOT_YET = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT})


class Deeds:
    """Does them on one stage."""

    def __init__(self, stage: Stage, url: str) -> None:
        """`url` is the API's own, whatever host the links name."""
        self._stage = stage
        self._url = url

    def say(self, says: Says, identity: str, at: datetime) -> None:
        """Post the event. Raises ClientError when it is not accepted, StoryStuck without such a subject."""
        key = self._stage.key(says.name)
        if key is None:
            raise StoryStuck(f"there is no {says.name} that could be told to {says.trigger}")
        self._stage.client.send(
            Event(
                id=identity,
                source=SOURCE,
                type=f"{key.partition(':')[0]}.{says.trigger}",
                subject=key,
                time=at,
                data=says.data_at(at),
            )
        )

    def link(self, follows: Follows, scene: Scene) -> str | None:
        """The path of the link in the newest notice of that kind; None while there is none."""
        for notice in reversed(scene.notices):
            if notice["about"] == follows.about:
                found = _LINK.search(notice["words"])
                if found is not None:
                    return found.group(1)
        return None

    def follow(self, follows: Follows, scene: Scene) -> None:
        """Open the page without a login and send its form. Raises StoryStuck when either is not taken."""
        path = self.link(follows, scene)
        if path is None:
            raise StoryStuck(f"no notice about {follows.about} has a link")
        with httpx.Client(base_url=self._url, trust_env=False, follow_redirects=True) as browser:
            page = browser.get(path)
            sent = browser.post(path, data=dict(follows.answers)) if page.is_success else page
        if not sent.is_success:
            raise StoryStuck(f"the link about {follows.about} was answered {sent.status_code}")

    def ask(self, asks: Asks, scene: Scene) -> bool:
        """Whether the API's answer is as it must be; what is not there yet is not. Raises ClientError."""
        keys = {name: subject["key"] for name, subject in _newest(scene).items()}
        path = re.sub(r"\{([^}]+)\}", lambda found: quote(keys.get(found[1], found[0]), safe=":"), asks.path)
        try:
            return asks.holds(self._stage.client.ask(path, asks.body))
        except ClientError as error:
            if error.status in _NOT_YET:
                return False
            raise


def _newest(scene: Scene) -> Mapping[str, Mapping[str, str]]:
    """The last subject of every short name."""
    return {scene.name(subject): subject for subject in scene.subjects.values()}
