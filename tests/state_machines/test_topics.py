"""What notices may be about: declared by a definition, or registered before the first is compiled."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from state_machines.check import check
from state_machines.decision import SendNotice
from state_machines.definitions.lifecycle import load, load_new
from state_machines.errors import DecisionError, DefinitionError, Problem
from state_machines.notices.topics import TOPICS, Priority, Topic, topic_of
from state_machines.notices.vocabulary import Vocabulary
from tests.state_machines.life import Life
from workflow.recovery.vocabulary import ABOUT

RECALL = """\
lifecycle: recall
version: 1
topics:
  recall: {description: Stop using it., urgent: true, by_person: true, priority: answer}
  restock: {for: colleagues, priority: act}
triggers:
  begin: {data: {channel: {type: string, format: channel, default: email}}}
states: [{name: begun, final: true}]
transitions:
  - trigger: begin
    source: initial
    dest: begun
    effects:
      - notice: {to: ada@example.com, channel: =event.data.channel, about: recall, title: t, words: w}
      - notice: {to: ben@shop.example, about: restock, title: t, words: w}
      - notice: {to: ada@example.com, about: thanks, title: t, words: w}
      - notice: {to: ada@example.com, title: t, words: w}
"""
DECLARED = Topic("recall", urgent=True, by_person=True, priority=Priority.ANSWER)


def problems(old: str, new: str) -> list[Problem]:
    """What is wrong with it once the one is replaced by the other."""
    assert RECALL.count(old) == 1
    with pytest.raises(DefinitionError) as caught:
        load_new(RECALL.replace(old, new), "recall.yaml")
    return caught.value.problems


def test_a_declared_topic_goes_along_with_the_notice_and_a_registered_one_does_not() -> None:
    notices = Life(RECALL).happens("begin", channel="email").effects
    assert all(isinstance(one, SendNotice) for one in notices)
    assert [(one.about, one.topic) for one in notices if isinstance(one, SendNotice)] == [
        ("recall", DECLARED),
        ("restock", Topic("restock", colleagues=True, priority=Priority.ACT)),
        ("thanks", None),
        ("news", None),
    ]


def test_a_definition_with_topics_of_its_own_has_no_fault() -> None:
    assert check(RECALL, "recall.yaml") == []


def test_a_word_that_nobody_declares_is_refused_with_all_that_there_are() -> None:
    (problem, unused) = problems("about: recall", "about: recal")
    assert (problem.file, problem.line, problem.rule) == ("recall.yaml", 14, "unknown-about")
    assert problem.field == "transitions[0].effects[0].notice.about"
    assert "recall, restock;" in problem.message
    assert all(topic.name in problem.message for topic in ABOUT)
    assert (unused.field, unused.rule, unused.line) == ("topics.recall", "unused-topic", 4)


def test_a_registered_word_cannot_be_declared_anew() -> None:
    (problem,) = problems("restock: {for: colleagues, priority: act}", "restock: {}\n  news: {urgent: true}")
    assert (problem.field, problem.rule, problem.line) == ("topics.news", "registered-topic", 6)


@pytest.mark.parametrize("declared", ["urgent: maybe", "for: everybody", "priority: first", "colour: red"])
def test_a_topic_of_another_form_is_refused(declared: str) -> None:
    (problem,) = problems("for: colleagues, priority: act", declared)
    assert problem.field == f"topics.restock.{declared.partition(':')[0]}"


@pytest.mark.parametrize("voice", ["robocall", "Robo-Call", "robo call", "TTS", "voice_bot"])
def test_what_only_a_person_may_say_no_machine_says(voice: str) -> None:
    (problem,) = problems("channel: =event.data.channel", f"channel: {voice}")
    assert (problem.field, problem.rule) == ("transitions[0].effects[0].notice.channel", "automated-voice")
    computed = RECALL.replace("type: string, format: channel, default: email", "type: string, default: email")
    with pytest.raises(DecisionError, match="automated-voice"):
        Life(computed).happens("begin", channel=voice)


def test_what_only_a_person_may_say_says_what_went_wrong() -> None:
    template = "templates: {bad: {en: {default: {title: Bad news, words: Sorry.}}}}\nstates:"
    text = RECALL.replace("states:", template)
    text = text.replace("about: recall, title: t, words: w", "about: recall, template: bad")
    with pytest.raises(DefinitionError) as caught:
        load(text)
    assert [one.rule for one in caught.value.problems] == ["no-what"]


TOPIC = st.builds(
    Topic, st.just("recall"), st.booleans(), st.booleans(), st.booleans(), st.sampled_from(Priority)
)


@given(TOPIC)
def test_a_topic_in_the_outbox_is_read_as_it_was_written(topic: Topic) -> None:
    assert topic_of({"about": topic.name, "topic": topic.to_json()}) == topic
    assert topic.may_wait is (not topic.urgent and not topic.colleagues)


@pytest.mark.parametrize("topic", ABOUT)
def test_a_registered_topic_is_known_by_its_name(topic: Topic) -> None:
    assert topic_of({"about": topic.name}) == topic


@given(st.dictionaries(st.text(max_size=9), st.none() | st.booleans() | st.text(max_size=9), max_size=4))
def test_a_word_that_nobody_knows_any_more_is_for_a_customer_and_can_wait(more: dict[str, Any]) -> None:
    assert topic_of({**more, "about": "gone", "topic": None}) == Topic("gone")


def test_what_is_for_whom_and_what_goes_first() -> None:
    """The catalog's words, as notices of many installations already wait with them."""
    assert {one.name for one in ABOUT if one.colleagues} == {
        *("answer", "approval", "bell", "callback", "displeasure", "ended", "escalation", "hand_over"),
        *("nudge", "team_news"),
    }
    assert {one.name for one in ABOUT if one.by_person} == {"apology", "broken_promise", "missed_appointment"}
    assert {one.name for one in ABOUT if one.urgent} == {"broken_promise", "missed_appointment", "new_time"}
    assert {one.name for one in ABOUT if one.priority is Priority.ACT} == {"bell", "callback", "escalation"}
    assert {one.name for one in ABOUT if one.priority is Priority.ANSWER} == {
        *("apology", "broken_promise", "displeasure", "missed_appointment", "new_time", "promise"),
    }
    assert len(ABOUT) == 21


def test_words_are_registered_before_the_first_definition_is_compiled() -> None:
    load(RECALL)
    TOPICS.register(*ABOUT, default="news")
    with pytest.raises(ValueError, match="'weather' comes too late"):
        TOPICS.register(Topic("weather"))
    with pytest.raises(ValueError, match="'news' is registered already"):
        TOPICS.register(Topic("news", urgent=True))
    assert TOPICS.get("weather") is None


def test_a_vocabulary_takes_names_once_and_one_default() -> None:
    words: Vocabulary[Topic] = Vocabulary("topic")
    with pytest.raises(ValueError, match="'b' cannot be the default"):
        words.register(Topic("a"), default="b")
    words.register(Topic("a"), Topic("b"), default="a")
    with pytest.raises(ValueError, match="'b' cannot be the default"):
        words.register(default="b")
    for bad in ("A", "", "1a", "a b", "a" * 64):
        with pytest.raises(ValueError, match="is no name"):
            words.register(Topic(bad))
    assert ([one.name for one in words.all()], words.default) == (["a", "b"], "a")
