"""The policy book and approvals: who is eligible, who may grant what, and who must be asked."""

from typing import Any

import pytest

from state_machines.decision import Outcome
from tests.state_machines.case_stories import ANNA, CASE, DORA, ZOE, opened
from tests.state_machines.story_world import World, in_, minutes

POLICY = "policy:disability"
BOOK: dict[str, Any] = {
    "title": "Exceptions for disabilities",
    "text": "Who cannot use our phones is helped in any other way.",
    "eligible": "facts.disability && facts.part == 'phone'",
    "grants": [{"role": "front_line", "what": "refund", "up_to": 50}, {"role": "manager", "what": "refund"}],
    "owner": "policy@shop.example",
    "approvers": [{"people": [ZOE]}, {"people": ["boss@shop.example"]}],
    "decide_within": "PT2H",
}


def asked(amount: float | None = 20, what: str = "refund", role: str = "front_line", **more: Any) -> World:
    """Anna wants to grant something in a case about a phone, the customer of which has a disability."""
    world = opened(part="phone", facts={"disability": True})
    world.send(POLICY, "set", **{**BOOK, **more})
    said = {"policy": "disability", "role": role, "what": what, "by": ANNA}
    world.send(CASE, "grant", **said, **({} if amount is None else {"amount": amount}))
    assert world.refused == []
    return world


def grant(world: World) -> dict[str, Any]:
    """The one grant of the case."""
    (found,) = world.data(CASE)["grants"]
    return dict(found)


@pytest.mark.parametrize("amount", [0, 20, 50, 50.0, None])
def test_within_ones_authority_it_is_granted_at_once(amount: float | None) -> None:
    world = asked(amount)
    assert grant(world)["outcome"] == "granted"
    assert world.children(CASE, "approval") == []
    assert [told.notice.to for told in world.notices("answer")] == [ANNA]


@pytest.mark.parametrize(("amount", "role"), [(50.01, "front_line"), (51, "front_line"), (1, "trainee")])
def test_beyond_it_the_first_approvers_are_asked_with_a_deadline(amount: float, role: str) -> None:
    world = asked(amount, role=role)
    (approval,) = world.children(CASE, "approval")
    assert grant(world)["outcome"] == "asked" and grant(world)["approval"] == approval
    assert [told.notice.to for told in world.notices("approval")] == [ZOE]
    assert world.data(approval)["due_at"] == in_("PT2H")
    world.send(approval, "grant", standing="asked", by=ZOE)
    assert grant(world)["outcome"] == "granted" and grant(world)["decided_by"] == ZOE
    assert [told.notice.to for told in world.notices("approval")] == [ZOE, ANNA]
    assert world.data(CASE)["pending"] == []


@pytest.mark.parametrize(
    ("eligible", "what", "reason"),
    [
        ("facts.veteran", "refund", "not known: veteran"),
        ("facts.part == 'modem'", "refund", "it does not hold"),
        ("facts.reach", "refund", "gives no true or false"),
        ("facts.part > 3", "refund", "do not fit"),
        ("true", "holiday", "it grants no holiday"),
    ],
)
def test_who_is_not_eligible_is_told_why(eligible: str, what: str, reason: str) -> None:
    world = asked(eligible=eligible, what=what)
    assert grant(world)["outcome"] == "not_eligible" and reason in grant(world)["reason"]
    assert world.children(CASE, "approval") == []


def test_a_policy_that_nobody_wrote_answers_too_and_one_can_be_written_then() -> None:
    world = opened()
    world.send(CASE, "grant", policy="none", role="front_line", what="refund", by=ANNA)
    assert "no such policy" in grant(world)["reason"]
    world.send(CASE, "displeasure", policy="none", words="Nothing is written")
    world.send("policy:none", "set", **BOOK)
    assert (world.state("policy:none"), world.data("policy:none")["displeasures"]) == ("in_force", 1)


def test_a_policy_that_was_withdrawn_grants_nothing() -> None:
    world = opened()
    world.send(POLICY, "set", **BOOK)
    world.send(POLICY, "withdraw", reason="it changed")
    world.send(CASE, "grant", policy="disability", role="manager", what="refund", by=ANNA)
    assert "it no longer holds: it changed" in grant(world)["reason"]


@pytest.mark.parametrize(
    ("eligible", "rule"),
    [
        ("facts.", "not-cel"),
        ("fact.x", "not-cel"),
        ("1 + 1", "not-boolean"),
        ("facts.a.exists(x, x.b.exists(y, y.c.exists(z, z)))", "too-many-walks"),
        (" || ".join(["facts.x"] * 300), "too-long"),
        ("now > timestamp('2026-01-01T00:00:00Z')", "not-cel"),
    ],
)
def test_a_condition_that_cannot_be_one_is_refused_with_the_reason(eligible: str, rule: str) -> None:
    world = World()
    decision = world.send(POLICY, "set", **{**BOOK, "eligible": eligible})
    assert decision.outcome is Outcome.REFUSED
    assert "data.eligible" in (decision.reason or "") and rule in (decision.reason or "")


def test_displeasure_is_counted_and_reaches_the_owner() -> None:
    world = opened()
    world.send(POLICY, "set", **BOOK)
    for number in range(25):
        world.send(CASE, "displeasure", policy="disability", words=f"no {number}")
    data = world.data(POLICY)
    assert data["displeasures"] == 25
    assert [one["number"] for one in data["minded"]] == list(range(6, 26))
    assert data["minded"][-1]["case"] == CASE
    assert {told.notice.to for told in world.notices("displeasure")} == {"policy@shop.example"}
    assert len(world.data(CASE)["displeasures"]) == 25


