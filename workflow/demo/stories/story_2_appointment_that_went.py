"""Story 2, the appointment that came and went: told before it is missed, and when it is, a person calls."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from state_machines.values.instants import format_instant, parse_instant, zone
from workflow.demo.checks import hours_kept
from workflow.demo.scene import Scene
from workflow.demo.script import Asks, Follows, Says, Step, Story, Told, Until
from workflow.demo.stories.closing import PACE, closing, closing_notices
from workflow.maintenance.check_result import CheckResult

CUSTOMER, CASE = "customer:T-2", "case:T-2-1"
ZONE = "Europe/Berlin"
BEGIN = datetime(2026, 10, 13, 7, tzinfo=zone(ZONE))
"""A Tuesday."""

AGENT = "jonas.wolf@desk.example"
SOCIAL = "cleo.hart@social.example"
OWNER = "karin.lenz@net.example"
DISPATCH = "dispatch@net.example"
LEAD = "omar.said@net.example"
TOM = "tom.berger@mail.example"
PEOPLE = {
    AGENT: "Jonas, of the desk",
    SOCIAL: "Cleo, of the social desk",
    OWNER: "Karin, who answers for the case",
    DISPATCH: "dispatch",
    LEAD: "Omar, the team lead",
    TOM: "Tom, the customer",
}
_HOUR = timedelta(hours=1)


def window(now: datetime, opens: float, closes: float) -> dict[str, str]:
    """An appointment's window, in hours from now."""
    return {"from": format_instant(now + opens * _HOUR), "to": format_instant(now + closes * _HOUR)}


def _visit(now: datetime) -> dict[str, Any]:
    return {
        "about": "a technician at your line", "windows": [window(now, 3, 5)], "lead": "PT1H",
        "owner": DISPATCH, "spare": [window(now, 5, 6.5), window(now, 30, 32)], "by": AGENT,
    }  # fmt: skip


def _late(now: datetime) -> dict[str, Any]:
    return {"at": format_instant(now + 9 * _HOUR)}


def _again(now: datetime) -> dict[str, Any]:
    return {"windows": [window(now, 2, 4)], "reason": "nobody came", "by": AGENT}


def steps(begun: datetime) -> tuple[Step, ...]:
    """From the dead line to the line that runs."""
    return (*_agreed(), *_in_doubt(), *_missed(), *_came())


def _agreed() -> tuple[Step, ...]:
    known = {
        "name": "Tom Berger", "account": "A-100-9", "email": TOM, "phone": "+4930444", "zone": ZONE,
        "channels": ["sms", "email"], "quiet_hours": ["23:30-05:30"],
    }  # fmt: skip
    opening = {
        "words": "My line is dead. I was on hold for twenty minutes.", "channel": "phone", "owner": OWNER,
        "part": "line 9", "facts": {"account": "A-100-9"}, "by": AGENT,
        "ladder": [{"people": [LEAD], "within": "P1D"}],
        "pace": {"first_word": "PT12H", "plan": "P3D", "daily_word": "P5D", **PACE},
    }  # fmt: skip
    return (
        Step(
            "Tom's line is dead; he has said that he reads his text messages",
            does=(Says("customer", "known", known), Says("customer", "reach_out", opening)),
        ),
        Step(
            "Jonas has him reboot the modem, once, and a technician is agreed for this morning",
            until=Until("case", "listening"),
            after=_HOUR / 4,
            does=(
                Says("case", "acknowledge", {"by": AGENT, "understood": "The line is dead."}),
                Says("case", "step", {"step": "reboot", "result": "still dead", "by": AGENT}),
                Says("case", "book", _visit),
            ),
        ),
        Step(
            "The social desk asks for the account number and for a reboot: Tom is not asked again",
            until=Until("appointment", "booked"),
            does=(
                Says("case", "ask_fact", {"fact": "account", "by": SOCIAL}),
                Says("case", "ask_step", {"step": "reboot", "by": SOCIAL}),
                Asks("/v1/cases/T-2-1/packet", lambda said: said["steps"][0]["tried"] is True),
            ),
        ),
    )


def _in_doubt() -> tuple[Step, ...]:
    return (
        Step(
            "Dispatch reports a delay: Tom hears it before the window opens, with other times to pick",
            after=_HOUR / 2,
            does=(Says("appointment", "delay", _late),),
        ),
        Step(
            "He picks one by the link, without a login",
            until=Until("appointment", "at_risk"),
            does=(Follows("new_time", {"choice": "0"}),),
        ),
    )


