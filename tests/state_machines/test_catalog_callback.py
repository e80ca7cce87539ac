"""A person calls the customer, told with `decide` alone."""

from datetime import timedelta

import pytest

from state_machines.decision import Outcome
from state_machines.notices.permission import refusal
from state_machines.notices.topics import topic_of
from tests.state_machines.story_world import START, World, in_, text_of

KEY = "callback:C-1"
CUSTOMER = {
    "name": "Chris",
    "phone": "+49 30 1234",
    "zone": "Europe/Berlin",
    "quiet_hours": ["13:00-15:00", "20:00-09:00"],
}


def requested(at: str = "PT2H", **more: object) -> World:
    """A world in which a call was asked for so long after 14:00 in Berlin; the customer rests until 15:00."""
    world = World()
    world.wait(at)
    world.send(KEY, "request", **{"customer": CUSTOMER, "words": "Say sorry", "calendar": "always", **more})
    return world


def test_a_claim_is_a_lease_that_ends_by_itself() -> None:
    world = requested()
    world.send(KEY, "claim", by="emil@shop.example")
    assert world.state(KEY) == "claimed"
    assert world.send(KEY, "claim", by="dora@shop.example").outcome is Outcome.REFUSED
    world.wait("PT15M")
    assert world.state(KEY) == "waiting" and "claimed_by" not in world.data(KEY)
    assert world.send(KEY, "claim", by="dora@shop.example").outcome is Outcome.MOVED


def test_whoever_has_claimed_it_may_take_longer() -> None:
    world = requested()
    world.send(KEY, "claim", by="emil@shop.example")
    world.wait("PT10M")
    world.send(KEY, "claim", by="emil@shop.example")
    world.wait("PT10M")
    assert world.state(KEY) == "claimed"


def test_asked_for_in_quiet_hours_it_rests_until_they_end() -> None:
    world = requested(at="PT30M")
    assert world.state(KEY) == "resting"
    assert world.send(KEY, "claim", by="emil@shop.example").outcome is Outcome.REFUSED
    world.wait("PT29M")
    assert world.state(KEY) == "resting"
    world.wait("PT1M")
    assert world.state(KEY) == "waiting"


def test_quiet_hours_that_begin_while_it_waits_send_it_to_rest() -> None:
    world = requested(at="PT5H50M")  # 19:50 in Berlin
    assert world.state(KEY) == "waiting"
    world.wait("PT11M")
    world.send(KEY, "claim", by="emil@shop.example")
    assert world.state(KEY) == "resting"
    world.until(START + timedelta(hours=19))  # 09:00 in Berlin
    assert world.state(KEY) == "waiting"


@pytest.mark.parametrize(("trigger", "rest"), [("no_answer", "PT1H"), ("busy", "PT10M")])
def test_a_call_that_does_not_get_through_is_tried_again(trigger: str, rest: str) -> None:
    world = requested()
    world.send(KEY, "claim", by="emil@shop.example")
    world.send(KEY, trigger, by="emil@shop.example", note="mailbox")
    assert world.state(KEY) == "resting"
    (tried,) = world.data(KEY)["tries"]
    assert (tried["result"], tried["by"], tried["note"]) == (trigger, "emil@shop.example", "mailbox")
    began = world.now
    world.wait(rest)
    assert world.state(KEY) == "waiting"
    assert text_of(world.now) == world.data(KEY)["next_try"] and world.now > began


def test_the_next_try_is_in_the_customers_window_and_never_in_their_quiet_hours() -> None:
    customer = {**CUSTOMER, "window": ["09:30-12:00", "16:00-19:00"]}
    world = requested(customer=customer)
    assert world.state(KEY) == "waiting"  # 16:00
    world.wait("PT2H30M")  # 18:30
    world.send(KEY, "claim", by="emil@shop.example")
    world.send(KEY, "no_answer")
    assert world.data(KEY)["next_try"] == text_of(START + timedelta(hours=19, minutes=30))  # 09:30 tomorrow


def test_asked_to_call_later_it_waits_for_that_time() -> None:
    world = requested()
    world.send(KEY, "claim", by="emil@shop.example")
    world.send(KEY, "asked_later", at=in_("PT4H"), by="emil@shop.example")
    world.wait("PT1H59M")
    assert world.state(KEY) == "resting"
    world.wait("PT1M")
    assert world.state(KEY) == "waiting"


