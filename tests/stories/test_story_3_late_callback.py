"""The callback that was two days late, and how it ends well.

Where each demand of the story is shown:

* "within 2 to 4 hours" is a promise with a deadline, an owner and a warning; at the deadline the customer is
  told before they ask and the ladder starts, an empty level is skipped: `test_a_late_callback_ends_well`
* an acknowledgement expires: `test_an_acknowledgement_expires`; the last level repeats and never goes silent:
  `test_the_last_level_repeats_and_never_goes_silent`
* no answer: the next try follows the window, never the quiet hours: `test_the_next_try_follows_the_window`,
  `test_no_word_in_the_quiet_hours`
* the customer calls first: `test_the_customer_calls_first_and_nobody_calls_again`
* a displeasure is passed on to the policy's owner and counted, with the case; the manager bends the policy;
  everyone who took part, the first agent included, hears how it ended, and the customer's thanks; late stays
  late: `test_the_whole_case_ends_well`
"""

from datetime import timedelta
from typing import Any

from state_machines.values.instants import parse_instant
from tests.stories.conftest import MONDAY, Perform
from tests.stories.front_door import Story
from tests.stories.recovery import child, document
from workflow.demo.stories import story_3_late_callback as script

AGENT, MANAGER = "anna@shop.example", "manager@shop.example"
FIRST, SECOND = "team-lead@shop.example", "head@shop.example"
CUSTOMER = {
    "name": "Mr Jones", "email": "jones@example.org", "phone": "+4930123456", "zone": "Europe/Berlin",
    "window": ["09:00-12:00", "16:00-18:00"], "quiet_hours": ["21:00-08:00"],
}  # fmt: skip
PROMISE = "promise:call-4711"
LADDER = [
    {"people": [FIRST], "within": "PT15M"},
    {"people": []},
    {"people": [SECOND], "within": "PT20M"},
]


def promised(**changes: Any) -> dict[str, Any]:
    """Within 2 to 4 hours: the deadline is the end of what was said, the warning its beginning."""
    promise = {
        "words": "A manager calls you back within 2 to 4 hours", "owner": MANAGER, "made_by": AGENT,
        "due_at": (MONDAY + timedelta(hours=4)).isoformat(), "warn_before": "PT2H", "customer": CUSTOMER,
        "channel": "email", "ladder": LADDER,
    }  # fmt: skip
    return promise | changes


def lapsed(story: Story, **changes: Any) -> str:
    """Until the deadline has passed and nobody has called; returns the escalation."""
    story.post("promise.make", PROMISE, promised(**changes))
    story.after(hours=2)
    assert story.state(PROMISE) == "at_risk"
    story.told((MANAGER, "nudge"))
    story.after(hours=1, minutes=59)
    assert story.state(PROMISE) == "at_risk"
    story.told()
    story.after(minutes=1)
    assert story.state(PROMISE) == "lapsed"
    story.told(("jones@example.org", "broken_promise"), (FIRST, "escalation"))
    return story.only("escalation")


def test_a_late_callback_ends_well(perform: Perform) -> None:
    story = perform(script.STORY)
    (callback,) = story.all("callback")
    assert story.subject(callback)["parent"] == story.only("escalation")
    assert [one["policy"] for one in story.data(script.PROMISE)["displeasures"]] == [script.POLICY]
    thanks = {one.words for one in story.mailbox.notices if one.about == "thanks"}
    assert thanks == {"All is well. Please thank Nora for me."}


def test_the_next_try_follows_the_window(story: Story) -> None:
    escalation = lapsed(story)

    # Nobody acknowledges on the first level; the second is empty and skipped; the third is told.
    story.after(minutes=15)
    story.told((SECOND, "escalation"))
    story.post("escalation.acknowledge", escalation, {"by": SECOND})
    assert story.state(escalation) == "acknowledged"

    # A person is asked to call. It is 14:15 in Berlin, the customer's window opens at 16:00.
    callback = story.only("callback")
    assert story.state(callback) == "resting"
    assert story.subject(callback)["data"]["next_try"] == "2026-03-02T15:00:00Z"
    story.until(MONDAY + timedelta(hours=6))
    assert story.state(callback) == "waiting"

    # Nobody answers at four, nor an hour later; then the window closes until tomorrow at nine.
    for next_try in ("2026-03-02T16:00:00Z", "2026-03-03T08:00:00Z"):
        story.post("callback.claim", callback, {"by": SECOND})
        story.post("callback.no_answer", callback, {"by": SECOND})
        assert (story.state(callback), story.subject(callback)["data"]["next_try"]) == ("resting", next_try)
        story.until(parse_instant(next_try))
        assert story.state(callback) == "waiting"

    # Everything is settled in minutes when they talk.
    story.post("callback.claim", callback, {"by": SECOND})
    story.post("callback.reached", callback, {"by": SECOND, "outcome": "refund granted"})
    assert (story.state(callback), story.state(escalation), story.state(PROMISE)) == (
        "reached", "resolved", "kept_late",
    )  # fmt: skip
    story.told(*((who, "ended") for who in (AGENT, MANAGER, SECOND)))


