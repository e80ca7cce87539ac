"""A durable timeout: a name, a scope, and a kind, which reckons its instant."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, ClassVar, Generic, Self, TypeVar

from state_machines.calendars import Calendar
from state_machines.calendars.written import written_calendar
from state_machines.errors import DecisionError
from state_machines.expressions import Expression
from state_machines.expressions.view import View
from state_machines.subject import Timer
from state_machines.timeouts import deadlines
from state_machines.timeouts.texts import Compiler, Length, Place
from state_machines.values.durations import CalendarLength, parse_calendar_length
from state_machines.values.json_values import kind
from state_machines.values.time_errors import TimeError
from state_machines.values.written import Part

Declared = TypeVar("Declared", bound=Part)


class Kind(ABC, Generic[Declared]):
    """A kind of timeout, compiled: how the instant of one timeout is reckoned.

    The kinds there are stand in `state_machines.timeouts.kinds`, one file each.

    Attributes:
        name: the field of a declaration that says that it is of this kind.
        summary: what it means, for whoever writes definitions.
        declaration: the fields that a declaration of this kind may have, `name` among them. All of them may
            be absent, since a declaration has those of every kind.
        texts: those of them that hold expressions, and the types of expressions that fit.
        further_rule: the rule that is broken where a field other than `name` stands without it.
        repeats: whether it fires again and again.
    """

    __slots__ = ()

    name: ClassVar[str]
    summary: ClassVar[str]
    declaration: ClassVar[type[Part]]
    texts: ClassVar[Mapping[str, frozenset[str]]]
    further_rule: ClassVar[str] = "one-form"
    repeats: ClassVar[bool] = False

    @classmethod
    @abstractmethod
    def compile(cls, compiler: Compiler, said: Declared, place: Place) -> Self:
        """The kind of one timeout; problems go to the compiler.

        Args:
            compiler: takes the expressions.
            said: the declaration. `name` may be absent where the definition is refused for that already.
            place: where its fields stand in the definition.
        """

    @classmethod
    def label(cls, said: Declared, short: Callable[[str], str]) -> str:
        """When it is due, for a diagram.

        Args:
            said: the declaration.
            short: makes an expression as short as a label can be.
        """
        return f"{cls.name} {short(getattr(said, cls.name))}"

    @abstractmethod
    def due(
        self, rule: "TimeoutRule", view: View, set_at: datetime
    ) -> tuple[datetime, timedelta | None] | None:
        """When it is due if it is set at `set_at`, UTC, and its budget if it can pause; None: it is not set.

        Raises:
            ExpressionError: an expression failed.
            DecisionError, TimeError: it gave nothing that can be reckoned with.
        """

    def again(self, rule: "TimeoutRule", view: View, set_at: datetime, now: datetime) -> datetime | None:
        """Of a kind that repeats, when one set at `set_at` is due next after `now`, UTC; None: no more.

        Raises:
            ExpressionError, DecisionError, TimeError: as `due`.
        """
        return None

    def resumed(self, rule: "TimeoutRule", view: View, timer: Timer) -> datetime | None:
        """When a timer is due whose pauses have all ended, UTC: when its budget is used up.

        Raises:
            ExpressionError, DecisionError, TimeError: as `due`.
        """
        return deadlines.deadline(timer.set_at, timer.budget or timedelta(0), timer.pauses, rule.hours(view))

    @abstractmethod
    def account(
        self, rule: "TimeoutRule", timer: Timer, view: View, hours: Calendar | None, clock: tzinfo
    ) -> list[str]:
        """How its deadline came about, one sentence a line, the deadline last.

        Args:
            rule: the timeout.
            timer: as it stands, or as it stood last.
            view: what expressions saw at the decision that set, paused or resumed it last, after the change.
            hours: the calendar in the zone that holds for the subject, if it counts business time.
            clock: the zone of the local times.

        Raises:
            ExpressionError, DecisionError, TimeError: as `due`.
        """


@dataclass(frozen=True, slots=True)
class TimeoutRule:
    """One timeout.

    Attributes:
        name: its name; a subject has at most one timer of it.
        field: where it stands in the definition.
        on_timeout: the trigger it gives.
        scope: the states in which it runs.
        paused_in: those of them in which it stands still.
        kind: how its instant is reckoned.
        calendar: business hours that durations are counted in, or None.
        calendar_of: expression for them, an object or ``'always'``; None: `calendar` says.
        working_days: whether days and weeks are those of the calendar, as from the third edition on; else a
            day is 24 hours of business time.
        zone: expression for the zone of the calendar, or None for its own.
        when: set only if this holds.
    """

    name: str
    field: str
    on_timeout: str
    scope: frozenset[str]
    paused_in: frozenset[str]
    kind: Kind[Any]
    calendar: Calendar | None = None
    calendar_of: Expression | None = None
    working_days: bool = False
    zone: Expression | None = None
    when: Expression | None = None

    @property
    def repeats(self) -> bool:
        """Whether it fires again and again."""
        return self.kind.repeats

    def due(self, view: View, set_at: datetime) -> tuple[datetime, timedelta | None] | None:
        """When it is due if it is set at `set_at`, and its budget if it can pause; None: it is not set.

        An instant that is past stays that instant. A duration or an instant of null sets nothing.

        Raises:
            ExpressionError: an expression failed.
            DecisionError: an expression gave no duration or instant, or none that can be reckoned with.
        """
        try:
            return self.kind.due(self, view, set_at)
        except TimeError as error:
            raise DecisionError(self.field, error.rule, error.message) from None

    def tick(self, view: View, set_at: datetime, now: datetime) -> datetime | None:
        """Of one that repeats, the first tick after `now`, counted from `set_at`; None: no more of them.

        Raises:
            ExpressionError, DecisionError: as `due`.
        """
        try:
            return self.kind.again(self, view, set_at, now)
        except TimeError as error:
            raise DecisionError(self.field, error.rule, error.message) from None

    def resumed(self, timer: Timer, view: View) -> datetime | None:
        """When a timer is due whose pauses have all ended.

        Raises:
            ExpressionError, DecisionError: as `due`.
        """
        try:
            return self.kind.resumed(self, view, timer)
        except TimeError as error:
            raise DecisionError(self.field, error.rule, error.message) from None

    def hours(self, view: View) -> Calendar | None:
        """The calendar, in the zone that holds for this subject.

        Raises:
            ExpressionError, DecisionError: the zone cannot be found.
        """
        hours = self.calendar if self.calendar_of is None else self._computed(self.calendar_of, view)
        if hours is None or self.zone is None:
            return hours
        zone = self.zone.evaluate(view)
        if zone is None and hours.zone is not None:
            return hours
        if not isinstance(zone, str):
            raise DecisionError(
                f"{self.field}.zone", "not-a-text", f"a zone must be a text, not {kind(zone)}"
            )
        return hours.in_zone(zone)

    def _computed(self, expression: Expression, view: View) -> Calendar | None:
        try:
            return written_calendar(expression.evaluate_json(view))
        except TimeError as error:
            raise DecisionError(f"{self.field}.calendar", error.rule, str(error)) from None

    def measure(self, length: Length, view: View, hours: Calendar | None) -> CalendarLength | None:
        """The length that is meant in a decision, with its days where they are working days; None: none.

        Raises:
            ExpressionError, TimeError: it cannot be found.
        """
        given = length.evaluate(view) if isinstance(length, Expression) else length
        if given is None:
            return None
        if isinstance(given, timedelta):
            return CalendarLength(0, 0, given)
        if isinstance(given, str):
            given = parse_calendar_length(given)
        elif not isinstance(given, CalendarLength):
            raise TimeError("not-a-duration", f"must give a duration or its ISO 8601 text, not {kind(given)}")
        counts_days = hours is not None and self.working_days
        return given if counts_days or not given.has_days else CalendarLength(0, 0, given.whole)
