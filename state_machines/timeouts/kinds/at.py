"""`at`: at an instant."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import ClassVar, Self

from pydantic import Field

from state_machines.calendars import Calendar
from state_machines.expressions import Expression
from state_machines.expressions.view import View
from state_machines.subject import Timer
from state_machines.timeouts.explanation import change_steps, day_steps, in_order
from state_machines.timeouts.rule import Kind, TimeoutRule
from state_machines.timeouts.targets import past_words, target_of, told_as_budget, with_budget
from state_machines.timeouts.texts import INSTANT, Compiler, Place, instant_of
from state_machines.timeouts.wording import at_words, due_words, length_words, time_kind_words
from state_machines.values.written import ExpressionText, Part


class AtDeclaration(Part):
    """What a definition says of it."""

    at: ExpressionText | None = Field(None, description="At this instant.")


@dataclass(frozen=True, slots=True)
class At(Kind[AtDeclaration]):
    """A timeout of this kind, due at the `instant`."""

    name: ClassVar[str] = "at"
    summary: ClassVar[str] = "an expression that gives an instant"
    declaration: ClassVar[type[Part]] = AtDeclaration
    texts: ClassVar[Mapping[str, frozenset[str]]] = {"at": INSTANT}

    instant: Expression

    @classmethod
    def compile(cls, compiler: Compiler, said: AtDeclaration, place: Place) -> Self:
        """With the instant's expression."""
        return cls(compiler.expression(said.at or "null", place("at")))

    def due(
        self, rule: TimeoutRule, view: View, set_at: datetime
    ) -> tuple[datetime, timedelta | None] | None:
        """The instant, even if it is past."""
        hours = rule.hours(view)
        target = instant_of(self.instant, view)
        return None if target is None else with_budget(rule, set_at, target, hours)

    def account(
        self, rule: TimeoutRule, timer: Timer, view: View, hours: Calendar | None, clock: tzinfo
    ) -> list[str]:
        """Which instant that is."""
        if timer.budget is not None:
            return told_as_budget(timer, timer.budget, hours, clock)
        target = target_of(rule, self.instant, view)
        steps = [*change_steps(timer.set_at, target, clock)]
        between = []
        if hours is not None and target > timer.set_at:
            steps += day_steps(timer.set_at, target, hours, clock)
            span = hours.business_time(timer.set_at, target)
            between = [f"Up to there are {length_words(span)} {time_kind_words(hours)}."]
        return [
            f"Set {at_words(timer.set_at, clock)} for the instant that `{self.instant.text}` gives: "
            f"{at_words(target, clock)}.",
            *in_order(steps),
            *between,
            *past_words(target, timer),
            due_words(target, clock),
        ]
