"""The lifecycle of a case, told with `decide` alone: listening, the plan, acting, and how it ends."""

from typing import Any

import pytest

from state_machines.decision import Outcome
from tests.state_machines.case_stories import (
    ANNA,
    BEN,
    CASE,
    CUSTOMER,
    DIFFERENT,
    DORA,
    WHAT,
    WHY,
    ZOE,
    acting,
    documented,
    opened,
    planning,
    verified,
)
from tests.state_machines.story_world import World, in_, minutes


def states(world: World, *names: str) -> list[str]:
    """Where promises of the case are, by the ends of their keys."""
    return [world.state(f"promise:C-1-{name}") for name in names]


def test_whoever_answers_for_a_case_hears_of_it_and_owes_a_first_word_within_the_hour() -> None:
    world = opened()
    (told,) = world.told
    assert (told.notice.to, told.notice.about) == (ANNA, "hand_over")
    assert told.notice.context["packet"] == "/v1/cases/C-1/packet"
    assert "customer" not in world.data("promise:C-1-first_word")
    world.wait("PT1H")
    assert states(world, "first_word") == ["lapsed"]
    assert world.data(CASE)["broken"] == 1 and world.notices("broken_promise") == []
    world.send(CASE, "acknowledge", by=ANNA, understood="Your line is dead.")
    assert states(world, "first_word") == ["kept_late"]
    assert world.refused == []


def test_listening_and_acknowledging_go_round_until_the_customer_is_calm() -> None:
    world = opened()
    for words in ("And the hotline!", "And the waiting!"):
        world.send(CASE, "acknowledge", by=ANNA, understood="Your line is dead.")
        world.send(CASE, "speak", words=words)
        assert world.state(CASE) == "listening"
    assert world.send(CASE, "calm", by=ANNA).outcome is Outcome.REFUSED
    world.send(CASE, "acknowledge", by=ANNA, understood="All of it.", channel="email")
    world.send(CASE, "calm", by=ANNA)
    assert world.state(CASE) == "planning" and states(world, "first_word", "plan-1") == ["kept", "made"]
    assert [told.notice.channel for told in world.notices("news")] == ["email"]
    assert len(world.data(CASE)["contacts"]) == 3


@pytest.mark.parametrize("half", [{}, {"fix": "a"}, {"prevent": "b"}, {"fix": "", "prevent": "b"}])
def test_both_halves_of_the_plan_are_needed_to_leave_planning(half: dict[str, Any]) -> None:
    world = planning()
    world.send(CASE, "plan", **half)
    refused = world.send(CASE, "agree", by=ANNA)
    assert refused.outcome is Outcome.REFUSED and "plan_has" in (refused.reason or "")
    world.send(CASE, "plan", fix="a", prevent="b")
    assert world.send(CASE, "agree", by=ANNA).dest == "acting"
    assert states(world, "plan-1", "daily_word-1") == ["kept", "made"]


def test_while_we_act_the_customer_hears_from_us_every_day_and_so_does_the_team() -> None:
    world = acting()
    world.wait("PT17H")
    world.send(CASE, "word", words="The modem is on its way", by=ANNA)
    assert states(world, "daily_word-1", "daily_word-2") == ["kept", "made"]
    assert world.data("promise:C-1-daily_word-2")["due_at"] == in_("PT41H")
    assert [told.notice.to for told in world.notices("news")] == [CUSTOMER]
    assert [told.notice.to for told in world.notices("team_news")] == [BEN]
    world.wait("PT18H")
    assert [told.notice.to for told in world.notices("nudge")] == [ANNA]
    world.wait("PT6H")
    assert states(world, "daily_word-2") == ["lapsed"] and world.data(CASE)["broken"] == 1
    world.send(CASE, "word", words="It came", by=ANNA, spoken=True)
    assert states(world, "daily_word-2", "daily_word-3") == ["kept_late", "made"]
    assert len(world.notices("news")) == 1, "what was said in person is not sent"
    assert world.refused == []