def test_the_customer_calls_first_and_nobody_calls_again(story: Story) -> None:
    escalation = lapsed(story)
    story.post("escalation.acknowledge", escalation, {"by": FIRST})
    callback = story.only("callback")
    story.post("callback.customer_calls", callback, {"by": AGENT})
    assert (story.state(callback), story.state(PROMISE)) == ("customer_called", "kept_late")
    story.told(*((who, "ended") for who in (AGENT, MANAGER, FIRST)))
    story.after(hours=72)
    story.refuses("callback.claim", callback, {"by": FIRST})


def test_the_last_level_repeats_and_never_goes_silent(story: Story) -> None:
    lapsed(story)
    story.after(minutes=15)
    story.told((SECOND, "escalation"))
    story.after(hours=2)
    story.told(*[(SECOND, "escalation")] * 6)


def test_an_acknowledgement_expires(story: Story) -> None:
    any_time = {"name": "Mr Jones", "email": "jones@example.org", "phone": "+4930123456"}
    escalation = lapsed(story, customer=any_time, call={"claim_within": "PT8H"})
    story.post("escalation.acknowledge", escalation, {"by": FIRST})
    story.after(minutes=29)
    assert (story.state(escalation), story.state(story.only("callback"))) == ("acknowledged", "waiting")
    story.after(minutes=1)
    assert story.state(escalation) == "notified"
    story.told((SECOND, "escalation"))
    story.post("promise.withdraw", PROMISE, {"reason": "settled at the counter"})
    assert (story.state(PROMISE), story.state(escalation)) == ("withdrawn", "withdrawn")
    story.after(hours=48)


def test_a_kept_promise_is_silent(story: Story) -> None:
    story.post("promise.make", PROMISE, promised())
    story.after(hours=1)
    story.post("promise.keep", PROMISE, {"by": MANAGER, "evidence": "call 77"})
    assert story.state(PROMISE) == "kept"
    story.told((AGENT, "ended"), (MANAGER, "ended"))
    story.after(hours=48)


def test_thanks_do_not_cancel_the_follow_up(story: Story) -> None:
    story.post("promise.make", PROMISE, promised())
    story.post("promise.thanks", PROMISE, {"words": "Thanks!"})
    story.told((AGENT, "thanks"), (MANAGER, "thanks"))
    story.after(hours=2)
    story.told((MANAGER, "nudge"))


def test_no_word_in_the_quiet_hours(story: Story) -> None:
    """The deadline passes at one in the morning: the ladder starts at once, the customer sleeps."""
    due = (MONDAY + timedelta(hours=15)).isoformat()
    story.post("promise.make", PROMISE, promised(due_at=due, warn_before="PT1H"))
    story.until(MONDAY + timedelta(hours=15, minutes=1))
    story.told((MANAGER, "nudge"), (FIRST, "escalation"))
    story.post("escalation.acknowledge", story.only("escalation"), {"by": FIRST})
    callback = story.only("callback")
    assert story.state(callback) == "resting"
    effects = [one for move in story.subject(PROMISE)["timeline"] for one in move["effects"]]
    assert [one["error"] for one in effects if one["state"] == "pending"] == [
        "waits: quiet hours of the recipient"
    ]
    story.until(MONDAY + timedelta(hours=23))
    assert [one.asked_at for one in story.told(("jones@example.org", "broken_promise"))] == [
        MONDAY + timedelta(hours=15)
    ]
    assert story.state(callback) == "waiting"
    story.post("promise.keep", PROMISE, {"by": FIRST})
    story.told(*((who, "ended") for who in (AGENT, MANAGER, FIRST)))


CASE = "case:jones-1"
POLICY = "policy:returns-30-days"


