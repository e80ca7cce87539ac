"""Recorded messages and what they come to: a folder a system, with its messages and a `story.yaml` that says
it.

The messages have the form that the system's own documentation gives; the people in them are invented. A story
lists them in the order in which they come, each with its `headers` and `query`, the `answer` of the door, and
`then`, what is
so of subjects once all is decided: their `state`, and parts of their `data`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

RECORDED = Path(__file__).with_name("recorded")
KINDS = {".json": "application/json", ".form": "application/x-www-form-urlencoded", ".eml": "message/rfc822"}


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message that comes in, and what must be so then."""

    route: str
    file: Path
    headers: Mapping[str, str]
    query: str
    answer: Mapping[str, Any]
    then: Mapping[str, Any]

    @property
    def body(self) -> bytes:
        """As it is posted: a recorded mail or form has no line break that was not sent."""
        raw = self.file.read_bytes()
        return raw.rstrip(b"\n") if self.file.suffix == ".form" else raw

    @property
    def path(self) -> str:
        """Where it is posted."""
        return f"/v1/hooks/{self.route}" + (f"?{self.query}" if self.query else "")

    @property
    def head(self) -> dict[str, str]:
        """Its headers, without a signature."""
        return {"Content-Type": KINDS[self.file.suffix], **self.headers}


def recorded_routes() -> list[str]:
    """The systems of which messages are recorded."""
    return sorted(one.name for one in RECORDED.iterdir() if one.is_dir())


def story_of(route: str) -> list[Delivery]:
    """The messages of a system, in the order in which they come."""
    folder = RECORDED / route
    said = yaml.safe_load((folder / "story.yaml").read_text(encoding="utf-8"))
    return [
        Delivery(
            route,
            folder / one["post"],
            one.get("headers", {}),
            one.get("query", ""),
            one.get("answer", {"status": "accepted"}),
            one.get("then", {}),
        )
        for one in said
    ]


def differences(expected: Any, found: Any, path: str = "") -> Iterator[str]:
    """Where what was found has not all that is expected: of a mapping any part is compared, of a list every
    item."""
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        for name, part in expected.items():
            yield from differences(part, found.get(name), f"{path}.{name}")
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for place, (one, other) in enumerate(zip(expected, found, strict=True)):
            yield from differences(one, other, f"{path}[{place}]")
    elif expected != found:
        yield f"{path}: {expected!r} is expected, {found!r} is found"
