"""The story of an appointment: in doubt it is told in time, missed it is a person who calls."""

from typing import Any

import pytest

from state_machines.decision import Event
from tests.state_machines.story_world import World, in_, minutes

KEY = "appointment:A-1"
CUSTOMER = {
    "name": "Ben",
    "phone": "+49301",
    "email": "ben@home.example",
    "zone": "Europe/Berlin",
    "language": "de",
}
TOMORROW = {"from": in_("PT20H"), "to": in_("PT22H")}
LATER = {"from": in_("PT44H"), "to": in_("PT46H")}
NEXT_WEEK = {"from": in_("P7D"), "to": in_("P7DT2H")}


def offered(world: World, **more: Any) -> None:
    """Two windows are offered."""
    asked = {
        "about": "Ihr Anschluss",
        "customer": CUSTOMER,
        "owner": "dispatch@shop.example",
        "windows": [TOMORROW, LATER],
    }
    world.send(KEY, "offer", **(asked | more))


def booked(world: World, **more: Any) -> None:
    """The first is picked."""
    offered(world, **more)
    world.send(KEY, "pick", window=TOMORROW)
    assert world.state(KEY) == "booked"


def told_the_customer(world: World) -> list[tuple[str, int]]:
    """What the customer heard from us, and after how many minutes."""
    own = [one for one in world.told if one.notice.to == CUSTOMER]
    return [(one.notice.about, at) for one, at in zip(own, minutes(own), strict=True)]


def test_the_customer_picks_a_window_by_a_link_and_is_told_what_was_picked() -> None:
    world = World()
    offered(world)
    (offer,) = world.notices("new_time")
    (link,) = offer.notice.links.values()
    assert [one["data"]["window"] for one in link["choices"]] == [TOMORROW, LATER]
    assert link["choices"][0]["label"] == "Donnerstag, 2. Juli, 10:00 bis 12:00"
    assert link["title"] == "Wann dürfen wir kommen?"
    world.send(KEY, "pick", **link["choices"][1]["data"])
    (confirmed,) = world.notices("promise")
    assert "Freitag, 3. Juli, 10:00 bis 12:00" in confirmed.notice.words
    assert world.data(KEY)["window"] == LATER
    assert world.refused == []


def test_a_window_that_was_never_offered_cannot_be_picked() -> None:
    world = World()
    offered(world)
    world.send(KEY, "pick", window=NEXT_WEEK)
    assert (world.state(KEY), len(world.refused)) == ("offered", 1)


def test_windows_that_are_over_or_upside_down_are_not_offered() -> None:
    for windows in (
        [],
        [{"from": in_("PT2H"), "to": in_("PT1H")}],
        [{"from": "2026-07-01T11:00:00Z", "to": in_("PT1H")}],
    ):
        world = World()
        offered(world, windows=windows)
        assert len(world.refused) == 1


def test_somebody_who_is_on_the_way_in_time_is_no_news() -> None:
    world = World()
    booked(world)
    world.wait("PT18H")
    world.send(KEY, "on_the_way", by="kim@shop.example")
    world.wait("PT2H")
    world.send(KEY, "arrived")
    world.send(KEY, "done", result="line works")
    world.wait("P3D")
    assert told_the_customer(world) == [("new_time", 0), ("promise", 0)]
    assert world.state(KEY) == "done" and world.data(KEY)["missed"] == []


def test_nobody_on_the_way_by_lead_time_is_told_before_the_window_opens() -> None:
    world = World()
    booked(world, spare=[NEXT_WEEK])
    world.wait("PT20H")
    assert told_the_customer(world)[-1] == ("new_time", 19 * 60)
    notice = world.notices("new_time")[-1].notice
    assert "noch ist niemand zu Ihnen unterwegs" in notice.words and "{{link.pick}}" in notice.words
    assert [one["data"]["window"] for one in notice.links["pick"]["choices"]] == [NEXT_WEEK]
    assert minutes(world.notices("nudge")) == [19 * 60]
    world.send(KEY, "pick", window=NEXT_WEEK)
    assert world.state(KEY) == "booked"
    world.wait("PT3H")
    assert world.data(KEY)["missed"] == []


def test_a_new_window_is_watched_as_the_first_one_was() -> None:
    world = World()
    booked(world, spare=[LATER])
    world.wait("PT19H")
    world.send(KEY, "pick", window=LATER)
    world.wait("PT27H")
    assert (world.state(KEY), world.data(KEY)["missed"]) == ("missed", [LATER])
    assert minutes(world.notices("missed_appointment")) == [46 * 60]


def test_a_delay_beyond_the_window_is_told_at_once_with_the_new_estimate_and_its_reason() -> None:
    world = World()
    booked(world)
    world.wait("PT10H")
    world.send(KEY, "delay", at=in_("PT23H"), reason="ein Rohrbruch", by="kim@shop.example")
    words = world.notices("new_time")[-1].notice.words
    assert "ein Rohrbruch" in words and "Donnerstag, 2. Juli, 13:00" in words
    world.send(KEY, "delay", at=in_("PT23H"))
    world.send(KEY, "eta", at=in_("PT24H"))
    assert [at for about, at in told_the_customer(world) if about == "new_time"] == [0, 600, 600]


def test_a_delay_within_the_window_is_no_news() -> None:
    world = World()
    booked(world)
    world.send(KEY, "delay", at=in_("PT21H"))
    assert world.state(KEY) == "booked" and len(world.notices("new_time")) == 1


