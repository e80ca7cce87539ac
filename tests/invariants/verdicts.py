"""What must never be, whatever happens: each rule looks at the world and says in words what it found.

The rules read the wishes of customers, the clocks of their zones and the states of the catalog by
themselves. They ask nothing of the code that they judge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from state_machines.decision import Outcome, SendNotice
from state_machines.subject import Subject
from tests.invariants.stormy_world import Said, StormyWorld, Taken

_A_PERSON_SAYS_IT = ("apology", "broken_promise", "missed_appointment")
_TEXT = ("email", "sms", "chat", "social", "webhook")
_FINAL = {
    "promise": ("kept", "kept_late", "withdrawn"),
    "escalation": ("resolved", "withdrawn"),
    "callback": ("reached", "customer_called", "withdrawn"),
}


class Judge:
    """Holds what was known of each subject at the last look, so that only what is new is looked at."""

    def __init__(self) -> None:
        self._heard = 0
        self._asked: set[tuple[str, str]] = set()
        self._lapsed: dict[str, str] = {}

    def findings(self, world: StormyWorld) -> list[str]:
        """What is wrong now; empty if nothing is."""
        found: list[str] = []
        for said in world.said[self._heard :]:
            found += _about_voice(said)
            found += _about_wishes(said)
        self._heard = len(world.said)
        for taken in world.fresh:
            found += _about_holders(taken)
            found += self._about_steps(taken)
        world.fresh.clear()
        for subject in world.subjects.values():
            for rule in _RULES.get(subject.lifecycle, ()):
                found += rule(world, subject)
            if subject.lifecycle == "promise":
                found += self._about_lateness(subject)
        found += [f"{key}: {event.trigger} cannot be decided: {why}" for key, event, why in world.dead]
        return found

    def _about_lateness(self, promise: Subject) -> Iterator[str]:
        lapsed_at = promise.data.get("lapsed_at")
        known = self._lapsed.get(promise.key)
        if known is not None and (lapsed_at != known or promise.state in ("kept", "made", "at_risk")):
            yield f"{promise.key} was late and is {promise.state}, late since {lapsed_at}"
        if lapsed_at is not None:
            self._lapsed[promise.key] = lapsed_at

    def _about_steps(self, taken: Taken) -> Iterator[str]:
        """Whether the customer is asked for a step that they were asked for, or that was tried."""
        for effect in taken.decision.effects:
            if not isinstance(effect, SendNotice) or effect.about != "question":
                continue
            step = effect.context.get("step")
            if step is None:
                continue
            tried = [one.get("step") for one in taken.before.data.get("steps", ())]
            if (taken.after.key, step) in self._asked or step in tried:
                yield f"{taken.after.key} asks the customer a second time to {step!r}"
            self._asked.add((taken.after.key, step))


def _about_voice(said: Said) -> Iterator[str]:
    if said.notice.about in _A_PERSON_SAYS_IT and said.channel not in (*_TEXT, "recording"):
        yield f"{said.notice.key}: {said.notice.about} went over {said.channel}"


def _about_wishes(said: Said) -> Iterator[str]:
    if not isinstance(said.to, Mapping) or said.channel not in _TEXT:
        return
    if said.channel in (said.to.get("opted_out") or ()):
        yield f"{said.notice.key} went over {said.channel}, which {said.to.get('name')} has opted out of"
    quiet = said.to.get("quiet_hours")
    if quiet and is_quiet(said.at, said.to.get("zone"), quiet):
        yield f"{said.notice.key} went over {said.channel} at {said.at}, in the quiet hours {quiet}"


def is_quiet(at: datetime, zone: Any, hours: str) -> bool:
    """Whether a clock on the wall there shows a time within ``HH:MM-HH:MM``; without a zone it may."""
    try:
        wall = at.astimezone(ZoneInfo(zone)).strftime("%H:%M")
    except (ZoneInfoNotFoundError, TypeError, ValueError):
        return True
    begin, end = hours.split("-")
    return begin <= wall < end if begin <= end else wall >= begin or wall < end


def _about_holders(taken: Taken) -> Iterator[str]:
    """Two agents with one callback; and a person who is asked to call while it is quiet."""
    before, after = taken.before, taken.after
    if (
        after.lifecycle != "callback"
        or taken.event.trigger != "claim"
        or taken.decision.outcome == Outcome.REFUSED
    ):
        return
    if before.state == "claimed" and before.data.get("claimed_by") != after.data.get("claimed_by"):
        both = f"{before.data.get('claimed_by')} and {after.data.get('claimed_by')}"
        yield f"{after.key} was held by one and is by two now: {both}"
    customer = after.data.get("customer")
    rings = any(isinstance(one, SendNotice) and one.channel == "dial" for one in taken.decision.effects)
    begins = after.state == "claimed" and (before.state != "claimed" or rings)
    if begins and isinstance(customer, Mapping) and customer.get("quiet_hours"):
        at = after.changed_at
        if at is not None and is_quiet(at, customer.get("zone"), customer["quiet_hours"]):
            yield f"{after.key} is to be called at {at}, in the quiet hours {customer['quiet_hours']}"


def _runs(subject: Subject) -> bool:
    return any(timer.due_at is not None for timer in subject.timers.values())


def _about_promise(world: StormyWorld, promise: Subject) -> Iterator[str]:
    if promise.state in ("made", "at_risk"):
        if "deadline" not in promise.timers or promise.timers["deadline"].due_at is None:
            yield f"{promise.key} is {promise.state} and nothing watches its deadline"
    elif promise.state == "lapsed":
        escalation = world.subjects.get(f"escalation:promise-{promise.key.partition(':')[2]}")
        if escalation is None:
            yield f"{promise.key} has lapsed without an escalation"
        elif escalation.state in _FINAL["escalation"]:
            yield f"{promise.key} has lapsed, is not settled, and its escalation is {escalation.state}"
    elif promise.state not in (*_FINAL["promise"], "waiting"):
        yield f"{promise.key} is neither open nor settled: {promise.state}"


def _about_escalation(world: StormyWorld, escalation: Subject) -> Iterator[str]:
    if escalation.state in _FINAL["escalation"]:
        return
    if not _runs(escalation):
        yield f"{escalation.key} is {escalation.state} and no timer says who is next"
    if escalation.state == "notified" and not escalation.data.get("told"):
        yield f"{escalation.key} is notified and nobody was told"


def _about_callback(world: StormyWorld, callback: Subject) -> Iterator[str]:
    if callback.state not in _FINAL["callback"] and not _runs(callback):
        yield f"{callback.key} is {callback.state} and nothing watches it"


_RULES: Mapping[str, tuple[Callable[[StormyWorld, Subject], Iterator[str]], ...]] = {
    "promise": (_about_promise,),
    "escalation": (_about_escalation,),
    "callback": (_about_callback,),
}