def complained(story: Story) -> tuple[str, str]:
    """Anna takes the complaint and promises a manager's call; gives the promise and the call in the line."""
    story.post("policy.set", POLICY, {
        "title": "Returns within 30 days", "text": "Since yesterday: 30 days, no exceptions.",
        "eligible": "facts.days <= 30 || facts.promised_before == true",
        "grants": [{"role": "manager", "what": "refund", "up_to": 200}], "owner": "policy@shop.example",
    })  # fmt: skip
    story.post("case.open", CASE, {
        "customer": CUSTOMER, "words": "You will not take it back although you said so.", "channel": "phone",
        "owner": MANAGER, "ladder": LADDER, "facts": {"days": 33, "promised_before": True}, "by": AGENT,
    })  # fmt: skip
    story.told((MANAGER, "hand_over"))
    story.post("case.acknowledge", CASE, {"by": AGENT, "understood": "60 days said, 30 at the till."})
    story.post("case.call", CASE, {
        "words": "A manager calls you back within 2 to 4 hours", "within": "PT4H", "warn_before": "PT2H",
        "owner": MANAGER, "by": AGENT, "channel": "email",
    })  # fmt: skip
    (promise,) = (key for key in story.all("promise") if story.data(key).get("kind") == "callback")
    return promise, story.only("callback")


def test_the_whole_case_ends_well(story: Story) -> None:
    promise, callback = complained(story)
    assert (story.data(promise)["owner"], story.data(promise)["made_by"]) == (MANAGER, AGENT)
    story.after(hours=2)
    story.told((MANAGER, "nudge"))
    story.after(hours=2)
    assert story.state(promise) == "lapsed"
    story.told(("jones@example.org", "broken_promise"), (FIRST, "escalation"))
    escalation = story.only("escalation")
    story.after(minutes=15)
    story.told((SECOND, "escalation"))
    story.post("escalation.acknowledge", escalation, {"by": SECOND})
    assert story.only("callback") == callback  # nobody is called twice

    # When his window opens the second level calls, bends the policy as they may, and it is settled.
    story.until(MONDAY + timedelta(hours=6))
    story.told()
    assert story.at_desk("/v1/desk/claim", by=SECOND, subject=callback).json()["outcome"] == "claimed"
    grant = {"policy": "returns-30-days", "role": "manager", "what": "refund", "amount": 80, "by": SECOND}
    story.on_case(CASE, "grant", **grant)
    story.told((SECOND, "answer"))
    assert [one["outcome"] for one in story.data(CASE)["grants"]] == ["granted"]
    story.at_desk(f"/v1/desk/callbacks/{callback}/outcome", by=SECOND, outcome="reached", result="refunded")
    assert (story.state(callback), story.state(escalation), story.state(promise)) == (
        "reached", "resolved", "kept_late",
    )  # fmt: skip

    # What he minds goes to the policy's owner and is counted with the case; his thanks reach Anna too.
    story.post("case.displeasure", CASE, {"policy": "returns-30-days", "words": "It changed overnight."})
    story.told(("policy@shop.example", "displeasure"))
    minded = story.data(POLICY)
    assert (minded["displeasures"], minded["minded"][0]["case"]) == (1, CASE)
    story.post("case.thanks", CASE, {"words": "All is well, thank you Anna."})
    thanks = story.told(*((who, "thanks") for who in (AGENT, MANAGER, SECOND)))
    assert "thank you Anna" in story.heard_by(AGENT, thanks).words
    assert story.state(promise) == "kept_late"
    ended_and_documented(story)
    assert story.state(promise) == "kept_late"
    promises = story.get("/v1/barometer/promises", until="2026-04-01", kind="callback")
    assert (promises["all"]["numbers"]["late"], promises["all"]["numbers"]["kept"]) == (1, 0)


def ended_and_documented(story: Story) -> None:
    """To the end of the case; everyone who took part hears it once."""
    story.post("case.calm", CASE, {"by": SECOND})
    story.post("case.plan", CASE, {"fix": "refunded", "prevent": "the till learns of it", "by": SECOND})
    story.post("case.agree", CASE, {"by": SECOND})
    story.post("case.deliver", CASE, {"by": SECOND})
    story.told(("jones@example.org", "news"))
    story.post("case.check_in_answered", CASE, {"ok": True})
    story.told(("jones@example.org", "survey"))
    story.post("case.document", CASE, document(SECOND))
    story.told(*((who, "ended") for who in (AGENT, MANAGER, SECOND)))
    assert child(story, CASE, "first_word")["state"] == "kept"
