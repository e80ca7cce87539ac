"""The ladder, told with `decide` alone."""

from datetime import timedelta

from state_machines.decision import Outcome
from tests.state_machines.story_world import START, World, minutes, text_of
from workflow.recovery.contact.addresses import address

KEY = "escalation:E-1"
LADDER = [
    {"people": ["lead@shop.example", "deputy@shop.example"], "within": "PT10M"},
    {"people": []},
    {"within": "PT1M"},
    {"people": [{"name": "Mia", "email": "manager@shop.example"}], "within": "PT20M"},
]
CUSTOMER = {"name": "Chris", "phone": "+49 30 1234", "zone": "Europe/Berlin", "quiet_hours": "20:00-09:00"}
PROMISE = "promise:P-1"


def opened(**more: object) -> World:
    """A world with a ladder of two levels that have people, and two that have none."""
    world = World()
    world.send(KEY, "open", **{"words": "A manager calls you", "ladder": LADDER, **more})
    return world


def lapsed(**more: object) -> World:
    """A world with a promise to a customer that lapsed one hour after the start."""
    world = World()
    due_at = text_of(START + timedelta(hours=1))
    said = {
        "words": "We call",
        "owner": "anna@shop.example",
        "due_at": due_at,
        "customer": CUSTOMER,
        "ladder": LADDER,
    }
    world.send(PROMISE, "make", **{**said, **more})
    world.wait("PT1H")
    return world


def levels(world: World) -> list[tuple[int, str]]:
    """Who was told when, in minutes from the start."""
    told = world.notices("escalation")
    return list(
        zip(minutes(told), [address(one.notice.to, "email").split("@")[0] for one in told], strict=True)
    )


def test_a_level_that_does_not_acknowledge_hands_it_to_the_next_and_empty_ones_are_skipped() -> None:
    world = opened()
    assert levels(world) == [(0, "lead"), (0, "deputy")]
    world.wait("PT10M")
    assert levels(world)[2:] == [(10, "manager")]
    assert [step["level"] for step in world.data(KEY)["told"]] == [0, 1]


def test_the_last_level_repeats_and_never_goes_silent() -> None:
    world = opened()
    world.wait("P30D")
    assert world.state(KEY) == "notified"
    manager = [minute for minute, who in levels(world) if who == "manager"]
    assert manager == list(range(10, 30 * 24 * 60 + 1, 20))
    assert len(world.data(KEY)["told"]) == 2, "what repeats is counted, and does not swell the data"
    assert world.data(KEY)["times_told"] == len(manager) + 1


def test_without_any_people_the_desk_is_told() -> None:
    for ladder in ([], [{"people": []}]):
        world = opened(ladder=ladder, desk="desk@shop.example")
        world.wait("PT30M")
        assert levels(world) == [(0, "desk"), (15, "desk"), (30, "desk")]


def test_without_a_ladder_the_team_desk_is_asked_and_without_one_it_stands_in_the_line() -> None:
    world = World()
    world.send(KEY, "open", words="w")
    assert (world.state(KEY), world.data(KEY)["people"]) == ("notified", ["desk"])
    assert world.told == [], "a desk without an address reads it off the line"
    world.send("team:desk", "set", members=["desk@shop.example"])
    world.wait("PT15M")
    assert levels(world) == [(15, "desk")], "it is asked again each time, and hears of it from now on"
    assert world.refused == []


def test_a_level_of_no_time_at_all_does_not_storm() -> None:
    world = opened(ladder=[{"people": ["a@shop.example"], "within": "PT0S"}])
    world.wait("PT10M")
    assert len(world.told) == 11


def test_an_acknowledgement_expires_and_the_next_level_hears_of_it() -> None:
    world = opened()
    world.wait("PT5M")
    world.send(KEY, "acknowledge", by="lead@shop.example")
    assert world.state(KEY) == "acknowledged"
    world.wait("PT29M")
    assert world.state(KEY) == "acknowledged" and len(levels(world)) == 2
    world.wait("PT1M")
    assert world.state(KEY) == "notified"
    assert levels(world)[2:] == [(35, "manager")]
    assert world.data(KEY).get("acknowledged_by") is None


