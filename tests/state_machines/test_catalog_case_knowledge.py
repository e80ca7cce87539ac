"""What a case knows, who is asked for it, who answers for it, and what of it others hear."""

from state_machines.decision import Outcome
from tests.state_machines.case_stories import (
    ANNA,
    BEN,
    CASE,
    CUSTOMER,
    DORA,
    ZOE,
    acting,
    documented,
    opened,
    planning,
)
from tests.state_machines.story_world import World, in_


def answers(world: World) -> list[tuple[object, str]]:
    """Who was answered, and the title."""
    return [(told.notice.to, told.notice.title) for told in world.notices("answer")]


def test_a_public_post_is_answered_on_its_network_once_and_is_one_case() -> None:
    world = opened(channel="social", network="Birds", reach=200)
    for source_id in ("b-2", "b-2", "m-1"):
        network = "Birds" if source_id.startswith("b") else "Mammoths"
        world.send(
            CASE,
            "contact",
            words="Hear me",
            channel="social",
            network=network,
            reach=900,
            source_id=source_id,
        )
    told = world.notices("news")
    assert [(one.notice.channel, one.notice.context["network"]) for one in told] == [
        ("social", "Birds"),
        ("social", "Mammoths"),
    ]
    assert world.data(CASE)["reach"] == 900 and len(world.data(CASE)["contacts"]) == 3
    assert [one.notice.to for one in world.notices("nudge")] == [ANNA, ANNA]
    assert world.state("promise:C-1-first_word") == "made", "a machine's answer is no first word"


def test_a_fact_that_is_known_is_never_asked_of_the_customer() -> None:
    world = opened(facts={"account": "4711"})
    world.send(CASE, "ask_fact", fact="account", by=DORA)
    assert answers(world) == [(DORA, "Known already: account")]
    assert world.notices("answer")[0].notice.context["value"] == "4711"
    assert world.notices("question") == []


def test_whoever_asks_for_what_was_asked_already_hears_the_one_answer() -> None:
    world = opened()
    for by in (DORA, ZOE):
        world.send(CASE, "ask_fact", fact="account", by=by, words="Which account is it?")
    (question,) = world.notices("question")
    assert (question.notice.to, question.notice.words) == (CUSTOMER, "Which account is it?")
    world.send(CASE, "tell_fact", fact="account", value="4711")
    world.send(CASE, "tell_fact", fact="account", value="4712")
    assert [to for to, title in answers(world) if title == "Now known: account"] == [DORA, ZOE]


def test_whoever_asked_hears_what_the_customer_answers_while_we_wait() -> None:
    world = acting()
    for by in (DORA, ZOE):
        world.send(CASE, "ask_fact", fact="account", by=by)
    world.send(CASE, "ask_fact", fact="colour", by=BEN)
    world.send(CASE, "wait_for_customer", words="The account number", by=ANNA)
    world.send(CASE, "customer_answers", words="Here you are", facts={"account": "4711", "floor": 3})
    told = [one for one in world.notices("answer") if one.notice.title == "Now known: account"]
    assert [one.notice.to for one in told] == [DORA, ZOE]
    assert {one.notice.context["value"] for one in told} == {"4711"}
    world.send(CASE, "customer_answers", facts={"account": "4712", "colour": "red"})
    assert answers(world)[3:] == [(BEN, "Now known: colour")]
    assert world.refused == []


def test_whoever_gave_the_word_is_not_told_of_it_however_their_address_is_spelt() -> None:
    world = acting()
    before = len(world.notices("team_news"))
    world.send(CASE, "word", words="We are at it", by={"name": "Anna", "email": ANNA.upper()})
    assert ANNA not in [one.notice.to for one in world.notices("team_news")[before:]]


def test_a_step_that_was_tried_is_never_asked_for_again() -> None:
    world = opened()
    for by in (DORA, ZOE):
        world.send(CASE, "ask_step", step="reboot the modem", by=by)
    assert len(world.notices("question")) == 1
    world.send(CASE, "step", step="reboot the modem", result="No light", by=DORA)
    world.send(CASE, "ask_step", step="reboot the modem", by=BEN)
    assert len(world.notices("question")) == 1
    assert answers(world)[1:] == [
        (DORA, "Tried: reboot the modem"),
        (ZOE, "Tried: reboot the modem"),
        (BEN, "Tried already: reboot the modem"),
    ]
    (result,) = world.notices("answer")[-1].notice.context["results"]
    assert result["result"] == "No light"


def test_a_hand_over_takes_everything_along_and_the_open_promises_too() -> None:
    world = acting()
    world.send(CASE, "hand_over", to=ZOE, by=ANNA, reason="My shift ends", team="evening")
    (told,) = (one for one in world.notices("hand_over")[1:] if "packet" in one.notice.context)
    assert told.notice.to == ZOE and told.notice.context["packet"] == "/v1/cases/C-1/packet"
    hands = [(one.notice.to, one.notice.title) for one in world.notices("hand_over") if one is not told]
    assert (ZOE, "Yours now, due tomorrow 12:00 UTC: A word to the customer, every day while we act") in hands
    data = world.data(CASE)
    assert (data["owner"], data["team"], len(data["hand_overs"])) == (ZOE, "evening", 1)
    assert world.data("promise:C-1-daily_word-1")["owner"] == ZOE
    world.wait("PT18H")
    assert [one.notice.to for one in world.notices("nudge")] == [ZOE]
    assert world.refused == []


