"""What a played store took of its definitions, read from its ledger."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import permutations

from state_machines.definitions.changes import GuardedStep
from state_machines.definitions.lifecycle import Lifecycle, load
from state_machines.definitions.watching import conditions_of
from state_machines.expressions import Expression
from tests.state_machines.transition_cover import answered, recorded
from tests.workflow.scenarios.loans import (
    LOAN,
    extended_too_often,
    forgotten,
    lent_and_given_back,
    loan,
    of_the_bank,
)
from tests.workflow.world import World, new_world
from workflow.scenarios.taken import LifecycleTaken, Taken, WayTaken, taken_in, text_of


def played(database_url: str, *stories: Callable[[World], None], text: str = LOAN) -> Taken:
    """What was taken where these were played one after the other on one store."""
    world = new_world(database_url, text)
    for story in stories:
        story(world)
    taken = taken_in(world.store, world.engine.registry)
    world.store.close()
    return taken


def ways(taken: Taken) -> set[tuple[str, str, str]]:
    return {tuple(way) for way in taken.of(loan()).ways}


def test_states_ways_and_answers_are_read_from_the_ledger(database_url: str) -> None:
    found = played(database_url, lent_and_given_back).of(loan())
    assert found == LifecycleTaken(
        states=frozenset({"lent", "back"}),
        ways=frozenset(
            {
                WayTaken("transitions[0]", "lend", "initial"),
                WayTaken("transitions[1]", "extend", "lent"),
                WayTaken("transitions[5]", "give_back", "lent"),
            }
        ),
        timeouts=frozenset(),
        answers=frozenset({("transitions[1].if[0]", True), ("transitions[4].if[0]", False)}),
    )


def test_two_entries_of_one_trigger_and_source_are_two(database_url: str) -> None:
    found = ways(played(database_url, extended_too_often))
    assert ("transitions[2]", "extend", "lent") in found and ("transitions[1]", "extend", "lent") in found


def test_timeouts_that_fired_and_conditions_of_effects_and_timeouts(database_url: str) -> None:
    world = new_world(database_url, LOAN)
    forgotten(world)
    found = taken_in(world.store, world.engine.registry).of(loan())
    assert found.timeouts == {"deadline"}
    assert {("states[1].on_enter[0].when", False), ("timeouts.reminder.when", False)} <= found.answers
    assert not {("states[1].on_enter[0].when", True), ("timeouts.reminder.when", True)} & found.answers
    extended_too_often(world)
    found = taken_in(world.store, world.engine.registry).of(loan())
    world.store.close()
    assert {("states[1].on_enter[0].when", True), ("timeouts.reminder.when", True)} <= found.answers


def test_a_refusal_takes_nothing_but_its_conditions_answered(database_url: str) -> None:
    found = played(database_url, of_the_bank).of(loan())
    assert found.ways == {WayTaken("transitions[0]", "lend", "initial")}
    assert found.answers == {("transitions[6].unless[0]", True)}


def test_who_was_never_opened_took_nothing(database_url: str) -> None:
    def refused(world: World) -> None:
        world.post("loan.extend", "loan:9")

    assert played(database_url, refused) == Taken()


def test_what_many_took_pickles_and_merges_in_any_order(database_url: str) -> None:
    world = new_world(database_url, LOAN)
    parts = []
    for story in (lent_and_given_back, forgotten, extended_too_often):
        story(world)
        parts.append(taken_in(world.store, world.engine.registry))
    world.store.close()
    assert pickle.loads(pickle.dumps(parts)) == parts
    assert parts[0] != parts[1] != parts[2]
    for one, other, third in permutations(parts):
        assert Taken() | one | other | third == parts[2], "the last was read when all had been played"


def test_another_text_under_the_same_version_is_another_lifecycle(database_url: str) -> None:
    other = LOAN.replace("P7D", "P8D")
    taken = played(database_url, lent_and_given_back, text=other)
    assert [*taken.lifecycles] == [text_of(load(other, "loan.yaml"))]
    assert taken.of(loan()) == LifecycleTaken()


def test_nothing_of_the_store_is_changed(database_url: str) -> None:
    world = new_world(database_url, LOAN)
    forgotten(world)
    before = world.counts()
    assert taken_in(world.store, world.engine.registry) == taken_in(world.store, world.engine.registry)
    assert world.counts() == before
    world.store.close()


def promise_that_lapses(world: World) -> None:
    """Of the catalog: its ladder is climbed to its end, it is kept late, then withdrawn in vain."""
    ladder = [{"people": ["lead@shop.example"], "within": "PT30M"}, {"team": "billing", "within": "PT30M"}]
    said = {"words": "a price", "owner": "olga@shop.example", "within": "PT4H", "ladder": ladder}
    world.post("promise.make", "promise:1", said | {"customer": "ada@example.org"})
    world.advance(timedelta(hours=6))
    world.post("promise.keep", "promise:1", {"by": "olga@shop.example"})
    world.post("promise.keep", "promise:1", {"by": "olga@shop.example"})
    world.post("promise.withdraw", "promise:1", {"reason": "too late"})
    world.advance(timedelta(days=1))


def test_it_is_what_the_engine_itself_went_and_asked(database_url: str) -> None:
    world = new_world(database_url, LOAN)
    with recorded() as gone, answered() as said:
        for story in (promise_that_lapses, forgotten, extended_too_often, of_the_bank):
            story(world)
    taken = taken_in(world.store, world.engine.registry)
    lifecycles = [world.engine.registry.get(text.lifecycle, text.version) for text in taken.lifecycles]
    world.store.close()
    assert {one.name for one in lifecycles} >= {"promise", "escalation", "loan"}
    for lifecycle in lifecycles:
        of_it = taken.of(lifecycle)
        ways_gone = gone & set(lifecycle.ways)
        assert of_it.ways == {(way.rule.field, way.trigger, way.source) for way in ways_gone}
        asked = {condition.field: condition for condition in asked_of(lifecycle)}
        assert of_it.answers == {
            (field, answer)
            for field, condition in asked.items()
            for answer in (True, False)
            if (id(condition), answer) in said
        }
        assert {one.field for one in conditions_of(lifecycle)} == asked.keys()


def asked_of(lifecycle: Lifecycle) -> Iterator[Expression]:
    """Every condition of a lifecycle, looked for where conditions stand."""
    for rule in lifecycle.transitions:
        yield from (guard.expression for guard in rule.guards)
        yield from (step.when for step in rule.steps if isinstance(step, GuardedStep))
    effects = [rule.effects for rule in lifecycle.transitions]
    effects += [*lifecycle.on_enter.values(), *lifecycle.on_exit.values()]
    for one in (one for of_one in effects for one in of_one):
        yield from [] if one.when is None else [one.when]
    for timeout in lifecycle.timeouts.values():
        yield from [] if timeout.when is None else [timeout.when]
