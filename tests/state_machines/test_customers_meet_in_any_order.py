"""However the events of several customers interleave: who shares an identity is one, and no word is lost.

Subjects decide their own events in order, and among each other in any order at all, as on many workers.
"""

from collections import deque
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from state_machines.catalog import load_catalog
from state_machines.decide import apply_decision, decide
from state_machines.decision import EmitEvent, Event, Outcome
from state_machines.subject import Subject, split_key
from tests.state_machines.story_world import START

PEOPLE = ("ada", "bo", "cy", "di")
MARKS = ("one", "two", "three")
CAME = st.tuples(st.sampled_from(PEOPLE), st.sets(st.sampled_from(MARKS), max_size=2))


class Crowd:
    """Subjects with their events still to decide; `pick` says whose turn it is."""

    def __init__(self, pick: Callable[[list[str]], str]) -> None:
        self.subjects: dict[str, Subject] = {}
        self.waiting: dict[str, deque[Event]] = {}
        self.refused: list[tuple[str, str]] = []
        self.now = START
        self._pick = pick

    def post(
        self, key: str, trigger: str, data: Any, parent: str | None = None, source: str = "/test"
    ) -> None:
        """An event that is accepted, to be decided later."""
        event = Event(trigger, "e", source, self.now, data, parent)
        self.waiting.setdefault(key, deque()).append(event)

    def settle(self) -> None:
        """Decide until nothing waits; cases only collect what they hear."""
        while self.waiting:
            key = self._pick(sorted(self.waiting))
            event = self.waiting[key].popleft()
            if not self.waiting[key]:
                del self.waiting[key]
            self._decide(key, event)

    def _decide(self, key: str, event: Event) -> None:
        lifecycle = load_catalog()[split_key(key)[0]]
        subject = self.subjects.get(key) or Subject(key, lifecycle.name, lifecycle.version)
        decision = decide(lifecycle, subject, event, self.now)
        if decision.outcome is Outcome.REFUSED:
            self.refused.append((key, event.trigger))
        self.subjects[key] = apply_decision(subject, event, decision, self.now)
        for effect in decision.effects:
            if isinstance(effect, EmitEvent):
                self.emitted(key, effect)

    def emitted(self, key: str, effect: EmitEvent) -> None:
        """What a subject sends to another one."""
        if split_key(effect.to)[0] in ("customer", "identity", "case"):
            parent = key if effect.opens else None
            self.post(effect.to, effect.trigger, effect.data, parent, "/makegood")

    def root(self, key: str) -> str:
        """The customer whom this one turned out to be."""
        while into := self.subjects[key].data.get("into"):
            older, younger = self.subjects[into].data["since"], self.subjects[key].data["since"]
            assert (older, into) < (younger, key), "always from the younger to the older: never round"
            key = into
        return key


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(CAME, st.booleans()), min_size=1, max_size=8), st.data())
def test_who_shares_an_identity_is_one_customer_and_every_word_reaches_a_case(
    came: list[tuple[tuple[str, set[str]], bool]], data: st.DataObject
) -> None:
    crowd = Crowd(lambda keys: data.draw(st.sampled_from(keys)))
    marks_of: dict[str, set[str]] = {}
    for number, ((person, marks), settled) in enumerate(came):
        marks_of.setdefault(person, set()).update(marks)
        said = {
            "words": f"word {number}", "source_id": f"post-{number}",
            "identities": [{"kind": "handle", "value": mark} for mark in sorted(marks)],
        }  # fmt: skip
        crowd.post(f"customer:{person}", "reach_out", said)
        if settled:
            crowd.settle()
            crowd.now += timedelta(seconds=1)
    crowd.settle()
    for one, mine in marks_of.items():
        for other, theirs in marks_of.items():
            if mine & theirs:
                assert crowd.root(f"customer:{one}") == crowd.root(f"customer:{other}")
    cases = [subject for key, subject in crowd.subjects.items() if key.startswith("case:")]
    heard = sorted(
        {case.data["words"] for case in cases}
        | {each["words"] for case in cases for each in case.data["contacts"]}
    )
    assert heard == sorted(f"word {number}" for number in range(len(came)))
    assert crowd.refused == []
