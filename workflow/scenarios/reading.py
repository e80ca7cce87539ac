"""From files to scenarios that can be played, or to everything that is wrong with them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from state_machines.errors import Problem
from workflow.recovery import vocabulary
from workflow.scenarios.building import Part, built
from workflow.scenarios.checking import problems_of
from workflow.scenarios.errors import FillingError, ScenarioError
from workflow.scenarios.files import ScenarioFile, read_file, scenarios_below
from workflow.scenarios.filling import filled_in_words
from workflow.scenarios.form import form_of
from workflow.scenarios.scenario import Scenario

__all__ = ["read_scenarios"]


def read_scenarios(paths: Iterable[Path | str]) -> list[Scenario]:
    """The scenarios in these files, and in the files of scenarios below these folders; one for each row.

    Raises:
        ScenarioError: with everything that is wrong, by file and line; or there is no scenario.
    """
    vocabulary.register()
    reading = _Reading()
    scenarios = [one for path in reading.files(paths) for one in reading.scenarios(path)]
    if reading.problems:
        raise ScenarioError(reading.sorted_problems())
    return scenarios


class _Reading:
    """Reads files, each once, and goes on after a fault so that all of them are said at once."""

    def __init__(self) -> None:
        self.problems: dict[tuple[str | None, int | None, str, str], Problem] = {}
        self._files: dict[Path, ScenarioFile] = {}

    def sorted_problems(self) -> list[Problem]:
        """What is wrong, each thing once, in the order of files and lines."""
        return sorted(self.problems.values(), key=lambda one: (one.file or "", one.line or 0))

    def files(self, paths: Iterable[Path | str]) -> list[Path]:
        """Those that are named, and those below the folders that are."""
        found: dict[Path, None] = {}
        for path in map(Path, paths):
            below = list(scenarios_below(path)) if path.is_dir() else [path]
            if not below:
                message = "no file below this folder begins with `scenario: 1`"
                self._note([Problem("document", "no-scenario", message, None, str(path))])
            found |= dict.fromkeys(below)
        return list(found)

    def scenarios(self, path: Path) -> Iterator[Scenario]:
        """The scenarios of a file, one for each row of its table; none where something is wrong."""
        try:
            own = self._file(path)
            if not own.is_scenario:
                message = "a beginning is there for `after` alone; name the scenarios that begin with it"
                raise ScenarioError([own.problem("beginning", "no-scenario", message)])
        except ScenarioError as error:
            self._note(error.problems)
            return
        rows = own.value.get("rows")
        table = rows if isinstance(rows, list) and rows else [None]
        for number, row in enumerate(table):
            values = row if isinstance(row, dict) else None
            try:
                files = [*self._before(own, [path], values), own]
            except ScenarioError as error:
                self._note(error.problems)
            else:
                yield from self._of_row(files, number, values)

    def _of_row(
        self, files: list[ScenarioFile], number: int, row: dict[str, Any] | None
    ) -> Iterator[Scenario]:
        values = {**_written_values(files), **(row or {})}
        parts, wrong = [], False
        for file in files:
            document, problems = form_of(file, values)
            wrong = wrong or bool(problems)
            self._note(problems, number)
            if document is not None:
                parts.append(Part(file, document))
        if wrong:
            return
        scenario, problems = built(parts, row, number)
        self._note(problems, number)
        if scenario is not None:
            self._note(problems_of(scenario, parts), number)
            yield scenario

    def _file(self, path: Path) -> ScenarioFile:
        if path not in self._files:
            self._files[path] = read_file(path)
        return self._files[path]

    def _before(
        self, file: ScenarioFile, seen: list[Path], row: dict[str, Any] | None = None
    ) -> list[ScenarioFile]:
        """What comes before a file, the first beginning first; its name may hold values of the row. Raises
        ScenarioError.
        """
        after = file.value.get("after")
        if not isinstance(after, str):
            return []  # the form says what is wrong with any other
        after = _named(after, row, file)
        path = Path(os.path.normpath(file.path.parent / after))
        if path in seen:
            message = f"{after!r} comes before itself: {' after '.join(map(str, [*seen, path]))}"
            raise ScenarioError([file.problem("after", "circle", message)])
        if not path.is_file():
            raise ScenarioError([file.problem("after", "no-file", f"there is no file {path}")])
        before = self._file(path)
        if before.value.get("rows"):
            message = f"{path} has rows; only the scenario that is played has any"
            raise ScenarioError([file.problem("after", "rows-before", message)])
        return [*self._before(before, [*seen, path]), before]

    def _note(self, problems: Iterable[Problem], row: int = 0) -> None:
        """Rows and scenarios that share a beginning have its problems in common: each is said once, of the
        row in which it is found first.
        """
        for one in problems:
            place = (one.file, one.line, one.field, one.rule)
            if place not in self.problems:
                where = f", in row {row + 1} of the table" if row else ""
                self.problems[place] = replace(one, message=f"{one.message}{where}")


def _named(after: str, row: dict[str, Any] | None, file: ScenarioFile) -> str:
    """The name of a beginning with the values of a row in it. Raises ScenarioError."""
    try:
        return filled_in_words(after, row or {})
    except FillingError as error:
        raise ScenarioError([file.problem("after", error.rule, error.message)]) from None


def _written_values(files: list[ScenarioFile]) -> Mapping[str, Any]:
    """The `values` of these files as they are written; a later one says more and wins."""
    found: dict[str, Any] = {}
    for file in files:
        given = file.value.get("given")
        said = given.get("values") if isinstance(given, dict) else None
        found |= said if isinstance(said, dict) else {}
    return found
