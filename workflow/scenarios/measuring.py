"""What scenarios that were played took of their lifecycles, all of them together."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

from rich.text import Text

from state_machines import catalog
from state_machines.errors import Problem
from workflow.scenarios.coverage import Coverage, uncovered
from workflow.scenarios.coverage_exceptions import CoverageError, Exceptions
from workflow.scenarios.coverage_picture import pictures
from workflow.scenarios.coverage_text import coverage_json, coverage_text
from workflow.scenarios.elements import WrittenLifecycle, written
from workflow.scenarios.outcome import Outcome
from workflow.scenarios.report import shown_path
from workflow.scenarios.taken import Taken


@dataclass(frozen=True, slots=True)
class Measured:
    """What was not taken, and what is wrong with the list of exceptions; if anything is, none of it holds."""

    coverage: Coverage
    problems: tuple[Problem, ...] = ()

    def words(self) -> Text:
        """Both, for a terminal."""
        text = Text("".join(f"{problem}\n" for problem in self.problems), style="bold red")
        return Text.assemble("\n", text, "\n" if self.problems else "", coverage_text(self.coverage))

    def write(self, file: Path) -> None:
        """Write what was not taken as JSON. Raises OSError when the file cannot be written."""
        said = json.dumps(coverage_json(self.coverage), indent=2, ensure_ascii=False)
        file.write_text(f"{said}\n", encoding="utf-8")


def measured(outcomes: Sequence[Outcome], exceptions: Exceptions) -> Measured:
    """What none of them took of the lifecycles that they opened."""
    taken, lifecycles = taken_by(outcomes), lifecycles_of(outcomes)
    try:
        return Measured(uncovered(taken, lifecycles, exceptions))
    except CoverageError as error:
        return Measured(uncovered(taken, lifecycles), tuple(error.problems))


def write_pictures(folder: Path, outcomes: Sequence[Outcome]) -> list[Path]:
    """Draw what they took of each lifecycle that they opened; the files, in a folder that is made if need be.

    Raises OSError when one cannot be written.
    """
    taken, lifecycles = taken_by(outcomes), lifecycles_of(outcomes)
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, picture in pictures(uncovered(taken, lifecycles), taken, lifecycles):
        files.append(folder / name)
        files[-1].write_text(picture, encoding="utf-8")
    return files


def taken_by(outcomes: Iterable[Outcome]) -> Taken:
    """What they took together; those that did not come so far as to take anything are passed over."""
    return reduce(Taken.merged, (one.taken for one in outcomes if one.taken is not None), Taken())


def lifecycles_of(outcomes: Iterable[Outcome]) -> list[WrittenLifecycle]:
    """Everything there was to take: the definitions of these scenarios, and the catalog's."""
    own = {source for one in outcomes for source in one.scenario.sources}
    return written(
        [
            *((text, shown_path(file)) for text, file in sorted(own, key=lambda one: one[1])),
            *((catalog.source(name), None) for name in catalog.NAMES),
        ]
    )