def test_who_set_out_and_has_not_arrived_is_told_before_the_window_ends() -> None:
    world = World()
    booked(world)
    world.wait("PT18H")
    world.send(KEY, "on_the_way")
    world.wait("PT4H")
    about, at = told_the_customer(world)[-2]
    assert about == "new_time" and at < 22 * 60


def test_a_missed_window_is_a_person_who_calls_within_minutes_and_a_ladder() -> None:
    world = World()
    booked(world, case="case:C-1", ladder=[{"people": ["lead@shop.example"], "within": "PT10M"}])
    world.wait("PT22H")
    assert world.state(KEY) == "missed"
    (call,) = world.notices("missed_appointment")
    assert call.notice.channel == "live" and minutes([call]) == [22 * 60]
    assert call.notice.context["case"] == "case:C-1"
    (callback,) = world.children(KEY, "callback")
    assert world.data(callback)["claim_within"] == "PT5M"
    (ladder,) = world.children(KEY, "escalation")
    assert world.data(KEY)["escalation"] == ladder
    world.send(callback, "claim", by="ana@shop.example")
    world.send(callback, "reached", by="ana@shop.example")
    assert world.data(KEY)["call_outcome"] == "reached"
    world.send(KEY, "move", windows=[LATER], reason="wir haben Sie versetzt", by="ana@shop.example")
    assert world.state(ladder) == "resolved"
    world.send(KEY, "pick", window=LATER)
    world.wait("PT21H")
    world.send(KEY, "on_the_way")
    world.wait("PT1H")
    world.send(KEY, "arrived")
    assert world.data(KEY)["missed"] == [TOMORROW], "missed is missed for ever"


def test_arriving_late_ends_the_ladder_and_stays_late() -> None:
    world = World()
    booked(world)
    world.wait("PT22H5M")
    world.send(KEY, "arrived")
    (ladder,) = world.children(KEY, "escalation")
    assert (world.state(KEY), world.state(ladder)) == ("arrived", "resolved")
    world.send(KEY, "done")
    assert world.data(KEY)["missed"] == [TOMORROW]


@pytest.mark.parametrize("how", [["arrived", "done"], ["done"], ["arrived"]])
def test_nobody_is_asked_to_call_about_a_missed_window_once_they_have_come(how: list[str]) -> None:
    world = World()
    booked(world)
    world.wait("PT22H5M")
    (call,) = world.children(KEY, "callback")
    assert world.state(call) == "waiting"
    for trigger in how:
        world.send(KEY, trigger, by="tom@shop.example")
    alarms = world.data(call)["alarms"]
    world.wait("P1D")
    assert (world.state(call), world.data(call)["alarms"]) == ("withdrawn", alarms)
    assert world.refused == []


def test_a_call_that_is_open_although_there_is_a_new_time_is_not_forgotten() -> None:
    world = World()
    booked(world)
    world.wait("PT22H")
    world.send(KEY, "move", windows=[LATER], reason="wir haben Sie versetzt", by="ana@shop.example")
    (call,) = world.children(KEY, "callback")
    world.wait("PT10M")
    assert [one.notice.title for one in world.notices("nudge")][
        -1
    ] == "Nobody calls the customer: Ihr Anschluss"
    world.send(call, "claim", by="ana@shop.example")
    world.send(call, "reached", by="ana@shop.example")
    assert world.data(KEY)["call_outcome"] == "reached"
    assert world.refused == []


@pytest.mark.parametrize("how", ["cancel", "withdraw"])
def test_what_is_called_off_misses_nothing(how: str) -> None:
    world = World()
    booked(world)
    world.send(KEY, how, reason="moved house")
    world.wait("P2D")
    assert world.notices("missed_appointment") == []
    assert [at for at in minutes(world.notices("nudge")) if at > 0] == [], "nobody is on the way to it"


def test_nobody_can_say_missed_before_the_window_is_over() -> None:
    world = World()
    booked(world)
    world.send(KEY, "miss")
    assert (world.state(KEY), len(world.refused)) == ("booked", 1)


def test_an_offer_that_nobody_answers_comes_to_its_owner() -> None:
    world = World()
    offered(world)
    world.wait("PT20H")
    assert world.state(KEY) == "offered"
    assert [one.notice.to for one in world.notices("nudge")] == ["dispatch@shop.example"]


def test_the_parent_hears_each_turn() -> None:
    world = World()
    heard = []
    send = world._decide

    def listening(key: str, event: Any) -> Any:
        if event.trigger == "appointment_news":
            heard.append(event.data["news"])
        return send(key, event) if key.startswith(("appointment", "escalation", "callback")) else None

    world._decide = listening  # type: ignore[method-assign, assignment]
    asked = {"about": "x", "customer": CUSTOMER, "owner": "d@shop.example", "windows": [TOMORROW]}
    world._decide(KEY, Event("offer", "e", "/test", world.now, asked, parent="case:C-1"))
    world.send(KEY, "pick", window=TOMORROW)
    world.wait("PT22H")
    world.send(KEY, "done")
    assert heard == ["offered", "booked", "at_risk", "missed", "done"]


def test_a_customer_without_a_zone_reads_times_that_say_their_zone() -> None:
    world = World()
    offered(world, customer="ben@home.example")
    (offer,) = world.notices("new_time")
    assert offer.notice.links["pick"]["choices"][0]["label"] == "Thursday 2 July, 08:00 to 10:00 UTC"


def test_more_windows_than_anybody_reads_are_refused() -> None:
    world = World()
    offered(world, windows=[TOMORROW] * 51)
    assert len(world.refused) == 1
