"""Colleagues who do their work: what leads each subject on to its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from random import Random

from tests.invariants.storm.sight import Known
from tests.invariants.storm.values import ANSWERS
from tests.invariants.storm.world import StormyWorld

_BY = "kim@shop.example"


def helps(world: StormyWorld, dice: Random) -> bool:
    """Somebody does what is next of one of the things that are open; whether there was any."""
    known = [one for one in world.subjects.values() if not one.closed and one.lifecycle in _DAILY]
    if not known or dice.random() < 0.1:
        world.passes(timedelta(minutes=dice.choice((16, 60, 90))))
        return bool(known)
    first = [one for one in known if one.lifecycle == "escalation"]
    one = dice.choice(first if first and dice.random() < 0.35 else known)
    _NEXT[one.lifecycle](world, one, dice)
    return True


def takes_on(world: StormyWorld, dice: Random) -> None:
    """Somebody sees to most of what somebody must see to."""
    for one in list(world.subjects.values()):
        if one.lifecycle == "escalation" and not one.closed and dice.random() < 0.8:
            _escalation(world, one, dice)


def leads_on(world: StormyWorld, led: Sequence[str], dice: Random) -> bool:
    """Somebody does what is next of everything that the open ones of these cases wait for; whether any is."""
    cases = [one for one in map(world.subjects.__getitem__, led) if not one.closed]
    for one in list(world.subjects.values()):
        if one.lifecycle in ("escalation", "incident") and not one.closed:
            _NEXT[one.lifecycle](world, one, dice)
    for case in cases:
        for key in (*case.data.get("promises", ()), *case.data.get("pending", ())):
            awaited = world.subjects.get(key)
            if awaited is not None and not awaited.closed and case.state == "documented":
                _NEXT[awaited.lifecycle](world, awaited, dice)
        _case(world, world.subjects[case.key], dice)
    return bool(cases)


def _case(world: StormyWorld, case: Known, dice: Random) -> None:
    acts: Mapping[str, tuple[tuple[str, Mapping[str, object]], ...]] = {
        "listening": (("acknowledge", {"understood": "the bill is wrong"}),),
        "acknowledged": (("calm", {}),),
        "waiting": (("customer_answers", {"words": "it is in the cellar"}),),
        "acting": (("word", {"words": "we are at it"}), ("deliver", {}), ("deliver", {})),
        "delivered": (("check_in_answered", {"ok": True}),),
        "verified": (("document", ANSWERS),),
        "documented": (("close", {}),),
    }
    if case.state == "planning":
        plan = case.data.get("plan") or {}
        ready = plan.get("fix") and plan.get("prevent")
        trigger, data = ("agree", {}) if ready else ("plan", {"fix": "a new bill", "prevent": "one form"})
    else:
        trigger, data = dice.choice(acts[case.state])
    world.at_desk(f"/v1/desk/cases/{case.key}/{trigger}", {"by": _BY, **data}, in_query=True)


def _promise(world: StormyWorld, promise: Known, dice: Random) -> None:
    world.send(promise.key, "keep", {"by": _BY})


def _escalation(world: StormyWorld, escalation: Known, dice: Random) -> None:
    outcome = {"by": _BY, "outcome": "resolved", "result": "settled"}
    world.at_desk(f"/v1/desk/escalations/{escalation.key}/outcome", outcome)


def _callback(world: StormyWorld, call: Known, dice: Random) -> None:
    if call.state == "waiting":
        world.at_desk("/v1/desk/claim", {"by": _BY, "subject": call.key})
    world.at_desk(f"/v1/desk/callbacks/{call.key}/outcome", {"by": _BY, "outcome": "reached"})


def _approval(world: StormyWorld, approval: Known, dice: Random) -> None:
    decision = dice.choice(("granted", "refused"))
    said = {"by": "boss@shop.example", "decision": decision, "reason": "it is only fair"}
    world.at_desk(f"/v1/desk/approvals/{approval.key}/decision", said)


def _appointment(world: StormyWorld, visit: Known, dice: Random) -> None:
    if visit.state == "offered":
        offers = [one for one in world.installation.notices() if one.subject == visit.key and one.links]
        if offers:
            world.press(offers[-1], sorted(offers[-1].links)[0], dice.choice)
        if world.subjects[visit.key].state == "offered":  # none of the windows is left
            world.send(visit.key, "cancel", {"reason": "no longer needed"})
    elif visit.state == "booked" and dice.random() < 0.5:
        world.send(visit.key, "on_the_way", {"by": _BY})
    else:
        world.send(visit.key, "done", {"by": _BY})


def _incident(world: StormyWorld, incident: Known, dice: Random) -> None:
    if incident.state == "solved":
        world.send(incident.key, "document", {"by": _BY, **ANSWERS})
    else:
        world.send(incident.key, "solve", {"by": _BY, "words": "It is back"})


_DAILY = ("case", "promise", "escalation", "callback", "approval", "appointment")
_NEXT: Mapping[str, Callable[[StormyWorld, Known, Random], None]] = {
    "case": _case,
    "promise": _promise,
    "escalation": _escalation,
    "callback": _callback,
    "approval": _approval,
    "appointment": _appointment,
    "incident": _incident,
}
