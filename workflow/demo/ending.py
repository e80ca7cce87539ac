"""Everything that can be said about a story once it is over, gathered from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from makegood import Client
from makegood.answers import DeadLetters
from workflow.demo.scene import Scene
from workflow.settings import Settings

_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class FlowerSeen:
    """What Flower's doors answered: without and with the password, and the tasks it has seen, by name.

    `text` is all that its API shows of them.
    """

    without_password: int
    with_password: int
    tasks: Mapping[str, int]
    text: str


@dataclass(frozen=True, slots=True)
class Ending:
    """The last scene, what needs a person although nothing should, and Flower."""

    scene: Scene
    broken_effects: Sequence[Mapping[str, Any]]
    dead_letters: DeadLetters
    flower: FlowerSeen


def gather(scene: Scene, client: Client, flower: FlowerSeen) -> Ending:
    """Ask the API for what was given up. Raises ClientError."""
    return Ending(scene, list(client.effects(state=["dead", "unknown"])), client.dead_letters(), flower)


def see_flower(url: str, settings: Settings, password: str) -> FlowerSeen:
    """Ask Flower for its tasks, with the password and without. What cannot be reached counts as status 0."""
    with httpx.Client(base_url=url, timeout=_SECONDS, trust_env=False) as http:
        closed = _answer(http, None)
        opened = _answer(http, httpx.BasicAuth(settings.flower_user, password))
    if opened is None or opened.status_code != httpx.codes.OK:
        return FlowerSeen(_status(closed), _status(opened), {}, "")
    names = [task["name"] for task in opened.json().values()]
    counted = {name: names.count(name) for name in sorted({name for name in names if name})}
    return FlowerSeen(_status(closed), opened.status_code, counted, opened.text)


def _answer(http: httpx.Client, auth: httpx.BasicAuth | None) -> httpx.Response | None:
    try:
        return http.get("/api/tasks", params={"limit": 10_000}, auth=auth)
    except httpx.HTTPError:
        return None


def _status(response: httpx.Response | None) -> int:
    return 0 if response is None else response.status_code
