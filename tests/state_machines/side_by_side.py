"""Every decision that is taken, taken by another form of the same definition as well, and compared.

The other forms are definitions in a directory, named by SIDE_BY_SIDE: ``escalation.yaml`` there (with its
words beside it) is asked whatever the catalog's `escalation` is asked. Under pytest it is a plugin::

    SIDE_BY_SIDE=old/ python -m pytest -p tests.state_machines.side_by_side tests/scenarios

and with nothing but chance, for storms of so many runs and steps::

    SIDE_BY_SIDE=old/ python -m tests.state_machines.side_by_side 500x200

A field of the data that is null and one that is absent are the same here; of a refusal the rule counts. Nulls
in what is sent to others are compared apart, as `nulls`.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from state_machines import decide as deciding
from state_machines.decision import Decision, Effect, EmitEvent, Event, Outcome
from state_machines.definitions.lifecycle import Lifecycle, load
from state_machines.errors import StateMachineError
from state_machines.subject import Subject
from workflow.engine.definition_files import bundle_of, definitions_in
from workflow.recovery import vocabulary

_decide = deciding.decide
_SHOWN = 6000


class Comparison:
    """Decides as ever, compares, and remembers what was different, by lifecycle, trigger and kind."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._others: dict[str, Lifecycle] | None = None
        self.compared: Counter[str] = Counter()
        self.different: Counter[str] = Counter()
        self.examples: dict[str, str] = {}

    def decide(
        self, lifecycle: Lifecycle, subject: Subject, event: Event, now: datetime, *, asking: bool = True
    ) -> Decision:
        """As `state_machines.decide.decide`; what is decided without effects is not compared."""
        other = self._others_by_name().get(lifecycle.name)
        if other is None or not asking or not _of_the_catalog(lifecycle):
            return _decide(lifecycle, subject, event, now, asking=asking)
        theirs = _told(lambda: _decide(other, subject, event, now))
        try:
            return self._noted(lifecycle, subject, event, theirs, _decide(lifecycle, subject, event, now))
        except StateMachineError as error:
            self._noted(lifecycle, subject, event, theirs, error)
            raise

    def _noted(
        self, lifecycle: Lifecycle, subject: Subject, event: Event, theirs: Any, mine: Any
    ) -> Decision:
        self.compared[f"{lifecycle.name}.{event.trigger}"] += 1
        found = _told(lambda: mine)
        for part in found.keys() | theirs.keys():
            if found.get(part) != theirs.get(part):
                key = f"{lifecycle.name}.{event.trigger} in {subject.state}: {part}"
                self.different[key] += 1
                said = f"here {found.get(part)}\n  there {theirs.get(part)}\n  event {dict(event.data)}"
                self.examples.setdefault(key, f"{said}\n  data {dict(subject.data)}"[:_SHOWN])
        return mine  # type: ignore[no-any-return]

    def _others_by_name(self) -> Mapping[str, Lifecycle]:
        if self._others is None:
            files = definitions_in(self._directory)
            texts = [bundle_of(file, lambda one: one.read_text(encoding="utf-8")) for file in files]
            self._others = {one.name: one for one in map(load, texts)}
        return self._others

    def report(self) -> str:
        """What was compared and what was different, with an example each."""
        lines = [
            f"{sum(self.compared.values())} decisions compared, {sum(self.different.values())} differences"
        ]
        for key, count in self.different.most_common():
            lines.append(f"{count:7} {key}\n  {self.examples[key]}")
        return "\n".join(lines)


def _of_the_catalog(lifecycle: Lifecycle) -> bool:
    from state_machines.catalog import load_catalog

    return load_catalog().get(lifecycle.name) is lifecycle


def _told(answer: Callable[[], Any]) -> dict[str, Any]:
    """A decision part by part, or the error instead of it."""
    try:
        said = answer()
    except StateMachineError as error:
        said = error
    if isinstance(said, StateMachineError):
        return {"error": "an error"}
    reason = None if said.reason is None else said.reason.partition(":")[0]
    told = {
        "outcome": (said.outcome.value, said.source, said.dest, reason),
        "timers": (sorted(said.timers_set), sorted(said.timers_cancelled)),
        "effects": [
            (type(one).__name__, json.dumps(_without_nulls(one), sort_keys=True, default=str))
            for one in said.effects
        ],
    }
    told["nulls"] = [_nulls(one) for one in said.effects]
    if said.outcome is not Outcome.REFUSED:
        told["data"] = {name: value for name, value in sorted(said.data.items()) if value is not None}
    return told


def _without_nulls(effect: Effect) -> Effect:
    """What is sent to another subject, without its fields that are null."""
    if not isinstance(effect, EmitEvent):
        return effect
    return effect._replace(data={name: value for name, value in effect.data.items() if value is not None})


def _nulls(effect: Effect) -> list[str]:
    """The names of its fields that are null."""
    if not isinstance(effect, EmitEvent):
        return []
    return sorted(name for name, value in effect.data.items() if value is None)


comparison = Comparison(Path(os.environ.get("SIDE_BY_SIDE", ".")))
if "SIDE_BY_SIDE" in os.environ:
    deciding.decide = comparison.decide


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say it at the end of a run of tests."""
    terminalreporter.write_line(comparison.report())


def _storms(runs: int, steps: int) -> None:
    vocabulary.register()
    from tests.invariants import test_no_sequence_breaks_a_promise as storms

    storms._SHORT = steps
    for seed in range(runs):
        among = storms._PROMISES if seed % 4 == 0 else None
        found = storms._storm(storms.load_catalog(), seed, among)
        if found:
            print(seed, found)  # noqa: T201
        if seed % 10 == 9:
            print(seed + 1, "runs", sum(comparison.compared.values()), "decisions", flush=True)  # noqa: T201
    print(comparison.report())  # noqa: T201


if __name__ == "__main__":
    from tests.state_machines import side_by_side

    side_by_side._storms(*map(int, sys.argv[1].split("x")))
    raise SystemExit(bool(side_by_side.comparison.different))
