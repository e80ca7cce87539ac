"""The appointment that came and went.

Where each demand of the story is shown:

* as it is performed: `test_from_the_dead_line_to_the_line_that_runs`
* a delay reported by dispatch is heard before the window opens, on the channel the customer chose, with new
  times to pick by a signed link: `test_a_delay_is_heard_before_the_window_opens`
* nobody on the way by lead time: the same, at the latest before the window ends: `test_nobody_is_on_the_way`
* a window that passes is missed: a person calls within minutes with the case open before them:
  `test_a_missed_window_brings_a_person_within_minutes`
* a robocall cannot be configured: `test_a_robocall_cannot_be_configured`
* the packet goes with every hand-over; what was tried or is known is not asked again; any desk sees both with
  the case number, and acts: `test_nobody_asks_twice_and_every_desk_can_act`
* the customer says which channel, and when not to call: `test_the_customer_says_which_channel_and_when`
"""

from datetime import datetime, timedelta
from typing import Any

from state_machines.values.instants import format_instant
from tests.stories.conftest import MONDAY, Perform
from tests.stories.front_door import Story
from workflow.demo.stories import story_2_appointment_that_went as script

AGENT, SECOND, SOCIAL = "anna@desk.example", "bo@desk.example", "cleo@social.example"
OWNER, DISPATCH, LEAD = "owner@shop.example", "dispatch@shop.example", "lead@shop.example"
PHONE, MAIL = "+4930444", "tom@example.org"
CUSTOMER = "customer:C-9"
CASE = "case:C-9-1"
TOM = {
    "name": "Tom", "account": "A-100-9", "email": MAIL, "phone": PHONE, "zone": "Europe/Berlin",
    "language": "de",
    "channels": ["sms", "email"], "quiet_hours": ["21:00-06:30"],
}  # fmt: skip
LADDER = [{"people": [LEAD], "within": "PT30M"}]
OPENS = MONDAY + timedelta(hours=22)
"""Tuesday at eight in Berlin; the window is two hours long."""


def window(opens: datetime, hours: float = 2) -> dict[str, str]:
    """An appointment's window."""
    return {"from": format_instant(opens), "to": format_instant(opens + timedelta(hours=hours))}


SPARE = [window(OPENS + timedelta(hours=6)), window(OPENS + timedelta(days=1))]


def opened(story: Story) -> None:
    """Tom has a dead line, and the first desk takes it down."""
    story.post("customer.known", CUSTOMER, TOM)
    story.post("customer.reach_out", CUSTOMER, {
        "words": "My line is dead. I was on hold for twenty minutes.", "channel": "phone", "owner": OWNER,
        "team": "field", "ladder": LADDER, "part": "dsl-line", "facts": {"account": "A-100-9"}, "by": AGENT,
        "pace": {"daily_word": "P5D"},  # so that only the appointment speaks
    })  # fmt: skip
    assert story.only("case") == CASE
    story.told((OWNER, "hand_over"))
    story.post("case.acknowledge", CASE, {"by": AGENT, "understood": "The line is dead since yesterday."})


def booked(story: Story) -> str:
    """A technician comes tomorrow between eight and ten; Tom takes the day off."""
    opened(story)
    story.post("case.book", CASE, {
        "about": "a technician at your line", "windows": [window(OPENS)], "lead": "PT1H", "owner": DISPATCH,
        "spare": SPARE, "by": AGENT,
    })  # fmt: skip
    appointment = story.only("appointment")
    assert story.state(appointment) == "booked"
    story.told((PHONE, "promise", "sms"))
    return appointment


def calmed(story: Story) -> None:
    """The case is being acted on."""
    story.post("case.calm", CASE, {"by": AGENT})
    story.post("case.plan", CASE, {"fix": "a technician", "prevent": "windows are confirmed", "by": AGENT})
    story.post("case.agree", CASE, {"by": AGENT})
    story.told()


def test_from_the_dead_line_to_the_line_that_runs(perform: Perform) -> None:
    perform(script.STORY)


