"""Every evaluation ends within its bounds: sixty expressions and conditions that mean harm."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from state_machines.decision import Event
from state_machines.errors import ExpressionError
from state_machines.expressions import compile_expression
from state_machines.expressions.fact_conditions import why_not
from state_machines.expressions.view import View
from state_machines.subject import Subject

NOW = datetime(2026, 7, 1, tzinfo=UTC)
MANY = 3_000
DATA: Mapping[str, Any] = {
    "list": list(range(MANY)),
    "texts": [f"text number {number}" for number in range(MANY)],
    "long": "a" * 60_000,
    "names": {f"name{number}": number for number in range(MANY)},
    "deep": [[[number] * 20 for number in range(20)] for _ in range(20)],
}
WALKS = {
    "a walk in a walk": "data.list.map(a, data.list.exists(b, b == a && b > 5000))",
    "three walks": "data.list.exists(a, data.list.exists(b, data.list.exists(c, a + b + c == -1)))",
    "membership in a walk": "data.list.map(a, a in data.list)",
    "membership of what is missing": "data.list.map(a, 'x' in data.list)",
    "a list is compared in a walk": "data.list.map(a, data.list == data.list)",
    "a map is compared in a walk": "data.list.map(a, data.names == data.names)",
    "deep lists are compared in a walk": "data.list.map(a, data.deep == data.deep)",
    "lists are joined in a walk": "data.list.map(a, data.list + data.list + data.list + data.list)",
    "texts are joined in a walk": "data.list.map(a, data.long + data.long)",
    "a text grows": "data.list.map(a, data.texts.map(b, b + b + b + b))",
    "lists are made in a walk": "data.list.map(a, data.list.map(b, [a, b, a, b]))",
    "maps are made in a walk": "data.list.map(a, data.list.map(b, {'a': a, 'b': b}))",
    "a filter in a filter": "data.list.filter(a, size(data.list.filter(b, b < a)) > 4000)",
    "one of many": "data.list.exists_one(a, data.list.exists_one(b, a == b && a < 0))",
    "all of all": "data.list.all(a, data.list.all(b, a + b >= 0))",
    "names are walked": "data.list.map(a, keys(data.names))",
    "each once in a walk": "data.list.map(a, distinct(data.list))",
    "each once of long texts in a walk": "data.list.map(a, distinct(data.texts))",
    "maps are merged in a walk": "data.list.map(a, merge(data.names, data.names))",
    "a regular expression in a walk": "data.list.map(a, data.long.matches('(a*)*b'))",
    "many regular expressions": "data.texts.map(a, data.texts.map(b, b.matches(a)))",
    "texts are replaced in a walk": "data.list.map(a, data.long.replace('a', 'aaaa'))",
    "texts are split in a walk": "data.list.map(a, data.long.split(''))",
    "a text is turned round in a walk": "data.list.map(a, data.long.reverse())",
    "a text is put in capitals in a walk": "data.list.map(a, data.long.upperAscii())",
    "texts are sought in a walk": "data.list.map(a, data.list.map(b, data.long.contains('b')))",
    "beginnings are sought in a walk": "data.list.map(a, data.list.exists(b, data.long.startsWith(data.long)))",  # noqa: E501
    "texts are joined": "data.list.map(a, data.texts.join(data.long))",
    "numbers become texts": "data.list.map(a, data.list.map(b, string(b)))",
    "instants become texts": "data.list.map(a, data.list.map(b, string(now)))",
    "a value is bound in a walk": "data.list.map(a, cel.bind(v, data.list + data.list, v))",
    "a bound walk": "cel.bind(v, data.list.map(a, data.list), v.map(b, b.map(c, c)))",
    "bound and doubled": "cel.bind(a, data.list + data.list, cel.bind(b, a + a, cel.bind(c, b + b, c.map(x, c))))",  # noqa: E501
    "an optional value in a walk": "data.list.map(a, data.list.map(b, data.?names.?name1.orValue(0)))",
    "ten walks in a row": "data.list" + "".join(f".map(x{n}, [x{n}, x{n}])" for n in range(10)),
    "a choice in a walk": "data.list.map(a, a > 10 ? data.list.map(b, b) : data.list.map(c, c + 1))",
    "a failure that || forgives": "data.list.map(a, data.list.exists(b, b / 0 == 1 || b == -1) || true)",
    "a failure that && forgives": "data.list.map(a, data.list.all(b, b / 0 == 1 && true) && false)",
    "a text is replaced by a long one": "data.long.replace('a', data.long)",
    "a text is put between all characters": "data.long.replace('', data.long)",
    "whole numbers": "data.list.map(a, data.list.map(b, a * b / 3 % 7))",
    "the greatest": "data.list.map(a, math.greatest(data.list))",
}
GROWS = {
    "a long list of long lists": "[" + ", ".join(["data.list + data.list"] * 60) + "]",
    "a long text": f"[{', '.join(['data.long'] * 90)}].join('')",
    "lists in maps": "{" + ", ".join(f"'a{n}': data.list + data.list + data.list" for n in range(30)) + "}",
    "a text of lists": "data.texts.map(a, data.long.substring(0, 20000))",
}
CONDITIONS = {
    "two walks": "facts.list.exists(a, facts.list.exists(b, a + b == -1))",
    "membership in a walk": "facts.list.exists(a, 'x' in facts.list)",
    "membership twice": "facts.list.exists(a, 'x' in facts.list || 'y' in facts.list)",
    "lists are joined in a walk": "facts.list.exists(a, size(facts.list + facts.list + facts.list) == 1)",
    "lists are compared in a walk": "facts.list.all(a, facts.list == facts.list)",
    "maps are compared in a walk": "facts.list.all(a, facts.names == facts.names)",
    "deep lists are compared in a walk": "facts.list.all(a, facts.deep == facts.deep)",
    "texts are joined in a walk": "facts.list.exists(a, (facts.long + facts.long) == '')",
    "texts are sought in a walk": "facts.texts.exists(a, facts.texts.exists(b, a.contains(b + 'x')))",
    "a regular expression in a walk": "facts.list.exists(a, facts.long.matches('(a|aa)+$x'))",
    "regular expressions of facts": "facts.texts.exists(a, facts.texts.exists(b, b.matches(a + 'x')))",
    "a walk of a walk": "facts.list.map(a, facts.list).exists(b, 'x' in b)",
    "a filter of a filter": "size(facts.list.filter(a, facts.list.exists(b, b == a && b < 0))) == 1",
    "one of many": "facts.list.exists_one(a, facts.list.exists_one(b, a == b && a < 0))",
    "numbers become texts": "facts.list.exists(a, facts.list.exists(b, string(a) == string(b) + 'x'))",
    "the greatest": "facts.list.exists(a, math.greatest(facts.list) < 0)",
}


def view() -> View:
    """What an expression sees of a subject that somebody has filled up."""
    return View(Subject("a:1", "a", 1), Event("t", "e", "/t", NOW), {}, DATA, NOW)


@pytest.mark.parametrize("text", (WALKS | GROWS).values(), ids=(WALKS | GROWS).keys())
def test_an_expression_that_means_harm_ends_with_a_clear_error(text: str) -> None:
    with pytest.raises(ExpressionError, match="the bound of one evaluation"):
        compile_expression(text).evaluate(view())


@pytest.mark.parametrize("text", CONDITIONS.values(), ids=CONDITIONS.keys())
def test_a_condition_over_facts_that_means_harm_does_not_hold_and_says_why(text: str) -> None:
    assert "the bound of one evaluation" in why_not(text, DATA)


def test_data_too_deep_to_be_gone_through_are_said_to_be() -> None:
    deep: Any = 1
    for _ in range(20_000):
        deep = {"a": deep}
    facts = {"one": deep, "other": {**deep}}
    assert "nest too deeply" in why_not("facts.one == facts.other", facts)
    seen = View(Subject("a:1", "a", 1), Event("t", "e", "/t", NOW), {}, facts, NOW)
    for ask in ("evaluate", "evaluate_json", "holds"):
        with pytest.raises(ExpressionError, match="nest too deeply"):
            getattr(compile_expression("data.one == data.other"), ask)(seen)


def test_there_are_sixty_of_them() -> None:
    assert len(WALKS | GROWS) + len(CONDITIONS) >= 60
