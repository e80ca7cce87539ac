"""The verdict: a story that went well passes, and whatever differs is found, under its own name."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.demo.endings import Telling, at, entry, flower
from workflow.demo.machinery import at_rest
from workflow.demo.stories import story_3_late_callback as story
from workflow.demo.verdict import verdict
from workflow.maintenance.check_result import CheckResult


def wrong(telling: Telling) -> dict[str, CheckResult]:
    """What the verdict finds wrong, by name."""
    return {result.name: result for result in verdict(story.STORY, telling.ending()) if not result.well}


def test_a_story_that_went_well_passes() -> None:
    assert wrong(Telling()) == {}


def _never_kept(telling: Telling) -> None:
    telling.subjects["promise"]["state"] = "lapsed"


def _timer_left(telling: Telling) -> None:
    telling.subjects["callback"]["timers"] = [{"name": "lease"}]


def _withdrawn(telling: Telling) -> None:
    telling.subjects["escalation"]["state"] = "withdrawn"


def _lapsed_early(telling: Telling) -> None:
    telling.subjects["promise"]["timeline"][2]["at"] = at(3.999)


def _lapsed_twice(telling: Telling) -> None:
    timeline = telling.subjects["promise"]["timeline"]
    timeline.append(entry(5, 5, "lapse", "at_risk", "lapsed", timer=True))


def _never_lapsed(telling: Telling) -> None:
    del telling.subjects["promise"]["timeline"][2]


def _lapsed_by_hand(telling: Telling) -> None:
    telling.subjects["promise"]["timeline"][2] |= {"cause": "event", "timer": None}


def _kept_in_time(telling: Telling) -> None:
    telling.subjects["promise"]["data"]["kept_at"] = at(3)


def _kept_by_another(telling: Telling) -> None:
    telling.subjects["promise"]["data"]["kept_by"] = story.DESK


def _another_level_told(telling: Telling) -> None:
    telling.subjects["escalation"]["data"]["told"].insert(1, {"people": [story.DESK]})


def _about_another(telling: Telling) -> None:
    telling.subjects["escalation"]["data"]["promise"] = "promise:P-18"


def _two_callbacks(telling: Telling) -> None:
    telling.subjects["another"] = telling.subjects["callback"] | {"key": "callback:C-2"}


def _unexpected_job(telling: Telling) -> None:
    telling.subjects["job"] = telling.subjects["callback"] | {"key": "job:J-1", "lifecycle": "job"}


def _reached_at_once(telling: Telling) -> None:
    telling.subjects["callback"]["data"]["tries"] = []


def _called_at_work(telling: Telling) -> None:
    telling.subjects["callback"]["timeline"][2]["at"] = at(6)


def _refused(telling: Telling) -> None:
    telling.subjects["callback"]["timeline"][1] |= {"outcome": "refused", "reason": "nobody"}


def _notice_missing(telling: Telling) -> None:
    telling.notices.pop()


def _notice_doubled(telling: Telling) -> None:
    telling.notices.append(telling.notices[0])


def _told_late(telling: Telling) -> None:
    telling.notices[0]["at"] = at(4.1)


def _effect_waits(telling: Telling) -> None:
    telling.subjects["promise"]["timeline"][1]["effects"][0]["state"] = "pending"


def _effect_unknown(telling: Telling) -> None:
    telling.broken_effects = [{"key": "promise:P-17/2/0", "state": "unknown", "error": "lost"}]


def _event_dead(telling: Telling) -> None:
    telling.dead_letters["events"] = [{"subject": "promise:P-17", "error": "a fault"}]


def _timer_dead(telling: Telling) -> None:
    telling.dead_letters["timers"] = [{"subject": "promise:P-17", "error": "a fault"}]


def _flower_open(telling: Telling) -> None:
    telling.flower = flower(without_password=200)


def _flower_down(telling: Telling) -> None:
    telling.flower = flower(with_password=0, tasks={})


def _flower_blind(telling: Telling) -> None:
    telling.flower = flower(tasks={})


def _flower_tells(telling: Telling) -> None:
    telling.flower = flower(text=f"makegood.notices.send({story.CUSTOMER})")


@pytest.mark.parametrize(
    ("spoil", "name", "words"),
    [
        (_never_kept, "promise", "is lapsed"),
        (_timer_left, "callback", "1 timers left"),
        (_withdrawn, "escalation", "is withdrawn"),
        (_lapsed_early, "lapse", "lapsed 18:59"),
        (_lapsed_twice, "lapse", "19:00, 20:00"),
        (_never_lapsed, "lapse", "never"),
        (_lapsed_by_hand, "lapse", "not by its timer"),
        (_kept_in_time, "kept late", "kept 2026-10-13T18:00:00Z"),
        (_kept_by_another, "kept late", story.DESK),
        (_another_level_told, "ladder", story.TEAM_LEAD),
        (_about_another, "ladder", "promise:P-18"),
        (_two_callbacks, "callback", "callback:C-2"),
        (_unexpected_job, "others", "job:J-1"),
        (_reached_at_once, "calls", "none"),
        (_called_at_work, "hours", "16:00"),
        (_refused, "decisions", "nobody"),
        (_notice_missing, "notices", f"missing: thanks by email to {story.DESK}"),
        (_notice_doubled, "notices", f"nobody expected: nudge by email to {story.MANAGER}"),
        (_told_late, "in time", "19:06"),
        (_effect_waits, "effects", "is pending"),
        (_effect_unknown, "dead letters", "is unknown: lost"),
        (_event_dead, "dead letters", "a fault"),
        (_timer_dead, "dead letters", "a fault"),
        (_flower_open, "Flower", "200 without"),
        (_flower_down, "Flower", "0 with the password"),
        (_flower_blind, "Flower", "has not seen makegood.events.apply"),
        (_flower_tells, "Flower", story.CUSTOMER),
    ],
)
def test_what_differs_is_found(spoil: Callable[[Telling], None], name: str, words: str) -> None:
    telling = Telling()
    spoil(telling)
    found = wrong(telling)
    assert list(found) == [name]
    assert words in found[name].words


def test_subjects_that_were_never_opened_are_named() -> None:
    telling = Telling()
    del telling.subjects["callback"]
    assert wrong(telling)["subjects"].words == "no callback was opened"


def _event_waits(telling: Telling) -> None:
    telling.subjects["promise"]["timeline"].append(
        entry(5, 7, "thanks", "kept_late", "kept_late") | {"seq": None, "outcome": "pending"}
    )


def _not_opened(telling: Telling) -> None:
    del telling.subjects["escalation"]


@pytest.mark.parametrize("spoil", [_timer_left, _effect_waits, _event_waits, _not_opened])
def test_the_story_is_at_rest_when_nothing_is_left_to_be_done(spoil: Callable[[Telling], None]) -> None:
    telling = Telling()
    assert at_rest(story.STORY, telling.ending().scene)
    spoil(telling)
    assert not at_rest(story.STORY, telling.ending().scene)
