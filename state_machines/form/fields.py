"""Declared fields of data: in the words of JSON Schema, and of the second edition, which say more."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from state_machines.values.written import Part as _Part

Format = Literal[
    "date-time",
    "date",
    "duration",
    "email",
    "time-zone",
    "uri",
    "condition",
    "channel",
    "written-channel",
    "contact-channel",
]
"""Forms of texts; the last three name a channel (`state_machines.notices.channels.FORMATS`)."""


Meaning = Literal["instant", "duration", "list", "set", "text", "person", "people"]
"""Types of the second edition: what a value is to expressions and changes."""

_AS_JSON: Mapping[str, Mapping[str, Any]] = {
    "instant": {"type": "string", "format": "date-time"},
    "duration": {"type": "string", "format": "duration"},
    "list": {"type": "array"},
    "set": {"type": "array"},
    "text": {"type": "string"},
    "person": {"type": "any", "personal": True},
    "people": {"type": "array", "personal": True},
}
"""What they are in the words of JSON Schema. Who somebody is, is personal."""


def _meant(value: Any) -> Any:
    """A type of the second edition, with what it is in JSON besides."""
    if not isinstance(value, dict) or not isinstance(value.get("type"), str) or "meaning" in value:
        return value
    known = _AS_JSON.get(value["type"])
    return value if known is None else {**known, **value, "type": known["type"], "meaning": value["type"]}


class FieldDeclaration(_Part):
    """One field of a subject's or an event's data, in the words of JSON Schema and of `Meaning`."""

    type: Literal["string", "integer", "number", "boolean", "object", "array", "any"] = "any"
    meaning: Meaning | None = None
    format: Format | None = None
    description: str = ""
    required: bool = False
    enum: list[Any] | None = None
    minimum: float | None = None
    maximum: float | None = None
    max_length: Annotated[int, Field(ge=1)] | None = None
    default: Any = None
    items: "FieldDeclaration | None" = None
    fields: dict[str, "FieldDeclaration"] | None = None
    personal: bool = Field(False, description="Personal data: never in task names, logs or Flower.")

    _meant = model_validator(mode="before")(_meant)


Fields = dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")], FieldDeclaration]
