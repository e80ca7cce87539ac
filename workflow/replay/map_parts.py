"""The parts of a map: what a column is read as, and how."""

from string import Formatter
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from state_machines.form.names import Name
from state_machines.values.instants import UnknownZone, zone
from workflow.replay.patterns import pattern_fault
from workflow.replay.times import format_fault, needs_zone, takes_zone

Column = Annotated[str, Field(min_length=1, max_length=200)]
Value = str | int | float | bool
Ambiguous = Literal["earlier", "later", "refuse"]


def _listed(value: Any) -> Any:
    """One value where a list may stand is a list of one."""
    return value if isinstance(value, list) else [value]


def trigger_of(value: Any) -> Any:
    """A bare text where an opening rule may stand is its trigger."""
    return {"trigger": value} if isinstance(value, str) else value


def columns_of(value: Any) -> Any:
    """Bare columns where a rule may stand."""
    return {"columns": value} if isinstance(value, str | list) else value


def column_of(value: Any) -> Any:
    """A bare text where a rule may stand is the name of its column."""
    return {"column": value} if isinstance(value, str) else value


def _known_zone(name: str) -> str:
    try:
        zone(name)
    except UnknownZone as error:
        raise PydanticCustomError("unknown-zone", "{message}", {"message": error.message}) from None
    return name


def _known_format(text: str) -> str:
    fault = format_fault(text)
    if fault:
        raise PydanticCustomError("time-format", "{message}", {"message": fault})
    return text


def _known_pattern(text: str) -> str:
    fault = pattern_fault(text)
    if fault:
        raise PydanticCustomError("pattern", "{message}", {"message": fault})
    return text


Values = Annotated[list[Value], BeforeValidator(_listed)]
Columns = Annotated[list[Column], BeforeValidator(_listed)]
When = dict[Column, Values]
Pattern = Annotated[str, BeforeValidator(_known_pattern)]
ZoneName = Annotated[str, BeforeValidator(_known_zone)]
Format = Annotated[str, BeforeValidator(_known_format)]
Formats = Annotated[list[Format], BeforeValidator(_listed), Field(min_length=1, max_length=20)]
Decimal = Literal[".", ","]


class Part(BaseModel):
    """A part of a map: nothing unknown in it, and it does not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LogForm(Part):
    """How the file is written.

    `format` is known by the file's suffix where it is not given; whether the file is packed (gzip, bzip2,
    xz, zip) is known by its content. `header` names the columns of a file whose first row is one already;
    `skip` lines stand above the header. `decimal` is the sign before the decimals of its numbers.
    """

    format: Literal["csv", "jsonl", "xes"] | None = None
    encoding: str = "utf-8"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    quote: Annotated[str, Field(max_length=1)] = '"'
    escape: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    header: list[Column] | None = None
    skip: Annotated[int, Field(ge=0, le=1000)] = 0
    decimal: Decimal = "."

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


class Composed(Part):
    """A text of a row: one column, several (joined), or a template such as ``{number}-{count}``."""

    column: Column | None = None
    columns: Annotated[Columns, Field(max_length=50)] = Field(default_factory=list)
    template: str | None = None

    def ways(self) -> list[bool]:
        """Which of the ways to get a value are taken; exactly one must be."""
        return [self.column is not None, bool(self.columns), self.template is not None]

    @model_validator(mode="after")
    def _one_of_them(self) -> "Composed":
        if sum(self.ways()) != 1:
            names = " or ".join(f"`{name}`" for name in self.way_names())
            raise PydanticCustomError("one-of", "give exactly one of {names}", {"names": names})
        if self.template is not None:
            _check_template(self.template)
        return self

    def way_names(self) -> list[str]:
        """The fields of which exactly one must be given."""
        return ["column", "columns", "template"]

    def parts(self, joiner: str) -> list[tuple[str, str | None]]:
        """The text as pieces, each a literal text and the column that follows it, if one does."""
        if self.template is not None:
            return [(literal, name) for literal, name, _, _ in Formatter().parse(self.template)]
        columns = self.columns if self.column is None else [self.column]
        return [(joiner if index else "", column) for index, column in enumerate(columns)]

    def column_names(self) -> list[str]:
        """Every column that takes part."""
        return [column for _, column in self.parts("") if column is not None]


def _check_template(template: str) -> None:
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        raise PydanticCustomError("template", "not a template: {error}", {"error": str(error)}) from None
    if any(name == "" or spec or conversion for _, name, spec, conversion in parts):
        # Names of columns may have colons, as those of XES do; a template cannot tell them from a format.
        raise PydanticCustomError(
            "template", "a template has only names of columns in braces, and none with ':' or '!'"
        )
    if not any(name for _, name, _, _ in parts):
        raise PydanticCustomError("template", "a template without a column gives every row the same text")


class SubjectRule(Composed):
    """The subject's id; several columns are joined by ``/``. What counts of it is the group of `pattern`."""

    pattern: Pattern | None = None


