"""What decisions send to other subjects: in the order in which it was asked for; of each, children last."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.workflow.world import NOW, World
from workflow.store.schema import events, subjects

RELAY = """
lifecycle: baton
version: 1
data: {heard: {type: array, default: []}}
triggers:
  start: {}
  pass_on: {}
  hear: {data: {word: {type: string, required: true}}}
states: [{name: held}]
transitions:
  - {trigger: start, source: initial, dest: held}
  - trigger: pass_on
    source: held
    dest: held
    effects:
      - emit: {to: children, trigger: hear, data: {word: to the children}}
      - emit: {to: "baton:z", trigger: hear, data: {word: first}}
      - emit: {to: "baton:a", trigger: hear, data: {word: second}}
      - emit: {to: self, trigger: hear, data: {word: third}}
      - emit: {to: "baton:z", trigger: hear, data: {word: fourth}}
      - open: {lifecycle: baton, trigger: start, id: new}
      - emit: {to: parent, trigger: hear, data: {word: sixth}}
  - {trigger: hear, source: [initial, held], dest: held, set: {heard: "=data.heard + [event.data.word]"}}
"""
ASKED = [
    ("baton:z", "first"),
    ("baton:a", "second"),
    ("baton:m", "third"),
    ("baton:z", "fourth"),
    ("baton:new", None),
    ("baton:up", "sixth"),
]


@pytest.fixture
def batons(world: World) -> World:
    """`baton:m`, its parent `baton:up` and its child `baton:child`."""
    world.engine.registry.register([(RELAY, None)], NOW)
    world.post("baton.start", "baton:up")
    world.post("baton.start", "baton:m", parent="baton:up")
    world.post("baton.start", "baton:child", parent="baton:m")
    return world


def sent(world: World) -> list[tuple[str, str | None]]:
    """(receiver, word) of the events that subjects sent, in the order in which they will be decided."""
    query = (
        select(subjects.c.key, events.c.data)
        .join_from(events, subjects, subjects.c.id == events.c.subject_id)
        .where(events.c.source == "/makegood")
        .order_by(events.c.id)
    )
    with world.store.connect() as connection:
        return [(key, data.get("word")) for key, data in connection.execute(query)]


def test_events_go_out_in_the_order_asked_for_and_those_to_children_last(batons: World) -> None:
    batons.engine.accept([batons.event("baton.pass_on", "baton:m")])
    batons.engine.apply()
    assert sent(batons) == [*ASKED, ("baton:child", "to the children"), ("baton:new", "to the children")]
    batons.settle()
    assert batons.data("baton:z")["heard"] == ["first", "fourth"]
    assert batons.data("baton:new")["heard"] == ["to the children"], "and it was open by then"


def test_the_events_of_an_earlier_decision_of_a_batch_go_before_those_of_a_later_one(batons: World) -> None:
    passed = [batons.event("baton.pass_on", key) for key in ("baton:m", "baton:up")]
    batons.engine.accept(passed)
    batons.engine.apply()
    words = [word for _, word in sent(batons)]
    once = [word for _, word in ASKED]
    assert words[:11] == [*once, *once[:5]], "who has no parent tells none"
    assert set(words[11:]) == {"to the children"}


NEST = """
edition: 2
lifecycle: nest
version: 1
data: {heard: {type: list, default: []}}
triggers:
  build: {}
  add: {data: {id: text required}}
  call: {data: {word: text required}}
  whisper: {data: {word: text required, to: text required}}
  hear: {from: family, data: {word: text required}}
states: [built]
transitions:
  - {trigger: build, source: initial, dest: built}
  - {trigger: build, source: built}
  - {trigger: add, source: built, effects: {open: {lifecycle: nest, trigger: build, id: =event.data.id}}}
  - {trigger: call, source: built, effects: {emit: {to: children, trigger: hear, copy: word}}}
  - trigger: whisper
    source: built
    effects: {emit: {to: ='nest:' + event.data.to, trigger: hear, copy: word}}
  - {trigger: hear, source: built, change: {append: {heard: =event.data.word}}}
"""


@pytest.mark.parametrize("together", [True, False])
def test_what_was_said_to_children_before_one_was_opened_it_does_not_hear(
    world: World, together: bool
) -> None:
    """Whether they are decided in one batch or one by one; who was there is told, even if opened again."""
    world.engine.registry.register([(NEST, None)], NOW)
    world.post("nest.build", "nest:n")
    world.post("nest.add", "nest:n", {"id": "old"})
    said = [
        ("add", "id", "first"),
        ("call", "word", "one"),
        *(("add", "id", name) for name in ("new", "old", "first")),
        ("call", "word", "two"),
    ]
    acts = [world.event(f"nest.{act}", "nest:n", {field: value}) for act, field, value in said]
    for batch in [acts] if together else [[one] for one in acts]:
        world.engine.accept(batch)
        world.settle()
    assert world.data("nest:old")["heard"] == world.data("nest:first")["heard"] == ["one", "two"]
    assert world.data("nest:new")["heard"] == ["two"]


@pytest.mark.parametrize("together", [True, False])
def test_what_is_said_to_all_children_and_then_to_one_of_them_that_one_hears_in_order(
    world: World, together: bool
) -> None:
    world.engine.registry.register([(NEST, None)], NOW)
    world.post("nest.build", "nest:n")
    for name in ("a", "b"):
        world.post("nest.add", "nest:n", {"id": name})
    said = [
        world.event("nest.whisper", "nest:n", {"to": "a", "word": "first"}),
        world.event("nest.call", "nest:n", {"word": "second"}),
        world.event("nest.whisper", "nest:n", {"to": "a", "word": "third"}),
        world.event("nest.call", "nest:n", {"word": "fourth"}),
    ]
    for batch in [said] if together else [[one] for one in said]:
        world.engine.accept(batch)
        world.settle()
    assert world.data("nest:a")["heard"] == ["first", "second", "third", "fourth"]
    assert world.data("nest:b")["heard"] == ["second", "fourth"]
