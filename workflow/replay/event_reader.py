"""From a row of a log to one of the events that it is: subject, instant, id, trigger, data."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from state_machines.values.instants import UnknownZone, format_instant, zone
from state_machines.values.time_errors import InstantError, TimeError
from workflow.replay.log_row import LogRow
from workflow.replay.map import EventForm, ReplayMap
from workflow.replay.map_parts import Composed, DataRule, TimeRule, Value, When
from workflow.replay.refusal import RowRefused
from workflow.replay.times import Reader, instant_reader
from workflow.replay.values import Converter, Misfit, converter, is_one_of, part_of

MAX_ZONES = 1000
"""Different zones that the rows of one log may name, at most."""

CLOCK_ENDS = datetime(9999, 1, 1, tzinfo=UTC)
"""No replay goes there: what follows of an event needs time, and whoever writes this year means never."""


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """A row, or one of several events of a row, that can become an event.

    Attributes:
        row, line: where it stands in the log.
        at: when it happened, UTC.
        lifecycle, subject: whose it is; the subject by its key.
        id: what makes it the same row as another.
        trigger: what its values ask for; `opening`: what it asks for as the first of its subject, instead.
        data: the event's data, JSON values.
        content: digest of the whole row, to tell a repeated row from another one of the same id.
        verdict: whether the log itself says here that the compared thing has happened.
    """

    row: int
    line: int
    at: datetime
    lifecycle: str
    subject: str
    id: str
    trigger: str
    opening: str | None
    data: Mapping[str, Any]
    content: bytes
    verdict: bool = False


def holds(when: When, row: LogRow) -> bool:
    """Whether every column of a condition has one of its values in this row."""
    return all(is_one_of(row.values.get(column), values) for column, values in when.items())


class EventReader:
    """Reads one event of each row, as one form of a map says."""

    def __init__(self, form: EventForm, wanted: ReplayMap, lifecycle: str) -> None:
        self._form = form
        self._map = wanted
        self.lifecycle = lifecycle
        self._time = _TimeOfRow(form.time)
        self._subject = _TextOfRow(form.subject, "/", "subject", self._value)
        self._identity = _TextOfRow(form.id, "/", "id", self._value)
        self._instant = _TextOfRow(form.time, " ", "time", self._value)
        decimal = wanted.log.decimal
        self._fields = [
            _Field(name, rule, wanted, form, self._value, decimal) for name, rule in form.data.items()
        ]

    def concerns(self, row: LogRow) -> bool:
        """Whether this row has such an event: its condition holds; of several events, its time is there."""
        if not holds(self._form.when, row):
            return False
        return self._form.name is None or any(
            self._value(row, column) is not None for column in self._form.time.column_names()
        )

    def read(self, row: LogRow) -> PlannedRow:
        """What this row asks for.

        Raises:
            RowRefused: naming the column or field and the rule.
        """
        subject = self.subject_of(row)
        content = hashlib.blake2b(
            orjson.dumps(row.values, option=orjson.OPT_SORT_KEYS), digest_size=16
        ).digest()
        identity = self._id_of(row, content)
        at = self._at(row)
        compare = self._map.compare
        verdict = compare is not None and is_one_of(self._value(row, compare.column), compare.value)
        trigger = self._trigger(row)
        opening = None if self._form.opening is None else self._form.opening.trigger
        data = self._data(row)
        return PlannedRow(
            row.number,
            row.line,
            at,
            self.lifecycle,
            subject,
            identity,
            trigger,
            opening,
            data,
            content,
            verdict,
        )

    def subject_of(self, row: LogRow) -> str:
        """The key of the row's subject. Raises RowRefused where it has none."""
        text = self._subject.of(row)
        if self._form.subject.pattern is not None:
            try:
                text = part_of(self._form.subject.pattern, text)
            except Misfit as error:
                raise RowRefused(self._subject.field, error.rule, f"the subject: {error}") from None
        return f"{self.lifecycle}:{text}"

    def _id_of(self, row: LogRow, content: bytes) -> str:
        if self._form.id.by == "content":
            text = content.hex()
        elif self._form.id.by == "place":
            text = str(row.number)
        else:
            text = self._identity.of(row)
        return text if self._form.name is None else f"{text}#{self._form.name}"

    def _at(self, row: LogRow) -> datetime:
        columns = self._form.time.column_names()
        value = self._value(row, columns[0]) if self._form.time.column is not None else self._instant.of(row)
        try:
            at = self._time.read(row, value)
        except TimeError as error:
            raise RowRefused(self._instant.field, error.rule, error.message) from None
        if at < CLOCK_ENDS:
            return at
        message = (
            f"{value!r} is later than the clock goes; where it stands for never, `null_values` may name it"
        )
        raise RowRefused(self._instant.field, "instant-range", message)

    def _value(self, row: LogRow, column: str) -> Any:
        """A value; None where it is missing or stands for nothing."""
        value = row.values.get(column)
        return None if value is None or is_one_of(value, self._map.null_values) else value

    def _trigger(self, row: LogRow) -> str:
        for rule in self._form.triggers:
            if holds(rule.when, row):
                return rule.trigger
        columns = list(dict.fromkeys(column for rule in self._form.triggers for column in rule.when))
        shown = ", ".join(f"{column} = {row.values.get(column)!r}" for column in columns)
        raise RowRefused(
            columns[0] if columns else "triggers", "no-trigger", f"no trigger of the map is for {shown}"
        )

    def _data(self, row: LogRow) -> dict[str, Any]:
        return {one.name: value for one in self._fields if (value := one.of(row)) is not None}


