"""JSON answers: orjson for speed, instants as RFC 3339 in UTC."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse

from workflow.queries.json_writing import json_bytes


class JsonAnswer(JSONResponse):
    """A JSON response. Takes dataclasses and aware datetimes as they are."""

    def render(self, content: Any) -> bytes:
        """Encode."""
        return json_bytes(content)
