"""The form of a map: which column of a log is what, and which value is which trigger.

A map says nothing about what may happen; that is the lifecycle's. Everything a map needs to know
about a foreign system stands in its one file.
"""

import re
from string import Formatter
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from state_machines.form.names import Name
from state_machines.values.instants import UnknownZone, zone
from workflow.replay.times import carries_zone, format_fault

Column = Annotated[str, Field(min_length=1, max_length=200)]
Value = str | int | float | bool
Ambiguous = Literal["earlier", "later", "refuse"]


def _listed(value: Any) -> Any:
    """One value where a list may stand is a list of one."""
    return value if isinstance(value, list) else [value]


def _trigger(value: Any) -> Any:
    """A bare text where an opening rule may stand is its trigger."""
    return {"trigger": value} if isinstance(value, str) else value


def _columns(value: Any) -> Any:
    """Bare columns where an id rule may stand."""
    return {"columns": value} if isinstance(value, str | list) else value


def _column(value: Any) -> Any:
    """A bare text where a rule may stand is the name of its column."""
    return {"column": value} if isinstance(value, str) else value


Values = Annotated[list[Value], BeforeValidator(_listed)]


def _known_zone(name: str | None) -> str | None:
    if name is not None:
        try:
            zone(name)
        except UnknownZone as error:
            raise PydanticCustomError("unknown-zone", "{message}", {"message": error.message}) from None
    return name


def _known_format(text: str | None) -> str | None:
    fault = None if text is None else format_fault(text)
    if fault:
        raise PydanticCustomError("time-format", "{message}", {"message": fault})
    return text


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LogForm(_Part):
    """How the file is written. `format` is known by the file's suffix where it is not given."""

    format: Literal["csv", "jsonl"] | None = None
    encoding: str = "utf-8"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","

    @field_validator("encoding")
    @classmethod
    def _encoding(cls, value: str) -> str:
        try:
            "".encode(value)
        except LookupError:
            raise PydanticCustomError(
                "encoding", "no encoding {name} is known; utf-8 and cp1252 are", {"name": repr(value)}
            ) from None
        return value


class SubjectRule(_Part):
    """The column whose value is the subject's id."""

    column: Column


class TimeRule(_Part):
    """When a row happened.

    `format` is ``rfc3339``, ``unix``, ``unix_ms`` or strptime's directives. Local times need the
    `zone` in which they were written; `ambiguous` says what a time means that the clocks show twice.
    """

    column: Column
    format: str = "rfc3339"
    zone: str | None = None
    ambiguous: Ambiguous = "refuse"

    _format = field_validator("format")(_known_format)
    _zone = field_validator("zone")(_known_zone)

    @model_validator(mode="after")
    def _zone_fits_format(self) -> "TimeRule":
        if carries_zone(self.format):
            if self.zone is not None:
                raise PydanticCustomError("zone-twice", "the format says the zone already; leave `zone` out")
        elif self.zone is None:
            raise PydanticCustomError("no-zone", "local times need the `zone` in which they were written")
        return self


class IdRule(_Part):
    """What makes a row the same row: columns (joined by ``/``) or a template such as ``{number}-{count}``."""

    columns: Annotated[list[Column], BeforeValidator(_listed)] = Field(default_factory=list)
    template: str | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "IdRule":
        if bool(self.columns) == (self.template is not None):
            raise PydanticCustomError("one-of", "give either `columns` or a `template`")
        if self.template is not None:
            _check_template(self.template)
        return self

    def parts(self) -> list[tuple[str, str | None]]:
        """The id as pieces, each a literal text and the column that follows it, if one does."""
        if self.template is None:
            return [("/" if index else "", column) for index, column in enumerate(self.columns)]
        return [(literal, name) for literal, name, _, _ in Formatter().parse(self.template)]

    def column_names(self) -> list[str]:
        """Every column that takes part."""
        return [column for _, column in self.parts() if column is not None]


