"""The lifecycle of a promise, told with `decide` alone."""

from datetime import timedelta

import pytest

from state_machines.decision import Outcome
from tests.state_machines.story_world import START, World, in_, minutes, text_of
from workflow.recovery.contact.addresses import address

ANNA = {"name": "Anna", "email": "anna@shop.example"}
BEN = "ben@shop.example"
CUSTOMER = {"name": "Chris", "email": "chris@home.example", "phone": "+49 30 1234", "zone": "Europe/Berlin"}
KEY = "promise:P-1"


def promised(**more: object) -> World:
    """A world in which Ben has promised that Anna calls within four hours."""
    world = World()
    said = {
        "words": "A manager calls you",
        "owner": ANNA,
        "due_at": in_("PT4H"),
        "made_by": BEN,
        "customer": CUSTOMER,
    }
    world.send(KEY, "make", **{**said, **more})
    return world


def test_a_promise_kept_in_time_tells_everyone_who_took_part_once() -> None:
    world = promised(made_by=BEN)
    world.wait("PT1H")
    world.send(KEY, "keep", by=ANNA, evidence="call 17", participants=["dora@shop.example", BEN])
    assert world.state(KEY) == "kept"
    assert [address(told.notice.to, "email") for told in world.notices("ended")] == [
        BEN,
        "anna@shop.example",
        "dora@shop.example",
    ]
    assert "in time" in world.notices("ended")[0].notice.words
    assert world.data(KEY)["evidence"] == "call 17"
    assert world.subjects[KEY].timers == {}
    world.wait("P30D")
    assert world.state(KEY) == "kept" and len(world.told) == 3


def test_the_owner_is_nudged_after_three_quarters_of_the_time() -> None:
    world = promised()
    world.wait("PT3H")
    assert world.state(KEY) == "at_risk"
    assert [(address(told.notice.to, "email"), told.notice.channel) for told in world.told] == [
        ("anna@shop.example", "email")
    ]
    assert minutes(world.notices("nudge")) == [180]


@pytest.mark.parametrize(("warn_before", "at_minute"), [("PT30M", 210), ("PT3H59M", 1), ("P2D", 0)])
def test_the_owner_is_nudged_so_long_before_as_was_said(warn_before: str, at_minute: int) -> None:
    world = promised(warn_before=warn_before)
    world.wait("PT3H59M")
    assert world.state(KEY) == "at_risk"
    assert minutes(world.notices("nudge")) == [at_minute]


def test_a_lapse_tells_the_customer_first_and_starts_the_ladder() -> None:
    world = promised()
    world.wait("PT4H")
    assert world.state(KEY) == "lapsed"
    (told,) = world.notices("broken_promise")
    assert (told.notice.to, told.notice.channel) == (CUSTOMER, "preferred")
    assert "A manager calls you" in told.notice.words
    assert world.children(KEY, "escalation") == ["escalation:promise-P-1"]
    escalation = world.data("escalation:promise-P-1")
    assert escalation["promise"] == KEY
    assert escalation["owner"] == ANNA and escalation["customer"] == CUSTOMER
    assert world.data(KEY)["lapsed_at"] == text_of(START + timedelta(hours=4))


@pytest.mark.parametrize("customer", ["chris@home.example", "Chris of Berlin", {"name": "Chris"}])
@pytest.mark.parametrize("channel", [None, "sms", "webhook"])
def test_every_customer_is_told_and_who_has_no_address_is_left_to_a_person(
    customer: object, channel: str | None
) -> None:
    world = promised(customer=customer, **({"channel": channel} if channel else {}))
    world.wait("PT4H")
    (told,) = world.notices("broken_promise")
    assert (told.notice.to, told.notice.channel) == (customer, channel or "preferred")
    assert world.state(KEY) == "lapsed" and world.state("escalation:promise-P-1") in ("asking", "notified")


def test_a_promise_to_ourselves_tells_the_ladder_and_nobody_else() -> None:
    world = promised(customer=None, ladder=[{"people": ["boss@shop.example"]}])
    world.wait("PT4H")
    assert world.notices("broken_promise") == []
    assert [address(told.notice.to, "email") for told in world.notices("escalation")] == ["boss@shop.example"]


