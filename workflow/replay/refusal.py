"""What a replay says no to: a whole run before anything is written, or one row of the log."""

from dataclasses import dataclass

from state_machines.errors import Problem
from workflow.errors import MakegoodError


class ReplayRefused(MakegoodError):
    """The map, the log or an option cannot be used; `problems` says what is wrong, nothing was written."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


class RowRefused(MakegoodError):
    """One row of the log cannot become an event; the replay goes on without it and says so."""

    def __init__(self, field: str, rule: str, message: str) -> None:
        self.field = field
        self.rule = rule
        self.message = message
        super().__init__(f"{field}: {message} [{rule}]")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that was not applied, and why.

    Attributes:
        row: its number in the log, from 1, without the header.
        line: the line of the file on which it ends, from 1.
        subject: key of the subject that it would have been sent to, where it got that far.
        field: the column or the path that is at fault.
        rule: short stable name of the rule that it breaks.
        message: one sentence for a person.
    """

    row: int
    line: int
    subject: str | None
    field: str
    rule: str
    message: str
