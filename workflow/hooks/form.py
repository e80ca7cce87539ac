"""The form of a route: who posts, how their signature is checked, and which events their messages become.

A route says nothing about what may happen; that is the lifecycles'. Everything that must be known about a
system that posts stands in its one file, but for its secret.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from state_machines.form.names import Name, listed
from state_machines.values.written import ExpressionText, Part
from workflow.hooks.signing_form import Signed
from workflow.replay.map_parts import Ambiguous, Formats, ZoneName
from workflow.store.own_sources import lies_within_ours

MOST_CASES = 100
MOST_EVENTS = 20
"""That a case lists; with `each` it may become more (`mapping.MOST_EVENTS_OF_MESSAGE`)."""
MOST_NAMES = 60

RESERVED = frozenset({"unmapped"})
"""What is no name of a route: the path of it is something else."""

RouteName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]
EventType = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}\.[a-z][a-z0-9_]{0,62}$")]
Computed = Annotated[str, Field(min_length=1, max_length=4000)]
"""A text; one that begins with ``=`` is an expression."""

FORMS = {
    "^[a-z][a-z0-9_-]{0,62}$": (
        "name-form",
        "no name of a route: lower-case letters, digits, '_' and '-', a letter first, at most 63",
    ),
    r"^[a-z][a-z0-9_]{0,62}\.[a-z][a-z0-9_]{0,62}$": (
        "type-form",
        "no type of an event: `<lifecycle>.<trigger>`, such as `case.open`",
    ),
}
"""By the pattern of a text, the rule that it breaks, and what it should be."""


class IdRule(Part):
    """What makes two messages the same one.

    A `value` of the message, an expression; or where its sender gives none, ``by: content``: its whole body,
    so that two equal messages are one.
    """

    value: Computed | None = None
    by: Literal["content"] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> IdRule:
        if (self.value is None) == (self.by is None):
            raise PydanticCustomError("one-of", "give exactly one of `value` or `by`")
        return self


class TimeRule(Part):
    """When it happened, by its sender's word; formats, zone and what is ambiguous as in the map of a
    replay."""

    value: Computed
    format: Formats = Field(default_factory=lambda: ["rfc3339"])
    zone: ZoneName | None = None
    ambiguous: Ambiguous = "refuse"


def _bare(value: Any) -> Any:
    """A bare text where a rule may stand is its value."""
    return {"value": value} if isinstance(value, str) else value


class EventRule(Part):
    """One event of a case. In `data` every text that begins with ``=`` is an expression, as in a
    definition."""

    type: EventType
    subject: Computed
    data: dict[str, Any] = Field(default_factory=dict)
    parent: Computed | None = Field(
        None, description="Of an event that opens its subject: key of its parent."
    )
    when: ExpressionText | None = Field(None, description="Only if this holds.")
    each: ExpressionText | None = Field(None, description="One for each element of this list, as `item`.")


class CaseRule(Part):
    """What a message becomes for which `when` holds: events, or nothing with a reason (`ignore`)."""

    case: Annotated[str, Field(min_length=1, max_length=100, description="What it is, for a person.")]
    when: ExpressionText | None = None
    events: Annotated[list[EventRule], BeforeValidator(listed), Field(max_length=MOST_EVENTS)] = Field(
        default_factory=list
    )
    ignore: Annotated[str, Field(min_length=1, max_length=300)] | None = None

    @model_validator(mode="after")
    def _events_or_a_reason(self) -> CaseRule:
        if bool(self.events) == (self.ignore is not None):
            raise PydanticCustomError(
                "one-of", "give `events`, or `ignore` with the reason why there are none"
            )
        return self


class RouteForm(Part):
    """A route: one file."""

    route: RouteName
    title: Annotated[str, Field(min_length=1, max_length=200)]
    about: str = ""
    source: Annotated[str, Field(pattern=r"^/[\x21-\x7e]{1,150}$")]
    body: Literal["json", "form", "mail"] = "json"
    signed: Signed
    answer: Literal["json", "empty", "twiml"] = "json"
    id: Annotated[IdRule, BeforeValidator(_bare)]
    time: Annotated[TimeRule, BeforeValidator(_bare)] | None = None
    let: Annotated[dict[Name, ExpressionText], Field(max_length=MOST_NAMES)] = Field(default_factory=dict)
    cases: Annotated[list[CaseRule], Field(min_length=1, max_length=MOST_CASES)]

    @field_validator("route")
    @classmethod
    def _free_name(cls, value: str) -> str:
        if value in RESERVED:
            raise PydanticCustomError(
                "reserved-name", "{name} is the name of no route", {"name": repr(value)}
            )
        return value

    @field_validator("source")
    @classmethod
    def _not_our_own(cls, value: str) -> str:
        if lies_within_ours(value):
            raise PydanticCustomError("reserved-source", "/makegood is the source of the engine's own events")
        return value

    @field_validator("cases")
    @classmethod
    def _names_differ(cls, value: list[CaseRule]) -> list[CaseRule]:
        names = [one.case for one in value]
        if len(set(names)) < len(names):
            raise PydanticCustomError(
                "doubled-name", "two cases have the same name; a person tells them by it"
            )
        return value
