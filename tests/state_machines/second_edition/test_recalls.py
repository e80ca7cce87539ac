"""Notices that have a name are recalled by it."""

from __future__ import annotations

import pytest

from state_machines.decision import RecallNotice, SendNotice
from state_machines.definitions.lifecycle import load
from state_machines.errors import DecisionError, DefinitionError
from tests.state_machines.second_edition.loans import Life

LAMP = """
edition: 2
lifecycle: lamp
version: 1
data: {words: text}
triggers: {light: {data: {words: text}}, ask: {data: {what: text}}, answer: {data: {what: text}}, put_out: {}}
states:
  - {name: lit, on_exit: {recall: reminder}}
  - {name: out, final: true}
transitions:
  - trigger: light
    source: initial
    dest: lit
    effects: {notice: {name: reminder, to: ada@example.org, title: T, words: W}}
  - trigger: ask
    source: lit
    effects: {notice: {name: "='about-' + event.data.what", to: ada@example.org, title: T, words: W}}
  - {trigger: answer, source: lit, effects: {each: "[event.data.what]", recall: "='about-' + item"}}
  - {trigger: put_out, source: lit, dest: out}
"""


def problems(text: str) -> list[tuple[str, str]]:
    with pytest.raises(DefinitionError) as caught:
        load(text)
    return [(one.field, one.rule) for one in caught.value.problems]


def test_a_notice_carries_its_name_and_a_recall_says_which() -> None:
    life = Life(LAMP)
    (reminder,) = life.take("light").effects
    assert isinstance(reminder, SendNotice) and reminder.name == "reminder"
    (asked,) = life.take("ask", what="colour").effects
    assert isinstance(asked, SendNotice) and asked.name == "about-colour"
    assert life.take("answer", what="colour").effects == (RecallNotice("about-colour"),)
    assert life.take("put_out").effects == (RecallNotice("reminder"),)


def test_a_name_is_a_text() -> None:
    life = Life(LAMP.replace("\"='about-' + item\"", '"=1"'))
    life.take("light")
    with pytest.raises(DecisionError) as caught:
        life.take("answer", what="colour")
    assert "recall.name" in str(caught.value) and "must be a text" in str(caught.value)


def test_what_nobody_sends_cannot_be_recalled() -> None:
    written_out = LAMP.replace("\"='about-' + event.data.what\"", "about")
    assert problems(written_out.replace("recall: reminder", "recall: remindre")) == [
        ("states[0].on_exit[0].recall", "unknown-notice")
    ]
    load(
        LAMP.replace("recall: reminder", "recall: remindre")
    )  # one of the names is known only when it is asked


def test_an_effect_is_one_thing() -> None:
    twice = LAMP.replace("on_exit: {recall: reminder}", "on_exit: {recall: reminder, forward: parent}")
    assert problems(twice) == [("states[0].on_exit[0]", "one-effect")]