@pytest.mark.parametrize("channel", ["voice", "robocall", "tts", "pigeon", ""])
def test_no_promise_can_be_made_on_an_automated_voice(channel: str) -> None:
    world = World()
    decision = world.send(KEY, "make", words="w", owner="a@b.example", due_at=in_("PT1H"), channel=channel)
    assert decision.outcome is Outcome.REFUSED
    assert "data.channel" in (decision.reason or "")


def test_on_the_channel_live_a_person_calls_and_their_call_keeps_the_promise_late() -> None:
    world = promised(channel="live")
    world.wait("PT4H")
    (call,) = world.children(KEY, "callback")
    assert world.state(call) == "waiting"
    world.send("escalation:promise-P-1", "acknowledge", by="dora@shop.example")
    assert world.children("escalation:promise-P-1", "callback") == [], "one call is enough"
    world.send(call, "claim", by="emil@shop.example")
    world.send(call, "reached", outcome="settled")
    assert world.state(KEY) == "kept_late"
    assert world.state("escalation:promise-P-1") == "resolved"
    heard = [address(told.notice.to, "email") for told in world.notices("ended")]
    assert heard == [BEN, "anna@shop.example", "dora@shop.example", "emil@shop.example"]
    assert world.refused == []


def test_nobody_making_the_live_call_goes_up_the_ladder() -> None:
    ladder = [{"people": ["a@shop.example"]}, {"people": ["b@shop.example"]}]
    world = promised(channel="live", ladder=ladder, act_within="PT5H")
    world.wait("PT4H")
    world.send("escalation:promise-P-1", "acknowledge", by="a@shop.example")
    world.wait("PT15M")
    assert (
        world.state("escalation:promise-P-1") == "notified"
        and world.data("escalation:promise-P-1")["level"] == 1
    )
    assert world.refused == []


def test_late_is_late_for_ever() -> None:
    world = promised()
    world.wait("P2D")
    world.send(KEY, "keep", by=ANNA)
    assert world.state(KEY) == "kept_late"
    assert world.state("escalation:promise-P-1") == "resolved"
    for trigger, data in (
        ("keep", {}),
        ("renegotiate", {"due_at": in_("P9D"), "reason": "r"}),
        ("lapse", {}),
    ):
        assert world.send(KEY, trigger, **data).outcome is Outcome.REFUSED
    world.send(KEY, "withdraw", reason="r")
    assert world.state(KEY) == "kept_late"
    assert "late" in world.notices("ended")[0].notice.words


def test_thanks_cancel_nothing_and_reach_all_who_took_part() -> None:
    world = promised()
    before = world.subjects[KEY].timers
    assert world.send(KEY, "thanks", words="You were so kind").outcome is Outcome.STAYED
    assert world.subjects[KEY].timers == before
    assert [address(told.notice.to, "email") for told in world.notices("thanks")] == [
        BEN,
        "anna@shop.example",
    ]
    world.wait("PT4H")
    assert world.state(KEY) == "lapsed"
    world.send(KEY, "keep", by="dora@shop.example")
    world.send(KEY, "thanks", words="At last")
    assert world.state(KEY) == "kept_late"
    assert [address(told.notice.to, "email") for told in world.notices("thanks")][2:] == [
        BEN,
        "anna@shop.example",
        "dora@shop.example",
    ]
    assert [said["words"] for said in world.data(KEY)["thanks"]] == ["You were so kind", "At last"]


def test_a_displeasure_reaches_the_owner_of_the_policy_and_stays_with_the_promise() -> None:
    world = promised()
    world.wait("P1D")
    world.send(
        KEY, "displeasure", policy="returns-14-days", policy_owner="policy@shop.example", words="It changed!"
    )
    world.send(KEY, "displeasure", policy="returns-14-days")
    (told,) = world.notices("displeasure")
    assert told.notice.to == "policy@shop.example" and told.notice.words.startswith('"It changed!"')
    assert [said["policy"] for said in world.data(KEY)["displeasures"]] == ["returns-14-days"] * 2
    assert world.state(KEY) == "lapsed"


