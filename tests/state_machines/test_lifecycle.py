"""From a definition to a lifecycle, or to everything that is wrong with it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from state_machines.decide import decide
from state_machines.decision import Event, RunTask
from state_machines.definitions.lifecycle import compile_definition, load
from state_machines.errors import DefinitionError
from state_machines.form.definition import Definition
from state_machines.subject import Subject

BASE: dict[str, Any] = {
    "lifecycle": "thing",
    "version": 2,
    "states": [{"name": "open"}, {"name": "waiting"}, {"name": "done", "final": True}],
    "transitions": [
        {"trigger": "make", "source": "initial", "dest": "open"},
        {"trigger": "end", "source": "*", "dest": "done"},
    ],
}


def rules(**changes: Any) -> list[tuple[str, str]]:
    """Field and rule of everything that is wrong with the base, so changed."""
    with pytest.raises(DefinitionError) as caught:
        compile_definition(Definition.model_validate(BASE | changes))
    return [(one.field, one.rule) for one in caught.value.problems]


def with_transition(**transition: Any) -> list[tuple[str, str]]:
    return rules(transitions=[*BASE["transitions"], {"trigger": "go", "source": "open", **transition}])


def with_effect(**effect: Any) -> list[tuple[str, str]]:
    return with_transition(dest="open", effects=[effect])


def with_timeout(**timeout: Any) -> list[tuple[str, str]]:
    return rules(timeouts={"late": {"in": "open", "on_timeout": "end", **timeout}})


def test_what_a_lifecycle_knows() -> None:
    lifecycle = compile_definition(Definition.model_validate(BASE))
    assert (lifecycle.name, lifecycle.version) == ("thing", 2)
    assert lifecycle.states == ("open", "waiting", "done")
    assert lifecycle.final_states == {"done"}
    assert set(lifecycle.triggers) == {"make", "end"}
    assert lifecycle.possible == {"initial": ("make",), "open": ("end",), "waiting": ("end",), "done": ()}


def test_a_trigger_may_be_called_anything_that_the_library_has_names_for() -> None:
    for word in ("state", "trigger", "initial", "model", "to"):
        changed = [*BASE["transitions"], {"trigger": word, "source": "open", "dest": "waiting"}]
        lifecycle = compile_definition(Definition.model_validate(BASE | {"transitions": changed}))
        assert word in lifecycle.possible["open"]


TEXT = """
lifecycle: a
version: 1
states: [{name: s}]
transitions:
- {trigger: t, source: initial, dest: s}
"""


def test_the_digest_is_that_of_what_is_said_and_not_of_the_layout() -> None:
    other = """
version: 1
lifecycle: a
states:
  - name: s
