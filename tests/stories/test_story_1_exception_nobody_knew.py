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

from tests.stories.conftest import MONDAY
from tests.stories.front_door import Story
from tests.stories.recovery import child

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
    story.post("policy.set", "policy:disability", {
        "title": "Exceptions for disabilities",
        "text": "Who cannot use the store's phones orders by form; a relative may sign for them.",
        "eligible": "facts.disability == true",
        "grants": [
            {"role": "service_manager", "what": "order by form"},
            {"role": "service_manager", "what": "credit", "up_to": 50},
        ],
        "owner": POLICY_OWNER,
        "approvers": [{"people": [BOOKKEEPER], "within": "PT1H"}, {"people": [HEAD], "within": "PT1H"}],
        "decide_within": "PT4H",
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
    story.post("case.grant", CASE, granting("refund", policy="returns"))
    assert [one["outcome"] for one in story.data(CASE)["grants"]] == ["not_eligible"]
    story.told((MANAGER, "answer"))


def granting(what: str, **changes: Any) -> dict[str, Any]:
    """The manager wants to grant something."""
    return {"policy": "disability", "role": "service_manager", "what": what, "by": MANAGER} | changes


def test_beyond_ones_authority_an_approval_escalates(story: Story) -> None:
    opened(story)
    story.post("case.tell_fact", CASE, {"fact": "disability", "value": True, "by": MANAGER})
    story.post("case.acknowledge", CASE, {"by": MANAGER, "understood": "He cannot use the phones."})
    story.post("case.grant", CASE, granting("credit", amount=200))
    approval = story.only("approval")
    story.told((BOOKKEEPER, "approval"), (MANAGER, "answer"))
    story.after(hours=3)
    story.told((BOOKKEEPER, "nudge"))
    story.after(hours=1)
    assert story.state(approval) == "overdue"
    story.told((BOOKKEEPER, "escalation"))
    story.after(hours=1)
    story.told((HEAD, "escalation"))
    story.post("approval.grant", approval, {"by": HEAD})
    story.told((MANAGER, "approval"))
    (grant,) = story.data(CASE)["grants"]
    assert (grant["outcome"], grant["amount"]) == ("granted", 200)
    assert story.state(story.only("escalation")) == "resolved"


def test_from_the_post_to_the_service_that_runs(story: Story) -> None:
    opened(story)
    called_within_hours(story)
    granted_within_ones_authority(story)
    form = mailed_and_waited_for(story)
    back_and_running(story, form)


def called_within_hours(story: Story) -> None:
    """A direct message on the same network; a person's call is promised within three hours, and made."""
    told = {"by": MANAGER, "understood": "Your father cannot use our phones.", "channel": "social"}
    story.post("case.acknowledge", CASE, told)
    story.told((SON, "news", "social"))
    assert child(story, CASE, "first_word")["state"] == "kept"
    story.post("case.call", CASE, {
        "words": "Our service manager calls you within three hours", "within": "PT3H",
        "owner": MANAGER, "by": MANAGER,
    })  # fmt: skip
    (call,) = (one for one in story.all("promise") if story.data(one).get("kind") == "callback")
    assert story.data(call)["owner"] == MANAGER
    assert story.data(call)["due_at"] == (MONDAY + timedelta(hours=3)).isoformat().replace("+00:00", "Z")
    story.after(hours=1)
    (line,) = story.desk.get("/v1/desk/line").json()["items"]
    claimed = story.at_desk("/v1/desk/claim", by=MANAGER).json()
    assert (claimed["outcome"], claimed["item"]["key"]) == ("claimed", line["key"])
    outcome = f"/v1/desk/callbacks/{line['key']}/outcome"
    assert story.at_desk(outcome, by=MANAGER, outcome="reached", result="the form is mailed").is_success
    assert story.state(call) == "kept"
    story.told()


def granted_within_ones_authority(story: Story) -> None:
    """He knows of the policy; what it allows him he grants by himself, and something on top."""
    story.post("case.tell_fact", CASE, {"fact": "disability", "value": True, "by": MANAGER})
    story.post("case.grant", CASE, granting("order by form"))
    story.post("case.grant", CASE, granting("credit", amount=50))
    assert [one["outcome"] for one in story.data(CASE)["grants"]] == ["granted", "granted"]
    assert story.all("approval") == []
    story.told((MANAGER, "answer"), (MANAGER, "answer"))
    story.post("case.cause", CASE, {"cause": "training"})
    story.post("case.calm", CASE, {"by": MANAGER})
    story.post(
        "case.plan", CASE, {"fix": "Order by form", "prevent": "The store learns of it", "by": MANAGER}
    )
    story.post("case.agree", CASE, {"by": MANAGER})
    story.told()


def mailed_and_waited_for(story: Story) -> str:
    """The form is in the mail: the promise stands still, for as long as it takes."""
    story.post("case.promise", CASE, {
        "words": "The service runs a day after the form is back", "within": "P1D", "kind": "form",
        "owner": MANAGER, "by": MANAGER, "pauses": True,
    })  # fmt: skip
    (form,) = (one for one in story.all("promise") if story.data(one).get("kind") == "form")
    story.after(hours=6)
    story.post(
        "case.wait_for_customer", CASE, {"words": "the signed form", "remind_every": "P4D", "by": MANAGER}
    )
    assert (story.state(CASE), story.state(form)) == ("waiting", "waiting")
    story.told((MAIL, "question"))
    for _ in range(3):
        story.after(days=4)
        story.told((MAIL, "reminder"))
    story.after(hours=16)
    assert story.state(form) == "waiting"
    assert story.all("escalation") == []
    return form


def back_and_running(story: Story, form: str) -> None:
    """The form is back: as much time is left as there was, and it is kept in time."""
    story.post("case.customer_answers", CASE, {"words": "Here is the form.", "facts": {"form": "signed"}})
    assert (story.state(CASE), story.state(form)) == ("acting", "made")
    story.told((MANAGER, "nudge"))
    story.after(hours=6)
    story.post("promise.keep", form, {"by": MANAGER, "evidence": "first call of the father"})
    assert story.state(form) == "kept"
    story.post("case.deliver", CASE, {"by": MANAGER, "evidence": "it runs"})
    story.told((MAIL, "news"))
    story.after(hours=4)
    story.told((MAIL, "check_in"))
    story.post("case.check_in_answered", CASE, {"ok": True, "words": "My father phones us again!"})
    story.told((MAIL, "survey"))
    assert (story.state(CASE), story.data(CASE)["causes"]) == ("verified", ["training"])
    causes = story.get("/v1/barometer/causes")["groups"]
    assert [(one["name"], one["subjects"]) for one in causes] == [("training", 1)]
