"""Decisions: which transition is taken, what changes, what is asked for, what is refused and why."""

from __future__ import annotations

from typing import Any

import pytest

from state_machines.decide import decide
from state_machines.decision import EmitEvent, Event, Outcome, RunTask, SendNotice
from state_machines.definitions.lifecycle import load
from state_machines.errors import DecisionError, ExpressionError
from state_machines.subject import Subject
from tests.state_machines.life import NOON, Life, taken

LOAN = """
lifecycle: loan
version: 1
data:
  tries: {type: integer, default: 0}
triggers:
  ask: {data: {amount: {type: number, required: true}, currency: {type: string, default: EUR}}}
states:
  - name: asked
    on_exit:
      - notice: {to: =data.owner, title: left, words: "=subject.state + ' after ' + event.trigger"}
  - name: granted
    on_enter: [{notice: {to: =data.owner, about: news, title: entered, words: =string(data.amount)}}]
  - {name: closed, final: true}
transitions:
  - trigger: ask
    source: initial
    dest: asked
    conditions: event.data.amount > 0
    set:
      amount: =event.data.amount
      currency: =event.data.currency
      owner: a@b.c
      terms: {from: =now, list: [1, =subject.seq]}
  - trigger: grant
    source: asked
    dest: granted
    conditions: [data.amount <= 100]
    unless: [has(data.blocked)]
    set: {amount: =double(data.amount) * 2.0}
    effects: [{notice: {to: =data.owner, about: news, title: taken, words: =subject.state}}]
  - {trigger: grant, source: asked, dest: closed, conditions: data.amount > 1000}
  - {trigger: note, source: [asked, granted, closed], set: event.data}
  - {trigger: try_again, source: "*", dest: "=", set: {tries: =data.tries + 1}}
  - {trigger: close, source: ["*", granted], dest: closed}
  - {trigger: reopen, source: closed, dest: asked}
  - {trigger: odd, source: asked, conditions: data.amount}
  - {trigger: broken, source: asked, conditions: data.gone == 1}
  - {trigger: unset, source: asked, set: "[1]"}
"""


def loan(**data: Any) -> Life:
    lived = Life(LOAN)
    taken(lived.happens("ask", **{"amount": 50, **data}))
    return lived


def effects_of(effect: str, **data: Any) -> tuple[Any, ...]:
    """What one effect asks for, in a subject with these data."""
    lived = Life(f"""
lifecycle: thing
version: 1
states: [{{name: open}}]
transitions:
  - {{trigger: make, source: initial, dest: open, set: event.data}}
  - trigger: go
    source: open
    effects:
      - {effect}
""")
    taken(lived.happens("make", **data))
    lived.now = NOON
    return taken(lived.happens("go", x=1)).effects


def test_opening_sets_state_data_and_the_parent() -> None:
    lived = Life(LOAN)
    decision = taken(lived.happens("ask", parent="case:7", amount=50))
    assert (decision.outcome, decision.source, decision.dest) == (Outcome.MOVED, "initial", "asked")
    assert decision.data == {
        "tries": 0,
        "amount": 50,
        "currency": "EUR",
        "owner": "a@b.c",
        "terms": {"from": "2026-07-01T12:00:00Z", "list": [1, 1]},
    }
    subject = lived.subject
    assert (subject.parent, subject.opened_at, subject.changed_at, subject.seq) == ("case:7", NOON, NOON, 1)


def test_only_an_opening_event_brings_a_parent() -> None:
    lived = loan()
    lived.passes(hours=1)
    taken(lived.happens("note", parent="case:9", words="x"))
    assert (lived.subject.parent, lived.subject.opened_at) == (None, NOON)


def test_effects_on_leaving_then_of_the_transition_then_on_entering_see_the_data_after() -> None:
    decision = taken(loan().happens("grant"))
    assert [(one.title, one.words) for one in decision.effects if isinstance(one, SendNotice)] == [
        ("left", "granted after grant"),
        ("taken", "granted"),
        ("entered", "100"),
    ]


