"""From a row of a log to what will be an event: subject, instant, id, trigger, data."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from state_machines.values.time_errors import TimeError
from workflow.replay.log import LogRow
from workflow.replay.map import ReplayMap
from workflow.replay.refusal import RowRefused
from workflow.replay.times import instant_reader
from workflow.replay.values import Misfit, converter, is_one_of


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """A row that can become an event.

    Attributes:
        row, line: where it stands in the log.
        at: when it happened, UTC.
        subject: key of its subject.
        id: what makes it the same row as another.
        trigger: what its values ask for.
        data: the event's data, JSON values.
        content: digest of the whole row, to tell a repeated row from another one of the same id.
        verdict: whether the log itself says here that the compared thing has happened.
    """

    row: int
    line: int
    at: datetime
    subject: str
    id: str
    trigger: str
    data: Mapping[str, Any]
    content: bytes
    verdict: bool = False


class RowReader:
    """Reads the rows of one log as one map says."""

    def __init__(self, wanted: ReplayMap, lifecycle: str) -> None:
        self._map = wanted
        self._lifecycle = lifecycle
        self._instant = instant_reader(wanted.time.format, wanted.time.zone, wanted.time.ambiguous)
        self._fields = [(name, rule, converter(rule, wanted)) for name, rule in wanted.data.items()]
        self._id_parts = wanted.id.parts()

    def read(self, row: LogRow) -> PlannedRow:
        """What this row asks for.

        Raises:
            RowRefused: naming the column or field and the rule.
        """
        if row.fault is not None:
            raise row.fault
        subject = self.subject_of(row)
        identity = "".join(
            literal + ("" if column is None else self._text(row, column, "id"))
            for literal, column in self._id_parts
        )
        try:
            at = self._instant(self._value(row, self._map.time.column))
        except TimeError as error:
            raise RowRefused(self._map.time.column, error.rule, error.message) from None
        content = hashlib.blake2b(
            orjson.dumps(row.values, option=orjson.OPT_SORT_KEYS), digest_size=8
        ).digest()
        compare = self._map.compare
        verdict = compare is not None and is_one_of(self._value(row, compare.column), compare.value)
        return PlannedRow(
            row.number, row.line, at, subject, identity, self._trigger(row), self._data(row), content, verdict
        )

    def subject_of(self, row: LogRow) -> str:
        """The key of the row's subject. Raises RowRefused where it has none."""
        return f"{self._lifecycle}:{self._text(row, self._map.subject.column, 'subject')}"

    def _value(self, row: LogRow, column: str) -> Any:
        """A value; None where it is missing or stands for nothing."""
        value = row.values.get(column)
        return None if value is None or is_one_of(value, self._map.null_values) else value

    def _text(self, row: LogRow, column: str, what: str) -> str:
        value = self._value(row, column)
        if value is None:
            raise RowRefused(column, f"missing-{what}", f"the row has no {what}: this column is empty")
        if isinstance(value, dict | list):
            raise RowRefused(column, "type", f"the {what} must be one value, not {type(value).__name__}")
        return value.strip() if isinstance(value, str) else orjson.dumps(value).decode()

    def _trigger(self, row: LogRow) -> str:
        for rule in self._map.triggers:
            if all(is_one_of(row.values.get(column), values) for column, values in rule.when.items()):
                return rule.trigger
        columns = list(dict.fromkeys(column for rule in self._map.triggers for column in rule.when))
        shown = ", ".join(f"{column} = {row.values.get(column)!r}" for column in columns)
        raise RowRefused(
            columns[0] if columns else "triggers", "no-trigger", f"no trigger of the map is for {shown}"
        )

    def _data(self, row: LogRow) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for name, rule, convert in self._fields:
            value = self._value(row, rule.column)
            if value is None:
                if rule.required:
                    raise RowRefused(f"data.{name}", "required", f"the column {rule.column!r} is empty")
                continue
            try:
                data[name] = convert(value)
            except TimeError as error:
                raise RowRefused(f"data.{name}", error.rule, error.message) from None
            except Misfit as error:
                raise RowRefused(f"data.{name}", error.rule, f"the column {rule.column!r}: {error}") from None
        return data
