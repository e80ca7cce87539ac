"""Declared fields of data: in the words of JSON Schema, and of the second edition, which say more."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from state_machines.values.searched import SearchedAs
from state_machines.values.written import Part as _Part

Format = Literal[
    "date-time",
    "date",
    "duration",
    "email",
    "time-zone",
    "calendar",
    "uri",
    "condition",
    "task",
    "queue",
    "channel",
    "written-channel",
    "contact-channel",
]
"""Forms of texts; the last three name a channel (`state_machines.notices.channels.FORMATS`)."""

FORMATS: Mapping[str, str] = {
    "date-time": "An instant with its offset, `2026-03-05T09:00:00+01:00`.",
    "date": "A day, `2026-03-05`.",
    "duration": "A length of time in ISO 8601, `PT90M`.",
    "email": "An address of a mailbox.",
    "time-zone": "A zone by its IANA name, `Europe/Berlin`.",
    "calendar": "Hours: the name of a calendar, `always`, or an object as under `calendars`, with a zone.",
    "uri": "An address on the web, or of another kind.",
    "condition": "An expression over facts, as a policy has them; for `holds` and `why_not`.",
    "task": "The Celery name of a task; an event may name those alone that the installation allows.",
    "queue": "A queue of Celery's, of another application's workers.",
    "channel": "A channel that a notice can go over, or `preferred`.",
    "written-channel": "The same, without those on which a person calls.",
    "contact-channel": "A channel over which somebody can wish to be reached.",
}
"""What each of them is."""


Meaning = Literal["instant", "duration", "list", "set", "text", "words", "person", "people"]
"""Types of the second edition: what a value is to expressions and changes."""

_AS_JSON: Mapping[str, Mapping[str, Any]] = {
    "instant": {"type": "string", "format": "date-time"},
    "duration": {"type": "string", "format": "duration"},
    "list": {"type": "array"},
    "set": {"type": "array"},
    "text": {"type": "string"},
    "words": {"type": "any"},
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

    type: Literal["string", "integer", "number", "boolean", "object", "array", "any"] = Field(
        "any", description="What it is: one of the types. Left out in a trigger: as the data declare it."
    )
    meaning: Meaning | None = None
    format: Format | None = Field(None, description="The form of a text.")
    description: str = Field("", description="What it says, for whoever reads the definition.")
    required: bool = Field(False, description="It must be there, and not null.")
    enum: list[Any] | None = Field(None, description="The values there are.")
    minimum: float | None = Field(None, description="The least number.")
    maximum: float | None = Field(None, description="The greatest number.")
    max_length: Annotated[int, Field(ge=1)] | None = Field(None, description="Characters of a text at most.")
    default: Any = Field(None, description="What it is where nothing has been said.")
    items: "FieldDeclaration | None" = Field(None, description="What each element of a list is.")
    fields: dict[str, "FieldDeclaration"] | None = Field(None, description="What an object has.")
    personal: bool = Field(False, description="Personal data: never in task names, logs or Flower.")
    search: SearchedAs | None = Field(
        None,
        description="As what it is searched, or `never`. Left out: by its type and its name, see "
        "[Search](#search).",
    )

    _meant = model_validator(mode="before")(_meant)


Fields = dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")], FieldDeclaration]
