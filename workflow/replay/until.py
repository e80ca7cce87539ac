"""Until when the clock of a replay runs on after the last event."""

from datetime import datetime

from state_machines.errors import Problem
from state_machines.values.durations import parse_duration
from state_machines.values.instants import format_instant, parse_instant, shifted
from state_machines.values.time_errors import TimeError
from workflow.replay.refusal import ReplayRefused


def end_of_replay(text: str | None, last: datetime) -> datetime:
    """The instant that `text` says: RFC 3339, or a duration after the last event; None is that event.

    Raises:
        ReplayRefused: it is neither, or lies before the last event.
    """
    if text is None:
        return last
    try:
        end = shifted(last, parse_duration(text)) if text.startswith(("P", "-P")) else parse_instant(text)
    except TimeError as error:
        raise ReplayRefused([Problem("--until", error.rule, error.message)]) from None
    if end < last:
        message = f"{format_instant(end)} is before the last event, at {format_instant(last)}"
        raise ReplayRefused([Problem("--until", "before-last-event", message)])
    return end
