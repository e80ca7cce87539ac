"""What must never be, whatever happens: each rule looks at what is new and says in words what it found.

The rules read the wishes of customers, the clocks of their zones and the states of the catalog by themselves.
They ask nothing of the code that they judge. A finding begins with the name of its rule.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from sqlalchemy import select

from tests.invariants.storm.calendars import Deadlines
from tests.invariants.storm.hours import is_quiet
from tests.invariants.storm.incident_words import IncidentWords
from tests.invariants.storm.messages import Messages
from tests.invariants.storm.sight import Known, Move, Seen
from tests.invariants.storm.values import is_by_machine
from tests.invariants.storm.whose import Owners
from tests.invariants.storm.world import StormyWorld
from workflow.scenarios.stage import DeadThing, SentNotice
from workflow.store.own_sources import OWN_SOURCES
from workflow.store.schema import outbox

_BY_A_PERSON = ("apology", "broken_promise", "missed_appointment")
_TEXT = ("email", "sms", "chat", "social", "webhook")
_SAID_BY_PEOPLE = ("/makegood/desk", "/makegood/links")
"""Whoever answers by a link or acts at a desk is told what became of it."""
_OF_THE_WORLD = ("[channel-", "[no-way]", "no receipt after", "no receipt came")


class Judge:
    """Holds what was known at the last look, so that only what is new is looked at."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._keys: set[str] = set()
        self._steps: set[tuple[str, str]] = set()
        self._lapsed: dict[str, str] = {}
        self._others = (Messages(), IncidentWords(), Owners(), Deadlines())

    def look(self, world: StormyWorld, seen: Seen) -> None:
        """Look at one instant, after all that follows from it has happened."""
        for move in seen.moves:
            self.found += _about_refusals(move)
            self.found += _about_holders(world, seen, move)
            self.found += _about_machines(world, seen, move)
        for notice in seen.notices:
            self.found += _about_voice(notice)
            self.found += _about_wishes(world, seen, notice)
            self.found += _about_what_is_so(world, seen, notice)
            self.found += self._about_twice(notice)
            self.found += self._about_steps(world, notice)
        self.found += _about_same_words(seen.notices)
        for dead in seen.dead:
            self.found += _about_dead(dead)
        for key in dict.fromkeys(move.key for move in seen.moves):
            subject = world.subjects.get(key)
            if subject is not None:
                for rule in _RULES.get(subject.lifecycle, ()):
                    self.found += rule(world, subject)
                self.found += self._about_lateness(subject)
        for other in self._others:
            self.found += other.look(world, seen)
        self.found += world.complaints
        world.complaints.clear()

    def _about_twice(self, notice: SentNotice) -> Iterator[str]:
        if notice.key in self._keys:
            yield f"twice: {notice.key} went out a second time, over {notice.channel}"
        self._keys.add(notice.key)

    def _about_lateness(self, promise: Known) -> Iterator[str]:
        if promise.lifecycle != "promise":
            return
        lapsed_at = promise.data.get("lapsed_at")
        known = self._lapsed.get(promise.key)
        if known is not None and (lapsed_at != known or promise.state in ("kept", "made", "at_risk")):
            yield f"late no more: {promise.key} was late and is {promise.state}, late since {lapsed_at}"
        if lapsed_at is not None:
            self._lapsed[promise.key] = lapsed_at

    def _about_steps(self, world: StormyWorld, notice: SentNotice) -> Iterator[str]:
        """Whether the customer is asked for a step that they were asked for."""
        if notice.about != "question":
            return
        with world.installation.store.connect() as connection:
            payload = connection.execute(
                select(outbox.c.payload).where(outbox.c.key == notice.key)
            ).scalar_one()
        step = payload.get("context", {}).get("step")
        if step is not None:
            if (notice.subject, step) in self._steps:
                yield f"asked twice: {notice.subject} asks the customer a second time to {step!r}"
            self._steps.add((notice.subject, step))


def _about_refusals(move: Move) -> Iterator[str]:
    """What we ourselves send is taken: nobody hears of a refusal among our own subjects."""
    ours = move.timer is not None or (move.source in OWN_SOURCES and move.source not in _SAID_BY_PEOPLE)
    if move.outcome == "refused" and ours:
        sender = f"the timer {move.timer}" if move.timer else move.source
        what = f"{move.key} in {move.before} refuses {move.trigger} of {sender}"
        yield f"own refusal: {what}: {move.reason} {move.said}"


def _about_dead(dead: DeadThing) -> Iterator[str]:
    if not any(rule in dead.reason for rule in _OF_THE_WORLD):
        yield f"dead letter: {dead.identity} of {dead.subject}: {dead.reason}"


def _about_voice(notice: SentNotice) -> Iterator[str]:
    if notice.about in _BY_A_PERSON and notice.channel not in (*_TEXT, "recording"):
        yield f"robot: {notice.key}: {notice.about} went over {notice.channel}"


def _about_wishes(world: StormyWorld, seen: Seen, notice: SentNotice) -> Iterator[str]:
    """Neither in quiet hours nor against a wish, as it stood both before this instant and after it."""
    if not isinstance(notice.to, Mapping) or notice.channel not in _TEXT:
        return
    wishes = world.profiles(seen, notice.to) or [notice.to]
    if all(notice.channel in (one.get("opted_out") or ()) for one in wishes):
        yield f"opted out: {notice.key} went to {notice.to.get('name')} over {notice.channel}"
    if all(is_quiet(notice.at, one) for one in wishes):
        hours = [one.get("quiet_hours") for one in wishes]
        yield f"quiet: {notice.key} went over {notice.channel} at {notice.at}, in the quiet hours {hours}"


