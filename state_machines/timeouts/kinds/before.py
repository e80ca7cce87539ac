"""`before`: so long before an instant, or when a share of the span up to it has passed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Annotated, ClassVar, Self

from pydantic import Field

from state_machines.calendars import Calendar
from state_machines.expressions import Expression
from state_machines.expressions.view import View
from state_machines.subject import Timer
from state_machines.timeouts import deadlines
from state_machines.timeouts.explanation import change_steps, day_steps, explain, in_order, told_until
from state_machines.timeouts.rule import Kind, TimeoutRule
from state_machines.timeouts.targets import past_words, target_of, told_as_budget, with_budget
from state_machines.timeouts.texts import (
    INSTANT,
    LENGTH,
    Compiler,
    Length,
    Place,
    compile_length,
    instant_of,
)
from state_machines.timeouts.wording import (
    at_words,
    counted_words,
    due_words,
    length_words,
    span_words,
    time_kind_words,
)
from state_machines.values.time_errors import DurationError
from state_machines.values.written import ExpressionText, Part


class BeforeDeclaration(Part):
    """What a definition says of it."""

    before: ExpressionText | None = Field(None, description="Before this instant, by `lead` or by `share`.")
    lead: ExpressionText | None = Field(None, description="With `before`: by so long.")
    share: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        None, description="With `before`: when this part of the span up to it has passed, 0 to 1."
    )


@dataclass(frozen=True, slots=True)
class Before(Kind[BeforeDeclaration]):
    """A timeout of this kind.

    Attributes:
        instant: the instant it is due before.
        lead: how long before; None: a share says it.
        share: the part of the span that has passed, from 0 to 1; None: a lead says it.
    """

    name: ClassVar[str] = "before"
    summary: ClassVar[str] = (
        "an expression that gives an instant, with `lead` (a duration) or `share` (the "
        "fraction of the span from the moment it is set, 0 to 1) before which it fires"
    )
    declaration: ClassVar[type[Part]] = BeforeDeclaration
    texts: ClassVar[Mapping[str, frozenset[str]]] = {"lead": LENGTH, "before": INSTANT}
    further_rule: ClassVar[str] = "lead-or-share"

    instant: Expression
    lead: Length | None
    share: float | None

    @classmethod
    def compile(cls, compiler: Compiler, said: BeforeDeclaration, place: Place) -> Self:
        """With a lead or a share, and not both."""
        if (said.lead is None) is (said.share is None):
            compiler.problem(place(""), "lead-or-share", "`before` needs exactly one of lead and share")
        instant = compiler.expression(said.before or "null", place("before"))
        lead = None if said.lead is None else compile_length(compiler, said.lead, place("lead"))
        return cls(instant, lead, said.share)

    @classmethod
    def label(cls, said: BeforeDeclaration, short: Callable[[str], str]) -> str:
        """With its lead or its share."""
        instant = short(said.before or "")
        if said.share is not None:
            return f"at {said.share:.0%} of the way to {instant}"
        return f"{short(said.lead or '')} before {instant}"

    def due(
        self, rule: TimeoutRule, view: View, set_at: datetime
    ) -> tuple[datetime, timedelta | None] | None:
        """The instant less the lead, or that part of the way to it; even if it is past."""
        hours = rule.hours(view)
        target = instant_of(self.instant, view)
        if target is None:
            return None
        if self.share is not None:
            return with_budget(rule, set_at, deadlines.share(set_at, target, self.share, hours), hours)
        lead = None if self.lead is None else rule.measure(self.lead, view, hours)
        return None if lead is None else with_budget(rule, set_at, deadlines.lead(target, lead, hours), hours)

    def account(
        self, rule: TimeoutRule, timer: Timer, view: View, hours: Calendar | None, clock: tzinfo
    ) -> list[str]:
        """Which instant that is, and what is counted back from it."""
        if timer.budget is not None:
            return told_as_budget(timer, timer.budget, hours, clock)
        target = target_of(rule, self.instant, view)
        if self.share is not None:
            return self._by_share(self.share, timer, target, hours, clock)
        lead = None if self.lead is None else rule.measure(self.lead, view, hours)
        if lead is None:
            raise DurationError("not-a-duration", f"{rule.name} gives no lead any more")
        due_at = deadlines.lead(target, lead, hours)
        return [
            f"Set {at_words(timer.set_at, clock)} for {counted_words(lead, hours)} "
            f"before the instant that `{self.instant.text}` gives: {at_words(target, clock)}.",
            *_counted_back(due_at, target, hours, clock, lead.has_days),
            *past_words(due_at, timer),
            due_words(due_at, clock),
        ]

    def _by_share(
        self, share: float, timer: Timer, target: datetime, hours: Calendar | None, clock: tzinfo
    ) -> list[str]:
        span = deadlines.elapsed(timer.set_at, target, (), hours)
        part = span * share
        return [
            f"Set {at_words(timer.set_at, clock)} for {share:.4g} of the way to the instant that "
            f"`{self.instant.text}` gives: {at_words(target, clock)}.",
            f"Up to there are {length_words(span)} {time_kind_words(hours)}; "
            f"{share:.4g} of that is {length_words(part)}.",
            *explain(timer.set_at, part, (), hours, clock),
        ]


def _counted_back(
    due_at: datetime, target: datetime, hours: Calendar | None, clock: tzinfo, by_days: bool
) -> list[str]:
    """The stretches of business time between the two, and what lies out of the ordinary among them."""
    changes = list(change_steps(due_at, target, clock))
    if hours is None:
        return in_order(changes)
    spans = (
        []
        if by_days
        else [
            (opens, 3, f"{span_words(opens, closes, clock)}: {length_words(closes - opens)} of the lead.")
            for opens, closes in hours.intervals(due_at, told_until(due_at, target))
        ]
    )
    return in_order([*changes, *spans, *day_steps(due_at, target, hours, clock)])
