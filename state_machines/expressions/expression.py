"""CEL expressions: compiled once, evaluated on what a decision sees.

CEL (https://cel.dev) always ends, touches nothing and knows no clock. Here it also has the
extensions for strings, math, optional values (``data.?x.orValue('d')``) and ``cel.bind``, and the
functions of `functions`. Its variables are ``data``; ``event.id .source .time .trigger
.data``; ``subject.key .id .lifecycle .state .parent .opened_at .seq``; ``now``; and, inside an
effect with ``each``, ``item``.
"""

import dataclasses
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cel_expr_python import cel

from state_machines.errors import DecisionError, ExpressionError
from state_machines.expressions.compiler_messages import compiler_message, first_line
from state_machines.expressions.environment import FIXED, runtime_environment, variables
from state_machines.expressions.ordered_walks import ADVICE, RUNTIME_WORDS, with_ordered_walks
from state_machines.expressions.plain_readings import NOT_PLAIN, Reading, checked, plain_reading
from state_machines.expressions.references import Reference, references
from state_machines.expressions.type_check import check_types
from state_machines.expressions.view import View
from state_machines.values.json_values import NotJson, kind, to_json

__all__ = ["Expression", "Reference", "check_types", "compile_expression", "references"]

_ERROR = cel.Type.ERROR
_FIXED_PATHS = frozenset(FIXED)


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression.

    Attributes:
        text: what was written.
        field: where in the definition it stands, such as ``transitions[2].conditions[0]``.
        result: CEL's name for the type of its result (``BOOL``); ``DYN`` where only the data tell.
        variables: names of those it may ask for.
    """

    text: str
    field: str
    result: str
    variables: frozenset[str] = frozenset()
    _program: Any = dataclasses.field(default=None, repr=False, compare=False)
    _reading: Reading | None = dataclasses.field(default=None, repr=False, compare=False)

    def evaluate(self, view: View) -> Any:
        """The plain Python value: timestamps are aware datetimes in UTC, durations timedeltas.

        It may be a part of the data: nobody may change it.

        Raises:
            ExpressionError: it failed on these values, such as a name that the data do not have.
        """
        if self._reading is not None:
            try:
                return checked(self._reading(view))
            except NOT_PLAIN:
                pass  # CEL says what it is, or what is wrong with it
        return self._by_cel(view.activation)

    def _by_cel(self, activation: Any) -> Any:
        try:
            value = self._program.eval(activation)
            plain = value.plain_value()
        except (RuntimeError, TypeError) as error:
            raise ExpressionError(
                f"gives no plain value: {first_line(error)}", self.text, self.field
            ) from None
        # An error comes out as its text, so only a text needs the second look.
        if isinstance(plain, str) and value.type() == _ERROR:
            said = ADVICE if RUNTIME_WORDS in plain else _without_code(plain)
            raise ExpressionError(said, self.text, self.field)
        return plain

    def reading(self) -> Reading | None:
        """How it is evaluated without CEL, if it can be: what needs no values is so once and for all."""
        if self.variables:
            return plain_reading(self.text)
        try:
            constant = self._by_cel(runtime_environment(False).Activation({}))
        except ExpressionError:
            return None
        return lambda view: constant

    def evaluate_json(self, view: View) -> Any:
        """The value as JSON (see `to_json`).

        Raises:
            ExpressionError: it failed, or its value is none that JSON can carry.
        """
        try:
            return to_json(self.evaluate(view))
        except NotJson as error:
            raise ExpressionError(str(error), self.text, self.field) from None

    def holds(self, view: View) -> bool:
        """Whether it is true, for an expression that is a condition.

        Raises:
            ExpressionError: it failed.
            DecisionError: it gives neither true nor false.
        """
        value = self.evaluate(view)
        if value is True or value is False:
            return bool(value)
        raise DecisionError(
            self.field, "not-boolean", f"{self.text!r} must give true or false, not {kind(value)}"
        )


def compile_expression(text: str, field: str = "", *, item: bool = False) -> Expression:
    """Compile an expression; `item` says whether it stands where ``item`` is bound.

    Raises:
        ExpressionError: syntax, an unknown variable or function, types that cannot fit, or
            ``has()`` of a variable that is always there (compare it with null instead).
    """
    try:
        return dataclasses.replace(_compiled(text, item), field=field)
    except _DoesNotCompile as error:
        raise ExpressionError(str(error), text, field) from None


class _DoesNotCompile(Exception):
    """Says why."""


@lru_cache(maxsize=4096)
def _compiled(text: str, item: bool) -> Expression:
    """Without its place. The same few expressions stand in many places, and compiling is what costs."""
    for reference in references(text):
        if reference.guarded and str(reference) in _FIXED_PATHS:
            raise _DoesNotCompile(f"{reference} is always there; has() and ? do not fit it")
    try:
        program = runtime_environment(item).compile(text)
    except RuntimeError as error:
        raise _DoesNotCompile(compiler_message(error)) from None
    ordered = with_ordered_walks(text)
    if ordered != text:
        try:
            program = runtime_environment(item).compile(ordered)
        except RuntimeError:
            raise _DoesNotCompile(ADVICE) from None
    result = program.return_type().name()
    if "optional_type" in result:
        raise _DoesNotCompile("gives an optional value; end it with .orValue(...)")
    expression = Expression(text, "", result, variables(text), program)
    return dataclasses.replace(expression, _reading=expression.reading())


def _without_code(text: str) -> str:
    code, separator, words = text.partition(": ")
    return words if separator and code.isupper() else text
