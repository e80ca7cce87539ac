"""What scenarios that were played took of their lifecycles, all of them together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce

from rich.text import Text

from state_machines import catalog
from workflow.scenarios.coverage import uncovered
from workflow.scenarios.coverage_text import coverage_text
from workflow.scenarios.elements import WrittenLifecycle, written
from workflow.scenarios.outcome import Outcome
from workflow.scenarios.report import shown_path
from workflow.scenarios.taken import Taken


def measured(outcomes: Sequence[Outcome]) -> Text:
    """What none of them took of the lifecycles that they opened, in words."""
    return coverage_text(uncovered(taken_by(outcomes), lifecycles_of(outcomes)))


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