def test_a_delay_is_heard_before_the_window_opens(story: Story) -> None:
    appointment = booked(story)
    calmed(story)
    story.until(OPENS - timedelta(hours=1, minutes=15))
    story.post("appointment.delay", appointment, {"at": format_instant(OPENS + timedelta(hours=3))})
    assert story.state(appointment) == "at_risk"
    told = story.told((PHONE, "new_time", "sms"), (DISPATCH, "nudge"))
    notice = story.heard_by(PHONE, told)

    # He picks another time by the link, without a login, once; and it is confirmed.
    assert "Termin" in notice.words
    page = story.browse(notice)
    assert (page.status_code, 'lang="de"' in page.text) == (200, True)
    assert story.pick(notice, 1).status_code == 200
    assert story.state(appointment) == "booked"
    assert story.data(appointment)["window"] == SPARE[1]
    story.told((PHONE, "promise", "sms"), (DISPATCH, "nudge"))
    assert story.pick(notice, 0).status_code == 409

    # This time somebody is on the way, arrives, and nobody is told anything more than that.
    story.until(OPENS + timedelta(days=1) - timedelta(hours=1, minutes=10))
    story.post("appointment.on_the_way", appointment)
    story.until(OPENS + timedelta(days=1, minutes=20))
    story.post("appointment.arrived", appointment)
    story.post("appointment.done", appointment, {"result": "the line is measured"})
    assert story.state(appointment) == "done"


def test_nobody_is_on_the_way(story: Story) -> None:
    """At lead time nobody has set out: Tom hears it an hour before the window opens."""
    appointment = booked(story)
    calmed(story)
    story.until(OPENS - timedelta(hours=1, seconds=1))
    story.told()
    story.until(OPENS - timedelta(hours=1))
    assert story.state(appointment) == "at_risk"
    story.told((PHONE, "new_time", "sms"), (DISPATCH, "nudge"))


def test_in_quiet_hours_it_is_heard_before_the_window_ends(story: Story) -> None:
    """Who sleeps until nine hears of it at nine, an hour before the window ends."""
    appointment = booked(story)
    calmed(story)
    story.post("customer.prefer", CUSTOMER, {"quiet_hours": ["21:00-09:00"]})
    story.until(OPENS - timedelta(hours=1))
    assert story.state(appointment) == "at_risk"
    story.told((DISPATCH, "nudge"))
    story.until(OPENS + timedelta(hours=1))
    story.told((PHONE, "new_time", "sms"))


def test_a_missed_window_brings_a_person_within_minutes(story: Story) -> None:
    appointment = booked(story)
    calmed(story)
    story.until(OPENS + timedelta(hours=2))
    story.told((PHONE, "new_time", "sms"), (DISPATCH, "nudge"), (LEAD, "escalation"))
    assert story.state(appointment) == "missed"

    # The call stands in the desk's line at once, and whoever claims it has the case open in front of them.
    claimed = story.at_desk("/v1/desk/claim", by=SECOND).json()
    assert claimed["outcome"] == "claimed"
    callback = claimed["item"]["key"]
    found = story.data(callback)
    assert (found["about"], found["claim_within"]) == ("missed_appointment", "PT5M")
    assert found["context"]["case"] == CASE
    packet = story.desk.get(f"/v1/cases/{CASE.partition(':')[2]}/packet").json()
    assert [one["state"] for one in packet["appointments"]] == ["missed"]
    outcome = f"/v1/desk/callbacks/{callback}/outcome"
    assert story.at_desk(outcome, by=SECOND, outcome="reached", result="apologised in person").is_success
    assert story.state(callback) == "reached"
    story.post("appointment.move", appointment, {"windows": SPARE, "reason": "missed", "by": SECOND})
    story.told((PHONE, "new_time", "sms"))


def test_nobody_claims_the_call_about_a_missed_window(story: Story) -> None:
    booked(story)
    calmed(story)
    story.until(OPENS + timedelta(hours=2))
    story.told((PHONE, "new_time", "sms"), (DISPATCH, "nudge"), (LEAD, "escalation"))
    story.after(minutes=5)
    callback = next(key for key in story.all("callback"))
    assert story.data(callback)["alarms"] > 0


def test_a_robocall_cannot_be_configured(story: Story) -> None:
    opened(story)
    asked = {
        "about": "a technician", "customer": TOM, "windows": [window(OPENS)], "owner": DISPATCH,
        "channel": "robocall",
    }  # fmt: skip
    problem = story.declined("appointment.offer", "appointment:A-1", asked)
    assert problem["errors"][0]["field"] == "data.channel"
    story.post("case.calm", CASE, {"by": AGENT})
    problem = story.declined("case.word", CASE, {"words": "Sorry.", "by": AGENT, "channel": "voice"})
    assert problem["errors"][0]["field"] == "data.channel"


