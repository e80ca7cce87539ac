"""Named expressions: found once, in whatever order they stand, with the types of what they give."""

from __future__ import annotations

from typing import Any

import pytest

from state_machines.expressions.scope import Scope
from state_machines.expressions.typed_paths import with_typed_paths
from tests.state_machines.second_edition.loans import SMALL, Life, problems, with_change

SCOPE = Scope(instants=frozenset({"data.at", "event.data.at"}), durations=frozenset({"data.lead"}))


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("now - data.at", "now - timestamp(data.at)"),
        ("has(data.at) && data.at < now", "has(data.at) && timestamp(data.at) < now"),
        ("event.data.at.getHours()", "timestamp(event.data.at).getHours()"),
        ("data.?at.orValue(now)", "data.?at.optMap(it, timestamp(it)).orValue(now)"),
        ("now + data.lead", "now + iso_duration(data.lead)"),
        ("'data.at' + data.words", "'data.at' + data.words"),
        ("data.case.at + item.data.at", "data.case.at + item.data.at"),
        ("data", "data"),
    ],
)
def test_an_instant_is_read_as_what_it_is(written: str, told: str) -> None:
    assert with_typed_paths(written, SCOPE) == told


def test_names_use_each_other_in_any_order_and_are_as_it_was_found_while_data_change() -> None:
    names = "let: {twice: next * 2, next: data.tries + 1}\n"
    change = "[{set: {tries: =next}}, {set: {words: =string(twice) + ' ' + string(data.tries)}}]"
    life = Life(with_change(change, names))
    life.take("write")
    assert (life.data["tries"], life.data["words"]) == (1, "2 1")


def test_an_effect_sees_what_a_name_has_become() -> None:
    names = "let: {next: data.tries + 1}\n"
    effect = "effects: [{emit: {to: self, trigger: write, data: {words: =string(next)}}}]"
    life = Life(with_change("{increment: tries}, " + effect, names))
    (emitted,) = life.take("write").effects
    assert emitted.data == {"words": "2"}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ("let: {a: b + 1, b: a + 1}\n", [("let.a", "named-by-itself"), ("let.b", "named-by-itself")]),
        ("let: {a: a + 1}\n", [("let.a", "named-by-itself")]),
        ("let: {data: now}\n", [("let.data", "reserved-name")]),
        ("let: {a: now}\nguards: {a: 'true'}\n", [("guards.a", "doubled-name")]),
        ("guards: {a: '1 + 1'}\n", [("guards.a", "not-boolean")]),
        ("let: {a: unknown + 1}\n", [("let.a", "expression")]),
    ],
)
def test_a_name_that_means_nothing_is_refused(more: str, found: list[tuple[str, str]]) -> None:
    assert problems(with_change("[]", more)) == found


@pytest.mark.parametrize(
    ("macros", "effect", "field", "rule"),
    [
        ("{tell: {do: [{emit: {to: parent, trigger: t}}]}}", "[shout]", "transitions[0].effects[0]", "unknown-effect"),  # noqa: E501
        ("{tell: {with: [a], do: [{emit: {to: =a, trigger: t}}]}}", "[tell]", "transitions[0].effects[0].tell",  # noqa: E501
         "macro-parameters"),
        ("{tell: {with: [a], do: [{emit: {to: =a, trigger: t}}]}}", "[]", "macros.tell", "unused-macro"),
        ("{tell: {do: [tell]}}", "[tell]", "transitions[0].effects[0]", "endless-macro"),
        ("{notice: {do: [{emit: {to: parent, trigger: t}}]}}", "[]", "macros.notice", "name-form"),
        ("{tell: {do: []}}", "[]", "macros.tell.do", "required"),
    ],
)  # fmt: skip
def test_a_macro_that_fits_nowhere_is_refused(macros: str, effect: str, field: str, rule: str) -> None:
    text = with_change(f"[], effects: {effect}", f"macros: {macros}\n")
    assert (field, rule) in problems(text)


def test_a_group_of_effects_has_no_guard_that_would_be_passed_over() -> None:
    group = "[], effects: [{do: [{emit: {to: parent, trigger: t}}], when: 'false'}]"
    assert problems(with_change(group)) == [("transitions[0].effects[0]", "one-effect")]


def test_parameters_stand_in_values_and_in_expressions() -> None:
    macros = (
        "macros: {tell: {with: [to, why], do: [{emit: {to: =to, trigger: t, data: {why: \"='so: ' + why\", all: =why}},"  # noqa: E501
        " when: why != ''}]}}\n"
    )
    life = Life(with_change("{copy: words}, effects: [{tell: {to: 'note:2', why: =data.words}}]", macros))
    (emitted,) = life.take("write", words="late").effects
    wanted: dict[str, Any] = {"why": "so: late", "all": "late"}
    assert emitted.data == wanted  # type: ignore[union-attr]
    assert life.take("write", words="").effects == ()


def test_a_refusal_by_a_named_guard_says_what_stands_under_the_name() -> None:
    text = SMALL.replace("states: [written]", "guards: {is_said: data.tries > 3}\nstates: [written]")
    life = Life(text.rstrip().removesuffix("}") + ", if: is_said}\n")
    assert life.take("write").reason == "guard: transitions[0].if[0] does not hold: is_said (data.tries > 3)"


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        ("Three times at least.", "guard: Three times at least. [is_said]"),
        ("='It is ' + string(data.tries) + ' so far.'", "guard: It is 0 so far. [is_said]"),
        # A sentence that fails, or says nothing, leaves the condition to speak.
        (
            "='' + event.data.words.nothing",
            "guard: transitions[0].if[0] does not hold: is_said (data.tries > 3)",
        ),
        ("=''", "guard: transitions[0].if[0] does not hold: is_said (data.tries > 3)"),
    ],
)
def test_a_refusal_by_a_guard_with_a_sentence_says_that(says: str, reason: str) -> None:
    guards = f'guards: {{is_said: {{if: data.tries > 3, says: "{says}"}}}}\nstates: [written]'
    life = Life(SMALL.replace("states: [written]", guards).rstrip().removesuffix("}") + ", if: is_said}\n")
    assert life.take("write").reason == reason


def test_where_some_guards_have_sentences_the_others_only_choose_between_ways() -> None:
    said = "is_said: {if: data.tries > 3, says: Three times.}"
    guards = f"guards: {{is_old: data.tries > 5, {said}}}\nstates: [written]"
    first = SMALL.replace("states: [written]", guards).rstrip().removesuffix("}")
    second = "  - {trigger: write, source: [initial, written], dest: written, if: is_said}"
    life = Life(f"{first}, if: is_old}}\n{second}\n")
    assert life.take("write").reason == "guard: Three times. [is_said]"


def test_a_sentence_is_for_where_the_condition_does_not_hold() -> None:
    guards = "guards: {is_said: {if: data.tries > 3, says: Too often.}}\nstates: [written]"
    text = SMALL.replace("states: [written]", guards).rstrip().removesuffix("}") + ", unless: is_said}\n"
    assert problems(text) == [("transitions[0].unless[0]", "says-unless")]
