"""Business hours, holidays, zones and the changes of their clocks; a customer's quiet hours."""

from state_machines.calendars.calendar import Calendar, CalendarError, NeverOpen, Span

__all__ = [
    "Calendar",
    "CalendarError",
    "NeverOpen",
    "Span",
]
