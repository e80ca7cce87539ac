"""Whether a story ended as it should: what is checked of every story, and in words what differed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from workflow.demo.ending import Ending
from workflow.demo.machinery import machinery
from workflow.demo.scene import Scene
from workflow.demo.script import Story, Told
from workflow.maintenance.check_result import CheckResult


def verdict(story: Story, ending: Ending) -> list[CheckResult]:
    """Everything that was checked. The story ended well if all of it is `well`.

    A story's own checks need its subjects, so they are made only when all have been opened.
    """
    scene = ending.scene
    missing = [f"no {name} was opened" for name in story.ended if not scene.named(name)]
    if missing:
        return [CheckResult("subjects", False, ", ".join(missing)), *machinery(story, ending)]
    own = [result for check in story.checks for result in check(scene)]
    return [*_subjects(story, scene), *own, *_notices(story, scene), *machinery(story, ending)]


def _subjects(story: Story, scene: Scene) -> Iterator[CheckResult]:
    """Each short name in the states it must be in, nothing else opened, and no decision that went wrong."""
    for name, states in story.ended.items():
        subjects = scene.named(name)
        timers = [f"{one['key']} has {len(one['timers'])} timers left" for one in subjects if one["timers"]]
        standing = [f"{one['key']} is {one['state']}" for one in subjects]
        well = sorted(one["state"] for one in subjects) == sorted(states) and not timers
        yield CheckResult(name, well, "; ".join([*standing, *timers]))
    others = [key for key, one in scene.subjects.items() if scene.name(one) not in story.ended]
    if others:
        yield CheckResult("others", False, f"nobody expected {', '.join(others)}")
    refusals = [
        (scene.name(one), entry["trigger"], f"{one['key']} {entry['trigger']}: {entry['reason']}")
        for one in scene.subjects.values()
        for entry in one["timeline"]
        if entry["outcome"] not in ("moved", "stayed")
    ]
    wrong = [words for name, trigger, words in refusals if (name, trigger) not in story.refused]
    wrong += [
        f"{name} {trigger} was not refused"
        for name, trigger in story.refused
        if (name, trigger) not in {(one, said) for one, said, _ in refusals}
    ]
    meant = f", but for {len(refusals)} that had to be refused" if refusals else ""
    yield CheckResult("decisions", not wrong, "; ".join(wrong) or f"every event and timer was taken{meant}")


def _notices(story: Story, scene: Scene) -> Iterator[CheckResult]:
    told = Counter(map(Told.of, scene.notices))
    expected = Counter(story.expected)
    differing = [
        *(f"missing: {_about(notice)} x{count}" for notice, count in (expected - told).items()),
        *(f"nobody expected: {_about(notice)} x{count}" for notice, count in (told - expected).items()),
    ]
    yield CheckResult("notices", not differing, "; ".join(differing) or f"{told.total()}, no other")


def _about(notice: Told) -> str:
    return f"{notice.about} by {notice.channel} to {notice.to}"