class ZoneRule(Part):
    """The zone of local times: one `name` for all, or what a `column` of the row says, or what `values` calls
    that."""

    name: ZoneName | None = None
    column: Column | None = None
    values: dict[str, ZoneName] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_of_both(self) -> "ZoneRule":
        if (self.name is None) == (self.column is None):
            raise PydanticCustomError("one-of", "give exactly one of `name` or `column`")
        return self


def _zone_of(value: Any) -> Any:
    """A bare text where a rule may stand is the name of a zone."""
    return ZoneRule(name=_known_zone(value)) if isinstance(value, str) else value


Zone = Annotated[ZoneRule, BeforeValidator(_zone_of)]


class TimeRule(Composed):
    """When a row happened; several columns (a date, a time) are joined by a space.

    `format` is ``rfc3339``, ``iso8601``, ``unix``, ``unix_ms`` or strptime's directives, or a list of such.
    Of a list each value must fit one: where two fit it and mean different instants it is refused, unless
    `two_forms` says that the first counts. Local times need the `zone` in which they were written;
    `ambiguous` says what a time means that the clocks show twice.
    """

    format: Formats = Field(default_factory=lambda: ["rfc3339"])
    two_forms: Literal["refuse", "first"] = "refuse"
    zone: Zone | None = None
    ambiguous: Ambiguous = "refuse"

    @model_validator(mode="after")
    def _zone_fits_format(self) -> "TimeRule":
        if self.zone is None:
            if any(needs_zone(form) for form in self.format):
                raise PydanticCustomError("no-zone", "local times need the `zone` in which they were written")
        elif not any(takes_zone(form) for form in self.format):
            raise PydanticCustomError("zone-twice", "the format says the zone already; leave `zone` out")
        return self


class IdRule(Composed):
    """What makes a row the same row: columns (joined by ``/``), a template, or without a column for it `by`:
    its ``content`` (all of its values: equal rows are one) or its ``place`` (its number: all differ)."""

    by: Literal["content", "place"] | None = None

    def ways(self) -> list[bool]:
        """One more way: no column at all."""
        return [*super().ways(), self.by is not None]

    def way_names(self) -> list[str]:
        """One more field."""
        return [*super().way_names(), "by"]


class DataRule(Composed):
    """One field of the event's data.

    `value` is the same in every row. `pattern` is a regular expression with one group, the part of the text
    that counts. `values` gives values other names; what stands in none of them stays as it is, unless
    `others` refuses it. A value that stands for nothing (see `null_values`) leaves the field out, unless it
    is `required`. Of type ``date-time`` it is read like `time`, unless it has a format of its own.
    """

    value: Value | None = None
    type: Literal["string", "integer", "number", "boolean", "date-time", "any"] = "string"
    pattern: Pattern | None = None
    values: dict[Value, Value] = Field(default_factory=dict)
    others: Literal["keep", "refuse"] = "keep"
    decimal: Decimal | None = None
    format: Formats | None = None
    zone: Zone | None = None
    ambiguous: Ambiguous | None = None
    true: Values = [True, 1]
    false: Values = [False, 0]
    required: bool = False

    def ways(self) -> list[bool]:
        """One more way: no column at all."""
        return [*super().ways(), self.value is not None]

    def way_names(self) -> list[str]:
        """One more field."""
        return [*super().way_names(), "value"]


class TriggerRule(Part):
    """Rows in which every column of `when` has one of its values ask for this trigger."""

    trigger: Name
    when: When = Field(default_factory=dict)


class Opening(Part):
    """The first row of a subject, in order of time, asks for this trigger instead of its own."""

    trigger: Name


class Comparison(Part):
    """The log's own verdict, to hold against a trigger of the lifecycle: who says so, and when.

    A row in which `column` has one of `value` says that it happened; `by` is a field of `data` by
    whose last value the subjects are counted apart.
    """

    trigger: Name
    column: Column
    value: Values
    by: Name | None = None
