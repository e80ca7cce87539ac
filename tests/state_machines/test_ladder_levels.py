"""Levels of the ladder that are teams and rotations, and what is given to somebody by hand."""

from datetime import timedelta
from typing import Any

import pytest

from state_machines.decision import Outcome
from tests.state_machines.story_world import START, World, in_, minutes, text_of

KEY = "escalation:E-1"
WEEKLY = {
    "members": ["ada@shop.example", "ben@shop.example"],
    "handover": {"every": "P7D", "at": "14:30", "zone": "Europe/Berlin", "from": "2026-06-24"},
}
"""The story begins at 14:00 in Berlin on the Wednesday on which ada hands over to ben."""


def world_of(*ladder: dict[str, Any], **more: Any) -> World:
    """A world with this ladder, a team of billing and a rotation of support."""
    world = World()
    world.send("team:billing", "set", members=["bea@shop.example", "bob@shop.example"])
    world.send("rotation:support", "set", **WEEKLY)
    world.send(KEY, "open", words="w", ladder=list(ladder), **more)
    return world


def told(world: World) -> list[tuple[int, str]]:
    """Who was told when, in minutes from the start."""
    notices = world.notices("escalation")
    return list(zip(minutes(notices), [str(one.notice.to).split("@")[0] for one in notices], strict=True))


def test_a_level_can_be_a_team_or_whoever_is_on_duty_at_that_instant() -> None:
    world = world_of({"rotation": "support", "within": "PT40M"}, {"team": "billing"}, {"rotation": "support"})
    world.wait("PT90M")
    # After half an hour duty goes on to ben, who has forty minutes of his own, and ada hears of it.
    assert told(world) == [(0, "ada"), (30, "ada"), (30, "ben"), (70, "bea"), (70, "bob"), (85, "ben")]
    assert [(step["level"], step.get("of"), step["people"]) for step in world.data(KEY)["told"]] == [
        (0, "rotation:support", ["ada@shop.example"]),
        (0, "rotation:support", ["ben@shop.example"]),
        (1, "team:billing", ["bea@shop.example", "bob@shop.example"]),
        (2, "rotation:support", ["ben@shop.example"]),
    ]
    assert world.refused == []


def test_who_takes_over_duty_hears_of_what_is_still_open() -> None:
    world = world_of({"rotation": "support"})
    world.wait("PT45M")
    assert told(world) == [(0, "ada"), (15, "ada"), (30, "ada"), (30, "ben"), (45, "ben")]
    relieved = [one.notice.title for one in world.notices("escalation") if "No longer" in one.notice.title]
    assert relieved == ["No longer yours: w"]
    assert len(world.data(KEY)["told"]) == 2, "each person once; what repeats is counted"


@pytest.mark.parametrize(
    "empty", [{"team": "nobody"}, {"rotation": "nobody"}, {"people": []}, {"team": "no team"}]
)
def test_a_level_that_has_nobody_is_skipped(empty: dict[str, Any]) -> None:
    world = world_of(empty, {"people": ["head@shop.example"], "within": "PT1H"})
    world.wait("PT1M")  # longer than any answer may take
    assert [who for _, who in told(world)] == ["head"]
    assert world.refused == []


def test_who_does_not_answer_within_a_minute_counts_as_nobody() -> None:
    world = World()
    world.send("team:billing", "set", members=["bea@shop.example"])
    del world.subjects["team:billing"]
    world.send(KEY, "open", words="w", ladder=[{"team": "no name"}, {"people": ["head@shop.example"]}])
    assert world.state(KEY) == "asking"
    world.wait("PT59S")
    assert told(world) == []
    world.wait("PT1S")
    assert told(world) == [(1, "head")]
    assert [step["people"] for step in world.data(KEY)["told"]] == [[], ["head@shop.example"]]