def test_a_promised_call_keeps_its_promise_when_a_person_has_spoken_with_the_customer() -> None:
    world = opened()
    world.send(CASE, "call", words="A manager calls you", within="PT4H", by=BEN, owner=ZOE)
    (call,) = world.data(CASE)["calls"]
    promise = call.replace("callback:", "promise:")
    assert world.data(call)["promise_due_at"] == world.data(promise)["due_at"]
    world.wait("PT1H")
    world.send(call, "claim", by=ZOE)
    world.send(call, "reached", by=ZOE)
    assert world.state(promise) == "kept"
    assert world.state("promise:C-1-first_word") == "kept_late"
    assert ZOE in world.data(CASE)["participants"]
    assert world.refused == []


def test_a_promised_call_that_nobody_makes_lapses_and_the_ladder_asks_for_no_second_call() -> None:
    world = opened(ladder=[{"people": [ZOE]}])
    world.send(CASE, "acknowledge", by=ANNA, understood="u")
    world.send(CASE, "call", words="A manager calls you", within="PT4H", by=BEN)
    (call,) = world.data(CASE)["calls"]
    promise = call.replace("callback:", "promise:")
    world.wait("PT4H")
    assert world.state(promise) == "lapsed"
    (told,) = world.notices("broken_promise")
    assert told.notice.to == CUSTOMER
    world.send(promise.replace("promise:", "escalation:promise-"), "acknowledge", by=ZOE)
    assert world.children(promise.replace("promise:", "escalation:promise-"), "callback") == []
    world.send(call, "claim", by=ZOE)
    world.send(call, "customer_calls", by=ZOE)
    assert world.state(promise) == "kept_late"
    assert world.state(promise.replace("promise:", "escalation:promise-")) == "resolved"
    assert world.refused == []


def test_what_changes_about_the_customer_reaches_all_that_came_out_of_the_case() -> None:
    world = opened()
    world.send(CASE, "call", words="A call", within="P1D", by=BEN)
    (call,) = world.data(CASE)["calls"]
    moved = {**CUSTOMER, "zone": "America/New_York"}
    world.send(CASE, "customer_changed", customer=moved)
    for key in (CASE, call, call.replace("callback:", "promise:")):
        assert world.data(key)["customer"] == moved


def test_causes_grow_and_thanks_end_nothing() -> None:
    world = planning()
    for cause in ("training", "dispatch", "training"):
        world.send(CASE, "cause", cause=cause)
    world.send(CASE, "thanks", words="Kind of you")
    assert world.data(CASE)["causes"] == ["training", "dispatch"]
    assert world.state(CASE) == "planning" and world.state("promise:C-1-plan-1") == "made"


def test_the_alert_that_could_not_be_written_is_heard_of() -> None:
    world = documented()
    world.send(CASE, "alert_failed", error="the disk is full")
    assert "the disk is full" in world.notices("nudge")[-1].notice.words


def test_one_window_is_booked_and_several_are_offered() -> None:
    world = opened()
    morning, evening = ({"from": in_(f"P1DT{hour}H"), "to": in_(f"P1DT{hour + 2}H")} for hour in (1, 6))
    world.send(CASE, "book", about="A technician comes", windows=[morning], by=BEN)
    world.send(CASE, "book", about="A technician comes", windows=[morning, evening], by=BEN)
    booked, offered = world.data(CASE)["pending"]
    assert (world.state(booked), world.state(offered)) == ("booked", "offered")
    world.send(booked, "cancel", reason="It works again")
    assert world.data(CASE)["pending"] == [offered]
    assert world.send(CASE, "book", about="w", windows=[]).outcome is Outcome.REFUSED


def test_a_post_is_answered_to_the_name_it_was_posted_by() -> None:
    world = opened(customer={**CUSTOMER, "social": "@chris"}, channel="social", network="Birds")
    world.send(CASE, "contact", words="w", channel="social", network="Mammoths", social="@chris@tusk")
    assert [one.notice.to["social"] for one in world.notices("news")] == ["@chris", "@chris@tusk"]


def test_whoever_takes_a_case_over_hears_of_its_appointments_from_then_on() -> None:
    world = acting()
    world.send(CASE, "book", about="The modem", windows=[{"from": in_("PT20H"), "to": in_("PT22H")}], by=ANNA)
    world.send(CASE, "book", about="Theirs", owner=BEN, windows=[{"from": in_("P3D"), "to": in_("P4D")}])
    mine, theirs = world.children(CASE, "appointment")
    world.send(CASE, "hand_over", to=ZOE, by=ANNA)
    assert (world.data(mine)["owner"], world.data(theirs)["owner"]) == (ZOE, BEN)
    world.wait("PT19H")
    assert [one.notice.to for one in world.notices("nudge") if one.sender == mine] == [ZOE]
    assert world.refused == []


def test_whoever_calls_reads_who_answers_for_the_case_now() -> None:
    world = acting()
    world.send(CASE, "call", words="We call you", within="PT2H", by=ANNA)
    (call,) = world.children(CASE, "callback")
    assert world.data(call)["context"]["owner"] == ANNA
    world.send(CASE, "hand_over", to=ZOE, by=ANNA)
    assert world.data(call)["context"]["owner"] == ZOE and world.data(call)["context"]["case"] == CASE
    assert world.refused == []


def test_the_team_changes_only_where_the_hand_over_says_so() -> None:
    world = opened(team="morning")
    world.send(CASE, "hand_over", to=ZOE)
    assert world.data(CASE)["team"] == "morning"
    world = opened()
    world.send(CASE, "hand_over", to=ZOE)
    assert "team" not in world.data(CASE)
