"""Story 5: listen, acknowledge, plan, take action, offer thanks, produce documentation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from state_machines.values.instants import zone
from workflow.demo.scene import Scene
from workflow.demo.script import Says, Step, Story, Told, Until
from workflow.demo.stories.closing import PACE, closing, closing_notices
from workflow.maintenance.check_result import CheckResult

CASE = "case:R-5"
ZONE = "Europe/Berlin"
BEGIN = datetime(2026, 10, 13, 10, tzinfo=zone(ZONE))
"""A Tuesday."""

AGENT = "jonas.wolf@desk.example"
OWNER = "karin.lenz@net.example"
LEAD = "omar.said@net.example"
CUSTOMER = "rita.blum@mail.example"
PEOPLE = {
    AGENT: "Jonas, of the desk",
    OWNER: "Karin, who answers for the case",
    LEAD: "Omar, her team lead",
    CUSTOMER: "Rita, the customer",
}
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


def steps(begun: datetime) -> tuple[Step, ...]:
    """From the rant to the service alert."""
    return (*_listened_and_planned(), *_a_day_without_a_word(), *_put_right())


def _listened_and_planned() -> tuple[Step, ...]:
    opening = {
        "customer": {"name": "Rita Blum", "email": CUSTOMER, "phone": "+4930555", "zone": ZONE},
        "words": "Dead again, and nobody listens!", "channel": "phone", "owner": OWNER, "by": AGENT,
        "team": "field", "part": "line 7", "ladder": [{"people": [LEAD], "within": "PT12H"}],
        "pace": {"first_word": "PT6H", **PACE},
    }  # fmt: skip
    understood = {"by": AGENT, "understood": "The line is dead for the third time."}
    return (
        Step("Rita is furious; Jonas listens", does=(Says("case", "open", opening),)),
        Step(
            "He says back what he understood. She is not calm yet, and goes on",
            until=Until("case", "listening"),
            does=(
                Says("case", "acknowledge", understood),
                Says("case", "speak", {"words": "I lost a day!"}),
            ),
        ),
        Step(
            "Again, until she is",
            until=Until("case", "listening"),
            does=(Says("case", "acknowledge", understood), Says("case", "calm", {"by": AGENT})),
        ),
        Step(
            "Half a plan is none: what fixes this does not fix what let it happen",
            until=Until("case", "planning"),
            does=(
                Says("case", "plan", {"fix": "a technician comes", "by": AGENT}),
                Says("case", "agree", {"by": AGENT}),
            ),
        ),
        Step(
            "With both halves they agree",
            after=_HOUR / 2,
            does=(
                Says("case", "plan", {"prevent": "the box is replaced", "by": OWNER}),
                Says("case", "agree", {"by": AGENT}),
            ),
        ),
    )


def _a_day_without_a_word() -> tuple[Step, ...]:
    return (
        Step(
            "A day passes and nobody speaks to Rita: Karin was nudged, and now the ladder starts",
            until=Until("promise/daily_word", "lapsed"),
            within=_DAY,
        ),
        Step(
            "Omar takes it on, and Karin gives Rita her word for the day, late",
            until=Until("escalation", "notified"),
            after=_HOUR,
            does=(
                Says("escalation", "acknowledge", {"by": LEAD}),
                Says("case", "word", {"words": "The technician comes at four.", "by": OWNER}),
            ),
        ),
    )


def _put_right() -> tuple[Step, ...]:
    tried = {"step": "replaced the box", "result": "stable for an hour", "by": OWNER}
    return (
        Step(
            "The box is replaced; Rita says thank you, which ends nothing",
            until=Until("escalation", "resolved"),
            after=2 * _HOUR,
            does=(
                Says("case", "step", tried),
                Says("case", "thanks", {"words": "Thank you for staying with it."}),
                Says("case", "deliver", {"by": OWNER, "evidence": "stable for an hour"}),
            ),
        ),
        *closing(OWNER, "line 7", "box not replaced"),
    )


EXPECTED = (
    Told("hand_over", "email", OWNER),
    Told("nudge", "email", OWNER),
    Told("escalation", "email", LEAD),
    Told("news", "email", CUSTOMER),
    Told("team_news", "email", AGENT),
    *(Told("thanks", "email", person) for person in (AGENT, OWNER, LEAD)),
    Told("news", "email", CUSTOMER),
    *closing_notices(CUSTOMER, "email", (AGENT, OWNER, LEAD)),
)


def names(scene: Scene) -> Iterator[CheckResult]:
    """The missed word is a broken promise to ourselves, with a name on it, and late for ever."""
    missed = scene.named("promise/daily_word")[0]
    data = missed["data"]
    well = missed["state"] == "kept_late" and data["owner"] == OWNER and "customer" not in data
    yield CheckResult("missed step", well, f"{missed['key']} of {data['owner']} is {missed['state']}")


STORY = Story(
    number=5,
    title="listen, acknowledge, plan, take action, offer thanks, produce documentation",
    begin=BEGIN,
    speed=3600.0,
    roots={"case": CASE},
    people=PEOPLE,
    steps=steps,
    expected=EXPECTED,
    ended={
        "case": ("closed",),
        "promise/first_word": ("kept",),
        "promise/plan": ("kept",),
        "promise/daily_word": ("kept_late", "kept"),
        "promise/check_in": ("kept",),
        "promise/document": ("kept",),
        "escalation": ("resolved",),
    },
    refused=(("case", "agree"),),
    checks=(names,),
)
