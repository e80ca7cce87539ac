"""Conditions over facts that are themselves data: who is eligible for what a policy allows.

A policy's author writes them, not the author of a lifecycle, so they are held shorter than the expressions
of a definition: CEL over one variable, ``facts`` where nothing else is said, with no function of ours, with
nothing that can build a text much longer than itself (no `replace`, no `cel.bind`), and with at most two
walks over lists. They always end, soon, with the same answer to the same facts; and what fails is simply not
eligible, with the reason in words.
"""

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from cel_expr_python import cel
from cel_expr_python.ext import ext_math, ext_optional

from state_machines.errors import StateMachineError
from state_machines.expressions.bounded.loops import LISTS_ONLY
from state_machines.expressions.bounded.program import Program
from state_machines.expressions.bounded.run import TOO_DEEP, Failed, Spent
from state_machines.expressions.bounded.variables import Variable
from state_machines.expressions.compiler_messages import compiler_message
from state_machines.expressions.references import tokens

LONGEST = 2000
"""Characters of a condition."""

MOST_WALKS = 2
"""Macros that walk a list; each multiplies the steps by the length of its list."""

_WALKS = frozenset({"all", "exists", "exists_one", "map", "filter"})
_T = cel.Type
_KEPT = 1024
"""Compiled conditions kept; the policy book of a large company has hundreds."""


class ConditionError(StateMachineError, ValueError):
    """A text is no condition over facts.

    Attributes:
        rule: ``too-long``, ``too-many-walks``, ``not-cel`` or ``not-boolean``.
        message: one sentence for a person.
    """

    def __init__(self, rule: str, message: str) -> None:
        self.rule = rule
        self.message = message
        super().__init__(message)


@lru_cache(maxsize=_KEPT)
def condition(text: str, variable: str = "facts") -> Program:
    """The compiled program of a condition over this variable.

    Raises:
        ConditionError: it is too long, no CEL, walks too many lists, or gives no true or false.
    """
    if len(text) > LONGEST:
        raise ConditionError("too-long", f"has {len(text)} characters; a condition has {LONGEST} at most")
    if (walks := sum(word.kind == "name" and word.text in _WALKS for word in tokens(text))) > MOST_WALKS:
        raise ConditionError("too-many-walks", f"walks {walks} lists; a condition walks {MOST_WALKS} at most")
    try:
        plain = _environment(variable).compile(text)
    except (RuntimeError, TypeError) as error:  # TypeError: half a character is in it
        said = compiler_message(error) if isinstance(error, RuntimeError) else "no text that CEL can read"
        raise ConditionError("not-cel", f"is no condition over {variable}: {said}") from None
    if plain.return_type().name() not in ("BOOL", "DYN"):
        raise ConditionError("not-boolean", "gives no true or false")
    program = Program(plain, {variable: Variable("view", dict)}, {}, lists_only=True)
    try:
        program.check()
        return program
    except ValueError:
        raise ConditionError("not-cel", LISTS_ONLY) from None


def holds(text: str, facts: Mapping[str, Any], variable: str = "facts") -> bool:
    """``holds(text, facts)``: whether a condition is true of these facts; what fails is not."""
    return why_not(text, facts, variable) == ""


def why_not(text: str, facts: Mapping[str, Any], variable: str = "facts") -> str:
    """``why_not(text, facts)``: empty where the condition holds, else why it does not. Raises nothing."""
    try:
        program = condition(text, variable)
    except ConditionError as error:
        return f"the condition {error.message}"
    try:
        value = program.evaluate(dict(facts))
    except Failed as error:
        return _failure(str(error))
    except Spent as error:
        return f"the condition {error}"
    except RecursionError:
        return f"the facts do not fit the condition: {TOO_DEEP}"
    if not isinstance(value, bool):
        return "the condition gives no true or false"
    return "" if value else f"it does not hold: {text}"


def _failure(message: str) -> str:
    if message == LISTS_ONLY:
        return f"the condition {LISTS_ONLY}"
    _, _, missing = message.partition("Key not found in map : ")
    if missing:
        return f"not known: {missing.strip(chr(34))}"
    return f"the facts do not fit the condition: {message}"


@cache
def _environment(variable: str) -> Any:
    return cel.NewEnv(
        variables={variable: _T.Map(_T.STRING, _T.DYN)},
        extensions=[ext_math.ExtMath(), ext_optional.ExtOptional()],
        functions=[],
    )
