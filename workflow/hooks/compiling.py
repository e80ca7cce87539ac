"""From the form of a route to the route: its expressions compiled, with everything that is wrong said at
once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from state_machines.compilation.arguments import Argument, compile_argument
from state_machines.compilation.compilation import Compilation
from state_machines.compilation.named_expressions import words_of
from state_machines.errors import ExpressionError
from state_machines.expressions import Expression
from state_machines.expressions.message_expressions import MEANINGS, compile_message_expression
from state_machines.expressions.scope import Names
from workflow.hooks.form import CaseRule, EventRule, RouteForm
from workflow.hooks.route import CompiledCase, CompiledEvent, Route
from workflow.replay.times import Reader, instant_reader

_TYPE = re.compile(r"[A-Z]+")


class RouteCompilation(Compilation):
    """One pass over a route; what is wrong goes to `problems`, as in a definition."""

    def __init__(self) -> None:
        super().__init__()
        self.leaves_out = True
        self.names: Names = ()

    def expression(
        self, text: str, field: str, *, item: bool = False, may_be_absent: bool = False
    ) -> Expression:
        """Compile an expression over a message."""
        try:
            return compile_message_expression(
                text.removeprefix("="), field, self.names, item=item, may_be_absent=may_be_absent
            )
        except ExpressionError as error:
            self.problem(field, "expression", str(error).removeprefix(f"{field}: "))
            return Expression(text, field, "DYN")

    def optional(self, text: str | None, field: str, *, item: bool = False) -> Argument | None:
        """A text that may be an expression, or None where nothing is said."""
        return None if text is None else compile_argument(self, text, field, item=item, may_be_absent=True)


def compile_route(form: RouteForm) -> tuple[Route, RouteCompilation]:
    """The route, which may be used only if the compilation has no problems."""
    compilation = RouteCompilation()
    names = _named(compilation, form.let)
    identity = compilation.optional(form.id.value, "id")
    time = None if form.time is None else compilation.optional(form.time.value, "time")
    cases = tuple(_case(compilation, one, f"cases[{n}]") for n, one in enumerate(form.cases))
    _check_order(compilation, form)
    return Route(form, identity, time, _time_reader(form), names, cases), compilation


def _named(compilation: RouteCompilation, let: Mapping[str, str]) -> Mapping[str, Expression]:
    """The named expressions, each of which may use others in whatever order they stand."""
    found: dict[str, Expression] = {}
    for name in let:
        if name in MEANINGS:
            compilation.problem(
                f"let.{name}", "reserved-name", f"{name!r} is a word of the expressions themselves"
            )
    waiting = {name: text for name, text in let.items() if name not in MEANINGS}
    while waiting:
        ready = [name for name, text in waiting.items() if not words_of(text) & waiting.keys()]
        if not ready:
            for name in waiting:
                compilation.problem(f"let.{name}", "named-by-itself", f"{name!r} is found by way of itself")
            break
        for name in ready:
            found[name] = compilation.expression(waiting.pop(name), f"let.{name}")
        compilation.names = tuple(
            (name, _type_of(found[name]), found[name].program)
            for name in sorted(found)
            if _is_sound(found[name])
        )
    return found


def _is_sound(expression: Expression) -> bool:
    return expression.program is not None


def _type_of(expression: Expression) -> str:
    found = _TYPE.match(expression.result)
    return found.group() if found else "DYN"


def _case(compilation: RouteCompilation, rule: CaseRule, field: str) -> CompiledCase:
    when = None if rule.when is None else compilation.condition(rule.when, f"{field}.when")
    events = tuple(_event(compilation, one, f"{field}.events[{n}]") for n, one in enumerate(rule.events))
    return CompiledCase(rule.case, when, events, rule.ignore)


def _event(compilation: RouteCompilation, rule: EventRule, field: str) -> CompiledEvent:
    each = None if rule.each is None else compilation.expression(rule.each, f"{field}.each")
    item = each is not None
    when = None if rule.when is None else compilation.condition(rule.when, f"{field}.when", item=item)
    data: Any = rule.data
    return CompiledEvent(
        rule.type,
        compile_argument(compilation, rule.subject, f"{field}.subject", item=item),
        compile_argument(compilation, data, f"{field}.data", item=item),
        compilation.optional(rule.parent, f"{field}.parent", item=item),
        when,
        each,
    )


def _check_order(compilation: RouteCompilation, form: RouteForm) -> None:
    """What stands below a case that takes everything is never reached."""
    for index, case in enumerate(form.cases[:-1]):
        if case.when is None:
            compilation.problem(
                f"cases[{index + 1}]", "unreachable", f"{case.case!r} above it takes whatever comes"
            )
            return


def _time_reader(form: RouteForm) -> Reader:
    rule = form.time
    if rule is None:
        return instant_reader(["rfc3339"], None, "refuse")
    return instant_reader(rule.format, rule.zone, rule.ambiguous)
