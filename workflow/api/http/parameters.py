"""What several resources take and answer alike."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Path
from pydantic import AfterValidator, AwareDatetime, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from workflow.api.http.problems import Kind, described

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
"""The name of a lifecycle, a state or a timer."""

LONGEST_KEY = 264
"""Characters of a key: a lifecycle, a colon, an id."""
SubjectKey = Annotated[str, Field(pattern=r"^[^\x00-\x20\x7f]+$", max_length=LONGEST_KEY)]
"""The key of a subject, ``<lifecycle>:<id>``."""

STORABLE = r"^[^\x00]*$"
"""Texts that a database can look for: without U+0000."""

Moment = Annotated[
    str,
    Field(max_length=40),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "format": "date-time"},
                {"type": "string", "format": "date"},
                {"const": ""},
            ]
        }
    ),
]
"""An instant or a day, as `days.instant_of` reads it; a form sends a field that was left empty, too."""


def _in_utc(said: datetime) -> datetime:
    try:
        return said.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("instant-range", "must lie in the years 1 to 9999 of UTC") from None


Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""An instant with its offset; what is made of it is in UTC."""

Row = Annotated[int, Path(ge=1, le=2**63 - 1)]
"""The id of a row, as another answer gave it."""

LISTING = described(Kind.UNAUTHENTICATED, Kind.FORBIDDEN, Kind.INVALID, Kind.UNAVAILABLE)
"""What else than 200 is answered where nothing is named that might not be there."""
READING = LISTING | described(Kind.NOT_FOUND)
RETRYING = READING | described(Kind.FORBIDDEN, Kind.CONFLICT)
