"""Every error that the arithmetic of time raises, one sentence each."""

from state_machines.errors import StateMachineError


class TimeError(StateMachineError, ValueError):
    """A text, an instant or a calendar cannot be used.

    Attributes:
        field: path of the offending value (``weekly.mon[1]``), empty where only the caller knows it.
        rule: short stable name of the rule that was broken, such as ``no-zone``.
        message: one sentence for a person, without the field.
    """

    def __init__(self, rule: str, message: str, field: str = "") -> None:
        self.field = field
        self.rule = rule
        self.message = message
        super().__init__(f"{field}: {message}" if field else message)

    def __reduce__(self) -> tuple[type["TimeError"], tuple[str, str, str]]:
        # Errors cross process borders with their words; the default would call __init__ with one text.
        return type(self), (self.rule, self.message, self.field)


class DurationError(TimeError):
    """Not an ISO 8601 duration of fixed, non-negative length."""


class InstantError(TimeError):
    """Not an instant: malformed, impossible, without a zone, or out of the years 1 to 9999."""


class UnknownZone(InstantError):
    """No time zone of this name in the IANA database."""


class NonexistentLocalTime(InstantError):
    """The clocks of this zone skip this local time (daylight saving begins, or a date was dropped)."""


class AmbiguousLocalTime(InstantError):
    """The clocks of this zone show this local time twice (daylight saving ends)."""


class CalendarError(TimeError):
    """A calendar is not well formed; `field` says where."""


class NeverOpen(CalendarError):
    """A calendar has no open time within the look-ahead, so nothing can ever be due in it."""


class PauseError(TimeError):
    """A pause ends before it begins."""


class QuietHoursError(TimeError):
    """Quiet hours or a contact window are not well formed, or leave no minute of the day."""
