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
    building = _Building(parts, row or {})
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

    def __init__(self, parts: Sequence[Part], row: Mapping[str, Any]) -> None:
        self.problems: list[Problem] = []
        self._parts = parts
        self._row = row
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
                path = Path(os.path.normpath(part.file.path.parent / name))
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
                    found[path] = (text, str(path))
        return found

    def values_and_people(self, begins: datetime, where: ZoneInfo) -> tuple[dict[str, Any], dict[str, Any]]:
        """Values and people by name, what they name of each other filled in; times are from the beginning."""
        values, people = dict(self._row), dict[str, Any]()
        waiting = {
            (kind, name): (part, said)
            for part in self._parts
            for kind in ("values", "people")
            for name, said in getattr(part.document.given, kind).items()
            if kind == "people" or name not in self._row
        }
        while waiting:
            names = {name for _, name in waiting}
            ready = [one for one, (_, said) in waiting.items() if not names_in(said) & (names - {one[1]})]
            for kind, name in ready:
                part, said = waiting.pop((kind, name))
                moment = Moment(begins, begins, where, {}, zones_of(people))
                value, faults = tried(said, Fillings(moment, values, people))
                (values if kind == "values" else people)[name] = value
                for fault in faults:
                    path = f"given.{kind}.{name}" + ("." if fault.field[:1] not in ("", "[") else "")
                    self._note(part, path + fault.field, fault.rule, fault.message)
            if not ready:
                for (kind, name), (part, said) in waiting.items():
                    others = ", ".join(sorted(names_in(said) & names))
                    message = f"{name!r} is filled in by way of {others}, and so on"
                    self._note(part, f"given.{kind}.{name}", "circle", message)
                break
        return values, people

    def _note(self, part: Part, field: str, rule: str, message: str) -> None:
        self.problems.append(part.file.problem(field, rule, message))
