"""`every`: again and again, counted from the moment at which the timer is set."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import ClassVar, Self

from pydantic import Field

from state_machines.calendars import Calendar
from state_machines.expressions.view import View
from state_machines.subject import Timer
from state_machines.timeouts import deadlines
from state_machines.timeouts.explanation import change_steps, day_steps, in_order
from state_machines.timeouts.rule import Kind, TimeoutRule
from state_machines.timeouts.texts import LENGTH, NO_LENGTH, Compiler, Length, Place, compile_length
from state_machines.timeouts.wording import at_words, counted_words, due_words
from state_machines.values.instants import as_utc
from state_machines.values.time_errors import DurationError
from state_machines.values.written import ExpressionText, Part


class EveryDeclaration(Part):
    """What a definition says of it."""

    every: ExpressionText | None = Field(None, description="Again and again, after each such span.")


@dataclass(frozen=True, slots=True)
class Every(Kind[EveryDeclaration]):
    """A timeout of this kind, due after each `interval`. Its ticks are missed while it is paused.

    With a calendar they are counted in its days and its business time, so that none lies outside of it.
    """

    name: ClassVar[str] = "every"
    summary: ClassVar[str] = "a duration; fires again and again while the subject is in the scope"
    declaration: ClassVar[type[Part]] = EveryDeclaration
    texts: ClassVar[Mapping[str, frozenset[str]]] = {"every": LENGTH}
    repeats: ClassVar[bool] = True

    interval: Length

    @classmethod
    def compile(cls, compiler: Compiler, said: EveryDeclaration, place: Place) -> Self:
        """With an interval that is longer than zero."""
        interval = compile_length(compiler, said.every or "null", place("every"))
        if interval == NO_LENGTH:
            compiler.problem(place("every"), "interval-positive", "an interval must be longer than zero")
        return cls(interval)

    def due(
        self, rule: TimeoutRule, view: View, set_at: datetime
    ) -> tuple[datetime, timedelta | None] | None:
        """After the first interval."""
        due_at = self.again(rule, view, set_at, set_at)
        return None if due_at is None else (due_at, None)

    def again(self, rule: TimeoutRule, view: View, set_at: datetime, now: datetime) -> datetime | None:
        """After the next interval, counted from `set_at`."""
        hours = rule.hours(view)
        interval = rule.measure(self.interval, view, hours)
        return None if interval is None else deadlines.next_tick(set_at, interval, now, hours)

    def resumed(self, rule: TimeoutRule, view: View, timer: Timer) -> datetime | None:
        """With the next tick: a pause moves none of them."""
        return self.again(rule, view, timer.set_at, view.now)

    def account(
        self, rule: TimeoutRule, timer: Timer, view: View, hours: Calendar | None, clock: tzinfo
    ) -> list[str]:
        """Which of the ticks it is."""
        interval = rule.measure(self.interval, view, hours)
        if interval is None:
            raise DurationError("not-a-duration", f"{rule.name} gives no interval any more")
        first = (
            f"Every {counted_words(interval, hours)}, counted from {at_words(timer.set_at, clock)} "
            "on, so that lateness does not add up."
        )
        if timer.due_at is None:
            since = at_words(timer.pauses[-1][0], clock)
            return [first, f"Paused since {since}; no tick while the pause lasts."]
        steps = [*change_steps(timer.set_at, timer.due_at, clock)]
        if hours is None:
            number = (timer.due_at - as_utc(timer.set_at)) // interval.time
        else:
            before = timer.due_at - timedelta(microseconds=1)
            number = deadlines.number_of_tick(timer.set_at, interval, before, hours)
            steps += day_steps(timer.set_at, timer.due_at, hours, clock)
        return [
            first,
            *in_order(steps),
            f"Number {number}: {counted_words(interval.times(number), hours)} after the start.",
            due_words(timer.due_at, clock),
        ]
