"""A durable timeout, in one form whatever was written: a name, a scope, and how its instant is found."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from state_machines.calendars import Calendar
from state_machines.errors import DecisionError
from state_machines.expressions import Expression
from state_machines.expressions.view import View
from state_machines.subject import Timer
from state_machines.timeouts import deadlines
from state_machines.timeouts.wording import length_words
from state_machines.values.durations import parse_duration
from state_machines.values.instants import as_utc, parse_instant, shifted
from state_machines.values.json_values import kind
from state_machines.values.time_errors import TimeError


class Form(StrEnum):
    """How a timeout's instant is found."""

    AFTER = "after"
    AT = "at"
    BEFORE = "before"
    EVERY = "every"


@dataclass(frozen=True, slots=True)
class TimeoutRule:
    """One timeout.

    Attributes:
        name: its name; a subject has at most one timer of it.
        field: where it stands in the definition.
        on_timeout: the trigger it gives.
        scope: the states in which it runs.
        paused_in: those of them in which it stands still.
        form: how its instant is found.
        value: the duration or instant of that form: written, or an expression.
        lead: for `before`, how long before.
        share: for `before`, the part of the span that has passed.
        calendar: business hours that durations are counted in, or None.
        zone: expression for the zone of the calendar, or None for its own.
        when: set only if this holds.
    """

    name: str
    field: str
    on_timeout: str
    scope: frozenset[str]
    paused_in: frozenset[str]
    form: Form
    value: timedelta | Expression
    lead: timedelta | Expression | None = None
    share: float | None = None
    calendar: Calendar | None = None
    zone: Expression | None = None
    when: Expression | None = None

    @property
    def repeats(self) -> bool:
        """Whether it fires again and again."""
        return self.form is Form.EVERY

    def due(self, view: View, set_at: datetime) -> tuple[datetime, timedelta | None] | None:
        """When it is due if it is set at `set_at`, and its budget if it can pause; None: it is not set.

        An instant that is past stays that instant. A duration or an instant of null sets nothing.

        Raises:
            ExpressionError: an expression failed.
            DecisionError: an expression gave no duration or instant, or none that can be reckoned with.
        """
        try:
            return self._due(view, set_at)
        except TimeError as error:
            raise DecisionError(self.field, error.rule, error.message) from None

    def _due(self, view: View, set_at: datetime) -> tuple[datetime, timedelta | None] | None:
        if self.form is Form.AFTER and self.calendar is None and isinstance(self.value, timedelta):
            return shifted(as_utc(set_at), self.value), self.value if self.paused_in else None
        hours = self.hours(view)
        if self.form is Form.EVERY:
            interval = _length(self.value, view)
            return None if interval is None else (deadlines.next_tick(set_at, interval, set_at), None)
        if self.form is Form.AFTER:
            budget = _length(self.value, view)
            due_at = None if budget is None else deadlines.deadline(set_at, budget, (), hours)
            return None if due_at is None else (due_at, budget if self.paused_in else None)
        target = _instant(self.value, view)
        if target is not None and self.form is Form.BEFORE:
            target = self._before(target, view, set_at, hours)
        if target is None:
            return None
        return target, deadlines.elapsed(set_at, target, (), hours) if self.paused_in else None

    def _before(
        self, target: datetime, view: View, set_at: datetime, hours: Calendar | None
    ) -> datetime | None:
        if self.share is not None:
            return deadlines.share(set_at, target, self.share, hours)
        lead = None if self.lead is None else _length(self.lead, view)
        return None if lead is None else deadlines.lead(target, lead, hours)

    def tick(self, view: View, set_at: datetime, now: datetime) -> datetime | None:
        """Of one that repeats, the first tick after `now`, counted from `set_at`; None: no more of them.

        Raises:
            ExpressionError, DecisionError: as `due`.
        """
        try:
            interval = _length(self.value, view)
            return None if interval is None else deadlines.next_tick(set_at, interval, now)
        except TimeError as error:
            raise DecisionError(self.field, error.rule, error.message) from None

    def resumed(self, timer: Timer, view: View) -> datetime | None:
        """When a timer is due whose pauses have all ended.

        Raises:
            ExpressionError, DecisionError: as `due`.
        """
        if self.repeats:
            return self.tick(view, timer.set_at, view.now)
        try:
            return deadlines.deadline(
                timer.set_at, timer.budget or timedelta(0), timer.pauses, self.hours(view)
            )
        except TimeError as error:
            raise DecisionError(self.field, error.rule, error.message) from None

    @property
    def written(self) -> str:
        """The duration or instant as the definition writes it."""
        return f"`{self.value.text}`" if isinstance(self.value, Expression) else length_words(self.value)

    def instant(self, view: View) -> datetime | None:
        """Of `at` and `before`, the instant meant, UTC; None: it is not set.

        Raises:
            ExpressionError, TimeError: it cannot be found.
        """
        return _instant(self.value, view)

    @staticmethod
    def length(value: timedelta | Expression, view: View) -> timedelta | None:
        """A duration of the rule: its value or its lead; None: it is not set.

        Raises:
            ExpressionError, TimeError: it cannot be found.
        """
        return _length(value, view)

    def hours(self, view: View) -> Calendar | None:
        """The calendar, in the zone that holds for this subject.

        Raises:
            ExpressionError, DecisionError: the zone cannot be found.
        """
        if self.calendar is None or self.zone is None:
            return self.calendar
        zone = self.zone.evaluate(view)
        if zone is None and self.calendar.zone is not None:
            return self.calendar
        if not isinstance(zone, str):
            raise DecisionError(
                f"{self.field}.zone", "not-a-text", f"a zone must be a text, not {kind(zone)}"
            )
        return self.calendar.in_zone(zone)


def _length(value: timedelta | Expression, view: View) -> timedelta | None:
    given = value.evaluate(view) if isinstance(value, Expression) else value
    if given is None or isinstance(given, timedelta):
        return given
    if isinstance(given, str):
        return parse_duration(given)
    raise TimeError("not-a-duration", f"must give a duration or its ISO 8601 text, not {kind(given)}")


def _instant(value: timedelta | Expression, view: View) -> datetime | None:
    given = value.evaluate(view) if isinstance(value, Expression) else value
    if given is None:
        return None
    if isinstance(given, datetime):
        return as_utc(given)
    if isinstance(given, str):
        return parse_instant(given)
    raise TimeError("not-an-instant", f"must give an instant or its RFC 3339 text, not {kind(given)}")
