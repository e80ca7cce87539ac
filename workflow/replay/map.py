"""The form of a map: which column of a log is what, and which value is which trigger.

A map says nothing about what may happen; that is the lifecycle's. Everything a map needs to know
about a foreign system stands in its one file.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from pydantic import BeforeValidator, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from state_machines.form.names import Name
from workflow.replay.map_parts import (
    Comparison,
    DataRule,
    IdRule,
    LogForm,
    Opening,
    Part,
    SubjectRule,
    TimeRule,
    TriggerRule,
    Value,
    Values,
    When,
    column_of,
    columns_of,
    trigger_of,
)
from workflow.replay.times import needs_zone, takes_zone
from workflow.store.own_sources import lies_within_ours

Subject = Annotated[SubjectRule, BeforeValidator(column_of)]
Time = Annotated[TimeRule, BeforeValidator(column_of)]
Id = Annotated[IdRule, BeforeValidator(columns_of)]
Data = dict[Name, Annotated[DataRule, BeforeValidator(column_of)]]
Triggers = Annotated[list[TriggerRule], Field(min_length=1)]
OpeningRule = Annotated[Opening, BeforeValidator(trigger_of)]

MAX_EVENTS = 20
"""Events that one row may become, at most."""


class EventRule(Part):
    """One of several events of a row. What it does not say is as the map says it; `data` adds to the map's.

    A row in which `when` does not hold, or whose time for this event stands for nothing, has no such event.
    """

    name: Name
    lifecycle: Name | None = None
    when: When = Field(default_factory=dict)
    subject: Subject | None = None
    time: Time | None = None
    id: Id | None = None
    data: Data = Field(default_factory=dict)
    triggers: Triggers | None = None
    opening: OpeningRule | None = None


@dataclass(frozen=True, slots=True)
class EventForm:
    """One event of a row, with all that it takes; `paths` says where in the map each part of it stands."""

    name: str | None
    lifecycle: str | None
    when: When
    subject: SubjectRule
    time: TimeRule
    id: IdRule
    data: Data
    triggers: list[TriggerRule]
    opening: Opening | None
    paths: dict[str, str]


class ReplayMap(Part):
    """A map: one file that says how to read one kind of log as events of one lifecycle, or of several."""

    source: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{1,200}$")] = "/replay"
    log: LogForm = Field(default_factory=LogForm)
    lifecycle: Name | None = None
    subject: Subject
    time: Time
    id: Id
    null_values: Values = Field(default_factory=lambda: list[Value](("",)))
    leave_out: list[When] = Field(default_factory=list)
    data: Data = Field(default_factory=dict)
    triggers: Triggers | None = None
    opening: OpeningRule | None = None
    events: Annotated[list[EventRule], Field(max_length=MAX_EVENTS)] = Field(default_factory=list)
    compare: Comparison | None = None

    @field_validator("source")
    @classmethod
    def _not_our_own(cls, value: str) -> str:
        if lies_within_ours(value):
            raise PydanticCustomError("reserved-source", "/makegood is the source of the engine's own events")
        return value

    @field_validator("events")
    @classmethod
    def _names_differ(cls, value: list[EventRule]) -> list[EventRule]:
        names = [one.name for one in value]
        if len(set(names)) < len(names):
            raise PydanticCustomError("doubled-name", "two events have the same name; ids would be the same")
        return value

    @field_validator("leave_out")
    @classmethod
    def _something_named(cls, value: list[When]) -> list[When]:
        if not all(value):
            raise PydanticCustomError("empty", "each names a column and its values, or it would be all rows")
        return value

    @model_validator(mode="after")
    def _triggers_somewhere(self) -> "ReplayMap":
        if self.triggers is None and not (self.events and all(one.triggers for one in self.events)):
            raise PydanticCustomError("no-triggers", "give `triggers`, here or in each of the `events`")
        return self

    def event_forms(self) -> list[EventForm]:
        """The events of a row: one, or as many as `events` says."""
        return [self._form(one, f"events[{index}].") for index, one in enumerate(self.events)] or [
            self._form(None, "")
        ]

    def _form(self, one: EventRule | None, prefix: str) -> EventForm:
        own = {} if one is None else {name: getattr(one, name) for name in EventRule.model_fields}
        paths = {name: prefix if value is not None else "" for name, value in own.items()}
        subject, time, identity = own.get("subject"), own.get("time"), own.get("id")
        data: Data = own.get("data") or {}
        paths |= {f"data.{name}": prefix for name in data}
        return EventForm(
            own.get("name"),
            own.get("lifecycle") or self.lifecycle,
            own.get("when") or {},
            self.subject if subject is None else subject,
            self.time if time is None else time,
            self.id if identity is None else identity,
            {**self.data, **data},
            own.get("triggers") or self.triggers or [],
            own.get("opening") or self.opening,
            paths,
        )

    def time_of(self, field: DataRule, event_time: TimeRule | None = None) -> TimeRule:
        """How a data field of type ``date-time`` is read: its own words, and for the rest those of `time`.

        Raises pydantic's ValidationError where the two together need a zone and have none.
        """
        time = self.time if event_time is None else event_time
        forms = time.format if field.format is None else field.format
        where = field.zone
        if where is None and any(takes_zone(one) or needs_zone(one) for one in forms):
            where = time.zone
        return TimeRule(
            column=field.column,
            columns=field.columns,
            template=field.template,
            format=forms,
            zone=where,
            two_forms=time.two_forms,
            ambiguous=field.ambiguous or time.ambiguous,
        )

    def columns(self) -> list[tuple[str, str]]:
        """Every column that the map names, with the field that names it."""
        named = list(dict.fromkeys(pair for form in self.event_forms() for pair in _columns_of(form)))
        for index, when in enumerate(self.leave_out):
            named += [(f"leave_out[{index}]", name) for name in when]
        if self.compare is not None:
            named.append(("compare.column", self.compare.column))
        return named


def _columns_of(form: EventForm) -> Iterator[tuple[str, str]]:
    def path(part: str) -> str:
        return f"{form.paths.get(part, '')}{part}"

    yield from ((f"{path('when')}", name) for name in form.when)
    for part, rule in (("subject", form.subject), ("time", form.time), ("id", form.id)):
        field = f"{path(part)}.column" if rule.column is not None else path(part)
        yield from ((field, name) for name in rule.column_names())
    if form.time.zone is not None and form.time.zone.column is not None:
        yield f"{path('time')}.zone.column", form.time.zone.column
    for name, rule_of_data in form.data.items():
        field = path(f"data.{name}")
        yield from ((f"{field}.column", column) for column in rule_of_data.column_names())
        if rule_of_data.zone is not None and rule_of_data.zone.column is not None:
            yield f"{field}.zone.column", rule_of_data.zone.column
    for index, trigger in enumerate(form.triggers):
        yield from ((f"{path('triggers')}[{index}].when", name) for name in trigger.when)
