"""Fields are handed on by name; what leads nowhere is left out; one rule answers to several triggers."""

from __future__ import annotations

from typing import Any

import pytest

from state_machines.decision import EmitEvent
from state_machines.definitions.lifecycle import load
from tests.state_machines.second_edition.loans import Life, problems, with_change
from tests.state_machines.second_edition.test_changes import data_after

NOTE = {"words": "a", "to": "b"}


def sent(call: str, *events: dict[str, Any], change: str = "{copy: words}", more: str = "") -> Any:
    """The data of what the small definition sends with its last event."""
    life = Life(with_change(f"{change}, effects: {call}", more))
    for event in events[:-1]:
        life.take("write", **event)
    (effect,) = life.take("write", **events[-1]).effects
    return effect.data  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("change", "event", "data"),
    [
        ("{set: {words: '=event.data.?words'}}", {"words": "a"}, {"words": "a"}),
        ("[{set: {words: a}}, {set: {words: '=event.data.?words'}}]", {}, {"words": "a"}),
        ("{append: {held: '=event.data.?to'}}", {}, {}),
        ("{append: {held: {to: '=event.data.?to', by: ['=event.data.?to', x]}}}", {}, {"held": [{"by": ["x"]}]}),  # noqa: E501
        ("{append: {held: {to: '=event.data.?to'}}}", {"to": None}, {"held": [{"to": None}]}),
        ("{add: {who: '=event.data.?to'}}", {}, {}),
        ("{add: {who: ['=event.data.?to', '=event.data.?words']}}", {"to": "b"}, {"who": ["b"]}),
        ("[{set: {held: [a, b, a]}}, {remove: {held: a}}]", {}, {"held": ["b"]}),
        ("[{set: {held: [a, b]}}, {remove: {held: [a, c]}}]", {}, {"held": ["b"]}),
        ("[{set: {held: [1, true]}}, {remove: {held: 1}}]", {}, {"held": [True]}),
        ("[{set: {held: [a]}}, {remove: {held: '=event.data.?to'}}]", {}, {"held": ["a"]}),
        ("{remove: {held: a}}", {}, {}),
        ("{copy: {words: to, held: held}}", {"to": "b"}, {"words": "b"}),
        ("{set: {at: '=event.data.?at'}}", {"at": "2026-03-02T10:00:00+01:00"}, {"at": "2026-03-02T09:00:00Z"}),  # noqa: E501
        ("{set: {words: '=event.data.?to'}, when: has(event.data.to)}", {"to": "b"}, {"words": "b"}),
    ],
)  # fmt: skip
def test_what_leads_nowhere_is_left_out_of_a_change(
    change: str, event: dict[str, Any], data: dict[str, Any]
) -> None:
    assert data_after(change, event) == {"tries": 0, **data}


@pytest.mark.parametrize(
    ("call", "data"),
    [
        ("{emit: {to: self, trigger: write, share: [words, at]}}", {"words": "a"}),
        ("{emit: {to: self, trigger: write, share: words}}", {"words": "a"}),
        ("{emit: {to: self, trigger: write, share: {to: words}}}", {"to": "a"}),
        ("{emit: {to: self, trigger: write, share: [tries, {to: words}]}}", {"tries": 0, "to": "a"}),
        ("{emit: {to: self, trigger: write, copy: [to, at]}}", {"to": "b"}),
        ("{emit: {to: self, trigger: write, copy: {words: to}, share: words}}", {"words": "b"}),
        ("{emit: {to: self, trigger: write, copy: words, share: words, data: {words: c}}}", {"words": "c"}),
        ("{emit: {to: self, trigger: write, share: words, data: \"{'to': 1}\"}}", {"words": "a", "to": 1}),
        ("{emit: {to: self, trigger: write, data: {at: '=event.data.?at', words: '=data.?words'}}}",
         {"words": "a"}),
        ("{open: {lifecycle: job, trigger: schedule, share: {task: words}, copy: {queue: to}}}",
         {"task": "a", "queue": "b"}),
    ],
)  # fmt: skip
def test_fields_are_handed_on_and_what_is_said_comes_before_them(call: str, data: dict[str, Any]) -> None:
    assert sent(call, NOTE) == data