def test_the_first_transition_whose_guards_agree_is_taken() -> None:
    assert taken(loan(amount=5000).happens("grant")).dest == "closed"


def test_when_no_guard_agrees_all_that_failed_are_named() -> None:
    lived = loan(amount=500)
    refused = lived.happens("grant")
    assert refused.outcome is Outcome.REFUSED
    assert refused.reason == (
        "guard: transitions[1].conditions[0] does not hold: data.amount <= 100; "
        "transitions[2].conditions[0] does not hold: data.amount > 1000"
    )
    blocked = loan()
    taken(blocked.happens("note", blocked=True))
    reason = blocked.happens("grant").reason
    assert reason is not None and "transitions[1].unless[0] holds: has(data.blocked)" in reason


def test_a_refused_event_changes_nothing_but_the_number_of_decisions() -> None:
    lived = loan(amount=500)
    before = lived.subject
    lived.passes(hours=1)
    for refused in (lived.happens("grant"), lived.happens("ask", amount=1), lived.happens("nobody_knows")):
        assert (refused.outcome, refused.effects, refused.timers_set) == (Outcome.REFUSED, (), ())
        assert refused.data is before.data and refused.dest == refused.source == "asked"
    after = lived.subject
    assert after.seq == before.seq + 3
    assert (after.state, after.data, after.timers, after.changed_at) == (
        before.state,
        before.data,
        before.timers,
        before.changed_at,
    )


def test_an_impossible_trigger_is_refused_with_what_is_possible() -> None:
    lived = loan()
    assert lived.happens("ask", amount=1).reason == (
        "impossible-now: 'ask' is not possible in the state 'asked'; "
        "possible now: broken, close, grant, note, odd, try_again, unset"
    )
    assert Life(LOAN).happens("grant").reason == (
        "impossible-now: 'grant' is not possible in the state 'initial'; possible now: ask"
    )


def test_bad_data_are_refused_before_anything_else() -> None:
    reason = Life(LOAN).happens("ask", amount="much").reason
    assert reason == "event-data: data.amount [type]", "the value itself may be personal"


def test_a_reason_stays_short_however_much_is_wrong() -> None:
    lifecycle = load("""
lifecycle: crowd
version: 1
triggers: {make: {data: {ages: {type: array, items: {type: integer}}}}}
states: [{name: open}]
transitions: [{trigger: make, source: initial, dest: open}]
""")
    reason = Life(lifecycle).happens("make", ages=["x"] * 1000).reason
    assert reason is not None and reason.endswith("; and more") and len(reason) < 1000


def test_an_internal_transition_stays_and_a_reflexive_one_moves() -> None:
    lived = loan()
    stayed = taken(lived.happens("note", words="x"))
    assert (stayed.outcome, stayed.effects, stayed.data["words"]) == (Outcome.STAYED, (), "x")
    moved = taken(lived.happens("try_again"))
    assert (moved.outcome, moved.dest, moved.data["tries"]) == (Outcome.MOVED, "asked", 1)
    assert [one.title for one in moved.effects if isinstance(one, SendNotice)] == ["left"]


def test_a_final_state_is_left_only_by_a_transition_that_names_it() -> None:
    lived = loan()
    taken(lived.happens("close"))
    assert lived.happens("try_again").outcome is Outcome.REFUSED
    assert lived.happens("close").outcome is Outcome.REFUSED
    assert taken(lived.happens("note", words="thanks")).outcome is Outcome.STAYED
    assert taken(lived.happens("reopen")).dest == "asked"


def test_a_field_set_to_null_stays_as_null() -> None:
    lived = loan()
    taken(lived.happens("note", owner=None))
    assert "owner" in lived.data and lived.data["owner"] is None