def test_nobody_asks_twice_and_every_desk_can_act(story: Story) -> None:
    opened(story)
    number = CASE.partition(":")[2]
    story.post("case.step", CASE, {"step": "reboot the modem", "result": "still dead", "by": AGENT})
    story.post(
        "case.call", CASE, {"words": "We call you today", "within": "PT8H", "owner": SECOND, "by": AGENT}
    )
    story.post("case.hand_over", CASE, {"to": SECOND, "by": AGENT, "reason": "needs a technician"})
    (handed,) = story.told((SECOND, "hand_over"))
    assert handed.context["packet"] == f"/v1/cases/{number}/packet"

    # A step already tried, a fact already known: whoever asks is answered, and Tom is not asked.
    story.post("case.ask_step", CASE, {"step": "reboot the modem", "by": SECOND})
    story.post("case.ask_fact", CASE, {"fact": "account", "by": SOCIAL})
    answers = story.told((SECOND, "answer"), (SOCIAL, "answer"))
    assert story.heard_by(SOCIAL, answers).context["value"] == "A-100-9"

    # What nobody knows he is asked once, and both who wanted to know hear his answer.
    story.post("case.ask_fact", CASE, {"fact": "colour of the light", "by": SECOND})
    story.told((PHONE, "question", "sms"))
    story.post("case.ask_fact", CASE, {"fact": "colour of the light", "by": SOCIAL})
    story.told((SOCIAL, "answer"))
    story.post("case.tell_fact", CASE, {"fact": "colour of the light", "value": "red"})
    story.told((SECOND, "answer"), (SOCIAL, "answer"))

    # The social desk opens the case by its number, sees all of it, and acts.
    packet = story.desk.get(f"/v1/cases/{number}/packet").json()
    assert (packet["who"]["name"], packet["who"]["account"]) == ("Tom", "A-100-9")
    assert packet["problem"] == "My line is dead. I was on hold for twenty minutes."
    assert [(one["step"], one["tried"]) for one in packet["steps"]] == [("reboot the modem", True)]
    assert {one["fact"]: one["value"] for one in packet["facts"]} == {
        "account": "A-100-9",
        "colour of the light": "red",
    }
    assert "We call you today" in [one["words"] for one in packet["promises"]]
    answer = story.on_case(CASE, "word", words="I have it all here, Tom.", by=SOCIAL)
    assert (answer.status_code, answer.json()["outcome"]) == (200, "done")
    told = story.told((PHONE, "news", "sms"), *((who, "team_news") for who in (AGENT, SECOND, OWNER)))
    assert story.heard_by(PHONE, told).words == "I have it all here, Tom."
    assert story.data(CASE)["told"][-1]["by"] == SOCIAL


def test_the_customer_says_which_channel_and_when(story: Story) -> None:
    opened(story)
    words: dict[str, Any] = {"by": AGENT}
    story.post("customer.opt_out", CUSTOMER, {"channel": "sms"})
    story.post("case.word", CASE, words | {"words": "By mail, then."})
    story.told((MAIL, "news"), (OWNER, "team_news"))
    story.post("customer.prefer", CUSTOMER, {"window": ["17:00-19:00"], "quiet_hours": ["19:00-17:00"]})
    story.post("case.word", CASE, words | {"words": "And only in the evening."})
    story.told((OWNER, "team_news"))
    story.post("case.call", CASE, words | {"words": "We call this evening", "within": "PT9H", "owner": AGENT})
    callback = story.only("callback")
    assert story.state(callback) == "resting"
    assert story.desk.get("/v1/desk/line", params={"kind": "callback"}).json()["items"] == []
    story.until(MONDAY + timedelta(hours=7))
    story.told((MAIL, "news"), (AGENT, "nudge"))
    assert story.state(callback) == "waiting"
    story.post("callback.customer_calls", callback, {"by": AGENT})
    assert [
        story.state(key) for key in story.all("promise") if story.data(key).get("kind") == "callback"
    ] == ["kept"]