def test_who_asks_to_be_called_after_the_deadline_has_made_another_one() -> None:
    world = World()
    world.send("promise:P", "make", words="w", owner="anna@shop.example", within="PT4H", callback=KEY)
    world.wait("PT1H")
    world.send(
        KEY,
        "request",
        customer="+49 30 1",
        due_at=in_("PT4H"),
        promise_due_at=in_("PT4H"),
        claim_within="PT9H",
    )
    world.send(KEY, "asked_later", at=in_("PT6H"), by="emil@shop.example")
    news = {"callback": KEY, "news": "resting", "reason": "asked_later", "by": "emil@shop.example"}
    world.send("promise:P", "callback_news", next_try=in_("PT6H"), **news)  # as the case passes it on
    assert world.data(KEY)["due_at"] == world.data("promise:P")["due_at"] == in_("PT7H")
    world.wait("PT5H")
    assert (world.state(KEY), world.state("promise:P")) == ("waiting", "at_risk")
    assert [one["reason"] for one in world.data("promise:P")["renegotiations"]] == ["asked_later"]
    world.send(KEY, "asked_later", at=in_("PT6H30M"), by="emil@shop.example")
    assert world.data(KEY)["due_at"] == in_("PT7H"), "an earlier time than the deadline moves nothing"


def test_the_end_of_the_lease_does_not_undo_a_call_that_was_made() -> None:
    world = requested()
    world.send(KEY, "claim", by="emil@shop.example")
    world.wait("PT16M")
    assert world.state(KEY) == "waiting"
    world.send(KEY, "reached", by="emil@shop.example", outcome="settled")
    assert world.state(KEY) == "reached" and world.data(KEY)["ended_by"] == "emil@shop.example"


def test_who_claimed_it_is_who_reached_them_unless_said_otherwise() -> None:
    world = requested()
    world.send(KEY, "claim", by="emil@shop.example")
    world.send(KEY, "reached")
    assert world.data(KEY)["ended_by"] == "emil@shop.example"


def test_when_the_customer_calls_first_it_is_done_in_any_state() -> None:
    for at in ("PT30M", "PT2H"):
        world = requested(at=at)
        world.send(KEY, "customer_calls")
        assert world.state(KEY) == "customer_called" and world.subjects[KEY].timers == {}


def test_without_a_parent_an_escalation_hears_that_nobody_calls_and_again_and_again() -> None:
    world = requested(desk="desk@shop.example")
    world.wait("PT14M")
    assert world.children(KEY, "escalation") == []
    world.wait("PT1M")
    (escalation,) = world.children(KEY, "escalation")
    assert world.state(escalation) == "notified"
    world.send(escalation, "acknowledge", by="lead@shop.example")
    world.wait("PT15M")
    assert world.state(escalation) == "notified", "an acknowledgement alone does not make the call"
    assert world.children(KEY, "escalation") == [escalation]
    world.send(escalation, "resolve", by="lead@shop.example")
    world.wait("PT15M")
    assert len(world.children(KEY, "escalation")) == 2, "still nobody calls"
    world.send(KEY, "claim", by="emil@shop.example")
    assert {world.state(key) for key in world.children(KEY, "escalation")} == {"resolved"}
    assert world.refused == []


def test_no_alarm_rings_for_a_call_that_nobody_may_make_now() -> None:
    world = requested(at="PT5H50M")  # 19:50
    world.wait("PT13H")  # 08:50
    assert world.children(KEY, "escalation") == []
    world.wait("PT25M")
    assert world.children(KEY, "escalation") != []


def test_too_many_tries_are_said_and_do_not_end_it() -> None:
    world = requested(at="PT3H", max_tries=2, customer="+49 30 1234")
    for states in ([], ["notified"], ["resolved", "notified"]):
        world.send(KEY, "claim", by="emil@shop.example")
        world.send(KEY, "no_answer")
        assert [world.state(key) for key in world.children(KEY, "escalation")] == states
        world.wait("PT1H")
        assert world.state(KEY) == "waiting"


