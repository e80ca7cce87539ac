"""Puts a scenario together: its beginnings before it, what they give merged, the values of a row in place."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from state_machines.definitions.lifecycle import load_new
from state_machines.errors import DefinitionError, Problem
from state_machines.values.instants import zone
from workflow.engine.definition_files import bundle_of
from workflow.scenarios.document import ScenarioDocument
from workflow.scenarios.errors import FillingError, ScenarioError
from workflow.scenarios.files import ScenarioFile, read_text
from workflow.scenarios.filling import Fillings, filled, names_in, tried, zones_of
from workflow.scenarios.scenario import Placed, PlacedStep, Scenario
from workflow.scenarios.times import NEVER, Moment, TimeError, absolute

__all__ = ["Part", "built"]


@dataclass(frozen=True)
class Part:
    """One file of a scenario, and its form."""

    file: ScenarioFile
    document: ScenarioDocument

    def placed(self, field: str) -> Placed:
        """Where a field of it stands."""
        return Placed(self.file.path, field, self.file.lines)


def built(
    parts: Sequence[Part], row: Mapping[str, Any] | None, number: int
) -> tuple[Scenario | None, list[Problem]]:
    """The scenario of these files, or what is wrong so that it cannot be put together.

    Args:
        parts: the first beginning first, the scenario itself last.
        row: the values of a row of its table, if it has one.
        number: of the row.
    """
    building = _Building(parts, row or {}, number)
    begins, where = building.begins()
    sources = building.sources()
    values, people = building.values_and_people(begins, where)
    if building.problems:
        return None, building.problems
    own = parts[-1]
    title = own.document.title or own.file.path.stem.replace("_", " ")
    shown = ", ".join(f"{name}: {value}" for name, value in (row or {}).items())
    scenario = Scenario(
        file=own.file.path,
        title=title if row is None else f"{title} ({shown})",
        row=None if row is None else number,
        tags=tuple(own.document.tags),
        begins=begins,
        zone=where,
        sources=tuple(sources.values()),
        people=people,
        values=values,
        tasks={name: one for part in parts for name, one in part.document.given.tasks.items()},
        known=tuple(
            (one, part.placed(f"given.known[{n}]"))
            for part in parts
            for n, one in enumerate(part.document.given.known)
        ),
        steps=tuple(
            PlacedStep(one, part.placed(f"steps[{n}]"), one.rest or part.document.rest)
            for part in parts
            for n, one in enumerate(part.document.steps)
        ),
        always=tuple(
            (one, part.placed(f"always[{n}]")) for part in parts for n, one in enumerate(part.document.always)
        ),
        files=frozenset(chain((part.file.path for part in parts), *map(_with_words, sources))),
    )
    return scenario, []


def _with_words(definition: Path) -> Iterable[Path]:
    return [definition, *definition.parent.glob(f"{definition.stem}.*.yaml")]


class _Building:
    """Collects what is wrong while what is given is put together."""

    def __init__(self, parts: Sequence[Part], row: Mapping[str, Any], number: int) -> None:
        self.problems: list[Problem] = []
        self._parts = parts
        self._row = row
        self._row_field = f"rows[{number}]"
        written = {name: one for part in parts for name, one in part.document.given.values.items()}
        self._written = Fillings(NEVER, {**written, **row})

    def begins(self) -> tuple[datetime, ZoneInfo]:
        """When it begins, UTC, and the zone of its times."""
        part, text = self._last("begins")
        where = self._zone()
        if text is None:
            message = "'begins' is missing: when the scenario begins, such as 2026-03-02 10:00"
            self._note(self._parts[-1], "given.begins", "required", message)
            return self._written.moment.begin, where
        try:
            return absolute(str(filled(text, self._written)), where), where
        except (FillingError, TimeError) as error:
            self._note(part, "given.begins", error.rule, error.message)
            return self._written.moment.begin, where

    def _zone(self) -> ZoneInfo:
        part, name = self._last("zone")
        try:
            return zone(str(filled(name or "UTC", self._written)))
        except (FillingError, TimeError) as error:
            self._note(part, "given.zone", error.rule, error.message)
            return zone("UTC")

    def _last(self, field: str) -> tuple[Part, str | None]:
        """What the last of the files says that says it."""
        for part in reversed(self._parts):
            said: str | None = getattr(part.document.given, field)
            if said is not None:
                return part, said
        return self._parts[-1], None

    def sources(self) -> dict[Path, tuple[str, str]]:
        """The texts of the bundles of its definitions, each with the name of its file, by file."""
        found: dict[Path, tuple[str, str]] = {}
        for part in self._parts:
            for n, name in enumerate(part.document.given.lifecycles):
                try:
                    written = str(filled(name, self._written))
                except FillingError as error:
                    self._note(part, f"given.lifecycles[{n}]", error.rule, error.message)
                    continue
                path = Path(os.path.normpath(part.file.path.parent / written))
                try:
                    text = bundle_of(path, read_text)
                    load_new(text, str(path))
                except ScenarioError as error:
                    one = error.problems[0]
                    message = f"{path}: {one.message}"
                    self._note(part, f"given.lifecycles[{n}]", one.rule, message)
                except DefinitionError as error:
                    self.problems += error.problems
                    message = f"{path} is no definition that can be used"
                    self._note(part, f"given.lifecycles[{n}]", "definition", message)
                else:
                    self._check_doubled(part, n, found, text, path)
                    found[path] = (text, str(path))
        return found

    def _check_doubled(
        self, part: Part, number: int, found: Mapping[Path, tuple[str, str]], text: str, path: Path
    ) -> None:
        lifecycle = load_new(text, str(path))
        for other, file in found.values():
            one = load_new(other, file)
            if (one.name, one.version) == (lifecycle.name, lifecycle.version) and other != text:
                message = f"{file} has another version {one.version} of {one.name!r}"
                self._note(part, f"given.lifecycles[{number}]", "doubled-lifecycle", message)

    def values_and_people(self, begins: datetime, where: ZoneInfo) -> tuple[dict[str, Any], dict[str, Any]]:
        """Values, those of the row among them, and people by name, what they name of each other filled in.

        Times are from the beginning.
        """
        values, people = dict[str, Any](), dict[str, Any]()
        waiting = {
            (f"given.{kind}", name): (part, said)
            for part in self._parts
            for kind in ("values", "people")
            for name, said in getattr(part.document.given, kind).items()
            if kind == "people" or name not in self._row
        } | {(self._row_field, name): (self._parts[-1], said) for name, said in self._row.items()}
        while waiting:
            names = {name for _, name in waiting}
            ready = [one for one, (_, said) in waiting.items() if not names_in(said) & (names - {one[1]})]
            for kind, name in ready:
                part, said = waiting.pop((kind, name))
                moment = Moment(begins, begins, where, {}, zones_of(people))
                value, failures = tried(said, Fillings(moment, values, people))
                (people if kind == "given.people" else values)[name] = value
                for failure in failures:
                    path = f"{kind}.{name}" + ("." if failure.field[:1] not in ("", "[") else "")
                    self._note(part, path + failure.field, failure.rule, failure.message)
            if not ready:
                for (kind, name), (part, said) in waiting.items():
                    others = ", ".join(sorted(names_in(said) & names))
                    message = f"{name!r} is filled in by way of {others}, and so on"
                    self._note(part, f"{kind}.{name}", "circle", message)
                break
        return values, people

    def _note(self, part: Part, field: str, rule: str, message: str) -> None:
        self.problems.append(part.file.problem(field, rule, message))
