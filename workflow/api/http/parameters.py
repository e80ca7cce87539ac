"""What several resources take and answer alike."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from pydantic import Field

from workflow.api.http.problems import Kind, described

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
"""The name of a lifecycle, a state or a timer."""

SubjectKey = Annotated[str, Field(pattern=r"^[^\x00-\x20\x7f]+$", max_length=264)]
"""The key of a subject, ``<lifecycle>:<id>``."""

STORABLE = r"^[^\x00]*$"
"""Texts that a database can look for: without U+0000."""

Row = Annotated[int, Path(ge=1, le=2**63 - 1)]
"""The id of a row, as another answer gave it."""

READING = described(Kind.UNAUTHENTICATED, Kind.FORBIDDEN, Kind.NOT_FOUND, Kind.INVALID, Kind.UNAVAILABLE)
RETRYING = READING | described(Kind.FORBIDDEN, Kind.CONFLICT)
