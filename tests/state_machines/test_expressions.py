"""Expressions: what they see, what they give, and what is wrong with the wrong ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from state_machines.decision import Event
from state_machines.errors import DecisionError, ExpressionError
from state_machines.expressions import check_types, compile_expression, references
from state_machines.expressions.scope import Scope
from state_machines.expressions.view import View
from state_machines.form.fields import FieldDeclaration
from state_machines.subject import Subject

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
DATA: dict[str, Any] = {
    "words": "a call",
    "due_at": "2026-07-01T16:00:00Z",
    "tries": 2,
    "people": ["a@b.c", "", None, "a@b.c", "d@e.f"],
    "customer": {"name": "Ada", "email": "ada@example.org", "zone": "Europe/Berlin"},
    "nothing": None,
}


def view(data: dict[str, Any] = DATA, opened: datetime | None = NOW - timedelta(hours=1)) -> View:
    subject = Subject("promise:P-1", "promise", 1, "made", 3, data, "case:7", opened)
    event = Event("keep", "e-1", "/tests", NOW - timedelta(seconds=1), {"by": "Bo"}, parent="case:8")
    return View(subject, event, event.data, data, NOW)


def value(text: str, **kwargs: Any) -> Any:
    return compile_expression(text, "field").evaluate(view(**kwargs))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("data.tries + 1", 3),
        ("data.customer.name + '!'", "Ada!"),
        ("event.data.by", "Bo"),
        ("event.data.?gone.orValue('nobody')", "nobody"),
        ("has(data.words) && !has(data.gone)", True),
        ("event.id + event.source + event.trigger", "e-1/testskeep"),
        ("now - event.time", timedelta(seconds=1)),
        ("now + duration('90m')", NOW + timedelta(minutes=90)),
        ("timestamp(data.due_at) - now", timedelta(hours=4)),
        ("subject.key + ' ' + subject.id + ' ' + subject.lifecycle", "promise:P-1 P-1 promise"),
        ("subject.state", "made"),
        ("subject.seq", 4),
        ("subject.parent", "case:7"),
        ("subject.opened_at < now", True),
        ("data.nothing == null", True),
        ("{'b': 1, ?'c': data.?gone}", {"b": 1}),
        ("cel.bind(x, data.tries, x * x)", 4),
        ("math.greatest(data.tries, 9)", 9),
        ("'a,b'.split(',').map(x, x.upperAscii())", ["A", "B"]),
        ("iso_duration('PT15M')", timedelta(minutes=15)),
        ("distinct(data.people)", ["a@b.c", "d@e.f"]),
        ("distinct([1, true, 1.0, 2])", [1, True, 2]),
        ("merge({'a': 1, 'b': 1}, {'b': 2})", {"a": 1, "b": 2}),
        ("keys(data.customer)", ["email", "name", "zone"]),
        ("address(data.customer, 'email')", "ada@example.org"),
        ("address(data.customer, 'sms')", ""),
        ("address('ada@example.org', 'email')", "ada@example.org"),
        ("address('ada@example.org', 'sms')", ""),
        ("address('+49 170', 'email')", ""),
        ("address(data.nothing, 'email')", ""),
        ("address(data.tries, 'email')", ""),
        ("contact_time(data.customer, now)", NOW),
        ("contact_time('+49 170', now)", NOW),
    ],
)
def test_an_expression_sees_what_it_is_promised(text: str, expected: Any) -> None:
    assert value(text) == expected


def test_before_the_subject_is_opened_its_parent_is_that_of_the_event() -> None:
    subject = Subject("promise:P-1", "promise", 1)
    event = Event("make", "e-1", "/tests", NOW, {}, parent="case:8")
    opening = View(subject, event, {}, {}, NOW)
    assert compile_expression("subject.parent").evaluate(opening) == "case:8"
    assert compile_expression("subject.opened_at == now").evaluate(opening) is True


def test_contact_time_waits_for_the_window_in_the_customers_zone() -> None:
    quiet = {"zone": "Europe/Berlin", "quiet_hours": "13:00-17:30"}  # 12:00 UTC is 14:00 there in July
    found = value("contact_time(data.customer, now)", data={"customer": quiet})
    assert found == datetime(2026, 7, 1, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize("zone", [None, "Europe/Berln", 7])
def test_contact_time_is_never_now_where_nobody_knows_whether_it_is_night(zone: object) -> None:
    quiet = {"zone": zone, "quiet_hours": "21:00-08:00"}
    found = value("contact_time(data.customer, now)", data={"customer": quiet})
    assert found == NOW + timedelta(days=1)


def test_json_texts_of_instants_and_durations_and_fields_in_order() -> None:
    expression = compile_expression("{'z': now, 'a': [duration('90m')], 'm': 1.5}")
    found = expression.evaluate_json(view())
    assert found == {"z": "2026-07-01T12:00:00Z", "a": ["PT1H30M"], "m": 1.5}
    assert list(found) == ["a", "m", "z"]


@pytest.mark.parametrize("text", ["1.0 / 0.0", "b'abc'", "type(1)", "{1: 2}", "duration('-1h')"])
def test_what_json_cannot_carry_is_no_value(text: str) -> None:
    with pytest.raises(ExpressionError, match="field"):
        compile_expression(text, "field").evaluate_json(view())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("data.gone", "Key not found"),
        ("data.words + data.tries", "+ is not made for a text and a number"),
        ("1 / (data.tries - 2)", "divide by zero"),
        ("iso_duration('P1M')", "years or months"),
        ("data.words.gone", "a text has no field 'gone'"),
        ("timestamp('yesterday')", "Timestamp"),
        ("[optional.of(data.tries)][0].value() + data.words.size() + int(data.words)", "int"),
    ],
)
def test_a_failure_names_the_expression_and_where_it_stands(text: str, said: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_expression(text, "states[1].when").evaluate(view())
    assert said in str(caught.value)
    assert caught.value.expression == text
    assert caught.value.field == "states[1].when"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("data.", "column 6"),
        ("data.x +\n  nobody", "line 2, column 3"),
        ("event.datum", "undeclared reference to 'event.datum'"),
        ("item", "undeclared reference to 'item'"),
        ("1 + 'a'", "no matching overload"),
        ("open('/etc/passwd')", "undeclared reference"),
        ("data.?x", "orValue"),
        ("[data.?x]", "orValue"),
        ("has(subject.parent)", "always there"),
    ],
)
def test_what_cannot_be_meant_is_found_when_it_is_compiled(text: str, said: str) -> None:
    with pytest.raises(ExpressionError, match="transitions") as caught:
        compile_expression(text, "transitions[0].set")
    assert said in str(caught.value)


@pytest.mark.parametrize("text", ["data.customer.map(k, k)", "data.filter(k, true)", "{'a': 1}.map(k, k)"])
def test_walking_an_object_is_refused_since_its_order_differs_from_run_to_run(text: str) -> None:
    with pytest.raises(ExpressionError, match=r"walk keys\(object\)"):
        value(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("data.people.filter(x, x != null && x != '').map(x, x.size())", [5, 5, 5]),
        ("[1, 2].map(x, [x].map(y, y))", [[1], [2]]),
        ("data['people'].filter(x, x == 'd@e.f')[0]", "d@e.f"),
        ("(true ? data.people : []).map(x, x)[0]", "a@b.c"),
        ("'in.map(x)' + string(size(distinct(data.people).map(x, x)))", "in.map(x)2"),
        ("'d@e.f' in data.people.map(x, x)", True),
        ("!([1].map(x, x) == [])", True),
        ("keys(data.customer).map(k, data.customer[k])[1]", "Ada"),
    ],
)
def test_walking_a_list_is_what_it_always_was(text: str, expected: Any) -> None:
    assert value(text) == expected


def test_a_condition_is_true_or_false() -> None:
    assert compile_expression("data.tries == 2").holds(view()) is True
    with pytest.raises(DecisionError, match="not a number"):
        compile_expression("data.tries", "conditions[0]").holds(view())


def test_an_item_is_bound_where_it_is_said_to_be() -> None:
    expression = compile_expression("item.name + data.words", "each", Scope(item=True))
    assert expression.evaluate(view().with_item({"name": "Ada "})) == "Ada a call"


def test_data_that_no_expression_can_take_fail_as_an_expression() -> None:
    for unfit in (2**70, "\ud800"):
        with pytest.raises(ExpressionError):
            value("data.x", data={"x": unfit})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("data.a.b + event.data.c", {"data.a.b": False, "event.data.c": False}),
        ("has(data.a) && data.a > 1", {"data.a": True}),
        ("data.?a.?b.orValue(1) + data.a.c", {"data.a.b": True, "data.a.c": True}),
        ("'a' in data && data.a == 1", {"data": False, "data.a": True}),
        ("data['a b'].c", {"data.a b.c": False}),
        ("'data.x' + \"data.y\" + r'data.z' // data.c", {}),
        ("data.list.map(item, item.x)", {"data.list": False}),
        ("item.x.size() == now", {"item.x": False, "now": False}),
        ("mydata.x + x.data.y", {}),
        ("data\n  .a\n  .b", {"data.a.b": False}),
    ],
)
def test_references_are_read_off_the_text(text: str, expected: dict[str, bool]) -> None:
    assert {str(one): one.guarded for one in references(text)} == expected


def test_a_reference_knows_where_it_stands() -> None:
    assert [one.position for one in references("1 + data.a")] == [4]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("data.due_at + 1", "no matching overload"),
        ("data.customer.zone + 1", "no matching overload"),
        ("has(data.due_at) && data.due_at > 1", "no matching overload"),
        ("event.data.by.size() + 'x'", "no matching overload"),
        ("data.list.exists(x, x == 1)", "no matching overload"),
        ("nobody", "undeclared"),
        ("data.due_at == null || timestamp(data.due_at) < now", None),
        ("has(data.customer) && data.customer.zone == 'UTC'", None),
        ("data.whatever + 1", None),
        ("data.amount > 1 && data.amount > 1.5", None),
        ("data.?tries.orValue(0) + 1", None),
    ],
)
def test_types_are_checked_against_what_is_declared(text: str, said: str | None) -> None:
    text_field = FieldDeclaration(type="string")
    declared = {
        "data.due_at": text_field,
        "data.customer": FieldDeclaration(type="object", fields={"zone": text_field}),
        "data.list": FieldDeclaration(type="array", items=text_field),
        "data.amount": FieldDeclaration(type="number"),
        "data.tries": FieldDeclaration(type="integer"),
        "event.data.by": text_field,
    }
    found = check_types(text, declared)
    assert found is None if said is None else found is not None and said in found


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("is_blank('')", True),
        ("is_blank(' \\t\\n')", True),
        ("is_blank(' a ')", False),
        ("is_key('promise:P-17')", True),
        ("is_key('promise:Ümlaut')", True),
        ("is_key('promise:')", False),
        ("is_key('promise:P 17')", False),
        ("is_key('Promise:P-17')", False),
        ("is_key('P-17')", False),
        ("is_key_of('promise:P-17', 'promise')", True),
        ("is_key_of('promise:P-17', 'case')", False),
        ("is_key_of('promise', 'promise')", False),
    ],
)
def test_texts_that_say_nothing_and_keys_are_told_without_a_pattern(text: str, holds: bool) -> None:
    assert compile_expression(text).holds(view()) is holds