def test_fields_of_our_own_are_shared_as_they_have_become() -> None:
    call = "{emit: {to: self, trigger: write, share: tries}}"
    assert sent(call, {}, {}, change="{increment: tries}") == {"tries": 2}


def test_a_template_takes_a_value_that_is_left_out_for_nothing() -> None:
    text = "{% if to %}To {{ to }}{% else %}To nobody{% endif %}"
    templates = f'templates: {{told: {{en: {{default: {{title: Told, words: "{text}"}}}}}}}}\n'
    notice = "{notice: {to: a@example.org, template: told, values: {to: '=event.data.?to'}}}"
    life = Life(with_change(f"[], effects: {notice}", templates))
    said = [life.take("write", **event).effects[0].words for event in ({}, {"to": "b"})]  # type: ignore[union-attr]
    assert said == ["To nobody", "To b"]
    hole = with_change(f"[], effects: {notice}", templates.replace(text, "To {{ to }}"))
    assert problems(hole) == [("transitions[0].effects[0].notice.values.to", "hole")]


@pytest.mark.parametrize(
    "place",
    [
        "[], effects: {emit: {to: '=event.data.?to', trigger: write}}",
        "[], effects: {notice: {to: a@example.org, title: '=event.data.?words', words: x}}",
        "[], effects: {emit: {to: self, trigger: write, data: 'event.data.?to'}}",
        "{increment: {tries: '=event.data.?tries'}}",
        "[], if: 'event.data.?to'",
    ],
)
def test_elsewhere_an_optional_value_is_refused(place: str) -> None:
    assert [rule for _, rule in problems(with_change(place))] == ["expression"]


def test_a_figure_may_lead_nowhere() -> None:
    life = Life(with_change("{copy: words}", "barometer: {outcome: subject.state, kind: 'data.?words'}\n"))
    rule = life.lifecycle.barometer
    assert rule is not None
    for words in ({}, {"words": "a"}):
        life.take("write", **words)
        assert rule.read(life.subject).kind == words.get("words")


def test_without_a_parent_nothing_is_asked_of_it() -> None:
    life = Life(with_change("[], effects: {emit: {to: parent, trigger: write}}"))
    assert life.take("write").effects == ()


SEVERAL = """
edition: 2
lifecycle: lamp
version: 1
data: {uses: {type: integer, default: 0}, last: text}
triggers: {put: {data: {by: text}}, press: {data: {by: text}}, pull: {data: {by: text}}}
states: [on]
transitions:
  - {trigger: put, source: initial, dest: on}
  - {trigger: [press, pull, press], source: on, change: {increment: uses, copy: {last: by}}}
"""


def test_one_rule_answers_to_several_triggers() -> None:
    life = Life(SEVERAL)
    for trigger in ("put", "press", "pull"):
        life.take(trigger, by=trigger)
    assert life.data == {"uses": 2, "last": "pull"}
    assert load(SEVERAL).possible["on"] == ("press", "pull")


@pytest.mark.parametrize(
    "macros",
    [
        "{tell: {with: what, emit: {to: self, trigger: write, data: {to: =what}}}}",
        "{tell: {with: what, do: {emit: {to: self, trigger: write, data: {to: =what}}}}}",
        "{tell: {with: x, do: {say: =x}}, say: {with: x, emit: {to: self, trigger: write, data: {to: =x}}}}",
    ],
)  # fmt: skip
@pytest.mark.parametrize("given", ["word", "{a: 1}", "[1, 2]"])
def test_a_macro_of_one_effect_needs_no_list_and_takes_any_value(macros: str, given: str) -> None:
    wanted = {"word": "word", "{a: 1}": {"a": 1}, "[1, 2]": [1, 2]}[given]
    name = "x" if "say" in macros else "what"
    for effects in (f"{{tell: {given}}}", f"{{tell: {{{name}: {given}}}}}"):
        life = Life(with_change(f"[], effects: {effects}", f"macros: {macros}\n"))
        (effect,) = life.take("write").effects
        assert effect.data == {"to": wanted}  # type: ignore[union-attr]


def test_what_is_computed_within_an_argument_is_so_within_an_expression_too() -> None:
    macros = "macros: {note: {with: all, set: {held: '=all.which + [all.n]'}}}\n"
    life = Life(with_change("{note: {all: {which: [=event.data.words, b], n: 1}}}", macros))
    life.take("write", words="a")
    assert life.data["held"] == ["a", "b", 1]


