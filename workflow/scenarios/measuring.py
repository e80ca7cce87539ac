"""What scenarios that were played took of their lifecycles, all of them together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from pathlib import Path

from rich.text import Text

from state_machines import catalog
from workflow.scenarios.coverage import uncovered
from workflow.scenarios.coverage_exceptions import CoverageError, Exceptions
from workflow.scenarios.coverage_picture import pictures
from workflow.scenarios.coverage_text import coverage_text
from workflow.scenarios.elements import WrittenLifecycle, written
from workflow.scenarios.outcome import Outcome
from workflow.scenarios.report import shown_path
from workflow.scenarios.taken import Taken


def measured(outcomes: Sequence[Outcome], exceptions: Exceptions) -> tuple[Text, bool]:
    """What none of them took of the lifecycles that they opened, in words; and whether the exceptions fit it.

    Those that do not are told first, and none of them holds.
    """
    taken, lifecycles = taken_by(outcomes), lifecycles_of(outcomes)
    try:
        return coverage_text(uncovered(taken, lifecycles, exceptions)), True
    except CoverageError as error:
        text = Text("".join(f"{problem}\n" for problem in error.problems), style="bold red")
        return Text.assemble(text, "\n", coverage_text(uncovered(taken, lifecycles))), False


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