def test_a_wrong_number_is_said_at_once_and_again_and_nobody_calls_it_a_second_time() -> None:
    world = requested()
    world.send(KEY, "wrong_number", by="emil@shop.example")
    (escalation,) = world.children(KEY, "escalation")
    told = world.data(escalation)["times_told"]
    world.send(escalation, "acknowledge", by="lead@shop.example")
    world.wait("PT1H")
    assert world.state(KEY) == "resting" and world.send(KEY, "claim", by="dora").outcome is Outcome.REFUSED
    assert world.data(escalation)["times_told"] > told, "an acknowledgement alone does not find the number"
    world.send(KEY, "customer_changed", customer={**CUSTOMER, "quiet_hours": "22:00-07:00"})
    world.wait("PT1H")
    assert world.state(KEY) == "resting", "the same number"
    world.send(KEY, "customer_changed", customer={**CUSTOMER, "phone": "+49 30 5678"})
    world.wait("PT1H")
    assert world.state(KEY) == "waiting"


def test_the_time_at_which_the_customer_expects_the_call_is_kept_an_eye_on() -> None:
    world = requested(due_at=in_("PT2H5M"))
    world.wait("PT5M")
    assert world.data(KEY)["alarms"] == 1


@pytest.mark.parametrize(
    "unclear", [{"quiet_hours": "20:00-09:00"}, {"quiet_hours": "after tea", "zone": "Europe/Berlin"}]
)
def test_who_may_be_asleep_for_all_we_know_is_not_called_and_a_person_hears_of_it(
    unclear: dict[str, str],
) -> None:
    world = requested(customer={"phone": "+49 30 1", **unclear})
    assert world.state(KEY) == "resting"
    (escalation,) = world.children(KEY, "escalation")
    world.send(escalation, "acknowledge", by="lead@shop.example")
    world.send(escalation, "resolve", by="lead@shop.example")
    world.wait("P1D")
    assert world.state(KEY) == "resting"
    assert len(world.children(KEY, "escalation")) == 2, "it is said again every day"
    world.send(KEY, "correct", customer=CUSTOMER, by="lead@shop.example")
    world.wait("PT0S")
    assert world.state(KEY) == "waiting"
    assert world.data(KEY)["customer"] == CUSTOMER and world.refused == []


def test_a_wrong_number_is_put_right_without_losing_the_call() -> None:
    world = requested()
    world.send(KEY, "claim", by="emil@shop.example")
    world.send(KEY, "correct", customer={**CUSTOMER, "phone": "+49 30 5678"})
    assert world.state(KEY) == "claimed"
    assert world.data(KEY)["customer"]["phone"] == "+49 30 5678"


def test_one_claim_may_be_interrupted_but_from_the_second_on_it_is_said_that_nothing_comes_of_them() -> None:
    world = requested()
    for said in (0, 1):
        assert len(world.children(KEY, "escalation")) == 0
        world.send(KEY, "claim", by="emil@shop.example")
        world.wait("PT15M")
        assert world.state(KEY) == "waiting" and len(world.children(KEY, "escalation")) == said


def test_who_wants_no_calls_is_not_called_and_a_person_hears_of_it() -> None:
    for opted_out_at in ("request", "later"):
        world = requested(customer=CUSTOMER | ({"opted_out": ["live"]} if opted_out_at == "request" else {}))
        world.send(KEY, "customer_changed", customer=CUSTOMER | {"opted_out": ["live"]})
        world.send(KEY, "claim", by="emil@shop.example")
        world.wait("PT1H")
        assert world.state(KEY) == "resting"
        assert len(world.children(KEY, "escalation")) == 1
        world.send(KEY, "customer_changed", customer=CUSTOMER | {"opted_out": []})
        world.wait("PT1H")
        assert world.state(KEY) == "waiting"