@pytest.mark.parametrize(
    ("trigger", "error", "said"),
    [
        ("odd", DecisionError, "transitions[7].conditions[0]"),
        ("broken", ExpressionError, "gone"),
        ("unset", DecisionError, "transitions[9].set"),
    ],
)
def test_a_fault_of_the_definition_is_raised_and_names_its_place(
    trigger: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error) as caught:
        loan().happens(trigger)
    assert said in str(caught.value)


def test_a_state_that_the_lifecycle_does_not_have_is_no_state_to_decide_from() -> None:
    lived = loan()
    stranger = Subject("loan:1", "loan", 1, "bought")
    with pytest.raises(DecisionError, match="bought"):
        decide(lived.lifecycle, stranger, Event("note", "e", "/tests", NOON), NOON)


def test_neither_subject_nor_event_is_changed() -> None:
    lived = loan()
    data, event_data = dict(lived.data), {"a": [1], "b": {"c": 2}}
    event = Event("note", "e", "/tests", NOON, event_data)
    first = decide(lived.lifecycle, lived.subject, event, NOON)
    assert decide(lived.lifecycle, lived.subject, event, NOON) == first
    assert lived.data == data and event_data == {"a": [1], "b": {"c": 2}}


# Effects


def test_a_task_with_arguments_of_all_kinds() -> None:
    effect = """task: {name: billing.refund, queue: money, succeeded: go, failed: go,
        args: [1, =data.amount, {"deep": [=subject.key]}], kwargs: {at: =now, plain: "x", "no": null}}"""
    assert effects_of(effect, amount=5) == (
        RunTask(
            "billing.refund",
            "money",
            (1, 5, {"deep": ["thing:1"]}),
            {"at": "2026-07-01T12:00:00Z", "plain": "x", "no": None},
            "go",
            "go",
        ),
    )


def test_a_task_whose_arguments_are_one_expression() -> None:
    (task,) = effects_of(
        "task: {name: =data.task, args: data.list, kwargs: event.data}", list=[1, 2], task="a.b"
    )
    assert task == RunTask("a.b", None, (1, 2), {"x": 1}, computed=True)


def test_a_notice_to_each_of_a_list_and_to_nobody() -> None:
    effect = "notice: {to: =data.to, title: t, words: \"='w ' + data.word\", context: {a: =data.word}}"
    assert [one.to for one in effects_of(effect, to=["a@b.c", "", {"email": "x"}, None], word="x")] == [
        "a@b.c",
        {"email": "x"},
    ]
    for nobody in ("", None, [], {}, [None, ""]):
        assert effects_of(effect, to=nobody, word="x") == ()
    assert effects_of(effect, to="a@b.c", word="x") == (
        SendNotice("email", "a@b.c", "news", "t", "w x", {"a": "x"}, language="en"),
    )


def test_each_repeats_an_effect_with_its_item_and_when_is_asked_for_each() -> None:
    effect = """{each: data.people, when: item.age > 17,
        notice: {to: =item.mail, title: =data.title, words: "=item.mail + ' is invited'"}}"""
    people = [{"mail": "a@b.c", "age": 18}, {"mail": "d@e.f", "age": 17}, {"mail": "g@h.i", "age": 40}]
    found = effects_of(effect, people=people, title="party")
    assert [(one.to, one.words) for one in found] == [
        ("a@b.c", "a@b.c is invited"),
        ("g@h.i", "g@h.i is invited"),
    ]
    assert effects_of(effect, people=[], title="party") == ()


def test_events_for_others_and_openings() -> None:
    assert effects_of(
        "emit: {to: children, trigger: withdraw, data: {reason: =data.reason}}", reason="r"
    ) == (EmitEvent("children", "withdraw", {"reason": "r"}),)
    assert effects_of("emit: {to: \"='promise:' + data.id\", trigger: keep}", id="P-1") == (
        EmitEvent("promise:P-1", "keep"),
    )
    assert effects_of('emit: {to: "=data.?id.orValue(null)", trigger: keep}') == ()
    assert effects_of("open: {lifecycle: escalation, trigger: open, data: =event.data}") == (
        EmitEvent("escalation:thing-1-2", "open", {"x": 1}, opens=True),
    )
    assert effects_of("open: {lifecycle: escalation, trigger: open, id: =data.number}", number=7) == (
        EmitEvent("escalation:7", "open", {}, opens=True),
    )


