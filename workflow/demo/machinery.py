"""Whether the machinery behind the story is in order: effects, dead letters, Flower."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from http import HTTPStatus

from workflow.broker.task_names import APPLY, FIRE, SEND
from workflow.demo.ending import Ending, FlowerSeen
from workflow.demo.scene import Scene
from workflow.demo.script import Story
from workflow.maintenance.check_result import CheckResult


def at_rest(story: Story, scene: Scene) -> bool:
    """Nothing is left to be done: no timer is set, no event waits, every effect has come to an end."""
    return (
        len(scene.subjects) >= sum(map(len, story.ended.values()))
        and not any(subject["timers"] for subject in scene.subjects.values())
        and all(entry["seq"] is not None for one in scene.subjects.values() for entry in one["timeline"])
        and all(effect["state"] in ("settled", "dead", "unknown") for effect in scene.effects())
    )


def machinery(story: Story, ending: Ending) -> Iterator[CheckResult]:
    """Nothing waits, nothing was given up, and Flower has seen it all."""
    effects = list(ending.scene.effects())
    waiting = [f"{one['key']} is {one['state']}" for one in effects if one["state"] != "settled"]
    yield CheckResult("effects", not waiting, "; ".join(waiting) or f"{len(effects)}, all settled")
    broken = [f"effect {one['key']} is {one['state']}: {one['error']}" for one in ending.broken_effects]
    letters = ending.dead_letters
    dead = [f"{one['subject']}: {one['error']}" for one in (*letters["events"], *letters["timers"])]
    yield CheckResult("dead letters", not broken + dead, "; ".join(broken + dead) or "none")
    yield flower_result(ending.flower, story.people)


def flower_result(flower: FlowerSeen, people: Collection[str]) -> CheckResult:
    """Flower asks for its password, has seen our tasks by their names, and shows nobody's address."""
    missing = [name for name in (APPLY, FIRE, SEND) if name not in flower.tasks]
    personal = [address for address in people if address in flower.text]
    wrong = []
    if (flower.without_password, flower.with_password) != (HTTPStatus.UNAUTHORIZED, HTTPStatus.OK):
        answers = f"{flower.without_password} without and {flower.with_password} with the password"
        wrong.append(f"answered {answers}")
    if missing:
        wrong.append(f"has not seen {', '.join(missing)}")
    if personal:
        wrong.append(f"shows {', '.join(personal)}")
    seen = ", ".join(f"{name} x{count}" for name, count in flower.tasks.items())
    return CheckResult("Flower", not wrong, "; ".join(wrong) or f"behind its password, and has seen {seen}")