def test_the_next_try_moves_with_the_customers_zone_and_comes_no_sooner_after_a_call() -> None:
    world = requested(at="PT30M")
    assert world.data(KEY)["next_try"] == in_("PT1H")
    world.send(KEY, "customer_changed", customer={**CUSTOMER, "zone": "America/New_York"})
    assert world.data(KEY)["next_try"] == in_("PT1H"), "half past eight there, quiet until nine"
    world.wait("PT30M")
    world.send(KEY, "claim", by="emil@shop.example")
    world.send(KEY, "no_answer")
    world.send(KEY, "customer_changed", customer={**CUSTOMER, "quiet_hours": []})
    assert world.data(KEY)["next_try"] == in_("PT2H")


def test_its_place_in_the_line_is_the_promised_instant_or_else_when_it_is_expected_or_should_be_claimed() -> (
    None
):
    promised, expected = in_("PT1H"), in_("PT4H")
    assert requested(promise_due_at=promised, due_at=expected).data(KEY)["place"] == promised
    assert requested(due_at=expected).data(KEY)["place"] == expected
    assert requested().data(KEY)["place"] == in_("PT2H15M")


def test_skills_and_language_are_the_calls_or_else_the_customers() -> None:
    speaks = CUSTOMER | {"language": "de", "skills_needed": ["sign_language"]}
    known = requested(customer=speaks).data(KEY)
    assert (known["language"], known["skills"]) == ("de", ["sign_language"])
    asked = requested(customer=speaks, language="en", skills=["billing"]).data(KEY)
    assert (asked["language"], asked["skills"]) == ("en", ["billing"])
    assert "language" not in requested(customer="+49 30 1234").data(KEY)


def dialled() -> World:
    """A world in which who claimed the call has it dialled."""
    world = requested(max_tries=2)
    world.send(KEY, "claim", by="emil@shop.example", dial="+49 30 9")
    return world


def test_a_claim_may_have_the_agents_phone_ring_first() -> None:
    (told,) = dialled().told
    notice = told.notice
    assert (notice.channel, notice.about) == ("dial", "callback")
    assert notice.to == {"name": "emil@shop.example", "phone": "+49 30 9"}
    assert notice.context["customer_phone"] == CUSTOMER["phone"] and notice.context["callback"] == KEY
    assert refusal(topic_of({"about": "callback"}), "dial") is None
    for about in ("apology", "news", "broken_promise"):
        assert str(refusal(topic_of({"about": about}), "dial")).startswith("channel-about")


def test_without_a_number_or_a_wish_nothing_is_dialled() -> None:
    world = requested(customer={"name": "Chris"})
    world.send(KEY, "claim", by="emil@shop.example", dial="+49 30 9")
    assert world.told == []
    world = requested()
    world.send(KEY, "claim", by="emil@shop.example")
    assert world.told == []


def test_what_dialling_brings_is_what_the_agent_would_have_said() -> None:
    world = dialled()
    world.send(KEY, "dial_news", news="no_answer", claim=f"{KEY}/2")
    assert world.state(KEY) == "resting"
    (tried,) = world.data(KEY)["tries"]
    assert (tried["result"], tried["by"], tried["note"]) == ("no_answer", "emil@shop.example", "dialled")
    world = dialled()
    world.send(KEY, "dial_news", news="agent_no_answer", claim=f"{KEY}/2")
    assert (world.state(KEY), world.data(KEY)["tries"]) == ("waiting", []), "nobody called the customer"
    world = dialled()
    world.wait("PT14M")
    world.send(KEY, "dial_news", news="connected", call="CA1", claim=f"{KEY}/2")
    world.wait("PT14M")
    assert world.state(KEY) == "claimed", "who has talked has time to write down how it went"
    world.wait("PT1M")
    assert world.state(KEY) == "waiting"


def test_news_of_an_earlier_dialling_harm_no_later_claim() -> None:
    world = dialled()
    world.wait("PT15M")
    world.send(KEY, "claim", by="dora@shop.example")
    world.send(KEY, "dial_news", news="no_answer", claim=f"{KEY}/2")
    assert (world.state(KEY), world.data(KEY)["claimed_by"]) == ("claimed", "dora@shop.example")


def test_withdrawn_is_withdrawn_once() -> None:
    world = requested()
    world.send(KEY, "withdraw", reason="solved")
    assert world.state(KEY) == "withdrawn"
    assert world.send(KEY, "withdraw", reason="again").outcome is Outcome.STAYED
    assert world.data(KEY)["outcome"] == "solved"