def test_nobody_prolongs_their_own_acknowledgement_but_somebody_else_may_take_it_over() -> None:
    world = opened(act_within="PT1H")
    world.send(KEY, "acknowledge", by="lead@shop.example")
    world.wait("PT50M")
    assert world.send(KEY, "acknowledge", by="lead@shop.example").outcome is Outcome.REFUSED
    assert world.send(KEY, "acknowledge", by="manager@shop.example").outcome is Outcome.MOVED
    world.wait("PT50M")
    assert world.state(KEY) == "acknowledged"
    world.wait("PT10M")
    assert world.state(KEY) == "notified"


def test_an_acknowledgement_names_a_person() -> None:
    assert opened().send(KEY, "acknowledge").outcome is Outcome.REFUSED


def test_saying_no_tells_the_next_level_at_once() -> None:
    world = opened()
    world.wait("PT2M")
    world.send(KEY, "refuse", by="lead@shop.example", reason="on a train")
    assert levels(world)[2:] == [(2, "manager")]
    world.wait("PT5M")
    world.send(KEY, "refuse", by="manager@shop.example")
    assert levels(world)[3:] == [(7, "manager")], "the last level is told again"
    assert [said.get("reason") for said in world.data(KEY)["refusals"]] == ["on a train", None]


def test_who_took_it_on_can_give_it_back() -> None:
    world = opened()
    world.send(KEY, "acknowledge", by="lead@shop.example")
    world.send(KEY, "refuse", by="lead@shop.example")
    assert world.state(KEY) == "notified" and world.data(KEY)["level"] == 1
    assert world.data(KEY).get("acknowledged_by") is None


def test_acknowledged_about_a_customer_a_person_is_asked_to_call_with_all_they_must_know() -> None:
    world = lapsed()
    world.send("escalation:promise-P-1", "acknowledge", by="lead@shop.example")
    (told,) = [told for told in world.told if told.notice.channel == "live"]
    assert told.notice.about == "broken_promise"
    assert told.notice.to == CUSTOMER
    context = told.notice.context
    assert context["promise"] == PROMISE and context["words"] == "We call"
    assert context["customer"] == CUSTOMER and context["acknowledged_by"] == "lead@shop.example"
    assert world.children("escalation:promise-P-1", "callback")


def test_the_call_settles_it_and_the_promise_is_kept_late_with_everyone_named() -> None:
    world = lapsed(made_by="first@shop.example")
    world.send("escalation:promise-P-1", "acknowledge", by="lead@shop.example")
    (call,) = world.children("escalation:promise-P-1", "callback")
    world.send(call, "claim", by="manager@shop.example")
    world.send(call, "reached", outcome="bent the policy")
    assert [world.state(key) for key in (call, "escalation:promise-P-1", PROMISE)] == [
        "reached",
        "resolved",
        "kept_late",
    ]
    heard = [told.notice.to for told in world.notices("ended")]
    assert heard == ["first@shop.example", "anna@shop.example", "lead@shop.example", "manager@shop.example"]
    assert world.data(PROMISE)["evidence"] == {"escalation": "escalation:promise-P-1", "outcome": "reached"}
    assert world.data(PROMISE)["kept_by"] == "manager@shop.example"
    assert world.refused == []


def test_when_the_customer_calls_first_nobody_calls_again() -> None:
    world = lapsed()
    world.send("escalation:promise-P-1", "acknowledge", by="lead@shop.example")
    (call,) = world.children("escalation:promise-P-1", "callback")
    world.send(call, "customer_calls", by="front@shop.example")
    assert [world.state(key) for key in (call, "escalation:promise-P-1", PROMISE)] == [
        "customer_called",
        "resolved",
        "kept_late",
    ]
    quiet = len(world.told)
    world.wait("P30D")
    assert len(world.told) == quiet and world.refused == []
    assert world.send(call, "claim", by="x").outcome is Outcome.REFUSED