def test_an_answer_that_comes_too_late_changes_nothing() -> None:
    world = world_of({"team": "nobody"}, {"people": ["head@shop.example"]})
    for level in (0, 1, 7):
        late = world.send(KEY, "on_duty", level=level, people=["late@shop.example"], of="team:nobody")
        assert late.outcome is Outcome.STAYED
    assert told(world) == [(0, "head")]


def test_when_the_last_level_has_nobody_whom_it_had_before_hears_again() -> None:
    world = world_of({"people": ["lead@shop.example"]}, {"rotation": "nobody"})
    world.wait("P1D")
    heard = told(world)
    assert {who for _, who in heard} == {"lead"} and len(heard) == 97, "every quarter of an hour, for ever"
    assert [(step["level"], step["people"]) for step in world.data(KEY)["told"]] == [
        (0, ["lead@shop.example"]), (1, []),
    ]  # fmt: skip


def test_when_no_level_has_anybody_the_desk_hears_of_it() -> None:
    world = world_of({"team": "a"}, {"rotation": "b"}, {"team": "c"}, desk="desk@shop.example")
    assert told(world) == [(0, "desk")]
    world.send("team:c", "set", members=["cleo@shop.example"])
    world.wait("PT15M")
    assert told(world) == [(0, "desk"), (15, "cleo")]
    assert world.refused == []


def test_a_refusal_goes_on_to_a_team_as_well() -> None:
    world = world_of({"people": ["lead@shop.example"]}, {"team": "billing"})
    world.send(KEY, "acknowledge", by="lead@shop.example")
    world.send(KEY, "refuse", by="lead@shop.example", reason="on a train")
    assert [who for _, who in told(world)] == ["lead", "bea", "bob"]
    assert world.data(KEY)["refusals"][0]["reason"] == "on a train"


def test_an_acknowledgement_that_expires_goes_on_to_a_rotation() -> None:
    world = world_of({"people": ["lead@shop.example"]}, {"rotation": "support"}, act_within="PT1H")
    world.send(KEY, "acknowledge", by="lead@shop.example")
    world.wait("PT1H")
    assert told(world)[1:] == [(60, "ben")]


def test_who_is_given_it_and_does_not_act_in_time_loses_it_back_to_the_ladder() -> None:
    world = world_of({"rotation": "support"}, {"people": ["head@shop.example"]})
    world.send(KEY, "reassign", to="zoe@shop.example", by="ada@shop.example", within="PT40M")
    assert (world.state(KEY), world.data(KEY)["assigned_to"]) == ("reassigned", "zoe@shop.example")
    assert world.data(KEY)["return_at"] == text_of(START.replace(minute=40))
    world.wait("PT40M")
    assert (world.state(KEY), world.data(KEY).get("assigned_to")) == ("notified", None)
    assert told(world) == [(0, "ada"), (0, "zoe"), (40, "ada"), (40, "ben")], (
        "the level from which it was given, as it is now"
    )
    world.wait("PT15M")
    assert told(world)[4:] == [(55, "head")]


def test_who_is_given_it_takes_it_on_and_the_return_timer_is_no_more() -> None:
    world = world_of({"people": ["lead@shop.example"]})
    world.send(KEY, "reassign", to="zoe@shop.example", by="lead@shop.example")
    world.send(KEY, "acknowledge", by="zoe@shop.example")
    world.wait("PT29M")
    assert world.state(KEY) == "acknowledged"
    world.wait("PT1M")
    assert world.state(KEY) == "notified", "an acknowledgement expires, whoever gave it"


def test_nobody_prolongs_the_return_timer_by_giving_it_to_the_same_person_again() -> None:
    world = world_of({"people": ["lead@shop.example"]})
    world.send(KEY, "reassign", to="zoe@shop.example")
    assert world.send(KEY, "reassign", to="zoe@shop.example").outcome is Outcome.REFUSED
    world.send(KEY, "refuse", by="zoe@shop.example")
    assert world.state(KEY) == "notified"