def test_an_effect_may_depend_on_the_data() -> None:
    effect = "{when: data.amount > 1, emit: {to: self, trigger: go}}"
    assert effects_of(effect, amount=1) == ()
    assert effects_of(effect, amount=2) == (EmitEvent("self", "go"),)


@pytest.mark.parametrize(
    ("effect", "field", "rule"),
    [
        ("task: {name: a.b, args: data.text}", "task.args", "not-a-list"),
        ("task: {name: a.b, kwargs: data.list}", "task.kwargs", "not-an-object"),
        ("task: {name: =data.number}", "task.name", "not-a-text"),
        ("task: {name: =data.empty}", "task.name", "empty"),
        ("task: {name: a.b, queue: =data.number}", "task.queue", "not-a-text"),
        ("notice: {to: a@b.c, title: =data.number, words: w}", "notice.title", "not-a-text"),
        ("notice: {to: a@b.c, title: t, words: =data.list}", "notice.words", "not-a-text"),
        ("notice: {to: a@b.c, title: t, words: w, channel: =data.text}", "notice.channel", "unknown-channel"),
        (
            "notice: {to: a@b.c, title: t, words: w, about: apology, channel: =data.robot}",
            "notice.channel",
            "automated-voice",
        ),
        ("emit: {to: =data.text, trigger: go}", "emit.to", "not-a-subject"),
        ("emit: {to: =data.list, trigger: go}", "emit.to", "not-a-subject"),
        ("emit: {to: self, trigger: go, data: data.list}", "emit.data", "not-an-object"),
        ("open: {lifecycle: a, trigger: b, id: =data.empty}", "open.id", "empty"),
        ("{when: data.number, emit: {to: self, trigger: go}}", "when", "not-boolean"),
        ("{each: data.number, emit: {to: self, trigger: go}}", "each", "not-a-list"),
        ("{each: data.list, open: {lifecycle: a, trigger: b}}", "", "doubled-subject"),
    ],
)
def test_an_effect_that_must_not_be_is_never_asked_for(effect: str, field: str, rule: str) -> None:
    with pytest.raises(DecisionError) as caught:
        effects_of(effect, text="x", number=1, list=[1, 2], empty="", robot="robocall")
    place = f"transitions[1].effects[0].{field}" if field else "transitions[1].effects"
    assert (caught.value.problem.field, caught.value.problem.rule) == (place, rule)


def test_a_failing_effect_leaves_nothing_half_done() -> None:
    lived = loan()
    taken(lived.happens("note", owner=7))
    taken(lived.happens("note", amount="text"))
    before = lived.subject
    with pytest.raises(ExpressionError):
        lived.happens("grant")
    assert lived.subject is before


@pytest.mark.parametrize(
    ("effect", "field"),
    [
        ("{each: data.many, task: {name: t.t}}", "each"),
        ("{notice: {to: =data.many, about: news, title: t, words: w}}", "to"),
        ("{each: '[1, 2, 3]', notice: {to: =data.thousand, about: news, title: t, words: w}}", "each"),
    ],
)
def test_one_event_asks_for_so_many_effects_and_no_more(effect: str, field: str) -> None:
    people = [f"{number}@shop.example" for number in range(1_001)]
    with pytest.raises(DecisionError, match=rf"{field}: gives .* is the bound of one decision"):
        effects_of(effect, many=people, thousand=people[:1_000])
    fewer = effect.replace("many", "thousand").replace("1, 2, 3", "1, 2")
    assert len(effects_of(fewer, thousand=people[:1_000])) in (1_000, 2_000)
