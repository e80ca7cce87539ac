"""CEL expressions: read and checked by CEL's own library, evaluated by closures within bounds.

CEL (https://cel.dev) always ends, touches nothing and knows no clock. Here it also has the
extensions for strings, math, optional values (``data.?x.orValue('d')``) and ``cel.bind``, and the
functions of `functions`. Its variables are ``data``; ``event.id .source .time .trigger
.data``; ``subject.key .id .lifecycle .state .parent .opened_at .seq``; ``now``; and, inside an
effect with ``each``, ``item``.
"""

import dataclasses
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from state_machines.errors import DecisionError, ExpressionError
from state_machines.expressions.bounded.program import Program
from state_machines.expressions.bounded.run import Failed, Spent
from state_machines.expressions.compiler_messages import compiler_message
from state_machines.expressions.environment import FIXED, runtime_environment
from state_machines.expressions.functions import known
from state_machines.expressions.references import Reference, references
from state_machines.expressions.scope import PLAIN, NameTypes, Scope
from state_machines.expressions.type_check import check_types
from state_machines.expressions.typed_paths import with_typed_paths
from state_machines.expressions.view import VALUES, View
from state_machines.values.json_values import NotJson, kind

__all__ = ["ABSENT", "Expression", "Reference", "check_types", "compile_expression", "references"]

ABSENT: Any = object()
"""What an expression gives as JSON that may lead nowhere, and does."""

_FIXED_PATHS = frozenset(FIXED)
_HELD = "value"
_MAY_GUARD = re.compile(r"has\s*\(|\?|\bin\b")
_NEEDS_LOOK = re.compile(r"map|filter|\w\s*\{")
"""In what may walk a map or make a message: whether it does, its tree tells, else read at need."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression.

    Attributes:
        text: what was written.
        field: where in the definition it stands, such as ``transitions[2].conditions[0]``.
        result: CEL's name for the type of its result (``BOOL``); ``DYN`` where only the data tell.
        may_be_absent: whether it gives an optional value, such as ``event.data.?by``.
    """

    text: str
    field: str
    result: str
    may_be_absent: bool = False
    _program: Program | None = dataclasses.field(default=None, repr=False, compare=False)

    def evaluate(self, view: View) -> Any:
        """The plain Python value: timestamps are aware datetimes in UTC, durations timedeltas.

        It may be a part of the data: nobody may change it.

        Raises:
            ExpressionError: it failed on these values, such as a name that the data do not have, or it took
                more steps or bytes than one evaluation may.
        """
        return self._found(Program.evaluate, view)

    def value_in(self, view: View) -> Any:
        """The value as other expressions see it, where this one has a name.

        Raises:
            Failed, Spent: as a part of the expression that names it.
        """
        return self._sound.evaluate_raw(view)

    def evaluate_json(self, view: View) -> Any:
        """The value as JSON (see `to_json`); `ABSENT` where it may lead nowhere, and does.

        Raises:
            ExpressionError: it failed, or its value is none that JSON can carry.
        """
        found = self._found(Program.evaluate_json, view)
        return found.get(_HELD, ABSENT) if self.may_be_absent else found

    def holds(self, view: View) -> bool:
        """Whether it is true, for an expression that is a condition.

        Raises:
            ExpressionError: it failed.
            DecisionError: it gives neither true nor false.
        """
        value = self._found(Program.evaluate_raw, view)
        if value is True or value is False:
            return bool(value)
        raise DecisionError(
            self.field, "not-boolean", f"{self.text!r} must give true or false, not {kind(value)}"
        )

    @property
    def _sound(self) -> Program:
        assert self._program is not None  # a definition with an expression that has none is refused
        return self._program

    def _found(self, ask: Callable[[Program, View], Any], view: View) -> Any:
        try:
            return ask(self._sound, view)
        except (Failed, Spent, NotJson) as error:
            raise ExpressionError(str(error), self.text, self.field) from None


def compile_expression(
    text: str, field: str = "", scope: Scope = PLAIN, *, may_be_absent: bool = False
) -> Expression:
    """Compile an expression that stands where it sees what is in `scope`.

    Where it `may_be_absent`, an optional value is one: what leads nowhere is left out there.

    Raises:
        ExpressionError: syntax, an unknown variable or function, types that cannot fit, or
            ``has()`` of a variable that is always there (compare it with null instead).
    """
    try:
        found = _compiled(text, scope)
        if found.may_be_absent and not may_be_absent:
            raise _DoesNotCompile("gives an optional value; end it with .orValue(...)")
    except _DoesNotCompile as error:
        raise ExpressionError(str(error), text, field) from None
    return dataclasses.replace(found, field=field)


class _DoesNotCompile(Exception):
    """Says why."""


@lru_cache(maxsize=4096)
def _compiled(text: str, scope: Scope) -> Expression:
    """Without its place. The same few expressions stand in many places, and compiling is what costs."""
    for reference in references(text) if _MAY_GUARD.search(text) else ():
        if reference.guarded and str(reference) in _FIXED_PATHS:
            raise _DoesNotCompile(f"{reference} is always there; has() and ? do not fit it")
    environment, told = runtime_environment(scope.item, scope.names), with_typed_paths(text, scope)
    try:
        checked = environment.compile(told)
    except RuntimeError as error:
        raise _DoesNotCompile(compiler_message(error)) from None
    result = checked.return_type().name()
    optional = result.startswith("optional_type")
    if "optional_type" in result and not optional:
        raise _DoesNotCompile("gives optional values; end each with .orValue(...)")
    if optional:  # held in a map, which has no field for what leads nowhere
        result, checked = "DYN", environment.compile(f"{{?'{_HELD}': {told}\n}}")
    program = Program(checked, _variables(scope.names), known())
    if _NEEDS_LOOK.search(text) is not None:
        try:
            program.complete()
        except ValueError as error:
            raise _DoesNotCompile(str(error)) from None
    return Expression(text, "", result, optional, program)


@lru_cache(maxsize=256)
def _variables(names: NameTypes) -> Mapping[str, Callable[[View], Any]]:
    """How the value of each variable is found."""
    return {**VALUES, **{name: _named(name) for name, _ in names}}


def _named(name: str) -> Callable[[View], Any]:
    return lambda view: view.named(name)
