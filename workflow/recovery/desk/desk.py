"""The desk's own events: they go through the ledger like all others, and who sent one waits for its decision.

The engine decides who gets a call: of two claims the second is refused. Nobody else is asked, and nothing is
promised before it has decided.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from state_machines.decision import Outcome
from state_machines.errors import Problem
from state_machines.subject import KEY_FORM, is_key
from state_machines.values.backoff import Backoff
from state_machines.values.json_values import identity
from workflow.access.principal import Principal
from workflow.clock import Clock, monotonic
from workflow.engine.cloudevent import CloudEvent
from workflow.engine.engine import Engine
from workflow.engine.wake import Wake
from workflow.errors import EventConflict, NotFound
from workflow.queries.event_outcomes import event_outcome
from workflow.queries.subjects import find_subject, opened_subject
from workflow.recovery.desk.item import Item, Kind
from workflow.recovery.desk.line import Wishes, find, line
from workflow.store.port import DEAD, DISCARDED, PENDING, EventOutcome

SOURCE = "/makegood/desk"
"""The CloudEvents source of what people of the desk do."""
_CLAIMED: Mapping[Kind, str] = {Kind.CALLBACK: "claimed", Kind.ESCALATION: "acknowledged"}
_TRIGGER: Mapping[Kind, str] = {Kind.CALLBACK: "claim", Kind.ESCALATION: "acknowledge"}
_LOOKS = Backoff(first=0.005, longest=0.03)
"""Between two looks: soon at first, since most decisions take milliseconds."""


class DeskOutcome(StrEnum):
    """What became of a wish."""

    DONE = "done"
    CLAIMED = "claimed"
    EMPTY = "empty"
    """Nothing waits that this person could take on now."""
    LOST = "lost"
    """Somebody else was quicker, or it cannot be had now."""
    UNDECIDED = "undecided"
    """It stands in the ledger and has not been decided yet: ask again with the same id."""


@dataclass(frozen=True, slots=True)
class DeskClaim:
    """Somebody wants the next of the line, or a certain one.

    Attributes:
        id: names this wish: the same again is the same wish, however often it is sent.
        by: who; a text or an object.
        subject: key of the one that is wanted; None: the next.
        wishes: what they can do.
        dial: their telephone, if it is to ring; None: they dial by hand.
        patience: seconds to wait for the decision.
    """

    id: str
    by: Any
    subject: str | None
    wishes: Wishes
    dial: str | None
    patience: float


@dataclass(frozen=True, slots=True)
class DeskResult:
    """What became of it; the item as it stands now, and why not."""

    outcome: DeskOutcome
    id: str
    item: Item | None = None
    reason: str = ""

    @property
    def key(self) -> str | None:
        """Of the subject that it is about; None when nothing was there to be had."""
        return None if self.item is None else self.item.key


@dataclass(frozen=True, slots=True)
class ActResult:
    """What became of something done about a case or an approval: its state now, and why not."""

    outcome: DeskOutcome
    id: str
    subject: str
    state: str
    reason: str = ""

    @property
    def key(self) -> str:
        """Of the subject that it is about."""
        return self.subject


class Desk:
    """Takes what people of the desk do to the engine."""

    def __init__(
        self, engine: Engine, clock: Clock, wake: Wake, holder: Principal, source: str = SOURCE
    ) -> None:
        """`holder` is whose key permits it: the actor of its events; `source` is theirs."""
        self._source = source
        self._engine = engine
        self._holder = holder
        self._store = engine.store
        self._clock = clock
        self._wake = wake

    async def claim(self, claim: DeskClaim) -> DeskResult:
        """Claim the next of the line, or the one named; of several who do so at once one gets it.

        Who loses one to somebody quicker is offered the next, until their patience ends.

        Raises:
            NotFound: the one that is named does not exist.
        """
        until = monotonic() + claim.patience
        lost: set[str] = set()
        while True:
            event_id = f"claim/{claim.id}/{len(lost)}"
            if await asyncio.to_thread(event_outcome, self._store, self._source, event_id) is None:
                item = await asyncio.to_thread(self._wanted, claim, lost)
                if item is None:
                    return DeskResult(DeskOutcome.EMPTY, claim.id)
                await self.send(event_id, item.key, _TRIGGER[item.kind], _claim_data(claim, item))
            found = await self.decided(event_id, until)
            item = await asyncio.to_thread(find, self._store, found.subject)
            if found.outcome == PENDING:
                return DeskResult(DeskOutcome.UNDECIDED, claim.id, item)
            if found.outcome != Outcome.REFUSED and found.dest == _CLAIMED[item.kind]:
                return DeskResult(DeskOutcome.CLAIMED, claim.id, item)
            lost.add(item.key)
            if claim.subject is not None or monotonic() > until:
                reason = found.reason if found.outcome == Outcome.REFUSED else None
                return DeskResult(DeskOutcome.LOST, claim.id, item, reason or f"it is {item.state} now")

    async def tell(
        self, key: str, trigger: str, data: Mapping[str, Any], id: str, patience: float
    ) -> DeskResult:
        """Send one event about a call or an escalation, and wait for its decision.

        Raises:
            NotFound: there is no such subject.
            InvalidEvent: the event breaks a rule; nothing was stored.
            EventConflict: under this id something else was told before.
        """
        await asyncio.to_thread(find, self._store, key)
        found = await self._send_and_wait(key, trigger, data, id, patience)
        item = await asyncio.to_thread(find, self._store, found.subject)
        return DeskResult(_outcome(found), id, item, _reason(found))

    async def act(
        self, key: str, trigger: str, data: Mapping[str, Any], id: str, patience: float
    ) -> ActResult:
        """Do something about a case or an approval; whoever has its number may, whatever desk they sit at. As
        `tell`.
        """
        await asyncio.to_thread(opened_subject, self._store, key)
        return await self.open(key, trigger, data, id, patience)

    async def open(
        self, key: str, trigger: str, data: Mapping[str, Any], id: str, patience: float
    ) -> ActResult:
        """The same about a subject that need not be there yet: this may open it."""
        found = await self._send_and_wait(key, trigger, data, id, patience)
        return ActResult(_outcome(found), id, key, await asyncio.to_thread(self._state, key), _reason(found))

    async def _send_and_wait(
        self, key: str, trigger: str, data: Mapping[str, Any], id: str, patience: float
    ) -> EventOutcome:
        event_id = f"{trigger}/{key}/{id}"  # an id that is used for something else is something else
        await self.send(event_id, key, trigger, data)
        found = await self.decided(event_id, monotonic() + patience)
        if identity(found.data) != identity(dict(data)):
            message = f"the id {id!r} is that of another {trigger} of {key}, which said something else"
            raise EventConflict([Problem("id", "other-content", message)])
        return found

    async def send(self, id: str, key: str, trigger: str, data: Mapping[str, Any]) -> None:
        """Put an event into the ledger and have it applied.

        Raises InvalidEvent; and NotFound for what is no key, and can never be there.
        """
        if not is_key(key):
            raise NotFound(f"subject: {key!r} is no key, which is {KEY_FORM}")
        kind = key.partition(":")[0]
        event = CloudEvent(id, self._source, f"{kind}.{trigger}", key, self._clock.now(), data)
        await asyncio.to_thread(self._engine.accept, [event], self._holder)
        self._wake([key])

    async def decided(self, event_id: str, until: float) -> EventOutcome:
        """What became of an event, looked at until it is decided or the time (`monotonic`) is over."""
        looks = 0
        while True:
            found = await asyncio.to_thread(event_outcome, self._store, self._source, event_id)
            assert found is not None, "an accepted event is in the ledger"
            if found.outcome != PENDING or monotonic() > until:
                return found
            looks += 1
            await asyncio.sleep(_LOOKS.pause(looks))

    def _state(self, key: str) -> str:
        with self._store.connect() as connection:
            found = find_subject(connection, key)
        assert found is not None, "a subject with an event is there"
        return found[1].state

    def _wanted(self, claim: DeskClaim, lost: set[str]) -> Item | None:
        if claim.subject is not None:
            return find(self._store, claim.subject)
        found = line(self._store, self._clock.now(), claim.wishes, 1, without=lost)
        return found[0] if found else None


def _outcome(found: EventOutcome) -> DeskOutcome:
    if found.outcome == PENDING:
        return DeskOutcome.UNDECIDED
    return DeskOutcome.LOST if found.outcome in (Outcome.REFUSED, DEAD, DISCARDED) else DeskOutcome.DONE


def _reason(found: EventOutcome) -> str:
    if found.outcome == DEAD:
        return "its decision failed; an operator must look"
    return found.reason or ""


def _claim_data(claim: DeskClaim, item: Item) -> dict[str, Any]:
    dials = claim.dial is not None and item.kind is Kind.CALLBACK
    return {"by": claim.by, "dial": claim.dial} if dials else {"by": claim.by}
