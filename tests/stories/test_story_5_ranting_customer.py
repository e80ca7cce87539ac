"""Listen, acknowledge, plan, take action, offer thanks, produce documentation.

Where each demand of the story is shown:

* listen and acknowledge loop until the customer is calm; both halves of a plan made with them are needed;
  the service alert is written from the ledger alone: `test_from_the_rant_to_the_service_alert`
* the customer and everyone who takes part hear from us daily; thanks are said along the way and end nothing:
  `test_a_word_a_day_keeps_the_promise`
* it is found years later by words, cause, part and time, in one search: `learned_before_the_change`
* no word for a day: the owner is nudged, then the ladder: `test_a_day_without_a_word_climbs_the_ladder`
* each missed step is a lapsed promise to ourselves, with a name: `test_every_missed_step_has_a_name_on_it`
"""

from typing import Any

from tests.stories.conftest import Perform
from tests.stories.front_door import Story
from tests.stories.recovery import calm_and_planned, child
from workflow.demo.stories import story_5_ranting_customer as script

AGENT, OWNER = "anna@desk.example", "owner@shop.example"
LEAD, HEAD = "lead@shop.example", "head@shop.example"
RITA = "rita@example.org"
CUSTOMER = {"name": "Rita", "email": RITA, "phone": "+4930111", "zone": "Europe/Berlin"}
CASE = "case:rant-1"
LADDER = [{"people": [LEAD], "within": "PT30M"}, {"people": [HEAD], "within": "PT30M"}]


def opened(story: Story, **changes: Any) -> None:
    """Anna takes the call of a ranting customer."""
    case = {
        "customer": CUSTOMER, "words": "The line is dead again and NOBODY listens!", "channel": "phone",
        "owner": OWNER, "team": "field", "ladder": LADDER, "part": "dsl-line", "by": AGENT,
    }  # fmt: skip
    story.post("case.open", CASE, case | changes)
    story.told((OWNER, "hand_over"))


def test_from_the_rant_to_the_service_alert(perform: Perform) -> None:
    story = perform(script.STORY)
    story.after(days=3 * 365)
    learned_before_the_change(story)


def learned_before_the_change(story: Story) -> None:
    """What did we learn before we change the lines? One search, by words, cause, part or time."""
    for search in (
        {"words": "stable hour"},
        {"cause": "box not replaced"},
        {"part": "line 7"},
        {"since": "2026-10-01", "until": "2026-11-01"},
    ):
        assert [one["case"] for one in story.get("/v1/alerts", **search)["items"]] == [script.CASE], search
    assert story.get("/v1/alerts", part="television")["items"] == []
    alert = story.http.get(f"/v1/alerts/{script.CASE}/latest", headers={"Accept": "text/markdown"})
    assert alert.status_code == 200, alert.text
    for told in (
        "nobody listens",
        "the box is replaced",
        "stable for an hour",
        "something could be done",
        script.OWNER,
    ):
        assert told in alert.text


def test_a_word_a_day_keeps_the_promise(story: Story) -> None:
    """While we act she hears from us every day, and so does everybody who takes part; thanks end nothing."""
    opened(story)
    calm_and_planned(story, CASE, AGENT)
    story.after(hours=16)
    story.post("case.word", CASE, {"words": "The technician is booked.", "by": OWNER})
    story.told((RITA, "news"), (AGENT, "team_news"))
    assert child(story, CASE, "daily_word-1")["state"] == "kept"
    story.after(hours=10)
    story.post("case.thanks", CASE, {"words": "Thank you for keeping at it."})
    story.told(*((who, "thanks") for who in (AGENT, OWNER)))
    assert (story.state(CASE), child(story, CASE, "daily_word-2")["state"]) == ("acting", "made")


def test_a_day_without_a_word_climbs_the_ladder(story: Story) -> None:
    opened(story)
    calm_and_planned(story, CASE, AGENT)
    story.after(hours=18)
    story.told((OWNER, "nudge"))
    story.after(hours=6)
    story.told((LEAD, "escalation"))  # nobody writes to Rita of a promise that we made to ourselves
    lapsed = child(story, CASE, "daily_word-1")
    assert (lapsed["state"], lapsed["data"]["owner"]) == ("lapsed", OWNER)
    story.after(minutes=30)
    story.told((HEAD, "escalation"))
    story.post("escalation.acknowledge", "escalation:promise-rant-1-daily_word-1", {"by": HEAD})

    story.post("case.word", CASE, {"words": "The technician is on the way.", "by": OWNER})
    story.told((RITA, "news"), (AGENT, "team_news"))
    assert child(story, CASE, "daily_word-1")["state"] == "kept_late"
    assert story.state("escalation:promise-rant-1-daily_word-1") == "resolved"
    assert child(story, CASE, "daily_word-2")["state"] == "made"


def test_every_missed_step_has_a_name_on_it(story: Story) -> None:
    """Nobody speaks, nobody plans: each is a promise to ourselves that lapses, with its owner's name."""
    opened(story)
    story.after(minutes=45)
    story.told((OWNER, "nudge"))
    story.after(minutes=15)
    story.told((LEAD, "escalation"))
    first = child(story, CASE, "first_word")
    assert (first["state"], first["data"]["owner"], first["data"].get("customer")) == ("lapsed", OWNER, None)
    story.post("case.acknowledge", CASE, {"by": LEAD, "understood": "The line is dead."})
    assert child(story, CASE, "first_word")["state"] == "kept_late"

    story.post("case.calm", CASE, {"by": LEAD})
    story.after(hours=24)
    story.told((OWNER, "nudge"), (LEAD, "escalation"))
    assert child(story, CASE, "plan-1")["state"] == "lapsed"
    story.post("escalation.acknowledge", "escalation:promise-rant-1-plan-1", {"by": LEAD})
    story.post("case.plan", CASE, {"fix": "A technician", "prevent": "A new box", "by": LEAD})
    story.post("case.agree", CASE, {"by": LEAD})
    assert child(story, CASE, "plan-1")["state"] == "kept_late"
    assert story.data(CASE)["broken"] == 2
