"""The exception nobody knew.

Where each demand of the story is shown:

* a public post opens a case with its reach; the first answer goes out on the same network, then a person's
  call is promised within hours, with an owner: `test_from_the_post_to_the_service_that_runs`
* several posts of one person are one case, the same post twice is one event: `test_many_posts_are_one_case`
* the policy book is searched with the facts of the case: `test_the_policy_book_knows_who_is_eligible`
* granting within one's authority needs nobody else: `test_from_the_post_to_the_service_that_runs`
* beyond it an approval escalates with its own deadline: `test_beyond_ones_authority_an_approval_escalates`
* the form is mailed, its promise waits, reminds kindly, never lapses on our side, goes on when the form is
  back; what the first desk did not know is a cause, training: `test_from_the_post_to_the_service_that_runs`
"""

from datetime import timedelta
from typing import Any

from state_machines.values.instants import parse_instant
from tests.stories.conftest import Perform
from tests.stories.front_door import Story
from workflow.demo.stories import story_1_exception_nobody_knew as script

MANAGER, LEAD, HEAD = "manager@shop.example", "lead@shop.example", "head@shop.example"
POLICY_OWNER, BOOKKEEPER = "policies@shop.example", "books@shop.example"
SON, SON_BLUE, MAIL = "@son@social.example", "@son.blue.example", "son@example.org"
KNOWN = {
    "name": "Ben Weber", "account": "K-2214", "email": MAIL, "phone": "+4930333", "zone": "Europe/Berlin",
    "quiet_hours": ["21:00-08:00"], "channels": ["email"],
    "identities": [{"kind": "mastodon", "value": SON}, {"kind": "bluesky", "value": SON_BLUE}],
}  # fmt: skip
CASE = "case:mastodon-881-1"
LADDER = [{"people": [LEAD], "within": "PT30M"}, {"people": [HEAD], "within": "PT30M"}]
POST = "My father has Parkinson's. Your store and your hotline both sent him away: their phones only."


def posted(story: Story, network: str, handle: str, number: str, **changes: Any) -> dict[str, Any]:
    """A social listener reports a public post."""
    said = {
        "words": POST, "channel": "social", "network": network, "social": handle, "reach": 400,
        "source_id": f"{network}/{number}", "identities": [{"kind": network, "value": handle}],
        "owner": MANAGER, "team": "care", "ladder": LADDER, "part": "store", "by": "listener",
    }  # fmt: skip
    return story.post("customer.reach_out", f"customer:{network}-{number}", said | changes)


def book(story: Story) -> None:
    """The policy that already makes an exception for disabilities, and one that is none of this case's."""
    story.post("policy.set", "policy:disability", script.EXCEPTION | {
        "owner": POLICY_OWNER, "decide_within": "PT4H",
        "approvers": [{"people": [BOOKKEEPER], "within": "PT1H"}, {"people": [HEAD], "within": "PT1H"}],
    })  # fmt: skip
    story.post("policy.set", "policy:returns", {
        "title": "Returns", "text": "Thirty days.", "eligible": "facts.days_since_purchase <= 30",
        "grants": [{"role": "agent", "what": "refund"}], "owner": POLICY_OWNER,
    })  # fmt: skip


def opened(story: Story) -> None:
    """The post has opened a case, and its first answer has gone out where it was written."""
    book(story)
    posted(story, "mastodon", SON, "881", **KNOWN | {"identities": KNOWN["identities"]})
    story.told((MANAGER, "hand_over"), (SON, "news", "social"))
    assert story.only("case") == CASE
    assert (story.data(CASE)["reach"], story.state(CASE)) == (400, "listening")


