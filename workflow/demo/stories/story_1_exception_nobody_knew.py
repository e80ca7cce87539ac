"""Story 1, the exception nobody knew: a post is heard, a policy is found, a form is waited for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from state_machines.values.instants import zone
from workflow.demo.checks import hours_kept
from workflow.demo.scene import Scene
from workflow.demo.script import Asks, Says, Step, Story, Told, Until
from workflow.demo.stories.closing import PACE, closing, closing_notices
from workflow.maintenance.check_result import CheckResult

CUSTOMER, CASE, POLICY = "customer:881", "case:881-1", "policy:disability"
ZONE = "America/New_York"
BEGIN = datetime(2026, 10, 13, 9, tzinfo=zone(ZONE))
"""A Tuesday."""

MANAGER = "paul.brandt@store.example"
LEAD = "sam.ortiz@store.example"
BOOKKEEPER = "ada.ross@store.example"
POLICY_OWNER = "policies@store.example"
SON = "ben.weber@mail.example"
PEOPLE = {
    MANAGER: "Paul, the service manager",
    LEAD: "Sam, his team lead",
    BOOKKEEPER: "Ada, who keeps the books",
    POLICY_OWNER: "the policy's owner",
    SON: "Ben, the son",
}
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
EXCEPTION = {
    "title": "Exceptions for disabilities",
    "text": "Who cannot use our phones orders by form; a relative may sign.",
    "eligible": "facts.disability == true",
    "grants": [
        {"role": "manager", "what": "order by form"},
        {"role": "manager", "what": "credit", "up_to": 50},
    ],
    "owner": POLICY_OWNER,
    "approvers": [{"people": [BOOKKEEPER], "within": "P1D"}],
    "decide_within": "P1D",
}
"""The policy that nobody at the desk knows."""
POST = "My father has Parkinson's. Store and hotline sent him away: by phone only."


def steps(begun: datetime) -> tuple[Step, ...]:
    """From the post to the service that runs."""
    return (*_heard(), *_granted(), *_waited_for(), *_running())


def _post(number: int, reach: int) -> Says:
    said = {
        "words": POST, "channel": "social", "network": "mastodon", "source_id": f"mastodon/{number}",
        "reach": reach, "social": "@ben@social.example", "name": "Ben Weber", "email": SON,
        "phone": "+1 212 555 0147", "zone": ZONE, "channels": ["email"], "owner": MANAGER, "by": "listener",
        "ladder": [{"people": [LEAD], "within": "P1D"}],
        "pace": {"first_word": "PT12H", "daily_word": "P3D", "plan": "P3D"} | PACE,
    }  # fmt: skip
    return Says("customer", "reach_out", said)


def _heard() -> tuple[Step, ...]:
    understood = {"by": MANAGER, "understood": "Your father cannot use our phones.", "channel": "social"}
    call = {"words": "Paul calls you within eight hours", "within": "PT8H", "owner": MANAGER, "by": MANAGER}
    return (
        Step(
            "The policy that nobody at the desk knew stands in the book",
            does=(Says("policy", "set", EXCEPTION),),
        ),
        Step("Ben posts it; a dozen friends join in; he posts again", does=(_post(1, 400), _post(2, 2500))),
        Step(
            "Paul answers where it was written, and promises a call within hours",
            until=Until("case", "listening", {"reach": 2500}),
            after=_HOUR / 2,
            does=(Says("case", "acknowledge", understood), Says("case", "call", call)),
        ),
        Step(
            "He calls himself",
            until=Until("callback", "waiting"),
            after=_HOUR,
            does=(
                Says("callback", "claim", {"by": MANAGER}),
                Says("callback", "reached", {"by": MANAGER, "outcome": "the form is in the mail"}),
            ),
        ),
    )


def _granted() -> tuple[Step, ...]:
    def grant(what: str, **more: Any) -> Asks:
        said = {"policy": "disability", "role": "manager", "what": what, "by": MANAGER}
        path = f"/v1/desk/cases/{{case}}/grant?id={what.replace(' ', '-')}"
        return Asks(path, lambda answer: answer["outcome"] == "done", said | more)

    return (
        Step(
            "With the facts of the case the book shows what he may grant",
            until=Until("promise/callback", "kept"),
            does=(
                Says("case", "tell_fact", {"fact": "disability", "value": True, "by": MANAGER}),
                Asks("/v1/policies?case={case}", lambda said: any(one["eligible"] for one in said["items"])),
            ),
        ),
        Step("Within his authority he asks nobody", does=(grant("order by form"),)),
        Step("For more on top he needs Ada's word", after=_HOUR, does=(grant("credit", amount=80),)),
        Step(
            "She gives it",
            until=Until("approval", "asked"),
            after=_HOUR,
            does=(
                Asks(
                    "/v1/desk/approvals/{approval}/decision",
                    lambda answer: answer["outcome"] == "done",
                    {"decision": "granted", "by": BOOKKEEPER, "id": "her-word"},
                ),
            ),
        ),
        Step(
            "The plan has two halves: the form, and the store that learns of the policy",
            until=Until("approval", "granted"),
            does=(
                Says("case", "cause", {"cause": "training"}),
                Says("case", "calm", {"by": MANAGER}),
                Says("case", "plan", {"fix": "by form", "prevent": "training", "by": MANAGER}),
                Says("case", "agree", {"by": MANAGER}),
            ),
        ),
    )


def _waited_for() -> tuple[Step, ...]:
    form = {
        "words": "The service runs a day after the form is back", "within": "P1D", "kind": "form",
        "owner": MANAGER, "by": MANAGER, "pauses": True,
    }  # fmt: skip
    waiting = {"words": "the form", "remind_every": "PT20H", "by": MANAGER}
    return (
        Step(
            "From now on we wait for the form: the promise stands still and cannot lapse",
            until=Until("case", "acting"),
            does=(
                Says("case", "promise", form),
                Says("case", "wait_for_customer", waiting),
            ),
        ),
        Step(
            "Two days and two kind reminders later it is back",
            until=Until("promise/form", "waiting"),
            after=2 * _DAY,
            does=(Says("case", "customer_answers", {"words": "Here it is."}),),
        ),
    )


def _running() -> tuple[Step, ...]:
    return (
        Step(
            "There is as much time left as there was: the service runs",
            until=Until("promise/form", "made"),
            after=6 * _HOUR,
            does=(
                Says("promise/form", "keep", {"by": MANAGER, "evidence": "the first call"}),
                Says("case", "deliver", {"by": MANAGER, "evidence": "the first call"}),
            ),
        ),
        *closing(MANAGER, "store", "training"),
    )


EXPECTED = (
    Told("hand_over", "email", MANAGER),
    Told("news", "social", SON),
    Told("nudge", "email", MANAGER),
    Told("news", "social", SON),
    *(Told("answer", "email", MANAGER) for _ in range(2)),
    Told("approval", "email", BOOKKEEPER),
    Told("approval", "email", MANAGER),
    Told("question", "email", SON),
    *(Told("reminder", "email", SON) for _ in range(2)),
    Told("nudge", "email", MANAGER),
    Told("news", "email", SON),
    *closing_notices(SON, "email", (MANAGER, BOOKKEEPER)),
)


def one_case(scene: Scene) -> Iterator[CheckResult]:
    """Two posts of one person are one case, and its cause is on the record."""
    cases = scene.named("case")
    data = cases[0]["data"]
    posts, causes = len([one for one in data["contacts"] if one.get("network")]), data["causes"]
    well = len(cases) == 1 and posts == 2 and causes == ["training"]
    yield CheckResult("one case", well, f"{len(cases)} case of {posts} posts; causes: {', '.join(causes)}")


STORY = Story(
    number=1,
    title="the exception nobody knew",
    begin=BEGIN,
    speed=7200.0,
    roots={"customer": CUSTOMER, "case": CASE, "policy": POLICY},
    people=PEOPLE,
    steps=steps,
    expected=EXPECTED,
    ended={
        "policy": ("in_force",),
        "customer": ("known",),
        "identity": ("bound",) * 3,
        "case": ("closed",),
        "promise/first_word": ("kept",),
        "promise/callback": ("kept",),
        "callback": ("reached",),
        "approval": ("granted",),
        "promise/plan": ("kept",),
        "promise/daily_word": ("kept",),
        "promise/form": ("kept",),
        "promise/check_in": ("kept",),
        "promise/document": ("kept",),
    },
    checks=(one_case, hours_kept("callback")),
)
