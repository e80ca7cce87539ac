"""What the texts of a timeout give: a length of time or an instant, written or computed."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias

from state_machines.expressions import Expression
from state_machines.expressions.view import View
from state_machines.values.durations import CalendarLength, is_duration_text, parse_calendar_length
from state_machines.values.instants import as_utc, parse_instant
from state_machines.values.json_values import kind
from state_machines.values.time_errors import TimeError

LENGTH = frozenset({"DURATION", "STRING", "DYN"})
"""The types of expressions that can give a length of time."""
INSTANT = frozenset({"TIMESTAMP", "STRING", "DYN"})
"""The types of expressions that can give an instant."""

Length: TypeAlias = CalendarLength | Expression
"""A length of time: written, or an expression that gives one."""

NO_LENGTH = CalendarLength(0, 0, timedelta(0))

Place: TypeAlias = Callable[[str], str]
"""From the name of a field of a timeout to its path in the definition; of ``""``, the timeout's own."""


class Compiler(Protocol):
    """Takes the texts of a definition and notes what is wrong with them."""

    def expression(self, text: str, field: str) -> Expression:
        """Compile an expression that stands at `field`."""

    def length(self, text: str, field: str) -> Expression:
        """Compile an expression for a length of time that stands at `field`."""

    def problem(self, field: str, rule: str, message: str) -> None:
        """Note one thing that is wrong."""

    def time_error(self, field: str, error: TimeError) -> None:
        """Note what the arithmetic of time refused."""


def compile_length(compiler: Compiler, text: str, field: str) -> Length:
    """An ISO 8601 duration as written, else an expression that gives one; problems go to the compiler."""
    if is_duration_text(text):
        try:
            return parse_calendar_length(text)
        except TimeError as error:
            compiler.time_error(field, error)
            return NO_LENGTH
    return compiler.length(text, field)


def instant_of(instant: Expression, view: View) -> datetime | None:
    """The instant that is meant in a decision, UTC; None: there is none.

    Raises:
        ExpressionError, TimeError: it cannot be found.
    """
    given = instant.evaluate(view)
    if given is None:
        return None
    if isinstance(given, datetime):
        return as_utc(given)
    if isinstance(given, str):
        return parse_instant(given)
    raise TimeError("not-an-instant", f"must give an instant or its RFC 3339 text, not {kind(given)}")