def _about_what_is_so(world: StormyWorld, seen: Seen, notice: SentNotice) -> Iterator[str]:
    """Nobody is reminded of what we wait for once we wait no longer."""
    subject = world.subjects.get(notice.subject)
    if notice.about != "reminder" or subject is None or subject.lifecycle not in ("case", "promise"):
        return
    before = seen.before.get(subject.key, subject)
    if "waiting" not in (before.state, subject.state):
        yield f"not so: {notice.key} reminds {notice.address} and {subject.key} is {subject.state}"


def _about_same_words(notices: Sequence[SentNotice]) -> Iterator[str]:
    """No decision tells a person the same twice."""
    counted = Counter((one.address, one.channel, one.key.rpartition("/")[0], one.words) for one in notices)
    for (address, channel, decision, words), times in counted.items():
        if times > 1:
            yield f"same words: {decision} tells {address} over {channel} {times} times: {words!r}"


def _about_holders(world: StormyWorld, seen: Seen, move: Move) -> Iterator[str]:
    """Two agents with one callback; and a person who is asked to call while it is quiet."""
    after = world.subjects.get(move.key)
    if move.trigger != "claim" or move.outcome == "refused" or after is None or after.lifecycle != "callback":
        return
    before = seen.before.get(move.key)
    if move.before == move.after == "claimed" and before is not None:
        held, holds = before.data.get("claimed_by"), after.data.get("claimed_by")
        if held is not None and holds is not None and held != holds:
            yield f"two hold it: {after.key} was held by {held} and is by {holds}"
    customer = after.data.get("customer")
    if move.after == "claimed" and isinstance(customer, Mapping) and is_quiet(move.at, customer):
        yield f"quiet: {after.key} is to be called at {move.at}, in the quiet hours {customer['quiet_hours']}"


def _about_machines(world: StormyWorld, seen: Seen, move: Move) -> Iterator[str]:
    """What a machine has written opens no case, as far as nobody else wrote in the same instant."""
    if move.trigger != "reach_out" or not is_by_machine(move.said):
        return
    world.tally["weather: mails of machines"] += 1
    if sum(one.trigger in ("reach_out", "take_over") for one in seen.moves) == 1:
        before, after = seen.before.get(move.key), world.subjects.get(move.key)
        had = before.data.get("case") if before else None
        has = after.data.get("case") if after else None
        if has not in (None, had):
            yield f"machine: {move.key} has {has} opened by what a machine has written"


def _about_promise(world: StormyWorld, promise: Known) -> Iterator[str]:
    if promise.state in ("made", "at_risk") and promise.timers.get("deadline") is None:
        yield f"no clock: {promise.key} is {promise.state} and nothing watches its deadline"
    if promise.state == "lapsed":
        escalation = world.subjects.get(f"escalation:promise-{promise.key.partition(':')[2]}")
        if escalation is None:
            yield f"no ladder: {promise.key} has lapsed without an escalation"
        elif escalation.closed:
            yield f"no ladder: {promise.key} has lapsed, and its escalation is {escalation.state}"


def _about_clock(world: StormyWorld, subject: Known) -> Iterator[str]:
    if subject.state == "joined":
        incident = world.subjects.get(str(subject.data.get("incident")))
        if incident is None or not incident.runs:
            yield f"no clock: {subject.key} is part of the ladder of {incident}"
    elif not subject.closed and not subject.runs and subject.state not in ("waiting", "lapsed"):
        yield f"no clock: {subject.key} is {subject.state} and no timer says what is next"


def _about_approval(world: StormyWorld, approval: Known) -> Iterator[str]:
    """Its own clock, or a ladder that it has had opened."""
    ladders = [one for one in world.subjects.values() if one.parent == approval.key and not one.closed]
    if (
        not approval.closed
        and not approval.runs
        and not any(one.lifecycle == "escalation" for one in ladders)
    ):
        yield f"no clock: {approval.key} is {approval.state} and nobody is asked"


def _about_case(world: StormyWorld, case: Known) -> Iterator[str]:
    """What a case waits for is there, and can still come."""
    if case.closed:
        return
    for key in (*case.data.get("promises", ()), *case.data.get("pending", ())):
        awaited = world.subjects.get(key)
        if awaited is None:
            yield f"waits for ever: {case.key} waits for {key}, which was never opened"
        elif awaited.closed and awaited.parent == case.key:
            yield f"waits for ever: {case.key} waits for {key}, which is {awaited.state}"


def _about_told(world: StormyWorld, escalation: Known) -> Iterator[str]:
    if escalation.state == "notified" and not escalation.data.get("people"):
        yield f"nobody told: {escalation.key} is notified and nobody was told"


_RULES: Mapping[str, tuple[Callable[[StormyWorld, Known], Iterator[str]], ...]] = {
    "promise": (_about_promise, _about_clock),
    "escalation": (_about_clock, _about_told),
    "callback": (_about_clock,),
    "approval": (_about_approval,),
    "case": (_about_case,),
}
