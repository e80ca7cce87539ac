"""Whose it is: of what somebody wrote to us nobody hears but them, and where they are reached by now.

A case is that of the customer as whom the message that opened it was written, whoever they have turned out to
be since, and turned out not to be. The message is known by its mark.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from tests.invariants.storm.marks import marks_in
from tests.invariants.storm.post import Letter
from tests.invariants.storm.sight import Move, Seen
from tests.invariants.storm.world import StormyWorld
from workflow.recovery.contact.identities import fingerprint
from workflow.scenarios.stage import SentNotice

_DEAD = ("5.1.1",)
"""Of the codes of the storm, those that say that nobody is there."""
_FIELD = {"email": "email", "sms": "phone", "social": "social"}
_BRINGS = ("known", "prefer", "new_address", "reach_out")
_OTHERS = ("take_over", "let_go", "hand_back", "merge", "separate")


class Owners:
    """Who wrote what, which addresses rest, and which were taken from whom."""

    def __init__(self) -> None:
        self._wrote: dict[str, str] = {}
        self._may_be: dict[str, set[str]] = defaultdict(set)
        self._rests: dict[tuple[str, str], dict[str, Any]] = defaultdict(dict)
        self._reached: dict[str, str] = {}
        self._taken: dict[str, set[str]] = defaultdict(set)

    def look(self, world: StormyWorld, seen: Seen) -> Iterator[str]:
        """Who heard what they must not hear, or was written to where nobody is."""
        given = {(move.key, one) for move in seen.moves for one in _brought(move)}
        for notice in seen.notices:
            for letter in world.post.of_message(notice.key):
                yield from self._about_owner(world, seen, notice, letter)
                yield from self._about_resting(world, seen, notice, letter)
                yield from _about_address(world, seen, notice, letter)
                yield from self._about_taken(world, notice, letter, given)
                self._reached[letter.key] = notice.address
        for move in seen.moves:
            if move.outcome != "refused":
                self._follow(world, seen, move)

    def _follow(self, world: StormyWorld, seen: Seen, move: Move) -> None:
        name, said = move.key.partition(":")[0], move.said
        if name == "customer":
            for mark in (
                marks_in(said.get("words")) if move.trigger == "reach_out" and not said.get("as") else ()
            ):
                self._wrote.setdefault(mark, move.key)
            known = world.subjects.get(move.key)
            if known is not None and known.data.get("writes_for"):
                self._may_be[move.key].add(known.data["writes_for"])
            if move.before != move.after and "merged" in (move.before, move.after):
                world.tally["weather: merges" if move.after == "merged" else "weather: separations"] += 1
            if move.trigger in _OTHERS or (
                move.before != move.after and "merged" in (move.before, move.after)
            ):
                self._forget(move.key)
            if move.trigger == "address_works":
                self._rests[move.key, str(said.get("channel"))].clear()
            self._taken[move.key].difference_update(_brought(move))
        elif name == "identity" and move.trigger == "release":
            world.tally["weather: releases"] += 1
            held = seen.before[move.key].data.get("holders", ()) if move.key in seen.before else ()
            for one in held:
                if said.get("customer") in (None, one["customer"]):
                    self._taken[one["customer"]].add(move.key)
        elif name == "delivery" and move.after == "failed" and said.get("code") in _DEAD:
            self._bounced(world, move, said)

    def _forget(self, key: str) -> None:
        for (customer, _), resting in self._rests.items():
            if customer == key:
                resting.clear()
        self._taken.pop(key, None)

    def _bounced(self, world: StormyWorld, move: Move, said: Mapping[str, Any]) -> None:
        to, address = said.get("customer"), self._reached.get(str(said.get("effect")))
        key = to.get("key") if isinstance(to, Mapping) else None
        known = world.subjects.get(str(key))
        if known is None or known.data.get("into") or known.data.get("joined") or address is None:
            return
        world.tally["weather: bounces of a customer's address"] += 1
        channel = str(said.get("channel"))
        if known.data["customer"].get(_FIELD.get(channel, channel)) == address:
            self._rests[known.key, channel][address] = move.at

    def _about_owner(
        self, world: StormyWorld, seen: Seen, notice: SentNotice, letter: Letter
    ) -> Iterator[str]:
        case = world.subjects.get(str(letter.case))
        if case is None or letter.is_for_colleague:
            return
        marks = [one for one in marks_in(case.data.get("words")) if one in self._wrote]
        if not marks or not (isinstance(notice.to, Mapping) and notice.to.get("key")):
            return
        writer = self._wrote[marks[0]]
        theirs = set().union(*(world.whose(seen, one) for one in (writer, *self._may_be[writer])))
        if not (world.who(seen, notice.to) & theirs):
            yield f"another's: {letter.key} about {case.key}, which {writer} wrote, went to {notice.to}"

    def _about_resting(
        self, world: StormyWorld, seen: Seen, notice: SentNotice, letter: Letter
    ) -> Iterator[str]:
        for key in world.who(seen, notice.to):
            since = self._rests[key, notice.channel].get(notice.address)
            if since is not None and since < notice.at:
                yield f"nobody there: {letter.key} went to {notice.address} of {key}, resting since {since}"

    def _about_taken(
        self, world: StormyWorld, notice: SentNotice, letter: Letter, given: Collection[tuple[str, str]]
    ) -> Iterator[str]:
        """Whether it was theirs no longer, and is not `given` as theirs in this instant."""
        kind = _FIELD.get(notice.channel)
        key = notice.to.get("key") if isinstance(notice.to, Mapping) else None
        known = world.subjects.get(str(key))
        if kind is None or known is None or known.data.get("into") or known.data.get("joined"):
            return
        identity = f"identity:{fingerprint(kind, notice.address)}"
        if identity in self._taken[known.key] and (known.key, identity) not in given:
            yield f"taken: {letter.key} went to {notice.address}, which was taken from {known.key}"


def _brought(move: Move) -> list[str]:
    """Keys of the identities that a customer says, or somebody of them, in this decision."""
    if move.outcome == "refused" or move.trigger not in _BRINGS or not move.key.startswith("customer:"):
        return []
    said = {kind: move.said.get(kind) for kind in ("email", "phone", "social")}
    return [f"identity:{fingerprint(kind, one)}" for kind, one in said.items() if isinstance(one, str)]


def _about_address(world: StormyWorld, seen: Seen, notice: SentNotice, letter: Letter) -> Iterator[str]:
    """Where they are reached by now, unless it is answered where it was asked."""
    field = _FIELD.get(notice.channel)
    to = notice.to
    if field is None or not isinstance(to, Mapping) or to.get("reply_to"):
        return
    profiles = world.profiles(seen, to)
    theirs = [one.get(field) for one in profiles]
    if theirs and all(theirs) and notice.address not in theirs:
        yield f"old address: {letter.key} went to {notice.address} over {notice.channel}, theirs is {theirs}"
