"""Collects what is wrong with a scenario, each remark where it belongs."""

from __future__ import annotations

from state_machines.errors import Problem
from workflow.scenarios.scenario import Placed


class Remarks:
    """Goes on after a fault, so that all of them are said at once."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def note(self, place: Placed, field: str, rule: str, message: str) -> None:
        """That something is wrong with a field of what stands at `place`; empty: with all of it."""
        path = f"{place.field}.{field}" if place.field and field else place.field or field
        self.problems.append(
            Problem(path or "document", rule, message, place.lines.of(path), str(place.file))
        )
