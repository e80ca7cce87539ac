"""Routes among the files of a check: each against the lifecycles that lie beside it, and those of the
catalog."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from state_machines import catalog
from state_machines.definitions.lifecycle import Lifecycle, load
from state_machines.errors import DefinitionError, Problem
from workflow.hooks.route_file import is_route, parse_route


@dataclass(frozen=True, slots=True)
class RoutesChecked:
    """The texts that are routes, by file."""

    files: Mapping[str, str]

    @classmethod
    def among(cls, texts: Mapping[str, str]) -> RoutesChecked:
        """Those of these texts that are routes."""
        return cls({file: text for file, text in texts.items() if is_route(text)})

    def problems(self, definitions: Iterable[str]) -> list[Problem]:
        """Everything that is wrong with them, and two of the same name.

        Args:
            definitions: the texts of the lifecycles that are checked with them; what cannot be loaded is told
                elsewhere, and what its routes need of it is not known then.
        """
        known = _Definitions(definitions)
        found: list[Problem] = []
        named: dict[str, str] = {}
        for file, text in self.files.items():
            try:
                route = parse_route(text, file, known)
            except DefinitionError as error:
                found += error.problems
                continue
            if route.name in named:
                message = f"{named[route.name]} is a route {route.name!r}, too"
                found.append(Problem("route", "doubled-name", message, 1, file))
            named[route.name] = file
        return found


class _Definitions:
    """Those that were given, and those of the catalog."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._given: dict[str, Lifecycle] = {}
        for text in texts:
            try:
                lifecycle = load(text)
            except DefinitionError:
                continue
            self._given[lifecycle.name] = lifecycle

    def find(self, name: str) -> Lifecycle | None:
        """The given one of that name, else the catalog's."""
        if name in self._given:
            return self._given[name]
        return load(catalog.source(name), f"{name}.yaml") if name in catalog.NAMES else None