def test_many_posts_are_one_case(story: Story) -> None:
    opened(story)
    # The same post twice: the same event, and the same post as another listener tells it.
    event = {"id": "post-881", "source": "/listener"}
    told = {"words": POST, "channel": "social", "network": "mastodon", "source_id": "mastodon/881"}
    story.post("customer.reach_out", "customer:mastodon-881", told, **event)
    assert story.post("customer.reach_out", "customer:mastodon-881", told, **event)["status"] == "duplicate"
    assert len(story.data(CASE)["contacts"]) == 1
    story.told()

    # He writes on another network too: one person, one case, and its owner hears of it.
    story.after(minutes=10)
    posted(story, "bluesky", SON_BLUE, "17", words="Nobody has helped yet.", reach=2500)
    story.after(minutes=2)
    assert story.only("case") == CASE
    assert [one["network"] for one in story.data(CASE)["contacts"]] == ["mastodon", "bluesky"]
    assert story.data(CASE)["reach"] >= 2500
    story.told((MANAGER, "nudge"), (SON_BLUE, "news", "social"))


def test_the_policy_book_knows_who_is_eligible(story: Story) -> None:
    opened(story)
    found = story.get("/v1/policies", case=CASE)["items"]
    assert [one["policy"] for one in found if one["eligible"]] == []
    story.post("case.tell_fact", CASE, {"fact": "disability", "value": True, "by": MANAGER})
    (eligible,) = [one for one in story.get("/v1/policies", case=CASE)["items"] if one["eligible"]]
    assert eligible["policy"] == "disability"
    assert [one["what"] for one in eligible["grants"]] == ["order by form", "credit"]
    story.on_case(CASE, "grant", **granting("refund", policy="returns"))
    assert [one["outcome"] for one in story.data(CASE)["grants"]] == ["not_eligible"]
    story.told((MANAGER, "answer"))


def granting(what: str, **changes: Any) -> dict[str, Any]:
    """The manager wants to grant something."""
    return {"policy": "disability", "role": "manager", "what": what, "by": MANAGER} | changes


def test_beyond_ones_authority_an_approval_escalates(story: Story) -> None:
    opened(story)
    story.post("case.tell_fact", CASE, {"fact": "disability", "value": True, "by": MANAGER})
    story.post("case.acknowledge", CASE, {"by": MANAGER, "understood": "He cannot use the phones."})
    story.on_case(CASE, "grant", **granting("credit", amount=200))
    approval = story.only("approval")
    story.told((BOOKKEEPER, "approval"), (MANAGER, "answer"))
    story.after(hours=3)
    story.told((BOOKKEEPER, "nudge"))
    story.after(hours=1)
    assert story.state(approval) == "overdue"
    story.told((BOOKKEEPER, "escalation"))
    story.after(hours=1)
    story.told((HEAD, "escalation"))
    assert story.approves(approval, decision="granted", by=MANAGER).status_code == 403, "not asked"
    assert story.approves(approval, decision="granted", by=HEAD).status_code == 200
    story.told((MANAGER, "approval"))
    (grant,) = story.data(CASE)["grants"]
    assert (grant["outcome"], grant["amount"]) == ("granted", 200)
    assert story.state(story.only("escalation")) == "resolved"


def test_from_the_post_to_the_service_that_runs(perform: Perform) -> None:
    story = perform(script.STORY)
    (call,) = kept_promises(story, "callback")
    made_at = parse_instant(call["timeline"][0]["at"])
    assert call["data"]["owner"] == script.MANAGER
    assert parse_instant(call["data"]["due_at"]) - made_at == timedelta(hours=8)
    assert [one["outcome"] for one in story.data(script.CASE)["grants"]] == ["granted", "granted"]
    (form,) = kept_promises(story, "form")
    assert "waiting" in [entry["to"] for entry in form["timeline"]], "it stood still meanwhile"
    causes = story.get("/v1/barometer/causes")["groups"]
    assert [(one["name"], one["subjects"]) for one in causes] == [("training", 1)]


def kept_promises(story: Story, kind: str) -> list[dict[str, Any]]:
    """The promises of a kind, all of which were kept in time."""
    found = [story.subject(key) for key in story.all("promise")]
    of_kind = [one for one in found if one["data"].get("kind") == kind]
    assert {one["state"] for one in of_kind} == {"kept"}
    return of_kind
