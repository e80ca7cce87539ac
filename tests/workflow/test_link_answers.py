"""Answers to links: each link of a notice has an answer of its own, and each answer is the only one."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.workflow.world import NOW, World
from workflow.engine.runtime import Runtime
from workflow.errors import NotFound
from workflow.outbox.effects import RetryPolicy
from workflow.recovery.links.answering import Question, answer, is_open, objection, question_behind
from workflow.recovery.links.token import Pass
from workflow.settings import Settings

PARTY = """
lifecycle: party
version: 1
data: {coming: {type: boolean}, dish: {type: string}}
triggers:
  invite: {}
  reply: {data: {coming: {type: boolean, required: true}}}
  bring: {data: {dish: {type: string, required: true}}}
  cancel: {}
states: [{name: invited}, {name: cancelled, final: true}]
transitions:
  - trigger: invite
    source: initial
    dest: invited
    effects:
      - notice:
          to: ada@shop.example
          about: news
          title: A party
          words: "Are you coming? {{link.reply}} What do you bring? {{link.bring}}"
          links:
            reply:
              trigger: reply
              title: Are you coming
              words: Say so
              expires: P1D
              ask: {coming: {type: boolean, required: true}}
            bring:
              trigger: bring
              title: Your dish
              words: Say which
              expires: P1D
              ask: {dish: {type: string, required: true}}
  - {trigger: reply, source: invited, dest: invited, set: {coming: =event.data.coming}}
  - {trigger: bring, source: invited, dest: invited, set: {dish: =event.data.dish}}
  - {trigger: cancel, source: invited, dest: cancelled}
"""


@pytest.fixture
def runtime(world: World, database_url: str, tmp_path: Path) -> Runtime:
    """A party to which somebody is invited."""
    world.engine.registry.register([(PARTY, None)], NOW)
    world.post("party.invite", "party:P")
    settings = Settings(database_url=database_url, data_dir=tmp_path)
    return Runtime(settings, world.store, world.engine.registry, world.clock, world.engine, RetryPolicy())


def behind(runtime: Runtime, name: str, effect: str = "party:P/1/0") -> Question:
    """What one of the links asks."""
    return question_behind(runtime, Pass(effect, name, NOW + timedelta(days=1)))


def test_two_links_of_one_notice_are_answered_each_by_itself(world: World, runtime: Runtime) -> None:
    assert answer(runtime.engine, behind(runtime, "reply"), {"coming": True}, NOW, "link")
    assert behind(runtime, "bring").answered is None, "nobody has answered this one"
    assert answer(runtime.engine, behind(runtime, "bring"), {"dish": "salad"}, NOW, "link")
    world.settle()
    assert world.data("party:P") == {"coming": True, "dish": "salad"}
    for name, data in (("reply", {"coming": True}), ("bring", {"dish": "salad"})):
        given = behind(runtime, name).answered
        assert given is not None and (given.data, given.received_at) == (data, NOW)


def test_the_first_answer_to_a_link_is_its_only_one(world: World, runtime: Runtime) -> None:
    asked = behind(runtime, "reply")
    assert answer(runtime.engine, asked, {"coming": True}, NOW, "link")
    assert not answer(runtime.engine, asked, {"coming": False}, NOW, "link")
    world.settle()
    assert world.data("party:P") == {"coming": True}


def test_a_question_stands_as_long_as_its_subject_can_take_the_answer(world: World, runtime: Runtime) -> None:
    asked = behind(runtime, "bring")
    assert is_open(runtime, asked) and objection(runtime, asked, {"dish": "salad"}) is None
    world.post("party.cancel", "party:P")
    asked = behind(runtime, "bring")
    assert not is_open(runtime, asked) and objection(runtime, asked, {"dish": "salad"})


@pytest.mark.parametrize(("effect", "name"), [("party:P/1/0", "other"), ("party:P/2/0", "reply")])
def test_a_link_that_stands_in_no_notice_asks_nothing(runtime: Runtime, effect: str, name: str) -> None:
    with pytest.raises(NotFound):
        behind(runtime, name, effect)
