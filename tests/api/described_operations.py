"""The operations that an OpenAPI document describes, and the links between them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.api.example_requests import meant


class Operations:
    """The operations of a document by name, and their links."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.paths: dict[str, tuple[str, str]] = {}
        self.said: dict[str, dict[str, Any]] = {}
        for path, item in document["paths"].items():
            for method, operation in item.items():
                self.paths[operation["operationId"]] = (method, path)
                self.said[operation["operationId"]] = operation

    def links(self, name: str, status: str | None = None) -> Iterator[dict[str, Any]]:
        """Those of an operation's answers, or of those with this status."""
        for of_status, answer in self.said[name]["responses"].items():
            if status in (None, of_status):
                yield from (meant(self.document, one) for one in answer.get("links", {}).values())

    def reached(self) -> set[str]:
        """Those that another one leads to."""
        return {
            link["operationId"]
            for name in self.said
            for link in self.links(name)
            if link["operationId"] != name
        }

    def parameters(self, name: str) -> dict[str, dict[str, Any]]:
        """Of an operation, by name."""
        found = (meant(self.document, one) for one in self.said[name].get("parameters", ()))
        return {one["name"]: one for one in found}
