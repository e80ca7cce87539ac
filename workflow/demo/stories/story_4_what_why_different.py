"""Story 4: what happened, why, what we do differently; a low answer reopens, the barometer shows it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from state_machines.values.instants import zone
from workflow.demo.scene import Scene
from workflow.demo.script import Asks, Says, Step, Story, Told, Until
from workflow.demo.stories.closing import PACE, asked, closing, closing_notices
from workflow.maintenance.check_result import CheckResult

CASE = "case:M-4"
ZONE = "Europe/Berlin"
BEGIN = datetime(2026, 10, 13, 9, tzinfo=zone(ZONE))
"""A Tuesday."""

AGENT = "jonas.wolf@desk.example"
BILLING = "bea.kurz@billing.example"
OWNER = "karin.lenz@net.example"
LEAD = "omar.said@net.example"
MIA = "mia.hahn@mail.example"
PEOPLE = {
    AGENT: "Jonas, of the desk",
    BILLING: "Bea, of billing",
    OWNER: "Karin, who answers for the case",
    LEAD: "Omar, the team lead",
    MIA: "Mia, the customer",
}
_HOUR = timedelta(hours=1)


def steps(begun: datetime) -> tuple[Step, ...]:
    """Put right once, and not well enough; put right again; written down; counted."""
    return (*_sent_round(), *_first_try(), *_second_try(), *_counted())


def _sent_round() -> tuple[Step, ...]:
    opening = {
        "customer": {"name": "Mia Hahn", "email": MIA, "phone": "+4930222", "zone": ZONE},
        "words": "Nobody came, nobody called, and you charged me for it.", "channel": "phone",
        "owner": AGENT, "team": "desk", "part": "invoice", "by": AGENT,
        "ladder": [{"people": [LEAD], "within": "P1D"}],
        "pace": {"first_word": "PT12H", "plan": "P2D", "daily_word": "P2D", **PACE},
    }  # fmt: skip
    return (
        Step("Mia was charged for a visit that nobody made", does=(Says("case", "open", opening),)),
        Step(
            "She goes round: from the desk to billing, and from there to Karin. All that is known goes along",
            until=Until("case", "listening"),
            after=_HOUR,
            does=(
                Says("case", "hand_over", {"to": BILLING, "by": AGENT, "reason": "an invoice"}),
                Says("case", "hand_over", {"to": OWNER, "by": BILLING, "team": "care", "reason": "a visit"}),
            ),
        ),
    )


def _planned(prevent: str) -> tuple[Says, ...]:
    plan = {"fix": "the charge is taken back", "prevent": prevent, "by": OWNER}
    return (Says("case", "plan", plan), Says("case", "agree", {"by": OWNER}))


def _first_try() -> tuple[Step, ...]:
    return (
        Step(
            "Karin listens, and they plan",
            until=Until("case", "listening", {"owner": OWNER}),
            after=_HOUR,
            does=(
                Says("case", "acknowledge", {"by": OWNER, "understood": "Charged, and nobody came."}),
                Says("case", "calm", {"by": OWNER}),
                *_planned("the invoice waits for the visit"),
            ),
        ),
        Step(
            "During the work she is asked how it goes",
            until=Until("case", "acting"),
            after=_HOUR,
            does=(
                Says("case", "check_in"),
                Says("case", "check_in_answered", {"ok": True, "words": "So far."}),
            ),
        ),
        Step("The charge is taken back", after=_HOUR, does=(Says("case", "deliver", {"by": OWNER}),)),
        *asked(
            "Mia says that it works, and also that she cannot trust us: a low answer",
            "Two of five for trust",
            {"care": "4", "help": "4", "trust": "2", "words": "And next month?"},
        ),
    )


def _second_try() -> tuple[Step, ...]:
    return (
        Step(
            "The case is planned anew, with what was missing",
            until=Until("case", "planning", {"round": 2}),
            after=_HOUR,
            does=_planned("no invoice without a signature on site"),
        ),
        Step(
            "It is done, and said so",
            until=Until("case", "acting"),
            after=_HOUR,
            does=(Says("case", "deliver", {"by": OWNER, "evidence": "the rule is live"}),),
        ),
        *closing(OWNER, "invoice", "charged before the visit"),
    )


def _counted() -> tuple[Step, ...]:
    def one_cause(said: object) -> bool:
        groups = said["groups"]  # type: ignore[index]
        return [(one["name"], one["subjects"]) for one in groups] == [("charged before the visit", 1)]

    return (
        Step(
            "The barometer shows the cause, and who was sent round, down to the case",
            until=Until("case", "closed"),
            does=(
                Asks("/v1/barometer/causes", one_cause),
                Asks("/v1/barometer/hand_overs", lambda said: said["all"]["numbers"]["sum"] == 2),
                Asks("/v1/barometer/hand_overs/subjects", lambda said: said["items"][0]["subject"] == CASE),
            ),
        ),
    )


EXPECTED = (
    Told("hand_over", "email", AGENT),
    Told("hand_over", "email", BILLING),
    Told("hand_over", "email", OWNER),
    Told("check_in", "email", MIA),
    *(Told("news", "email", MIA) for _ in range(2)),
    Told("check_in", "email", MIA),
    Told("survey", "email", MIA),
    Told("nudge", "email", OWNER),
    *closing_notices(MIA, "email", (AGENT, BILLING, OWNER)),
)


def answers(scene: Scene) -> Iterator[CheckResult]:
    """Every answer of the customer is on the record, the low one too."""
    data = scene.named("case")[0]["data"]
    trust = [one["trust"] for one in data["surveys"]]
    oks = [one["ok"] for one in data["check_ins"]]
    well = trust == [2, 4] and oks == [True, True, True]
    yield CheckResult("answers", well, f"trust: {trust}, check-ins: {oks}")


STORY = Story(
    number=4,
    title="what, why, and what we do differently",
    begin=BEGIN,
    speed=3600.0,
    roots={"case": CASE},
    people=PEOPLE,
    steps=steps,
    expected=EXPECTED,
    ended={
        "case": ("closed",),
        "promise/first_word": ("kept",),
        "promise/plan": ("kept", "kept"),
        "promise/daily_word": ("kept", "kept"),
        "promise/check_in": ("kept", "kept"),
        "promise/document": ("withdrawn", "kept"),
    },
    checks=(answers,),
)