def test_a_new_deadline_is_agreed_with_its_reason_and_starts_all_timers_anew() -> None:
    world = promised()
    world.wait("PT3H30M")
    assert world.state(KEY) == "at_risk"
    world.send(KEY, "renegotiate", due_at=in_("PT8H"), reason="the part comes at six")
    assert world.state(KEY) == "made"
    (former,) = world.data(KEY)["renegotiations"]
    assert (former["due_at"], former["reason"]) == (in_("PT4H"), "the part comes at six")
    world.wait("PT4H")
    assert world.state(KEY) == "at_risk"
    world.wait("PT30M")
    assert world.state(KEY) == "lapsed"
    assert minutes(world.notices("broken_promise")) == [480]
    assert world.send(KEY, "renegotiate", due_at=in_("P2D"), reason="too late").outcome is Outcome.REFUSED


def test_from_made_a_new_deadline_moves_the_deadline_too() -> None:
    world = promised(warn_before="PT1H")
    world.send(KEY, "renegotiate", due_at=in_("PT2H"), reason="sooner")
    world.wait("PT2H")
    assert world.state(KEY) == "lapsed"
    assert minutes(world.notices("nudge")) == [60]


def test_a_deadline_in_the_past_is_no_new_deadline() -> None:
    world = promised()
    world.wait("PT1H")
    assert world.send(KEY, "renegotiate", due_at=in_("PT30M"), reason="r").outcome is Outcome.REFUSED
    assert world.data(KEY)["due_at"] == in_("PT4H")


def test_a_withdrawn_promise_wants_a_reason_and_ends_its_ladder() -> None:
    world = promised()
    world.wait("PT4H")
    assert world.send(KEY, "withdraw").outcome is Outcome.REFUSED
    world.send("escalation:promise-P-1", "acknowledge", by="dora@shop.example")
    (call,) = world.children("escalation:promise-P-1", "callback")
    world.send(KEY, "withdraw", reason="the customer cancelled")
    assert [world.state(key) for key in (KEY, "escalation:promise-P-1", call)] == ["withdrawn"] * 3
    assert all(not subject.timers for subject in world.subjects.values())


def test_a_promise_made_after_its_deadline_lapses_at_once() -> None:
    world = World()
    world.send(KEY, "make", words="w", owner="anna@shop.example", due_at=text_of(START - timedelta(hours=1)))
    world.wait("PT0S")
    assert world.state(KEY) == "lapsed"


def test_keeping_it_at_the_very_instant_of_the_deadline_is_in_time() -> None:
    world = promised()
    world.until(START + timedelta(hours=4) - timedelta(microseconds=1))
    world.now = START + timedelta(hours=4)
    world.send(KEY, "keep", by=ANNA)
    assert world.state(KEY) == "kept"


def test_kept_after_the_deadline_is_late_even_where_nobody_has_looked_at_the_clock_yet() -> None:
    world = promised()
    world.now = START + timedelta(hours=4, seconds=1)
    world.send(KEY, "keep", by=ANNA)
    assert world.state(KEY) == "kept_late"
    assert "late" in world.notices("ended")[0].notice.words


def test_with_within_the_deadline_is_counted_from_now() -> None:
    world = promised(due_at=None, within="PT2H")
    assert world.subjects == {}, "a null is no deadline"
    world = World()
    world.send(KEY, "make", words="w", owner=ANNA, within="PT2H")
    assert world.data(KEY)["due_at"] == in_("PT2H")
    assert world.send("promise:P-2", "make", words="w", owner=ANNA).outcome is Outcome.REFUSED


def waiting() -> World:
    """A promise that waits, after an hour of its four, for the customer's form."""
    world = promised(pauses=True, remind_every="P2D", kind="form")
    world.wait("PT1H")
    world.send(KEY, "pause", reason="the form")
    return world


