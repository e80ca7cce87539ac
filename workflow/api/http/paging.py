"""How every list is asked for: which page, and of how many."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Cursor = Annotated[str | None, Field(max_length=100, description="`next` of the page before.")]


def page_limit(usual: int, most: int) -> Any:
    """The field of how many a page has: so many unless somebody says, and so many at most."""
    return Field(usual, ge=1, le=most, description="How many a page has at most.")


class KnownParameters(BaseModel):
    """Parameters of a query. A misspelt filter must not list everything."""

    model_config = ConfigDict(extra="forbid")


class Paging(KnownParameters):
    """Which page of a list."""

    limit: int = page_limit(100, 1000)
    cursor: Cursor = None


def paging_parameters() -> list[dict[str, Any]]:
    """The same for OpenAPI, where no model describes an operation."""
    said = Paging.model_json_schema()["properties"]
    limit, cursor = said["limit"], said["cursor"]
    return [
        _optional("limit", limit, {name: limit[name] for name in ("type", "minimum", "maximum", "default")}),
        _optional("cursor", cursor, {name: cursor["anyOf"][0][name] for name in ("type", "maxLength")}),
    ]


def _optional(name: str, said: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": said["description"],
        "schema": schema,
    }