def _missed() -> tuple[Step, ...]:
    claim = {"id": "story-2", "by": AGENT, "kinds": ["callback"]}
    return (
        Step(
            "This time nobody sets out. The window passes, and a person must call, within minutes",
            until=Until("appointment", "missed"),
            within=9 * _HOUR,
        ),
        Step(
            "Jonas takes the call from the line, with the whole case in front of him, and apologises",
            until=Until("callback", "waiting"),
            does=(
                Asks("/v1/desk/claim", lambda said: said["outcome"] == "claimed", claim),
                Asks("/v1/cases/T-2-1/packet", lambda said: said["appointments"][0]["state"] == "missed"),
                Says("callback", "reached", {"by": AGENT, "outcome": "apologised"}),
                Says("appointment", "move", _again),
            ),
        ),
        Step(
            "Tom picks the evening",
            until=Until("appointment", "offered"),
            does=(Follows("new_time", {"choice": "0"}),),
        ),
    )


def _came() -> tuple[Step, ...]:
    plan = {"fix": "a technician", "prevent": "dispatch confirms windows", "by": OWNER}
    return (
        Step(
            "The technician is on the way in time",
            until=Until("appointment", "booked"),
            does=(
                Says("appointment", "on_the_way"),
                Says("case", "calm", {"by": AGENT}),
                Says("case", "plan", plan),
                Says("case", "agree", {"by": OWNER}),
            ),
        ),
        Step(
            "She arrives, and the line runs",
            until=Until("appointment", "on_the_way"),
            after=_HOUR,
            does=(
                Says("appointment", "arrived"),
                Says("appointment", "done", {"result": "the line is measured"}),
                Says("case", "deliver", {"by": OWNER}),
            ),
        ),
        *closing(OWNER, "line 9", "no window confirmed"),
    )


EXPECTED = (
    Told("hand_over", "email", OWNER),
    Told("promise", "sms", TOM),
    *(Told("answer", "email", SOCIAL) for _ in range(2)),
    # In doubt twice: the delay, and nobody on the way. Each time Tom hears it before the window ends.
    *(Told("new_time", "sms", TOM) for _ in range(2)),
    *(Told("nudge", "email", DISPATCH) for _ in range(2)),
    # He picks another time once while it is in doubt, and once after it was missed.
    *(Told("promise", "sms", TOM) for _ in range(2)),
    Told("nudge", "email", DISPATCH),
    Told("escalation", "email", LEAD),
    Told("new_time", "sms", TOM),
    Told("news", "sms", TOM),
    *closing_notices(TOM, "sms", (AGENT, SOCIAL, OWNER, DISPATCH)),
)


def heard_in_time(scene: Scene) -> Iterator[CheckResult]:
    """Each time the window was in doubt, the customer heard of it before that window ended."""
    missed = scene.named("appointment")[0]["data"]["missed"]
    told = [parse_instant(one["at"]) for one in scene.notices if one["about"] == "new_time"]
    ends = parse_instant(missed[0]["to"])
    well = len(missed) == 1 and sum(at < ends for at in told) == 2
    yield CheckResult("heard in time", well, f"{len(missed)} window missed at {ends}, told at {told}")


def a_person_called(scene: Scene) -> Iterator[CheckResult]:
    """One call, by a person of the desk, about what went wrong."""
    calls = scene.named("callback")
    who = [call["data"]["ended_by"] for call in calls if call["data"]["about"] == "missed_appointment"]
    yield CheckResult("a person called", who == [AGENT], f"{', '.join(map(str, who)) or 'nobody'}")


STORY = Story(
    number=2,
    title="the appointment that came and went",
    begin=BEGIN,
    speed=1200.0,
    roots={"customer": CUSTOMER, "case": CASE},
    people=PEOPLE,
    steps=steps,
    expected=EXPECTED,
    ended={
        "customer": ("known",),
        "identity": ("bound",) * 3,
        "case": ("closed",),
        "appointment": ("done",),
        "callback": ("reached",),
        "escalation": ("resolved",),
        "promise/first_word": ("kept",),
        "promise/plan": ("kept",),
        "promise/daily_word": ("kept",),
        "promise/check_in": ("kept",),
        "promise/document": ("kept",),
    },
    checks=(heard_in_time, a_person_called, hours_kept("callback")),
)
