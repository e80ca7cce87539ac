"""Whether the story ended as it should: what is checked, and in words what differed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from state_machines.calendars.quiet_hours import QuietHours, next_allowed
from state_machines.instants import parse_instant
from workflow.demo import story
from workflow.demo.ending import Ending
from workflow.demo.finding import Finding
from workflow.demo.machinery import machinery
from workflow.demo.scene import Scene
from workflow.demo.script import Told


def verdict(ending: Ending) -> list[Finding]:
    """Everything that was checked. The story ended well if all of it is `well`."""
    scene = ending.scene
    missing = [f"no {lifecycle} was opened" for lifecycle in story.ENDED if lifecycle not in scene.subjects]
    if missing:
        return [Finding("subjects", False, ", ".join(missing)), *machinery(ending)]
    return [*_subjects(scene), *_notices(scene), *machinery(ending)]


def _subjects(scene: Scene) -> Iterator[Finding]:
    for lifecycle, state in story.ENDED.items():
        subject = scene.subjects[lifecycle]
        timers = f", with {len(subject['timers'])} timers left" if subject["timers"] else ""
        yield Finding(
            lifecycle,
            subject["state"] == state and not timers,
            f"{subject['key']} is {subject['state']}{timers}",
        )
    yield from _lateness(scene.subjects["promise"])
    yield from _ladder(scene)
    yield from _calls(scene)
    refused = [
        f"{subject['key']} {entry['trigger']}: {entry['reason']}"
        for subject in scene.subjects.values()
        for entry in subject["timeline"]
        if entry["outcome"] not in ("moved", "stayed")
    ]
    yield Finding("decisions", not refused, "; ".join(refused) or "every event and timer was taken")


def _lateness(promise: Mapping[str, Any]) -> Iterator[Finding]:
    data = promise["data"]
    due = parse_instant(data["due_at"])
    lapses = [entry for entry in promise["timeline"] if entry["trigger"] == "lapse"]
    fired = [parse_instant(entry["at"]) for entry in lapses]
    by_timer = all(entry["cause"] == "timer" for entry in lapses)
    yield Finding(
        "lapse",
        len(lapses) == 1 and by_timer and fired[0] >= due,
        f"due {_clock(due)}, lapsed {', '.join(map(_clock, fired)) or 'never'}"
        + ("" if by_timer else ", and not by its timer"),
    )
    kept = data.get("kept_at")
    late = kept is not None and parse_instant(kept) > due
    yield Finding(
        "kept late",
        late and data.get("kept_by") == story.MANAGER,
        f"kept {_clock(parse_instant(kept)) if kept else 'never'} by {data.get('kept_by')}",
    )


def _ladder(scene: Scene) -> Iterator[Finding]:
    promise, escalation = scene.subjects["promise"], scene.subjects["escalation"]
    told = [level["people"] for level in escalation["data"]["told"]]
    yield Finding(
        "ladder",
        told == [[story.TEAM_LEAD], [story.REGIONAL]] and escalation["data"]["promise"] == promise["key"],
        f"about {escalation['data']['promise']}, told in turn: {'; '.join(map(', '.join, told))}",
    )


def _calls(scene: Scene) -> Iterator[Finding]:
    callback = scene.subjects["callback"]
    results = [call["result"] for call in callback["data"]["tries"]]
    yield Finding(
        "calls",
        len(scene.callbacks) == 1 and results == ["no_answer"],
        f"{len(scene.callbacks)} callback asked for, tries that failed: {', '.join(results) or 'none'}",
    )
    customer = callback["data"]["customer"]
    wishes = QuietHours.parse(customer["quiet_hours"], customer["window"])
    claims = [parse_instant(entry["at"]) for entry in callback["timeline"] if entry["to"] == "claimed"]
    outside = [_clock(at) for at in claims if next_allowed(at, wishes, customer["zone"]) != at]
    yield Finding(
        "hours",
        len(claims) == 2 and not outside,
        f"called at {', '.join(map(_clock, claims))}; the customer's hours: {', '.join(customer['window'])}"
        + (f"; outside of them: {outside}" if outside else ""),
    )


def _notices(scene: Scene) -> Iterator[Finding]:
    told = Counter(map(Told.of, scene.notices))
    expected = Counter(story.EXPECTED)
    differing = [
        *(f"missing: {_about(notice)} x{count}" for notice, count in (expected - told).items()),
        *(f"nobody expected: {_about(notice)} x{count}" for notice, count in (told - expected).items()),
    ]
    yield Finding("notices", not differing, "; ".join(differing) or f"{told.total()}, each once, no other")
    sent = {one["about"]: parse_instant(one["at"]) for one in reversed(scene.notices)}
    due = parse_instant(scene.subjects["promise"]["data"]["due_at"])
    if not differing:
        yield Finding(
            "in time",
            sent["nudge"] < due <= sent["broken_promise"] < sent["ended"],
            f"owner nudged {_clock(sent['nudge'])}, customer told {_clock(sent['broken_promise'])}",
        )


def _about(notice: Told) -> str:
    return f"{notice.about} by {notice.channel} to {notice.to}"


def _clock(instant: datetime) -> str:
    return instant.astimezone(story.BEGIN.tzinfo).strftime("%H:%M")
