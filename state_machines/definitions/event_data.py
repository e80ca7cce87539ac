"""Whether the data of an event are as its trigger declares them, asked at the door."""

from collections.abc import Mapping
from typing import Any

from state_machines.definitions.lifecycle import Lifecycle
from state_machines.errors import EventDataError, Problem


def validate(lifecycle: Lifecycle, trigger: str, data: Mapping[str, Any]) -> None:
    """Check an event's data against the declaration of its trigger. Undeclared fields pass.

    Raises:
        EventDataError: every problem, with the field as ``data.<field>``. A trigger that the
            lifecycle does not have is a problem of its own, field ``type``.
    """
    rule = lifecycle.data_rules.get(trigger)
    if rule is None:
        message = (
            f"{lifecycle.name!r} has no trigger {trigger!r}; it has {', '.join(sorted(lifecycle.triggers))}"
        )
        raise EventDataError([Problem("type", "unknown-trigger", message)])
    problems = rule.problems_of_new(data)
    if problems:
        raise EventDataError(problems)
