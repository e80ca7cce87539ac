"""A route that was read and compiled: ready to map messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from state_machines.compilation.arguments import Argument
from state_machines.expressions import Expression
from workflow.hooks.form import RouteForm
from workflow.replay.times import Reader


@dataclass(frozen=True, slots=True)
class CompiledEvent:
    """One event of a case, as `form.EventRule` says it."""

    type: str
    subject: Argument
    data: Argument
    parent: Argument | None
    when: Expression | None
    each: Expression | None


@dataclass(frozen=True, slots=True)
class CompiledCase:
    """A case: its condition (None: always), and its events or why there are none."""

    name: str
    when: Expression | None
    events: tuple[CompiledEvent, ...]
    ignore: str | None


@dataclass(frozen=True, slots=True)
class Route:
    """One route.

    Attributes:
        form: what its file says.
        id: gives the id of a message; None: its content is its id.
        time, read_time: gives when it happened, and reads that; None: when it came in.
        names: the expressions under `let`.
    """

    form: RouteForm
    id: Argument | None
    time: Argument | None
    read_time: Reader
    names: Mapping[str, Expression]
    cases: tuple[CompiledCase, ...]

    @property
    def name(self) -> str:
        """By which it is posted to."""
        return self.form.route

    @property
    def actor(self) -> str:
        """How the ledger and the audit log name whoever posts to it."""
        return f"route:{self.name}"

    def event_types(self) -> tuple[str, ...]:
        """The types of all events that its messages may become, sorted."""
        return tuple(sorted({event.type for case in self.cases for event in case.events}))
