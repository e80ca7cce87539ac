"""What is raised of scenarios that cannot be played."""

from __future__ import annotations

from state_machines.errors import Problem
from workflow.errors import MakegoodError


class ScenarioError(MakegoodError):
    """Files of scenarios are wrong; `problems` says everything that is, and nothing was played."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


class FillingError(MakegoodError):
    """A value in angle brackets is unknown, or is none.

    Attributes:
        rule: short stable name of the rule that was broken, such as ``unknown-value``.
        message: one sentence for a person.
        field: its path in what was to be filled; empty where that is the text itself.
    """

    def __init__(self, rule: str, message: str, field: str = "") -> None:
        self.rule = rule
        self.message = message
        self.field = field
        super().__init__(f"{field}: {message}" if field else message)


class StepImpossible(MakegoodError):
    """A step cannot be taken as things stand: there is no such notice, task or subject.

    Attributes:
        field: of the step, such as ``press`` or ``to``.
        rule: which was broken.
        found: what there is instead.
    """

    def __init__(self, field: str, rule: str, message: str, found: object = None) -> None:
        self.field = field
        self.rule = rule
        self.message = message
        self.found = found
        super().__init__(message)


class NoRest(MakegoodError):
    """At some instant a definition never comes to rest."""