def test_waiting_for_the_customer_stops_what_may_stop_and_reminds_kindly() -> None:
    world = acting()
    world.send(CASE, "promise", words="Your form is worked on", within="P1D", pauses=True, by=ANNA)
    world.send(CASE, "promise", words="The outage is looked into", within="P1D", by=ANNA)
    form, outage = (key for key in world.data(CASE)["promises"] if "daily" not in key)
    world.send(CASE, "wait_for_customer", words="Please send the form", remind_every="P2D", by=ANNA)
    world.wait("P5D")
    assert (world.state(form), world.state(outage)) == ("waiting", "lapsed")
    assert states(world, "daily_word-1") == ["waiting"]
    assert [told.notice.to for told in world.notices("question")] == [CUSTOMER]
    assert minutes(world.notices("reminder")) == [2880, 5760]
    world.send(CASE, "customer_answers", words="Here it is", facts={"form": "F-3"})
    assert (world.state(CASE), world.state(form)) == ("acting", "made")
    assert world.data(form)["due_at"] == in_("P6D")
    assert world.data(CASE)["facts"] == {"form": "F-3"}
    assert world.refused == []


@pytest.mark.parametrize("came_from", ["acknowledged", "planning", "acting"])
def test_after_waiting_it_goes_on_where_it_was(came_from: str) -> None:
    world = acting() if came_from == "acting" else planning()
    if came_from == "acknowledged":
        world = opened()
        world.send(CASE, "acknowledge", by=ANNA, understood="u")
    assert world.state(CASE) == came_from
    world.send(CASE, "wait_for_customer", words="the form", spoken=True)
    world.send(CASE, "customer_answers")
    assert world.state(CASE) == came_from and world.notices("question") == []
    assert world.refused == []


def test_what_was_delivered_is_checked_shortly_after_and_goes_on_if_it_does_not_work() -> None:
    world = acting()
    world.send(CASE, "deliver", by=ANNA)
    assert states(world, "daily_word-1", "check_in-1") == ["kept", "made"]
    world.wait("PT4H")
    (asked,) = world.notices("check_in")
    assert set(asked.notice.links) == {"answer"}
    world.send(CASE, "check_in_answered", ok=False, words="Still dead")
    assert world.state(CASE) == "acting"
    assert states(world, "check_in-1", "daily_word-2") == ["kept", "made"]
    world.send(CASE, "deliver", by=ANNA)
    world.wait("P2D")
    assert states(world, "check_in-2") == ["lapsed"], "whether it works was for us to find out"
    world.send(CASE, "check_in_answered", ok=True)
    assert [said["ok"] for said in world.data(CASE)["check_ins"]] == [False, True]
    assert world.state(CASE) == "verified" and len(world.notices("survey")) == 1
    assert world.refused == []


def test_a_check_in_during_the_work_is_asked_and_its_answer_recorded() -> None:
    world = acting()
    world.send(CASE, "check_in", words="Are we on the right way?", by=ANNA)
    world.send(CASE, "check_in_answered", ok=False, words="No")
    assert world.state(CASE) == "acting" and world.data(CASE)["check_ins"][0]["words"] == "No"
    assert [told.notice.to for told in world.notices("nudge")] == [ANNA]


def test_a_low_answer_about_care_help_or_trust_opens_it_again() -> None:
    world = verified()
    world.send(CASE, "survey_answered", care=5, help=5, trust=2, words="You said so before")
    assert world.state(CASE) == "planning" and world.data(CASE)["round"] == 2
    assert states(world, "plan-1", "plan-2", "document-1") == ["kept", "made", "withdrawn"]
    (nudged,) = world.notices("nudge")
    assert nudged.notice.to == ANNA and "trust 2" in nudged.notice.words
    assert world.send(CASE, "agree").outcome is Outcome.REFUSED, "it wants a new plan"


def test_a_good_answer_is_kept_and_changes_nothing() -> None:
    world = documented()
    world.send(CASE, "survey_answered", care=5, help=4, trust=3)
    assert world.state(CASE) == "documented" and world.data(CASE)["surveys"][0]["trust"] == 3


@pytest.mark.parametrize(
    "answers",
    [
        {"what": WHAT, "why": WHY},
        {"what": WHAT, "different": DIFFERENT},
        {"what": {}, "why": WHY, "different": DIFFERENT},
        {"what": WHAT, "why": {**WHY, "cause": "  "}, "different": DIFFERENT},
        {"what": WHAT, "why": WHY, "different": {**DIFFERENT, "empowered": ""}},
    ],
)
def test_without_the_three_answers_nothing_is_documented(answers: dict[str, Any]) -> None:
    world = verified()
    assert world.send(CASE, "document", by=ANNA, **answers).outcome is Outcome.REFUSED
    assert world.state(CASE) == "verified" and world.tasks == []


