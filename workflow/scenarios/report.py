"""What is said of scenarios that were played: one line if it went well, the whole tale if it did not."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from workflow.scenarios.difference_table import difference_parts
from workflow.scenarios.document import Step
from workflow.scenarios.filling import Fillings, fillings_of, in_words
from workflow.scenarios.outcome import Outcome
from workflow.scenarios.scenario import Scenario
from workflow.scenarios.story_table import beginning, story_table
from workflow.scenarios.written_values import visible

WIDTH = 110
"""Columns where nobody looks at a terminal."""
_SHORTEST_TITLE = 30
_MOST_DIFFERENCES = 30
"""So many are shown of one scenario, unless the whole is asked for."""


def console_for(file: TextIO | None = None) -> Console:
    """A console that writes to a file, or standard output: colours and its width at a terminal alone.

    Signs that the file's encoding lacks are written as numbers, so that no report ends in the middle.
    """
    out = sys.stdout if file is None else file
    if isinstance(out, io.TextIOWrapper):
        out.reconfigure(errors="backslashreplace")
    console = Console(file=file, highlight=False, markup=False, emoji=False)
    return console if console.is_terminal else plain_console(file)


def plain_console(file: TextIO | None = None) -> Console:
    """A console without colours, `WIDTH` columns wide, whatever the environment asks for."""
    return Console(
        file=file,
        width=WIDTH,
        force_terminal=False,
        color_system=None,
        highlight=False,
        markup=False,
        emoji=False,
    )


class Report:
    """Tells how scenarios went, one after the other, and counts them.

    Args:
        console: on which it is told.
        verbose: whether the story is told of those that went well, too, and never shortened.
    """

    def __init__(self, console: Console, *, verbose: bool = False) -> None:
        self._console = console
        self._verbose = verbose
        self._well = 0
        self._failed: list[Outcome] = []

    @property
    def failed(self) -> int:
        """How many did not go well."""
        return len(self._failed)

    def tell(self, outcome: Outcome) -> None:
        """Say how one went."""
        if not outcome.well:
            self._failed.append(outcome)
            for part in _tale(outcome, whole=self._verbose):
                self._console.print(part)
            return
        self._well += 1
        self._console.print(self._line(outcome.scenario))
        if self._verbose:
            self._console.print(Padding(_story(outcome, whole=True), (0, 0, 1, 2)))

    def _line(self, scenario: Scenario) -> Text:
        """One line for one that went well; its title is shortened where there is no room for it."""
        name, title = name_of(scenario), Text(visible(scenario.title))
        if not self._verbose:
            room = self._console.width - len(f"✓   {name}")
            title.truncate(max(room, _SHORTEST_TITLE), overflow="ellipsis")
        return Text.assemble(("✓ ", "green"), title, (f"  {name}", "dim"))

    def close(self, seconds: float, seed: int | None = None) -> None:
        """The last lines: which failed, how many went well, how long it took; the seed of a random order."""
        if len(self._failed) > 1:
            self._console.print(Text("Failed:", "bold"))
            for outcome in sorted(self._failed, key=lambda one: name_of(one.scenario)):
                words = f"{_place(*place_of(outcome))}  {visible(outcome.scenario.title)}"
                self._console.print(Padding(Text(words), (0, 0, 0, 2)))
        failed = Text(f"{self.failed} failed", "bold red" if self._failed else "")
        well = Text(f"{self._well} went well", "green" if self._well else "")
        told = [failed, well] if self._failed else [well]
        told.append(Text(f"{seconds:.1f} s"))
        if seed is not None:
            told.append(Text(f"in random order, --seed {seed}"))
        self._console.print(Text(", ").join(told))


def plain(outcome: Outcome) -> str:
    """How one went, as `Report` tells it where there is no terminal, in at most `WIDTH` columns."""
    text = io.StringIO()
    Report(plain_console(text)).tell(outcome)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()).strip()


def name_of(scenario: Scenario) -> str:
    """Its file and row, from the folder in which one works."""
    row = "" if scenario.row is None else f"[{scenario.row}]"
    return f"{shown_path(scenario.file)}{row}"


def place_of(outcome: Outcome) -> tuple[str, int | None]:
    """File and line of the step at which it ended; else of what differs first; else its file."""
    steps = outcome.scenario.steps
    if outcome.step is not None and outcome.step < len(steps):
        place = steps[outcome.step].place
        return shown_path(place.file), place.line
    for first in outcome.differences[:1]:
        return shown_path(first.file), first.line
    return shown_path(outcome.scenario.file), None


def shown_path(path: Path | str) -> str:
    """A path as people write it: from the folder in which one works, where it lies below that."""
    try:
        return str(Path(path).absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _place(file: Path | str, line: int | None) -> str:
    return shown_path(file) if line is None else f"{shown_path(file)}:{line}"


def _tale(outcome: Outcome, *, whole: bool) -> Sequence[RenderableType]:
    """What is told of one that failed, from above."""
    scenario = outcome.scenario
    row = "" if scenario.row is None else f"  [row {scenario.row}]"
    parts: list[RenderableType] = [
        "",
        Text.assemble(("✗ ", "bold red"), (visible(scenario.title), "bold"), (row, "dim")),
        Padding(
            Text.assemble((_place(*place_of(outcome)), "bold"), f"  {_which_step(outcome)}"), (0, 0, 1, 2)
        ),
    ]
    if outcome.story:
        parts.append(Padding(_story(outcome, whole=whole), (0, 0, 1, 2)))
    shown = outcome.differences if whole else outcome.differences[:_MOST_DIFFERENCES]
    for difference in shown:
        place = _place(difference.file, difference.line)
        parts += [Padding(one, (0, 0, 0, 2)) for one in difference_parts(difference, place, scenario.zone)]
        parts.append("")
    if len(shown) < len(outcome.differences):
        left_out = len(outcome.differences) - len(shown)
        parts += [Padding(Text(f"… {left_out} more that are not as they must be …", "dim"), (0, 0, 1, 2))]
    if outcome.error is not None:
        parts.append(
            Padding(Text("makegood itself failed here, not the scenario:", "bold red"), (0, 0, 0, 2))
        )
        parts.append(Padding(Text(visible(outcome.error.rstrip())), (0, 0, 1, 4)))
    return parts


def _story(outcome: Outcome, *, whole: bool) -> RenderableType:
    return Group(
        Text(f"It begins {beginning(outcome.scenario)}", "dim"),
        story_table(outcome.scenario, outcome.story, whole=whole),
    )


def _which_step(outcome: Outcome) -> str:
    steps = outcome.scenario.steps
    if outcome.step is None or outcome.step >= len(steps):
        return ""
    words = _words(steps[outcome.step].step, fillings_of(outcome.scenario))
    return f"step {outcome.step + 1} of {len(steps)}{f': {words}' if words else ''}"


def _words(step: Step, fillings: Fillings) -> str:
    if step.say is not None:
        return visible(in_words(step.say, fillings))
    return visible(f"{step.send} {step.to or ''}".rstrip()) if step.send is not None else step.act or ""