def test_with_a_call_on_its_way_no_second_one_is_asked_for_until_that_one_is_given_up() -> None:
    world = world_of(
        {"people": ["lead@shop.example"]}, about="broken_promise", customer="+49 30 1", callback="callback:X"
    )
    world.send(KEY, "acknowledge", by="lead@shop.example")
    assert world.children(KEY, "callback") == []
    world.send(KEY, "callback_news", news="withdrawn", callback="callback:X")
    world.send(KEY, "acknowledge", by="lead@shop.example")
    assert len(world.children(KEY, "callback")) == 1


def test_a_change_of_the_customer_reaches_the_call() -> None:
    world = world_of(
        {"people": ["lead@shop.example"]}, about="broken_promise", customer={"phone": "+49 30 1"}
    )
    world.send(KEY, "acknowledge", by="lead@shop.example")
    world.send(KEY, "customer_changed", customer={"phone": "+49 30 2"})
    (call,) = world.children(KEY, "callback")
    assert world.data(call)["customer"] == {"phone": "+49 30 2"}


def test_a_team_that_is_dissolved_and_a_rotation_that_is_retired_have_nobody() -> None:
    world = world_of()
    world.send("team:billing", "dissolve")
    world.send("rotation:support", "retire")
    world.send(
        "escalation:E-2", "open", words="w", desk="desk@shop.example",
        ladder=[{"team": "billing"}, {"rotation": "support"}],
    )  # fmt: skip
    assert [one.notice.to for one in world.notices("escalation")] == ["desk@shop.example"]


def test_nobody_from_outside_makes_the_ladder_of_a_broken_promise_go_away() -> None:
    world = World()
    world.send("promise:P-1", "make", words="w", owner="anna@shop.example", within="PT1H")
    world.wait("PT1H")
    for resolved in (True, False):
        gone = world.send("escalation:promise-P-1", "withdraw", reason="I want it gone", resolved=resolved)
        assert gone.outcome is Outcome.REFUSED
    assert world.state("escalation:promise-P-1") == "notified"
    world.send("promise:P-1", "withdraw", reason="not needed")
    assert world.state("escalation:promise-P-1") == "withdrawn"


def test_the_owner_of_a_rotation_hears_a_fortnight_before_its_shifts_run_out_and_at_their_end() -> None:
    world = World()
    shift = {
        "from": text_of(START),
        "to": text_of(START + timedelta(days=30)),
        "people": ["ada@shop.example"],
    }
    world.send("rotation:r", "set", shifts=[shift], until=shift["to"], owner="head@shop.example")
    world.wait("P40D")
    reminders = world.notices("nudge")
    assert [(one.at - START).days for one in reminders] == [16, 30]
    assert {one.notice.to for one in reminders} == {"head@shop.example"}
    world.send("rotation:r", "set", **WEEKLY)
    world.wait("P400D")
    assert len(world.notices("nudge")) == 2 and world.refused == []


def test_an_override_counts_for_its_time_and_the_former_ones_are_forgotten_once_they_are_over() -> None:
    world = World()
    world.send("rotation:r", "set", **WEEKLY)
    for begin, end in (("PT0H", "PT2H"), ("PT3H", "PT4H")):
        who = {"from": in_(begin), "to": in_(end), "people": ["dora@shop.example"]}
        assert world.send("rotation:r", "override", **who).outcome is Outcome.STAYED
        assert len(world.data("rotation:r")["schedule"]["overrides"]) == 1
        world.send(f"escalation:{begin}", "open", words="w", ladder=[{"rotation": "r"}])
        assert world.data(f"escalation:{begin}")["people"] == ["dora@shop.example"]
        world.wait("PT3H")
        assert world.data(f"escalation:{begin}")["people"] == ["ben@shop.example"], "it is over"
    wrong = world.send("rotation:r", "override", **{"from": in_("PT9H"), "to": in_("PT8H")}, people=["dora"])
    assert wrong.outcome is Outcome.REFUSED