def test_at_the_end_everyone_who_took_part_hears_it_once_the_first_agent_included() -> None:
    world = acting(ladder=[{"people": [DORA]}])
    world.send(CASE, "promise", words="A call", within="PT1H", owner=ZOE, by=ANNA)
    (promise,) = (key for key in world.data(CASE)["promises"] if "daily" not in key)
    world.wait("PT1H")
    world.send("escalation:promise-" + promise.removeprefix("promise:"), "acknowledge", by=DORA)
    world.send(promise, "keep", by=DORA)
    world.send(CASE, "thanks", words="You were kind, Ben")
    world.send(CASE, "deliver", by=ANNA)
    world.send(CASE, "check_in_answered", ok=True)
    world.send(CASE, "document", what=WHAT, why=WHY, different=DIFFERENT, by=ANNA)
    ended = world.notices("ended")
    assert sorted(str(told.notice.to) for told in ended) == sorted([ANNA, BEN, DORA, ZOE])
    assert "We broke 1 of our promises" in ended[0].notice.words
    assert "You were kind, Ben" in ended[0].notice.words
    assert sorted(str(told.notice.to) for told in world.notices("thanks")) == sorted([ANNA, BEN, DORA, ZOE])
    (task,) = world.tasks
    assert (task.task, task.kwargs) == ("makegood.documents.write", {"case": CASE})
    assert world.data(CASE)["causes"] == ["training"]
    assert world.refused == []


def test_it_closes_after_a_rest_and_never_while_a_promise_is_open() -> None:
    world = verified()
    world.send(CASE, "promise", words="A new router", within="P30D", by=ANNA)
    (promise,) = (key for key in world.data(CASE)["promises"] if "document" not in key)
    world.send(CASE, "document", what=WHAT, why=WHY, different=DIFFERENT, by=ANNA)
    assert world.send(CASE, "close", by=ANNA).outcome is Outcome.REFUSED
    world.wait("P15D")
    assert world.state(CASE) == "documented"
    world.send(promise, "keep", by=ANNA)
    world.wait("P14D")
    assert world.state(CASE) == "closed" and world.data(CASE)["promises"] == []


def test_who_comes_back_after_the_end_has_a_new_case_and_their_thanks_still_arrive() -> None:
    world = documented()
    world.send(CASE, "close", by=ANNA)
    world.send(CASE, "thanks", words="Still fine")
    assert {told.notice.to for told in world.notices("thanks")} == {ANNA, BEN}
    world.send(CASE, "contact", words="Dead again")
    (follow_up,) = world.children(CASE, "case")
    assert world.data(follow_up)["words"] == "Dead again" and world.state(follow_up) == "listening"


def test_it_can_be_opened_again_until_it_is_closed() -> None:
    for world in (verified(), documented()):
        world.send(CASE, "reopen", reason="Dead again", by=DORA)
        assert world.state(CASE) == "planning" and states(world, "plan-2") == ["made"]
        assert world.refused == []


@pytest.mark.parametrize("close", ["P0D", "PT1S", "PT1M"])
def test_a_case_that_need_not_rest_closes_within_a_minute(close: str) -> None:
    world = documented(pace={"close": close})
    assert world.state(CASE) == "documented"
    world.wait("PT1M")
    assert world.state(CASE) == "closed" and world.refused == []


@pytest.mark.parametrize("ok", [True, False])
def test_what_the_customer_says_after_a_case_was_reopened_is_kept(ok: bool) -> None:
    world = acting()
    world.send(CASE, "deliver", by=ANNA)
    world.wait("PT4H")
    world.send(CASE, "reopen", reason="Dead again", by=DORA)
    before = len(world.notices("nudge"))
    world.send(CASE, "check_in_answered", ok=ok, words="I see")
    assert world.state(CASE) == "planning" and world.refused == []
    assert [one["words"] for one in world.data(CASE)["check_ins"]] == ["I see"]
    assert len(world.notices("nudge")) == before + (not ok)
