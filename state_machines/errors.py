"""Every error that the pure core raises, one sentence each."""

from dataclasses import dataclass


class StateMachineError(Exception):
    """Base class of everything that `state_machines` raises on purpose."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a document, said so that it can be found and mended.

    Attributes:
        field: path of the offending value, such as ``transitions[2].dest`` or ``data.due_at``.
        rule: short stable name of the rule that was broken, such as ``unknown-state``.
        message: one sentence for a person.
        line: 1-based line in the file, where there is a file.
    """

    field: str
    rule: str
    message: str
    line: int | None = None
    file: str | None = None

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        return f"{place}{': ' if place else ''}{self.field}: {self.message} [{self.rule}]"


class DefinitionError(StateMachineError):
    """A definition cannot be used; `problems` says everything that is wrong with it."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


class EventDataError(StateMachineError):
    """The data of an event breaks the declaration of its trigger."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("; ".join(str(problem) for problem in problems))


class ExpressionError(StateMachineError):
    """A CEL expression cannot be compiled, or failed on this event and this subject.

    Attributes:
        expression: the text of the expression.
        field: where in the definition it stands.
    """

    def __init__(self, message: str, expression: str, field: str = "") -> None:
        self.expression = expression
        self.field = field
        where = f"{field}: " if field else ""
        super().__init__(f"{where}{message} (in the expression {expression!r})")


class DecisionError(StateMachineError):
    """A definition led to something that it must not: the event is parked, nothing is half done."""

    def __init__(self, field: str, rule: str, message: str) -> None:
        self.problem = Problem(field, rule, message)
        super().__init__(str(self.problem))