def test_a_macro_of_one_change_needs_no_list_and_may_have_a_condition() -> None:
    macros = "macros: {note: {with: what, append: {held: =what}, when: has(event.data.to)}}\n"
    life = Life(with_change("{note: =event.data.words}", macros))
    life.take("write", words="a")
    life.take("write", words="b", to="x")
    assert life.data["held"] == ["b"]


def test_a_field_within_a_field_is_declared_in_words() -> None:
    text = """
edition: 2
lifecycle: shift
version: 1
data: {turns: {type: list, items: {type: object, fields: {from: date-time required, people: list}}}}
triggers: {set: {data: {turns: required}}}
states: [set]
transitions: [{trigger: set, source: initial, dest: set, change: {copy: turns}}]
"""
    (turns,) = load(text).definition.triggers["set"].data.values()
    assert turns.items is not None and turns.items.fields is not None
    begin, people = turns.items.fields.values()
    assert (begin.type, begin.format, begin.required, people.type) == ("string", "date-time", True, "array")
    wrong = text.replace("people: list", "people: lots")
    assert problems(wrong) == [("data.turns.items.fields.people", "field-words")]


def test_an_event_is_passed_on_as_it_came() -> None:
    text = SEVERAL.replace("copy: {last: by}}", "copy: {last: by}}, effects: {forward: 'lamp:2'}")
    life = Life(text)
    life.take("put")
    for trigger in ("press", "pull"):
        (effect,) = life.take(trigger, by="a").effects
        assert effect == EmitEvent("lamp:2", trigger, {"by": "a"})
    assert Life(text.replace("'lamp:2'", "parent")).take("put").effects == ()


def test_figures_are_fields_of_the_data() -> None:
    text = with_change("{copy: {team: words}}", "barometer: {outcome: subject.state, share: [team, kind]}\n")
    life = Life(text.replace("held: list", "held: list, team: text, kind: text"))
    life.take("write", words="a")
    assert life.lifecycle.barometer is not None
    figures = life.lifecycle.barometer.read(life.subject)
    assert (figures.team, figures.kind) == ("a", None)


def test_the_form_of_a_link_is_declared_in_words() -> None:
    link = "{trigger: write, expires: P1D, title: Q, words: W, ask: {tries: integer required, words: string}}"
    notice = f"{{notice: {{to: a@example.org, title: T, words: 'See {{{{link.q}}}}', links: {{q: {link}}}}}}}"
    text = with_change(f"[], effects: {notice}").replace("{words:, at:,", "{words:, at:, tries: ,")
    asked = Life(text).take("write").effects[0].links["q"]["ask"]  # type: ignore[union-attr]
    assert asked == {"tries": {"type": "integer", "required": True}, "words": {"type": "string"}}
    assert problems(text.replace("words: string", "words: strings")) == [
        ("transitions[0].effects[0].notice.links.q.ask.words", "field-words")
    ]


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ("{trigger: [a, b], source: initial, dest: s}", "trigger"),
        ("{trigger: a, source: initial, dest: s, effects: [{emit: {to: self, trigger: a, share: [x]}}]}",
         "effects[0].emit.share"),
        ("{trigger: a, source: initial, dest: s, effects: [{open: {lifecycle: l, trigger: a, copy: [x]}}]}",
         "effects[0].open.copy"),
        ("{trigger: a, source: initial, dest: s, effects: [{forward: parent}]}", "effects[0].forward"),
    ],
)  # fmt: skip
def test_all_that_belongs_to_the_second_edition(rule: str, field: str) -> None:
    text = f"lifecycle: l\nversion: 1\nstates: [s]\ntransitions: [{rule}]\n"
    assert (f"transitions[0].{field}", "edition") in problems(text)


def test_an_optional_value_is_none_of_the_first_edition() -> None:
    first = "lifecycle: l\nversion: 1\nstates: [s]\n"
    first += 'transitions: [{trigger: a, source: initial, dest: s, set: {x: "=event.data.?x"}}]\n'
    assert problems(first) == [("transitions[0].set.x", "expression")]
