"""The desk's own events: they go through the ledger like all others, and who sent one waits to hear its fate.

The engine decides who gets a call: of two claims the second is refused. Nobody else is asked, and nothing is
promised before it has decided.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from state_machines.values.backoff import Backoff
from workflow.clock import Clock, monotonic
from workflow.engine.cloudevent import CloudEvent
from workflow.engine.engine import Engine
from workflow.recovery.desk.item import Item, Kind
from workflow.recovery.desk.line import Wishes, find, line, state_of
from workflow.recovery.desk.verdict import Fate, Verdict, verdict

SOURCE = "/makegood/desk"
"""The CloudEvents source of what people of the desk do."""
_CLAIMED: Mapping[Kind, str] = {Kind.CALLBACK: "claimed", Kind.ESCALATION: "acknowledged"}
_TRIGGER: Mapping[Kind, str] = {Kind.CALLBACK: "claim", Kind.ESCALATION: "acknowledge"}
_LOOKS = Backoff(first=0.005, longest=0.1)
"""Between two looks: soon at first, since most decisions take milliseconds."""


class Wake(Protocol):
    """Says that events wait in the inbox."""

    def __call__(self, subjects: Sequence[str]) -> None:
        """`subjects` are the keys of theirs."""


class Outcome(StrEnum):
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
class Claim:
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
class Answer:
    """What became of it; the item as it stands now, and why not."""

    outcome: Outcome
    id: str
    item: Item | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CaseAnswer:
    """What became of something done about a case: the case's state now, and why not."""

    outcome: Outcome
    id: str
    case: str
    state: str
    reason: str = ""


class Desk:
    """Takes what people of the desk do to the engine."""

    def __init__(self, engine: Engine, clock: Clock, wake: Wake) -> None:
        self._engine = engine
        self._store = engine.store
        self._clock = clock
        self._wake = wake

    async def claim(self, claim: Claim) -> Answer:
        """Claim the next of the line, or the one named; of several who do so at once one gets it.

        Who loses one to somebody quicker is offered the next, until their patience ends.

        Raises:
            NotFound: the one that is named does not exist.
        """
        until = monotonic() + claim.patience
        lost: set[str] = set()
        while True:
            event_id = f"claim/{claim.id}/{len(lost)}"
            if await asyncio.to_thread(verdict, self._store, SOURCE, event_id) is None:
                item = await asyncio.to_thread(self._wanted, claim, lost)
                if item is None:
                    return Answer(Outcome.EMPTY, claim.id)
                await self.send(event_id, item.key, _TRIGGER[item.kind], _claim_data(claim, item))
            found = await self.fate(event_id, until)
            item = await asyncio.to_thread(find, self._store, found.subject)
            if found.fate is Fate.PENDING:
                return Answer(Outcome.UNDECIDED, claim.id, item)
            if found.fate is Fate.DECIDED and found.dest == _CLAIMED[item.kind]:
                return Answer(Outcome.CLAIMED, claim.id, item)
            lost.add(item.key)
            if claim.subject is not None or monotonic() > until:
                return Answer(Outcome.LOST, claim.id, item, found.reason or _why_not(item))

    async def tell(self, key: str, trigger: str, data: Mapping[str, Any], id: str, patience: float) -> Answer:
        """Send one event about a call or an escalation, and wait for its decision.

        Raises:
            NotFound: there is no such subject.
            InvalidEvent: the event breaks a rule; nothing was stored.
        """
        await asyncio.to_thread(find, self._store, key)
        found = await self._decided(key, trigger, data, id, patience)
        item = await asyncio.to_thread(find, self._store, found.subject)
        return Answer(_outcome(found), id, item, _reason(found))

    async def act(
        self, case: str, trigger: str, data: Mapping[str, Any], id: str, patience: float
    ) -> CaseAnswer:
        """Do something about a case; whoever has its number may, whatever desk they sit at. As `tell`."""
        await asyncio.to_thread(state_of, self._store, case)
        found = await self._decided(case, trigger, data, id, patience)
        state = await asyncio.to_thread(state_of, self._store, case)
        return CaseAnswer(_outcome(found), id, case, state, _reason(found))

    async def _decided(
        self, key: str, trigger: str, data: Mapping[str, Any], id: str, patience: float
    ) -> Verdict:
        event_id = f"{trigger}/{key}/{id}"  # an id that is used for something else is something else
        await self.send(event_id, key, trigger, data)
        return await self.fate(event_id, monotonic() + patience)

    async def send(self, id: str, key: str, trigger: str, data: Mapping[str, Any]) -> None:
        """Put an event into the ledger and have it applied. Raises InvalidEvent."""
        kind = key.partition(":")[0]
        event = CloudEvent(id, SOURCE, f"{kind}.{trigger}", key, self._clock.now(), data)
        await asyncio.to_thread(self._engine.accept, [event])
        self._wake([key])

    async def fate(self, event_id: str, until: float) -> Verdict:
        """What became of an event, looked at until it is decided or the time (`monotonic`) is over."""
        looks = 0
        while True:
            found = await asyncio.to_thread(verdict, self._store, SOURCE, event_id)
            assert found is not None, "an accepted event is in the ledger"
            if found.fate is not Fate.PENDING or monotonic() > until:
                return found
            looks += 1
            await asyncio.sleep(_LOOKS.pause(looks))

    def _wanted(self, claim: Claim, lost: set[str]) -> Item | None:
        if claim.subject is not None:
            return find(self._store, claim.subject)
        found = line(self._store, self._clock.now(), claim.wishes, 1, without=lost)
        return found[0] if found else None


def _outcome(found: Verdict) -> Outcome:
    if found.fate is Fate.PENDING:
        return Outcome.UNDECIDED
    return Outcome.DONE if found.fate is Fate.DECIDED else Outcome.LOST


def _reason(found: Verdict) -> str:
    return found.reason or ("its decision failed; an operator must look" if found.fate is Fate.DEAD else "")


def _claim_data(claim: Claim, item: Item) -> dict[str, Any]:
    dials = claim.dial is not None and item.kind is Kind.CALLBACK
    return {"by": claim.by, "dial": claim.dial} if dials else {"by": claim.by}


def _why_not(item: Item) -> str:
    return f"it is {item.state} now"
