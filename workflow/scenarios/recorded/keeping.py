"""A recording kept as a file: its definitions named or written beside it, and held against itself once."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from state_machines.errors import Problem
from workflow.engine.registry import Registry
from workflow.errors import InvalidQuery
from workflow.scenarios.errors import ScenarioError
from workflow.scenarios.outcome import Outcome
from workflow.scenarios.reading import read_scenarios
from workflow.scenarios.recorded.log import replayed_log
from workflow.scenarios.recorded.own_definitions import place_beside
from workflow.scenarios.recorded.recording import Told, recording_of, told
from workflow.scenarios.recorded.writing import Recording
from workflow.scenarios.running import RunOptions, run
from workflow.store.port import Store


@dataclass(frozen=True, slots=True)
class Kept:
    """What was written.

    Attributes:
        notes: what its reader must know; they stand at the head of the file, too.
        doubts: what is not so when it is played as it stands; none, if all is as it must be.
    """

    file: Path
    steps: int
    subjects: int
    notes: Sequence[str]
    doubts: Sequence[str]


def keep_ledger(store: Store, keys: Sequence[str], out: Path, *, keep_personal: bool) -> Kept:
    """Write what happened to these subjects as a scenario.

    Raises:
        NotFound: there is no such subject.
        InvalidQuery: it would be more than a scenario holds, or a file is in the way.
    """
    _check_place(out)
    registry = Registry(store)
    found = told(store, registry, keys)
    recording = recording_of(found, registry, _title(found, keys), keep_personal=keep_personal)
    files = [place_beside(one, out.parent) for one in found.definitions]
    return _kept(recording, out, files, found)


def keep_log(
    log: Path, map_file: Path, lifecycle: Path, subjects: Sequence[str], out: Path, *, keep_personal: bool
) -> Kept:
    """Write what a log tells of these subjects (none: all) as a scenario.

    Raises:
        ReplayRefused: the log, the map or the lifecycle cannot be used.
        InvalidQuery: it would be more than a scenario holds, the log has no such subject, or a file is in the
            way.
    """
    _check_place(out)
    with replayed_log(log, map_file, lifecycle, subjects) as replayed:
        found = told(replayed.store, replayed.registry, replayed.keys, replayed.own)
        title = _title(found, replayed.keys)
        recording = recording_of(
            found, replayed.registry, title, keep_personal=keep_personal, zone_name=replayed.zone
        )
    recording = replace(recording, notes=[*replayed.notes, *recording.notes])
    return _kept(recording, out, [lifecycle], found)


def _check_place(out: Path) -> None:
    if out.exists():
        raise InvalidQuery([Problem("--out", "in-the-way", f"{out} is there already")])
    if not out.parent.is_dir():
        raise InvalidQuery([Problem("--out", "no-folder", f"{out.parent} is no folder")])


def _title(found: Told, keys: Sequence[str]) -> str:
    """Whom it is about, and when that was."""
    shown = ", ".join(keys[:3]) + (f" and {len(keys) - 3} more" if len(keys) > 3 else "")
    begins = found.acts[0].at
    return f"{shown}, as it went in {begins:%B %Y}"


def _kept(recording: Recording, out: Path, definitions: Sequence[Path], found: Told) -> Kept:
    lifecycles = [Path(os.path.relpath(one, out.parent)).as_posix() for one in definitions]
    given = {"lifecycles": lifecycles, **recording.given} if lifecycles else recording.given
    recording = replace(recording, given=given)
    recording.write(out)
    return Kept(out, len(recording.steps), len(found.subjects), recording.notes, _doubts(out))


def _doubts(file: Path) -> list[str]:
    """What is not as it must be when the file is played at once, which nobody has changed yet."""
    try:
        outcomes = list(run(read_scenarios([file]), RunOptions(jobs=1)))
    except ScenarioError as error:
        return [str(one) for one in error.problems]
    return [doubt for one in outcomes for doubt in _differences(one)]


def _differences(outcome: Outcome) -> list[str]:
    if outcome.error is not None:
        return [outcome.error.strip().splitlines()[-1]]
    return [
        f"{one.file}:{one.line}: {one.field}: {one.what}: expected {one.expected!r}, found {one.found!r}"
        for one in outcome.differences
    ]
