"""Mistakes of whoever writes a first lifecycle: each is told in words that say what to write instead."""

from __future__ import annotations

import pytest

from state_machines.check import check
from state_machines.errors import ExpressionError
from state_machines.expressions import compile_expression

CLAIM = """\
edition: 3
lifecycle: claim
version: 1
data: {holder: person, verdict: {type: text, enum: [approved, denied]}, words: text}
triggers:
  open: {data: {holder: required}}
  decide: {data: {verdict: required}}
states: [open, decided, {name: paid, final: true}]
transitions:
  - {trigger: open, source: initial, dest: open, change: {copy: holder}}
  - {trigger: decide, source: open, dest: decided, change: {copy: verdict}}
  - {trigger: pay, source: decided, dest: paid, if: "VERDICT"}
"""


def found(text: str) -> dict[str, tuple[str, str, int | None]]:
    """By field: rule, sentence and line."""
    return {one.field: (one.rule, one.message, one.line) for one in check(text)}


@pytest.mark.parametrize(
    "condition",
    [
        "data.verdict == 'aproved'",
        "data.?verdict.orValue('') == 'aproved'",
        "'aproved' == data.verdict",
        "data.verdict != 'aproved'",
        "data.verdict in ['denied', 'aproved']",
    ],
)
def test_a_value_that_there_is_not_is_found_with_the_one_that_is_meant(condition: str) -> None:
    rule, message, line = found(CLAIM.replace("VERDICT", condition))["transitions[2].if[0]"]
    assert (rule, line) == ("impossible-value", 12)
    assert message == "data.verdict is never 'aproved'; is 'approved' meant?"


@pytest.mark.parametrize(
    "condition",
    [
        "data.verdict == 'approved'",
        "data.?verdict.orValue('none') == ''",
        "data.verdict + 'x' == 'approvedx'",
        "data.verdict == 'appr' + 'oved'",
        "data.verdict.upperAscii() == 'APPROVED'",
        "data.?words.orValue('') == 'aproved'",
        "data.verdict in ['denied', data.?words.orValue('')]",
        "['approved'].exists(one, one == 'aproved')",
        "subject.state == 'decided' && data.verdict in ['approved']",
    ],
)
def test_a_value_that_there_is_or_may_be_passes(condition: str) -> None:
    assert found(CLAIM.replace("VERDICT", condition)) == {}


def test_a_sentence_that_begins_like_a_field_is_a_sentence() -> None:
    notice = "{notice: {to: =data.holder, about: news, title: T, words: %s}}"
    text = CLAIM.replace("VERDICT", "true").replace("copy: verdict}", f"copy: verdict}}, effects: {notice}")
    for words in (
        "data.holder is what we keep",
        "data.nobody",
        "data. holder",
        "subject.keys",
        "'data: none'",
    ):
        assert found(text % words) == {}, words
    assert found(text % "data.verdict")["transitions[1].effects[0].notice.words"][0] == "forgotten-sign"


def test_a_link_may_stand_in_plain_words_and_nothing_else_is_filled_in() -> None:
    link = "links: {say: {trigger: pay, expires: P1D, title: Say, words: Well?}}"
    notice = "{notice: {to: =data.holder, about: news, title: T, words: 'See %s', " + link + "}}"
    text = CLAIM.replace("VERDICT", "true").replace("copy: verdict}", f"copy: verdict}}, effects: {notice}")
    place = "transitions[1].effects[0].notice.words"
    assert "unfilled-words" not in [rule for rule, _, _ in found(text % "{{link.say}}").values()]
    assert found(text % "{{link.say}} {{ holder }}")[place][0] == "unfilled-words"


def test_without_an_edition_it_is_the_edition_that_is_missed() -> None:
    (field, (rule, message, _)), *_ = found(CLAIM.replace("edition: 3\n", "")).items()
    assert (field, rule) == ("edition", "no-edition")
    assert "begin the definition with `edition: 3`" in message


def test_of_an_edition_that_there_is_not_nothing_else_is_said() -> None:
    assert [*found(CLAIM.replace("edition: 3", "edition: 4"))] == ["edition"]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("data.a == 1 and data.b == 2", "`and` is written &&"),
        ("data.a == 1 or data.b == 2", "`or` is written ||"),
        ("not data.a", "`not` is written !"),
        ("data.a AND data.b", "`AND` is written &&"),
        ("data.a = 3", "equal is written =="),
        ("data.a is null", "`is` is written =="),
    ],
)
def test_habits_of_other_languages_are_told_how_it_is_written(text: str, hint: str) -> None:
    with pytest.raises(ExpressionError, match="Syntax error") as raised:
        compile_expression(text)
    assert hint in str(raised.value)


@pytest.mark.parametrize("text", ["data.and == ", "'a = b and c' +", "data.a >= 3 +", "data.a != 3 &&"])
def test_no_habit_is_seen_where_there_is_none(text: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        compile_expression(text)
    assert "is written" not in str(raised.value)


def test_brackets_in_braces_need_quotation_marks_and_it_says_so() -> None:
    text = CLAIM.replace('"VERDICT"', "data.verdict in ['approved']")
    rule, message, line = found(text)["document"]
    assert (rule, line) == ("yaml", 12)
    assert "stands in quotes of its own" in message
