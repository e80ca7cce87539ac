"""CEL expressions: read and checked by CEL's own library, evaluated as Python, within bounds.

CEL (https://cel.dev) always ends, touches nothing and knows no clock. Here it also has the
extensions for strings, math, optional values (``data.?x.orValue('d')``) and ``cel.bind``, and the
functions of `functions`. Its variables are ``data``; ``event.id .source .time .trigger
.data``; ``subject.key .id .lifecycle .state .parent .opened_at .seq``; ``now``; and, inside an
effect with ``each``, ``item``.
"""

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from state_machines.errors import DecisionError, ExpressionError
from state_machines.expressions.bounded.optional_values import ABSENT
from state_machines.expressions.bounded.program import Program
from state_machines.expressions.bounded.run import TOO_DEEP, Failed, Spent
from state_machines.expressions.bounded.variables import Variable
from state_machines.expressions.compiler_messages import compiler_message
from state_machines.expressions.environment import FIXED, runtime_environment
from state_machines.expressions.functions import known
from state_machines.expressions.hints import habit
from state_machines.expressions.references import Reference, references
from state_machines.expressions.scope import PLAIN, Names, Scope
from state_machines.expressions.type_check import check_types
from state_machines.expressions.typed_paths import with_typed_paths
from state_machines.expressions.view import VARIABLES, View
from state_machines.values.json_values import NotJson, kind

__all__ = ["ABSENT", "Expression", "Reference", "check_types", "compile_expression", "references"]

_FIXED_PATHS = frozenset(FIXED)
_MAY_GUARD = re.compile(r"has\s*\(|\?|\bin\b")
_NEEDS_LOOK = re.compile(r"map|filter|\{")
"""In what may walk a map or make a message: whether it does, its tree tells."""


_UNSOUND: Any = None
"""Of an expression that does not compile: a definition with one is refused."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression.

    Attributes:
        text: what was written.
        field: where in the definition it stands, such as ``transitions[2].conditions[0]``.
        result: CEL's name for the type of its result (``BOOL``); ``DYN`` where only the data tell.
        may_be_absent: whether it gives an optional value, such as ``event.data.?by``.
        program: what is evaluated.
    """

    text: str
    field: str
    result: str
    may_be_absent: bool = False
    program: Program = dataclasses.field(default=_UNSOUND, repr=False, compare=False)

    def evaluate(self, view: View) -> Any:
        """The plain Python value: timestamps are aware datetimes in UTC, durations timedeltas; or `ABSENT`.

        It may be a part of the data: nobody may change it.

        Raises:
            ExpressionError: it failed on these values, such as a name that the data do not have, or it took
                more steps or bytes than one evaluation may.
        """
        try:
            return self.program.evaluate(view)
        except (Failed, Spent, RecursionError) as error:
            raise self._failure(error) from None

    def evaluate_json(self, view: View) -> Any:
        """The value as JSON (see `to_json`); `ABSENT` where it may lead nowhere, and does.

        Raises:
            ExpressionError: it failed, or its value is none that JSON can carry.
        """
        try:
            return self.program.evaluate_json(view)
        except (Failed, Spent, NotJson, RecursionError) as error:
            raise self._failure(error) from None

    def holds(self, view: View) -> bool:
        """Whether it is true, for an expression that is a condition.

        Raises:
            ExpressionError: it failed.
            DecisionError: it gives neither true nor false.
        """
        try:
            value = self.program.evaluate_raw(view)
        except (Failed, Spent, RecursionError) as error:
            raise self._failure(error) from None
        if value is True or value is False:
            return bool(value)
        raise DecisionError(
            self.field, "not-boolean", f"{self.text!r} must give true or false, not {kind(value)}"
        )

    def _failure(self, error: Exception) -> ExpressionError:
        said = TOO_DEEP if isinstance(error, RecursionError) else str(error)
        return ExpressionError(said, self.text, self.field)


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
        raise ExpressionError(f"{error}{habit(text)}", text, field) from None
    return dataclasses.replace(found, field=field)


class _DoesNotCompile(Exception):
    """Says why."""


@lru_cache(maxsize=4096)
def _compiled(text: str, scope: Scope) -> Expression:
    """Without its place. The same few expressions stand in many places, and compiling is what costs."""
    for reference in references(text) if _MAY_GUARD.search(text) else ():
        if reference.guarded and str(reference) in _FIXED_PATHS:
            raise _DoesNotCompile(f"{reference} is always there; has() and ? do not fit it")
    try:
        checked = runtime_environment(scope.item, scope.names).compile(with_typed_paths(text, scope))
    except RuntimeError as error:
        raise _DoesNotCompile(compiler_message(error)) from None
    result = checked.return_type().name()
    optional = result.startswith("optional_type")
    if "optional_type" in result and not optional:
        raise _DoesNotCompile("gives optional values; end each with .orValue(...)")
    program = Program(checked, _variables(scope.names), known(), optional=optional)
    if _NEEDS_LOOK.search(text) is not None:
        try:
            program.check()
        except ValueError as error:
            raise _DoesNotCompile(str(error)) from None
    return Expression(text, "", "DYN" if optional else result, optional, program)


@lru_cache(maxsize=256)
def _variables(names: Names) -> Mapping[str, Variable]:
    """Those that are always there, and the expressions that have names."""
    return {
        **VARIABLES,
        **{name: Variable(name, program=program) for name, _, program in names},
    }