def test_while_it_waits_for_the_customer_it_reminds_kindly_and_never_lapses() -> None:
    world = waiting()
    world.wait("P5D")
    assert world.state(KEY) == "waiting"
    assert minutes(world.notices("reminder")) == [60 + 2880, 60 + 5760]
    (told, _) = world.notices("reminder")
    assert told.notice.to == CUSTOMER and "the form" in told.notice.words
    assert world.notices("broken_promise") == [] and world.children(KEY, "escalation") == []


def test_when_the_customer_has_answered_it_goes_on_with_the_time_that_was_left() -> None:
    world = waiting()
    world.wait("P5D")
    world.send(KEY, "resume")
    assert (world.state(KEY), world.data(KEY)["due_at"]) == ("made", in_("P5DT4H"))
    (wait,) = world.data(KEY)["waits"]
    assert (wait["since"], wait["until"], wait["for"]) == (in_("PT1H"), in_("P5DT1H"), "the form")
    world.wait("PT2H59M")
    assert world.state(KEY) == "at_risk"
    world.wait("PT1M")
    assert world.state(KEY) == "lapsed"


def test_who_was_nudged_before_the_pause_is_not_nudged_again() -> None:
    world = promised(pauses=True)
    world.wait("PT3H30M")
    world.send(KEY, "pause")
    world.wait("P1D")
    world.send(KEY, "resume")
    assert world.state(KEY) == "at_risk"
    world.wait("PT30M")
    assert world.state(KEY) == "lapsed" and len(world.notices("nudge")) == 1


def test_one_that_does_not_pause_goes_on_and_no_pause_saves_one_whose_time_is_over() -> None:
    world = promised()
    world.send(KEY, "pause")
    assert world.state(KEY) == "made"
    world = promised(pauses=True)
    world.now = START + timedelta(hours=5)
    world.send(KEY, "pause")
    world.wait("PT0S")
    assert world.state(KEY) == "lapsed"


def test_a_promise_that_is_kept_while_it_waits_ends_its_reminders() -> None:
    world = waiting()
    world.send(KEY, "keep", by=ANNA)
    world.wait("P30D")
    assert world.state(KEY) == "kept" and world.notices("reminder") == []


def test_who_takes_over_is_nudged_and_hears_the_end() -> None:
    world = promised()
    world.send(KEY, "hand_over", to="zoe@shop.example")
    world.send(KEY, "hand_over", to="emil@shop.example", **{"from": ANNA})
    world.wait("PT3H")
    world.send(KEY, "keep", by="zoe@shop.example")
    assert [address(told.notice.to, "email") for told in world.notices("nudge")] == ["zoe@shop.example"]
    assert [address(told.notice.to, "email") for told in world.notices("ended")] == [
        BEN,
        "anna@shop.example",
        "zoe@shop.example",
    ]


def test_a_displeasure_with_a_policy_of_the_book_counts_there_and_its_owner_hears_once() -> None:
    world = promised()
    world.send(KEY, "displeasure", policy="returns", policy_owner="policy@shop.example", words="It changed!")
    world.send(KEY, "displeasure", policy="the thing with the returns", words="no policy of the book")
    assert world.data("policy:returns")["displeasures"] == 1
    assert [address(told.notice.to, "email") for told in world.notices("displeasure")] == [
        "policy@shop.example"
    ]
    assert world.refused == []


def test_the_call_that_was_promised_keeps_it_and_no_other_call_does() -> None:
    world = promised(callback="callback:C-1")
    world.send(KEY, "callback_news", news="reached", callback="callback:other", by=ANNA)
    assert world.state(KEY) == "made"
    world.send("callback:C-1", "request", customer=CUSTOMER)
    world.send(KEY, "callback_news", news="reached", callback="callback:C-1", by=ANNA)
    assert world.state(KEY) == "kept" and world.state("callback:C-1") == "withdrawn"


def test_a_promise_cannot_wait_for_a_call_that_is_no_call() -> None:
    world = promised(callback="whatever")
    assert world.subjects == {} and "names_a_call" in (world.refused[0][1].reason or "")