transitions: [{dest: s, source: [initial], trigger: t}]
"""
    assert load(TEXT).digest == load(other).digest
    assert load(TEXT).digest != load(TEXT.replace("version: 1", "version: 2")).digest


def test_problems_of_a_text_have_file_and_line() -> None:
    with pytest.raises(DefinitionError) as caught:
        load(TEXT + "- trigger: u\n  source: s\n  dest: nowhere\n", "a.yaml")
    (problem,) = caught.value.problems
    assert (problem.file, problem.line, problem.field) == ("a.yaml", 9, "transitions[1].dest")


def test_everything_that_is_wrong_is_said_at_once() -> None:
    found = rules(
        states=[*BASE["states"], {"name": "open"}],
        transitions=[
            {
                "trigger": "make",
                "source": "initial",
                "dest": "opne",
                "conditions": ["data.", "1"],
                "restart": "x",
            },
        ],
    )
    assert found == [
        ("states[3].name", "doubled-state"),
        ("transitions[0].dest", "unknown-state"),
        ("transitions[0].restart[0]", "unknown-timeout"),
        ("transitions[0].conditions[0]", "expression"),
        ("transitions[0].conditions[1]", "not-boolean"),
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"states": [{"name": "initial"}, *BASE["states"]]}, ("states[0].name", "reserved-state")),
        (
            {"transitions": [{"trigger": "end", "source": "open", "dest": "done"}]},
            ("transitions", "never-opened"),
        ),
        ({"calendars": {"desk": {"weekly": {"mon": ["25:00-26:00"]}}}}, None),
    ],
)
def test_what_is_wrong_with_the_whole(changes: dict[str, Any], expected: tuple[str, str] | None) -> None:
    found = rules(**changes)
    assert found == [expected] if expected else found[0][0].startswith("calendars.desk.weekly")


@pytest.mark.parametrize(
    ("transition", "expected"),
    [
        ({"source": ["open", "gone"]}, ("transitions[2].source[1]", "unknown-state")),
        ({"source": "initial"}, ("transitions[2].dest", "opens-nothing")),
        ({"source": []}, ("transitions[2].source", "required")),
        ({"dest": "initial"}, ("transitions[2].dest", "unknown-state")),
        ({"unless": "data.x +"}, ("transitions[2].unless[0]", "expression")),
        ({"set": {"a": {"b": "=nobody"}}}, ("transitions[2].set.a.b", "expression")),
        ({"set": "nobody"}, ("transitions[2].set", "expression")),
    ],
)
def test_what_is_wrong_with_a_transition(transition: dict[str, Any], expected: tuple[str, str]) -> None:
    assert with_transition(**transition) == [expected]


NOTICE = {"to": "a@b.c", "title": "t", "words": "w"}


@pytest.mark.parametrize(
    ("effect", "field", "rule"),
    [
        ({}, "", "one-effect"),
        (
            {"notice": NOTICE, "emit": {"to": "self", "trigger": "end"}},
            "",
            "one-effect",
        ),
        ({"notice": NOTICE | {"channel": "pigeon"}}, ".notice.channel", "unknown-channel"),
        ({"notice": NOTICE | {"about": "weather"}}, ".notice.about", "unknown-about"),
        (
            {"notice": NOTICE | {"about": "apology", "channel": "robocall"}},
            ".notice.channel",
            "automated-voice",
        ),
        ({"notice": NOTICE | {"words": "=nobody"}}, ".notice.words", "expression"),
        ({"notice": NOTICE, "when": "1"}, ".when", "not-boolean"),
        ({"notice": NOTICE | {"to": "=item"}}, ".notice.to", "expression"),
        ({"task": {"name": "x.y", "succeeded": "paid"}}, ".task.succeeded", "unknown-trigger"),
        ({"task": {"name": "x.y", "kwargs": {"a": ["=nobody"]}}}, ".task.kwargs.a[0]", "expression"),
        ({"emit": {"to": "self", "trigger": "end", "data": "nobody"}}, ".emit.data", "expression"),
        ({"open": {"lifecycle": "x", "trigger": "y", "id": "=nobody"}}, ".open.id", "expression"),
    ],
)
def test_what_is_wrong_with_an_effect(effect: dict[str, Any], field: str, rule: str) -> None:
    assert with_effect(**effect) == [(f"transitions[2].effects[0]{field}", rule)]


@pytest.mark.parametrize("about", ["apology", "missed_appointment", "broken_promise"])
@pytest.mark.parametrize("channel", ["voice", "robocall", "Robo-Call", "robo call", "ivr", "TTS", "voicebot"])
def test_no_robot_ever_apologises(about: str, channel: str) -> None:
    found = with_effect(notice=NOTICE | {"about": about, "channel": channel})
    assert found == [("transitions[2].effects[0].notice.channel", "automated-voice")]


@pytest.mark.parametrize(
    ("timeout", "field", "rule"),
    [
        ({}, "", "one-form"),
        ({"after": "PT1H", "every": "PT1H"}, "", "one-form"),
        ({"after": "P1M"}, ".after", "duration-fixed-length"),
        ({"after": "data."}, ".after", "expression"),
        ({"every": "PT0S"}, ".every", "interval-positive"),
        ({"before": "data.x"}, "", "lead-or-share"),
        ({"before": "data.x", "lead": "PT1H", "share": 0.5}, "", "lead-or-share"),
        ({"after": "PT1H", "share": 0.5}, ".share", "lead-or-share"),
        ({"after": "PT1H", "in": ["open", "gone"]}, ".in[1]", "unknown-state"),
        ({"after": "PT1H", "in": ["open", "done"]}, ".in[1]", "timeout-in-final-state"),
        ({"after": "PT1H", "paused_in": "waiting"}, ".paused_in[0]", "pause-outside-scope"),
        ({"after": "PT1H", "on_timeout": "explode"}, ".on_timeout", "unknown-trigger"),
        ({"after": "PT1H", "calendar": "desk"}, ".calendar", "unknown-calendar"),
        ({"after": "PT1H", "zone": "'UTC'"}, ".zone", "zone-without-calendar"),
        ({"after": "PT1H", "when": "'yes'"}, ".when", "not-boolean"),
    ],
)
def test_what_is_wrong_with_a_timeout(timeout: dict[str, Any], field: str, rule: str) -> None:
    assert with_timeout(**timeout) == [(f"timeouts.late{field}", rule)]


def test_a_calendar_needs_a_zone_from_somewhere() -> None:
    calendars = {"desk": {"weekly": {"mon": ["09:00-17:00"]}}}
    late = {"in": "open", "after": "PT1H", "calendar": "desk", "on_timeout": "end"}
    assert rules(calendars=calendars, timeouts={"late": late}) == [("timeouts.late.zone", "calendar-zone")]
    with_zone = Definition.model_validate(
        BASE | {"calendars": calendars, "timeouts": {"late": late | {"zone": "data.zone"}}}
    )
    assert compile_definition(with_zone).timeouts["late"].zone is not None


def test_a_timer_brings_no_data_so_its_trigger_cannot_require_any() -> None:
    triggers = {"end": {"data": {"reason": {"type": "string", "required": True}}}}
    late = {"in": "open", "after": "PT1H", "on_timeout": "end"}
    assert rules(triggers=triggers, timeouts={"late": late}) == [
        ("timeouts.late.on_timeout", "timer-without-data")
    ]


@pytest.mark.parametrize(
    ("state", "field", "rule"),
    [
        ({"timeout": "PT1H"}, "states[3].on_timeout", "timeout-pair"),
        ({"on_timeout": "end"}, "states[3].timeout", "timeout-pair"),
        ({"timeout": "PT", "on_timeout": "end"}, "states[3].timeout", "duration-form"),
        (
            {"timeouts": {"x": {"in": "open", "after": "PT1H", "on_timeout": "end"}}},
            "states[3].timeouts.x.in",
            "timeout-scope",
        ),
        (
            {
                "timeout": "PT1H",
                "on_timeout": "end",
                "timeouts": {"more": {"after": "PT1H", "on_timeout": "end"}},
            },
            "states[3]",
            "doubled-timeout",
        ),
        (
            {"on_enter": [{"notice": NOTICE | {"about": "x"}}]},
            "states[3].on_enter[0].notice.about",
            "unknown-about",
        ),
        (
            {"on_exit": [{"notice": NOTICE | {"about": "x"}}]},
            "states[3].on_exit[0].notice.about",
            "unknown-about",
        ),
    ],
)
def test_what_is_wrong_with_a_state(state: dict[str, Any], field: str, rule: str) -> None:
    assert rules(states=[*BASE["states"], {"name": "more", **state}]) == [(field, rule)]


def test_timeouts_are_brought_to_one_form() -> None:
    definition = BASE | {
        "states": [
            {"name": "open", "timeout": "PT1H", "on_timeout": "end"},
            {"name": "waiting", "timeouts": {"nudge": {"every": "PT2H", "on_timeout": "end"}}},
            {"name": "done", "final": True},
        ],
        "timeouts": {"overall": {"after": "P2D", "on_timeout": "end"}},
    }
    timeouts = compile_definition(Definition.model_validate(definition)).timeouts
    assert {name: rule.scope for name, rule in timeouts.items()} == {
        "overall": {"open", "waiting"},
        "open": {"open"},
        "nudge": {"waiting"},
    }
    assert [timeouts[name].repeats for name in ("overall", "open", "nudge")] == [False, False, True]


@pytest.mark.parametrize(
    ("default", "own", "rule"),
    [
        (None, None, {}),
        (None, {}, {}),
        ({"attempts": 2}, None, {"attempts": 2}),
        ({"attempts": 2, "first": "PT1S"}, {"attempts": 3}, {"attempts": 3, "first": "PT1S"}),
        ({"not_on": ["a", "b"]}, {"not_on": "c"}, {"not_on": ["c"]}),
        ({"longest": "PT1M"}, {"first": "PT1H"}, {"first": "PT1H"}),
        ({"longest": "PT1H"}, {"first": "PT1M"}, {"longest": "PT1H", "first": "PT1M"}),
        ({"first": "PT1H"}, {"longest": "PT1M"}, {"longest": "PT1M"}),
        ({"first": "PT1M"}, {"longest": "PT1H"}, {"first": "PT1M", "longest": "PT1H"}),
    ],
)
def test_what_an_effect_says_of_trying_again_comes_before_what_the_lifecycle_says(
    default: dict[str, Any] | None, own: dict[str, Any] | None, rule: dict[str, Any]
) -> None:
    task = {"name": "shop.pack"} | ({} if own is None else {"retry": own})
    transitions = [
        {"trigger": "begin", "source": "initial", "dest": "open", "effects": [{"task": task}]},
        {"trigger": "end", "source": "open", "dest": "done"},
    ]
    states = ["open", {"name": "done", "final": True}]
    form = {"lifecycle": "thing", "version": 1, "states": states, "transitions": transitions}
    lifecycle = compile_definition(Definition.model_validate(form | ({"retry": default} if default else {})))
    now = datetime(2026, 7, 1, 12, tzinfo=UTC)
    decision = decide(lifecycle, Subject("thing:1", "thing", 1), Event("begin", "e", "/t", now), now)
    (effect,) = decision.effects
    assert isinstance(effect, RunTask) and effect.retry == rule
