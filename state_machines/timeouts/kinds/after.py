"""`after`: so long after the moment at which the timer is set."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import ClassVar, Self

from pydantic import Field

from state_machines.calendars import Calendar
from state_machines.expressions.view import View
from state_machines.subject import Timer
from state_machines.timeouts import deadlines
from state_machines.timeouts.explanation import explain
from state_machines.timeouts.rule import Kind, TimeoutRule
from state_machines.timeouts.running_time import checked_budget
from state_machines.timeouts.texts import LENGTH, Compiler, Length, Place, compile_length, length_of
from state_machines.values.instants import as_utc, shifted
from state_machines.values.time_errors import DurationError
from state_machines.values.written import ExpressionText, Part


class AfterDeclaration(Part):
    """What a definition says of it."""

    after: ExpressionText | None = Field(None, description="So long after it is set.")


@dataclass(frozen=True, slots=True)
class After(Kind[AfterDeclaration]):
    """A timeout of this kind, whose `length` counts from the moment it is set."""

    name: ClassVar[str] = "after"
    summary: ClassVar[str] = (
        "a duration (ISO 8601, or an expression that gives one) from the moment it is set"
    )
    declaration: ClassVar[type[Part]] = AfterDeclaration
    texts: ClassVar[Mapping[str, frozenset[str]]] = {"after": LENGTH}

    length: Length

    @classmethod
    def compile(cls, compiler: Compiler, said: AfterDeclaration, place: Place) -> Self:
        """With the length as it is written."""
        return cls(compile_length(compiler, said.after or "null", place("after")))

    def due(
        self, rule: TimeoutRule, view: View, set_at: datetime
    ) -> tuple[datetime, timedelta | None] | None:
        """When the length is over; the length is the budget."""
        budget = self.length if isinstance(self.length, timedelta) else length_of(self.length, view)
        if budget is not None and rule.calendar is None:
            return shifted(as_utc(set_at), checked_budget(budget)), budget if rule.paused_in else None
        hours = rule.hours(view)
        due_at = None if budget is None else deadlines.deadline(set_at, budget, (), hours)
        return None if due_at is None else (due_at, budget if rule.paused_in else None)

    def account(
        self, rule: TimeoutRule, timer: Timer, view: View, hours: Calendar | None, clock: tzinfo
    ) -> list[str]:
        """How the length was used up."""
        budget = timer.budget if timer.budget is not None else length_of(self.length, view)
        if budget is None:
            raise DurationError("not-a-duration", f"{rule.name} gives no duration any more")
        return explain(timer.set_at, budget, timer.pauses, hours, clock)
