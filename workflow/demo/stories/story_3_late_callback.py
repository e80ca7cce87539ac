"""Story 3, the callback that was two days late: told as it goes when promises are watched."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from state_machines.values.instants import format_instant, parse_instant, zone
from workflow.demo.checks import hours_kept, lapsed_on_time
from workflow.demo.scene import Scene
from workflow.demo.script import Says, Step, Story, Told, Until
from workflow.maintenance.check_result import CheckResult

PROMISE = "promise:P-17"
ZONE = "America/Chicago"
BEGIN = datetime(2026, 10, 13, 10, tzinfo=zone(ZONE))
"""A Tuesday."""

AGENT = "nora.kim@store.example"
MANAGER = "paul.brandt@store.example"
TEAM_LEAD = "sam.ortiz@store.example"
REGIONAL = "ines.moreau@store.example"
DESK = "lee.park@desk.example"
POLICY_OWNER = "policies@store.example"
CUSTOMER = "daniel.adler@mail.example"

PEOPLE = {
    AGENT: "Nora, the phone agent",
    MANAGER: "Paul, the manager",
    TEAM_LEAD: "Sam, the team lead",
    REGIONAL: "Ines, the regional manager",
    DESK: "Lee, of the desk",
    POLICY_OWNER: "the policy's owner",
    CUSTOMER: "Daniel, the customer",
}

FIRST_LEVEL = timedelta(minutes=15)
DUE = timedelta(hours=4)
WARN = timedelta(minutes=30)
POLICY = "returns without a receipt"


def customer(made_at: datetime) -> dict[str, Any]:
    """Whom the promise is made to: at work between two stretches of the afternoon, asleep at night."""
    stretches = [(-1.0, 5.5), (6.25, 10.0)]
    return {
        "name": "Daniel Adler",
        "email": CUSTOMER,
        "phone": "+1 312 555 0143",
        "zone": ZONE,
        "window": [_block(made_at, start, end) for start, end in stretches],
        "quiet_hours": _block(made_at, 11.0, 21.0),
    }


def _block(made_at: datetime, start: float, end: float) -> str:
    """A block of wall time, in hours after the promise was made, to five minutes."""
    sides = [made_at.astimezone(zone(ZONE)) + timedelta(hours=hours) for hours in (start, end)]
    return "-".join(f"{side.hour:02}:{side.minute // 5 * 5:02}" for side in sides)


def promise(made_at: datetime) -> dict[str, Any]:
    """The data of `promise.make`: "the manager will call you within two to four hours"."""
    return {
        "words": "The manager calls you back within 2 to 4 hours",
        "owner": MANAGER,
        "made_by": AGENT,
        "customer": customer(made_at),
        "channel": "email",
        "due_at": format_instant(made_at + DUE),
        "warn_before": "PT30M",
        "act_within": "PT3H",
        "ladder": [
            {"people": [TEAM_LEAD], "within": "PT15M"},
            {"people": [], "within": "PT15M"},
            {"people": [REGIONAL], "within": "PT2H"},
        ],
        "call": {"claim_within": "PT2H", "lease": "PT1H", "rest": "PT1H"},
    }


def steps(made_at: datetime) -> tuple[Step, ...]:
    """The story, from the promise to the thanks."""
    return (*_promised_and_broken(made_at), *_called(), *_settled())


def _promised_and_broken(made_at: datetime) -> tuple[Step, ...]:
    return (
        Step(
            "Nora promises Daniel that the manager will call within 2 to 4 hours",
            does=(Says("promise", "make", promise(made_at)),),
        ),
        Step(
            "Paul is reminded that he owns it; he is busy and does not call",
            until=Until("promise", "at_risk"),
            within=DUE - WARN,
        ),
        Step(
            "The promise lapses: Daniel hears it from us before he has to ask, and the ladder starts",
            until=Until("promise", "lapsed"),
            within=WARN,
        ),
        Step(
            "Sam let it pass, nobody is on the second level: Ines takes it on",
            until=Until("escalation", "notified", {"level": 1}),
            after=timedelta(minutes=10),
            does=(Says("escalation", "acknowledge", {"by": REGIONAL}),),
            within=FIRST_LEVEL,
        ),
    )


def _called() -> tuple[Step, ...]:
    return (
        Step(
            "A person must call: Lee claims the call",
            until=Until("callback", "waiting"),
            after=timedelta(minutes=10),
            does=(Says("callback", "claim", {"by": DESK}),),
        ),
        Step(
            "Nobody answers",
            until=Until("callback", "claimed", {"claimed_by": DESK}),
            after=timedelta(minutes=5),
            does=(Says("callback", "no_answer", {"by": DESK, "note": "rang out"}),),
        ),
        Step(
            "The next try waits for the hours in which Daniel wants to be called",
            until=Until("callback", "resting"),
        ),
    )


def _settled() -> tuple[Step, ...]:
    return (
        Step(
            "Now Paul, who may bend the policy, claims the call himself",
            until=Until("callback", "waiting"),
            after=timedelta(minutes=5),
            does=(Says("callback", "claim", {"by": MANAGER}),),
            within=timedelta(hours=2),
        ),
        Step(
            "Daniel is reached and it is settled in minutes; what he thinks of the policy is passed on",
            until=Until("callback", "claimed", {"claimed_by": MANAGER}),
            after=timedelta(minutes=10),
            does=(
                Says(
                    "promise",
                    "displeasure",
                    {
                        "policy": POLICY,
                        "policy_owner": POLICY_OWNER,
                        "words": "You changed it under everybody's feet.",
                    },
                ),
                Says("callback", "reached", {"by": MANAGER, "outcome": "the return was taken"}),
            ),
        ),
        Step(
            "The promise is kept, late; Daniel sends his thanks, to Nora first of all",
            until=Until("promise", "kept_late"),
            after=timedelta(minutes=10),
            does=(Says("promise", "thanks", {"words": "All is well. Please thank Nora for me."}),),
        ),
    )


TOOK_PART = (AGENT, MANAGER, REGIONAL, DESK)

EXPECTED = (
    Told("nudge", "email", MANAGER),
    Told("broken_promise", "email", CUSTOMER),
    Told("escalation", "email", TEAM_LEAD),
    Told("escalation", "email", REGIONAL),
    Told("displeasure", "email", POLICY_OWNER),
    *(Told("ended", "email", person) for person in TOOK_PART),
    *(Told("thanks", "email", person) for person in TOOK_PART),
)


def kept_late(scene: Scene) -> Iterator[CheckResult]:
    """Late stays late, whoever kept it in the end."""
    data = scene.named("promise")[0]["data"]
    kept = data.get("kept_at")
    late = kept is not None and parse_instant(kept) > parse_instant(data["due_at"])
    well = late and data.get("kept_by") == MANAGER
    yield CheckResult("kept late", well, f"kept {kept or 'never'} by {data.get('kept_by')}")


def ladder(scene: Scene) -> Iterator[CheckResult]:
    """The empty level is passed by; whoever was told stands on the record."""
    escalation = scene.named("escalation")[0]["data"]
    told = [level["people"] for level in escalation["told"] if level["people"]]
    well = told == [[TEAM_LEAD], [REGIONAL]] and escalation["promise"] == PROMISE
    words = f"about {escalation['promise']}, told in turn: {'; '.join(map(', '.join, told))}"
    yield CheckResult("ladder", well, words)


def calls(scene: Scene) -> Iterator[CheckResult]:
    """One call was asked for, and its first try did not get through."""
    results = [call["result"] for call in scene.named("callback")[-1]["data"]["tries"]]
    yield CheckResult("calls", results == ["no_answer"], f"tries that failed: {', '.join(results) or 'none'}")


def told_in_time(scene: Scene) -> Iterator[CheckResult]:
    """The owner before the deadline, the customer at it and before they had to ask."""
    sent = {one["about"]: parse_instant(one["at"]) for one in reversed(scene.notices)}
    due = parse_instant(scene.named("promise")[0]["data"]["due_at"])
    nudged, told = sent.get("nudge"), sent.get("broken_promise")
    well = nudged is not None and told is not None and nudged < due <= told
    yield CheckResult("in time", well, f"owner nudged {nudged}, due {due}, customer told {told}")


STORY = Story(
    number=3,
    title="the callback that was two days late",
    begin=BEGIN,
    speed=600.0,
    roots={"promise": PROMISE},
    people=PEOPLE,
    steps=steps,
    expected=EXPECTED,
    ended={"promise": ("kept_late",), "escalation": ("resolved",), "callback": ("reached",)},
    checks=(lapsed_on_time("promise"), kept_late, ladder, calls, hours_kept("callback"), told_in_time),
)
