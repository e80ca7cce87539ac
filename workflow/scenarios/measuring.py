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
from workflow.scenarios.taken import LifecycleTaken, LifecycleText, Taken, text_of


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
    """What none of them took of the lifecycles that they opened and are about."""
    taken, lifecycles = taken_by(outcomes), lifecycles_of(outcomes)
    aside = _aside(outcomes, taken, lifecycles)
    try:
        return Measured(uncovered(taken, lifecycles, exceptions, aside=aside))
    except CoverageError as error:
        return Measured(uncovered(taken, lifecycles, aside=aside), tuple(error.problems))


def _aside(
    outcomes: Sequence[Outcome], taken: Taken, lifecycles: Iterable[WrittenLifecycle]
) -> set[LifecycleText]:
    """What the scenarios are not about: of the catalog, what only those with definitions of their own opened.

    Whoever tests a lifecycle of their own meets a team and an escalation by the way, and need not take all
    of those.
    """
    of_the_catalog = [one for one in outcomes if not one.scenario.sources]
    if len(of_the_catalog) == len(outcomes):
        return set()
    about = taken_by(of_the_catalog)
    return {
        text_of(one.lifecycle)
        for one in lifecycles
        if one.file is None
        and about.of(one.lifecycle) == LifecycleTaken()
        and (not of_the_catalog or taken.of(one.lifecycle) != LifecycleTaken())
    }


def write_pictures(folder: Path, outcomes: Sequence[Outcome]) -> list[Path]:
    """Draw what they took of each lifecycle that they opened and are about; the files.

    They stand in a folder that is made if need be.
    Raises OSError when one cannot be written.
    """
    taken, lifecycles = taken_by(outcomes), lifecycles_of(outcomes)
    coverage = uncovered(taken, lifecycles, aside=_aside(outcomes, taken, lifecycles))
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, picture in pictures(coverage, taken, lifecycles):
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
