"""Reading the values of a rotation: what cannot be read is noted with its field and rule, not raised.

Nothing that is noted quotes a value: it is told to whoever sent it, and kept for ever.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from state_machines.errors import Problem
from state_machines.values.durations import parse_duration
from state_machines.values.instants import parse_instant, zone
from state_machines.values.time_errors import TimeError


class Reading:
    """Keeps what is wrong while a document is read to its end."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def wrong(self, field: str, rule: str, message: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(field, rule, message))

    def listed(self, value: object, field: str, *, empty: bool = False) -> Sequence[Any]:
        """A list; an empty one is a problem too unless `empty`."""
        if not isinstance(value, list) or not (value or empty):
            self.wrong(field, "list", "must be a list" + ("" if empty else " that is not empty"))
            return ()
        return value

    def people(self, value: object, field: str) -> list[Any]:
        """A list of people: texts, or objects; none of them empty."""
        people = list(self.listed(value, field))
        for number, one in enumerate(people):
            if not isinstance(one, str | dict) or not one:
                self.wrong(
                    f"{field}[{number}]", "person", "must be an address, or an object with name, email, phone"
                )
        return people

    def duration(self, value: object, field: str) -> timedelta | None:
        """A duration of fixed length."""
        try:
            return parse_duration(value)  # type: ignore[arg-type]  # says itself what is no text
        except TimeError as error:
            self.wrong(field, error.rule, "must be a duration of fixed length, such as P7D")
            return None

    def instant(self, value: object, field: str) -> datetime | None:
        """An instant, UTC."""
        try:
            return parse_instant(value)  # type: ignore[arg-type]  # says itself what is no text
        except TimeError as error:
            self.wrong(field, error.rule, "must be an instant with its offset, such as 2026-01-05T09:00:00Z")
            return None

    def zone(self, value: object, field: str) -> ZoneInfo | None:
        """A zone of the IANA database."""
        try:
            return zone(value)  # type: ignore[arg-type]  # says itself what is no text
        except TimeError as error:
            self.wrong(field, error.rule, "must be a zone of the IANA database, such as Europe/Berlin")
            return None