def test_resolving_it_by_hand_keeps_the_promise_and_calls_off_the_call() -> None:
    world = lapsed()
    world.send("escalation:promise-P-1", "acknowledge", by="lead@shop.example")
    (call,) = world.children("escalation:promise-P-1", "callback")
    world.send("escalation:promise-P-1", "resolve", by="lead@shop.example", outcome="met them in the shop")
    assert [world.state(key) for key in (call, "escalation:promise-P-1", PROMISE)] == [
        "withdrawn",
        "resolved",
        "kept_late",
    ]
    assert world.data(PROMISE)["evidence"]["outcome"] == "met them in the shop"
    assert world.refused == []


def test_an_acknowledgement_waits_as_long_as_the_customers_quiet_hours_make_the_call_wait() -> None:
    world = lapsed()
    world.wait("PT4H55M")  # 19:55 in Berlin
    world.send("escalation:promise-P-1", "acknowledge", by="manager@shop.example")
    (call,) = world.children("escalation:promise-P-1", "callback")
    world.send(call, "claim", by="manager@shop.example")
    world.send(call, "no_answer")
    told = len(levels(world))
    world.wait("PT13H")  # 08:55 the next morning
    assert world.state(call) == "resting" and world.state("escalation:promise-P-1") == "acknowledged"
    assert len(levels(world)) == told, "nobody is woken for a call that nobody may make"
    world.wait("PT5M")
    assert world.state(call) == "waiting"
    world.wait("PT30M")
    assert world.state("escalation:promise-P-1") == "notified"
    assert world.refused == []


def test_a_call_that_nobody_makes_goes_up_the_ladder_and_is_not_asked_for_twice() -> None:
    world = lapsed(act_within="PT3H")
    world.send("escalation:promise-P-1", "acknowledge", by="lead@shop.example")
    world.wait("PT15M")
    assert (
        world.state("escalation:promise-P-1") == "notified"
        and world.data("escalation:promise-P-1")["level"] == 1
    )
    world.send("escalation:promise-P-1", "acknowledge", by="manager@shop.example")
    assert len(world.children("escalation:promise-P-1", "callback")) == 1
    assert world.state("escalation:promise-P-1") == "acknowledged"


def test_a_call_given_up_by_hand_leaves_the_ladder_running_and_the_next_one_asks_anew() -> None:
    world = lapsed(act_within="PT3H")
    world.send("escalation:promise-P-1", "acknowledge", by="lead@shop.example")
    (call,) = world.children("escalation:promise-P-1", "callback")
    world.send(call, "withdraw", reason="wrong customer")
    assert world.state("escalation:promise-P-1") == "notified"
    world.send("escalation:promise-P-1", "acknowledge", by="manager@shop.example")
    assert [world.state(key) for key in world.children("escalation:promise-P-1", "callback")] == [
        "withdrawn",
        "waiting",
    ]


def test_one_about_something_else_keeps_no_promise_and_asks_for_no_call() -> None:
    world = lapsed()
    world.send(
        "escalation:effect-7", "open", words="Was this mail sent?", about="unknown_outcome", customer=CUSTOMER
    )
    world.send("escalation:effect-7", "acknowledge", by="lead@shop.example")
    world.send("escalation:effect-7", "resolve", by="lead@shop.example")
    assert world.children("escalation:effect-7", "callback") == []
    assert world.state(PROMISE) == "lapsed"


def test_the_pace_of_the_calls_comes_from_the_promise() -> None:
    world = lapsed(call={"claim_within": "PT5M", "max_tries": 7})
    world.send("escalation:promise-P-1", "acknowledge", by="lead@shop.example")
    (call,) = world.children("escalation:promise-P-1", "callback")
    assert (world.data(call)["claim_within"], world.data(call)["max_tries"]) == ("PT5M", 7)
