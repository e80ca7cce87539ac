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
from state_machines.timeouts.day_explanation import explain_days
from state_machines.timeouts.explanation import explain
from state_machines.timeouts.rule import Kind, TimeoutRule
from state_machines.timeouts.targets import with_budget
from state_machines.timeouts.texts import LENGTH, Compiler, Length, Place, compile_length
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
        hours = rule.hours(view)
        length = rule.measure(self.length, view, hours)
        if length is None:
            return None
        due_at = deadlines.after(set_at, length, hours)
        if length.has_days:
            return with_budget(rule, set_at, due_at, hours)
        return due_at, length.time if rule.paused_in else None

    def resumed(self, rule: TimeoutRule, view: View, timer: Timer) -> datetime | None:
        """When its budget is used up; of a length of days in a block, as it was without pauses."""
        hours = rule.hours(view)
        length = rule.measure(self.length, view, hours)
        budget = timer.budget or timedelta(0)
        if hours is None or length is None or not length.has_days:
            return deadlines.deadline(timer.set_at, budget, timer.pauses, hours)
        return deadlines.resumed(timer.set_at, length, budget, timer.pauses, hours)

    def account(
        self, rule: TimeoutRule, timer: Timer, view: View, hours: Calendar | None, clock: tzinfo
    ) -> list[str]:
        """How the length was used up."""
        length = rule.measure(self.length, view, hours)
        if length is None and timer.budget is None:
            raise DurationError("not-a-duration", f"{rule.name} gives no duration any more")
        if hours is not None and length is not None and length.has_days:
            return explain_days(timer, length, hours, clock)
        budget = timer.budget if timer.budget is not None or length is None else length.time
        return explain(timer.set_at, budget or timedelta(0), timer.pauses, hours, clock)