def _check_template(template: str) -> None:
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        raise PydanticCustomError("template", "not a template: {error}", {"error": str(error)}) from None
    if any(name == "" or spec or conversion for _, name, spec, conversion in parts):
        raise PydanticCustomError("template", "a template has only names of columns in braces")
    if not any(name for _, name, _, _ in parts):
        raise PydanticCustomError("template", "a template without a column gives every row the same id")


class DataRule(_Part):
    """One field of the event's data.

    `pattern` is a regular expression with one group, the part of the text that counts. A value that
    stands for nothing (see `null_values`) leaves the field out, unless it is `required`. Of type
    ``date-time`` it is read like `time`, unless it has a format of its own.
    """

    column: Column
    type: Literal["string", "integer", "number", "boolean", "date-time", "any"] = "string"
    pattern: str | None = None
    format: str | None = None
    zone: str | None = None
    ambiguous: Ambiguous | None = None
    true: Values = [True, 1]
    false: Values = [False, 0]
    required: bool = False

    _format = field_validator("format")(_known_format)
    _zone = field_validator("zone")(_known_zone)

    @field_validator("pattern")
    @classmethod
    def _one_group(cls, value: str | None) -> str | None:
        return value if value is None else _checked_pattern(value)


def _checked_pattern(text: str) -> str:
    try:
        groups = re.compile(text).groups
    except re.error as error:
        raise PydanticCustomError(
            "pattern", "not a regular expression: {error}", {"error": str(error)}
        ) from None
    if groups != 1:
        raise PydanticCustomError("pattern", "must have exactly one group, the part of the text that counts")
    return text


class TriggerRule(_Part):
    """Rows in which every column of `when` has one of its values ask for this trigger."""

    trigger: Name
    when: dict[Column, Values] = Field(default_factory=dict)


class Opening(_Part):
    """The first row of a subject, in order of time, asks for this trigger instead of its own."""

    trigger: Name


class Comparison(_Part):
    """The log's own verdict, to hold against a trigger of the lifecycle: who says so, and when.

    A row in which `column` has one of `value` says that it happened; `by` is a field of `data` by
    whose last value the subjects are counted apart.
    """

    trigger: Name
    column: Column
    value: Values
    by: Name | None = None


class ReplayMap(_Part):
    """A map: one file that says how to read one kind of log as events of one lifecycle."""

    source: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{1,200}$")] = "/replay"
    log: LogForm = Field(default_factory=LogForm)
    subject: Annotated[SubjectRule, BeforeValidator(_column)]
    time: TimeRule
    id: Annotated[IdRule, BeforeValidator(_columns)]
    null_values: Values = [""]
    data: dict[Name, Annotated[DataRule, BeforeValidator(_column)]] = Field(default_factory=dict)
    triggers: Annotated[list[TriggerRule], Field(min_length=1)]
    opening: Annotated[Opening | None, BeforeValidator(_trigger)] = None
    compare: Comparison | None = None

    @field_validator("source")
    @classmethod
    def _not_our_own(cls, value: str) -> str:
        if value == "/makegood" or value.startswith("/makegood/"):
            raise PydanticCustomError("reserved-source", "/makegood is the source of the engine's own events")
        return value

    def time_of(self, field: DataRule) -> TimeRule:
        """How a data field of type ``date-time`` is read: its own words, and for the rest those of `time`.

        Raises pydantic's ValidationError where the two together need a zone and have none.
        """
        form = self.time.format if field.format is None else field.format
        where = field.zone if field.zone is not None or carries_zone(form) else self.time.zone
        ambiguous = field.ambiguous or self.time.ambiguous
        return TimeRule(column=field.column, format=form, zone=where, ambiguous=ambiguous)

    def columns(self) -> list[tuple[str, str]]:
        """Every column that the map names, with the field that names it."""
        named = [("subject.column", self.subject.column), ("time.column", self.time.column)]
        named += [("id", name) for name in self.id.column_names()]
        named += [(f"data.{name}.column", rule.column) for name, rule in self.data.items()]
        for index, rule in enumerate(self.triggers):
            named += [(f"triggers[{index}].when", name) for name in rule.when]
        if self.compare is not None:
            named.append(("compare.column", self.compare.column))
        return named
