"""Where days are counted in a calendar by a definition that is older than working days."""

import re
from collections.abc import Iterator

from state_machines.definitions.timeout_rules import WORKING_DAYS
from state_machines.errors import DefinitionError
from state_machines.form.definition import Definition
from state_machines.form.source import parse
from state_machines.values.durations import is_duration, parse_calendar_length

_DAYS = re.compile(r"P(?:[0-9]+W)?(?:[0-9]+D)?(?:T[0-9HMS.,]+)?")


def hours_by_the_day(text: str) -> Iterator[tuple[int, str]]:
    """The lines, and what they would mean from the third edition on; nothing if it cannot be read."""
    try:
        definition, lines = parse(text)
    except DefinitionError:
        return
    if definition.edition >= WORKING_DAYS:
        return
    for field, said in _lengths(definition):
        for found in _DAYS.findall(said):
            if not is_duration(found) or not (length := parse_calendar_length(found)).has_days:
                continue
            hours = int(length.whole.total_seconds() // 3600)
            message = (
                f"{field}: {found} in a calendar is {hours} hours of business time here; with `edition: "
                f"{WORKING_DAYS}` its days are working days. Write PT{hours}H to keep the hours"
            )
            yield lines.of(field) or 0, message


def _lengths(definition: Definition) -> Iterator[tuple[str, str]]:
    places = [(f"timeouts.{name}", one) for name, one in definition.timeouts.items()]
    for index, state in enumerate(definition.states):
        places += [(f"states[{index}].timeouts.{name}", one) for name, one in state.timeouts.items()]
    for field, timeout in places:
        if timeout.calendar is not None:
            for name in ("after", "lead", "every"):
                if (said := getattr(timeout, name)) is not None:
                    yield f"{field}.{name}", said
