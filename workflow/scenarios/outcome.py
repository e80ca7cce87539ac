"""What came of playing a scenario: the story as it went, and what was not as it must be."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from workflow.scenarios.scenario import Scenario

Kind = Literal["step", "event", "timer", "notice", "task", "refused", "dead", "person"]


@dataclass(frozen=True, slots=True)
class StoryEntry:
    """One thing that happened: when (UTC), what kind of thing, in words."""

    at: datetime
    kind: Kind
    words: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it must be.

    Attributes:
        field: path in the scenario file, such as ``steps[2].then.told[0]``.
        line: its line, where it is known.
        file: its file.
        what: what is looked at, in words: ``promise:P-17 state``, ``a notice that nobody named``.
        expected, found: side by side; None: nothing.
        more: lines that help, such as what `explain` says.
    """

    field: str
    line: int | None
    file: str
    what: str
    expected: Any
    found: Any
    more: tuple[str, ...] = ()


@dataclass
class Outcome:
    """How a scenario went. It went well if there is no difference and no error."""

    scenario: Scenario
    story: list[StoryEntry] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    step: int | None = None
    """Index of the step at which it ended; None: it was played to its end."""
    error: str | None = None
    """A fault of the machinery itself, with its traceback."""
    seconds: float = 0.0
    """Real time."""
    taken: Any = None
    """What was taken of the definitions (`taken`), where that was asked for."""

    @property
    def well(self) -> bool:
        """Whether everything was so."""
        return not self.differences and self.error is None