def test_long_words_and_a_deadline_within_a_second_are_handed_on_as_they_are() -> None:
    world = World()
    key, words = "approval:A-1", "a word " * 280
    due_at = "2026-07-01T15:00:00.120000Z"
    world.send(key, "request", words=words, what="refund", by=ANNA, ladder=BOOK["approvers"], due_at=due_at)
    (asked_for,) = world.notices("approval")
    assert asked_for.notice.title.startswith("Please decide: a word a word")
    assert (
        words.strip() in asked_for.notice.words and "today 15:00 UTC at the latest" in asked_for.notice.words
    )
    world.send(key, "grant", standing="asked", by=ZOE, reason="yes")
    decided = world.notices("approval")[-1].notice
    assert decided.to == ANNA and decided.title.startswith("Decided: a word")
    assert "It is approved" in decided.words and "What was said: yes" in decided.words


def test_nobody_approves_what_they_ask_for_and_nobody_grants_more_than_was_asked() -> None:
    world = asked(80)
    (approval,) = world.children(CASE, "approval")
    for by, amount in ((ANNA, 80), ({"name": "Anna", "email": ANNA}, 80), (ZOE, 81)):
        assert (
            world.send(approval, "grant", standing="asked", by=by, amount=amount).outcome is Outcome.REFUSED
        )
    world.send(approval, "grant", standing="asked", by=ZOE, amount=60, reason="that is enough")
    assert (grant(world)["amount"], grant(world)["outcome"]) == (60, "granted")
    assert "60 of 80" in world.notices("approval")[-1].notice.words


def test_at_the_deadline_the_ladder_begins_and_the_question_stays_open() -> None:
    world = asked(80)
    (approval,) = world.children(CASE, "approval")
    world.wait("PT2H")
    assert world.state(approval) == "overdue"
    assert minutes([one for one in world.notices("nudge") if one.sender == approval]) == [90]
    (escalation,) = world.children(approval, "escalation")
    world.wait("PT15M")
    assert [told.notice.to for told in world.notices("escalation")] == [ZOE, "boss@shop.example"]
    world.send(approval, "refuse", standing="asked", by="boss@shop.example", reason="not this time")
    assert world.state(escalation) == "resolved"
    assert grant(world)["outcome"] == "refused" and grant(world)["reason"] == "not this time"
    assert world.refused == []


def test_a_ladder_that_ends_without_a_decision_is_asked_again() -> None:
    world = asked(80)
    (approval,) = world.children(CASE, "approval")
    world.wait("PT2H")
    (first,) = world.children(approval, "escalation")
    world.send(first, "resolve", by=DORA)
    assert world.state(approval) == "asked" and world.data(approval)["round"] == 2
    world.wait("PT2H")
    assert world.state(approval) == "overdue" and len(world.children(approval, "escalation")) == 2
    assert world.refused == []


@pytest.mark.parametrize(("members", "asks"), [([ZOE], True), ([], False)])
def test_a_team_is_asked_for_its_people_and_an_empty_one_is_not_waited_for(
    members: list[str], asks: bool
) -> None:
    world = opened(part="phone", facts={"disability": True})
    if members:
        world.send("team:billing", "set", members=members)
    world.send(POLICY, "set", **{**BOOK, "approvers": [{"team": "billing"}, {"people": [DORA]}]})
    world.send(CASE, "grant", policy="disability", role="front_line", what="refund", amount=80, by=ANNA)
    (approval,) = world.children(CASE, "approval")
    assert world.state(approval) == ("asked" if asks else "overdue")
    assert [told.notice.to for told in world.notices("approval")] == ([ZOE] if asks else [])
    assert world.refused == []


def test_whoever_is_named_and_belongs_to_the_team_is_asked_once_each_time() -> None:
    world = opened(part="phone", facts={"disability": True})
    world.send("team:billing", "set", members=[{"name": "Zoe", "email": ZOE.upper()}, DORA])
    world.send(POLICY, "set", **{**BOOK, "approvers": [{"people": [ZOE], "team": "billing"}]})
    world.send(CASE, "grant", policy="disability", role="front_line", what="refund", amount=80, by=ANNA)
    assert [told.notice.to for told in world.notices("approval")] == [ZOE, DORA]
    (approval,) = world.children(CASE, "approval")
    world.wait("PT2H")
    (ladder,) = world.children(approval, "escalation")
    world.send(ladder, "resolve", by=DORA)
    assert world.data(approval)["round"] == 2
    assert [told.notice.to for told in world.notices("approval")] == [ZOE, DORA] * 2
    assert world.refused == []


def test_a_withdrawn_approval_ends_its_ladder() -> None:
    world = asked(80)
    (approval,) = world.children(CASE, "approval")
    world.wait("PT3H")
    world.send(approval, "withdraw", reason="the customer took something else")
    (escalation,) = world.children(approval, "escalation")
    assert [world.state(approval), world.state(escalation)] == ["withdrawn", "withdrawn"]
    assert grant(world)["outcome"] == "withdrawn"


def test_nobody_grants_something_by_saying_that_the_policy_or_an_approver_has_allowed_it() -> None:
    world = asked(80)
    allowed = {
        "policy": "disability",
        "eligible": True,
        "within_authority": True,
        "what": "refund",
        "by": DORA,
    }
    assert world.send(CASE, "policy_answer", **allowed).outcome is Outcome.REFUSED
    said = {"approval": grant(world)["approval"], "news": "granted", "what": "refund"}
    assert world.send(CASE, "approval_news", **said).outcome is Outcome.REFUSED
    assert grant(world)["outcome"] == "asked"