ValueOf = Callable[[LogRow, str], Any]


class _TextOfRow:
    """A text that is put together of a row's columns, each of which must be there."""

    def __init__(self, rule: Composed, joiner: str, what: str, value_of: ValueOf) -> None:
        self._parts = rule.parts(joiner)
        self._what = what
        self._value_of = value_of
        names = rule.column_names()
        self.field = "+".join(names) if names else what

    def of(self, row: LogRow) -> str:
        """The text. Raises RowRefused."""
        return "".join(
            literal + ("" if column is None else self._text(row, column)) for literal, column in self._parts
        )

    def _text(self, row: LogRow, column: str) -> str:
        value = self._value_of(row, column)
        if value is None:
            raise RowRefused(
                column, f"missing-{self._what}", f"the row has no {self._what}: this column is empty"
            )
        if isinstance(value, dict | list):
            raise RowRefused(
                column, "type", f"the {self._what} must be one value, not {type(value).__name__}"
            )
        return value.strip() if isinstance(value, str) else orjson.dumps(value).decode()


class _TimeOfRow:
    """Reads the time of a row in the zone of the map, or in that of the row."""

    def __init__(self, rule: TimeRule) -> None:
        self._rule = rule
        self._readers: dict[str | None, Reader] = {}

    def read(self, row: LogRow, value: Any) -> datetime:
        """The instant, UTC. Raises TimeError."""
        named = self._zone(row)
        reader = self._readers.get(named)
        if reader is None:
            if len(self._readers) >= MAX_ZONES:
                raise InstantError("too-many-zones", f"the log names more than {MAX_ZONES} zones")
            rule = self._rule
            reader = instant_reader(rule.format, named, rule.ambiguous, rule.two_forms)
            self._readers[named] = reader
        return reader(value)

    def _zone(self, row: LogRow) -> str | None:
        wanted = self._rule.zone
        if wanted is None or wanted.column is None:
            return None if wanted is None else wanted.name
        said = row.values.get(wanted.column)
        text = said.strip() if isinstance(said, str) else ""
        name = wanted.values.get(text, text)
        if name in self._readers:
            return name
        try:
            zone(name)
        except UnknownZone as error:
            raise InstantError("unknown-zone", f"the column {wanted.column!r}: {error.message}") from None
        return name


class _Field:
    """One field of the data."""

    def __init__(
        self, name: str, rule: DataRule, wanted: ReplayMap, form: EventForm, value_of: ValueOf, decimal: str
    ) -> None:
        self.name = name
        self._rule = rule
        self._convert: Converter = converter(rule, decimal)
        self._time = None
        if rule.type == "date-time" and rule.value is None:
            self._time = _TimeOfRow(wanted.time_of(rule, form.time))
        self._value_of = value_of
        self._constant: Value | None = None if rule.value is None else self._convert(rule.value)
        self._together = _TextOfRow(rule, "/" if rule.type != "date-time" else " ", name, value_of)

    def of(self, row: LogRow) -> Any:
        """Its value in this row, or None where it has none. Raises RowRefused."""
        if self._rule.value is not None:
            return self._constant
        value = self._raw(row)
        if value is None:
            if self._rule.required:
                names = ", ".join(map(repr, self._rule.column_names()))
                raise RowRefused(f"data.{self.name}", "required", f"the column {names} is empty")
            return None
        try:
            found = self._convert(value)
            return found if self._time is None else format_instant(self._time.read(row, found))
        except TimeError as error:
            raise RowRefused(f"data.{self.name}", error.rule, error.message) from None
        except Misfit as error:
            raise RowRefused(
                f"data.{self.name}", error.rule, f"the column {self._together.field!r}: {error}"
            ) from None

    def _raw(self, row: LogRow) -> Any:
        if self._rule.column is not None:
            return self._value_of(row, self._rule.column)
        if any(self._value_of(row, column) is None for column in self._rule.column_names()):
            return None
        return self._together.of(row)
