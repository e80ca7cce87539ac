"""The routes of an installation: those that ship, and its own; open are those that have a secret."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from standardwebhooks.webhooks import Webhook

from state_machines.definitions.lifecycle import Lifecycle
from state_machines.errors import DefinitionError, Problem
from workflow.engine.registry import Registry
from workflow.errors import SettingsError, UnknownDefinition
from workflow.hooks.route import Route
from workflow.hooks.route_file import Definitions, read_route
from workflow.hooks.secrets import route_secrets
from workflow.hooks.signing_form import StandardWebhooksRule
from workflow.settings import Settings

READY = Path(__file__).with_name("ready")
"""The routes that ship, each in a file by its name."""


@dataclass(frozen=True, slots=True)
class OpenRoute:
    """A route that takes messages, and the secrets of which each of them must show one."""

    route: Route
    secrets: Sequence[str]


Routes = Mapping[str, OpenRoute]
"""Those that are open, by name."""


class RegisteredDefinitions:
    """The definitions of a registry."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def find(self, name: str) -> Lifecycle | None:
        """The newest of that name."""
        try:
            return self._registry.latest(name)
        except UnknownDefinition:
            return None


def ready_names() -> list[str]:
    """The names of the routes that ship, sorted."""
    return sorted(file.stem for file in READY.glob("*.yaml"))


def open_routes(settings: Settings, definitions: Definitions) -> Routes:
    """The routes that have a secret; all of the installation's own are read, and checked.

    An own one takes the place of a ready one of the same name.

    Raises:
        DefinitionError: with everything that is wrong with any of them.
        SettingsError: a secret cannot be used, or is of no route.
    """
    secrets = route_secrets(settings.route_secrets)
    own = _own(settings.routes, definitions)
    ready = set(ready_names())
    if unknown := sorted(secrets.keys() - own.keys() - ready):
        known = ", ".join(sorted({*own, *ready}))
        raise SettingsError(f"MAKEGOOD_ROUTE_SECRETS: there is no route {unknown[0]!r}; there are {known}")
    found = {
        name: OpenRoute(own.get(name) or read_route(READY / f"{name}.yaml", definitions), secret)
        for name, secret in secrets.items()
    }
    for one in found.values():
        _check_secrets(one)
    return found


def _own(directory: Path | None, definitions: Definitions) -> dict[str, Route]:
    if directory is None:
        return {}
    if not directory.is_dir():
        raise SettingsError(f"MAKEGOOD_ROUTES: {directory} is no directory")
    problems: list[Problem] = []
    found: dict[str, Route] = {}
    for file in sorted(directory.glob("*.yaml")):
        try:
            route = read_route(file, definitions)
        except DefinitionError as error:
            problems += error.problems
            continue
        if route.name in found:
            message = f"there is another route {route.name!r} in {directory}"
            problems.append(Problem("route", "doubled-name", message, 1, str(file)))
        found[route.name] = route
    if problems:
        raise DefinitionError(problems)
    return found


def _check_secrets(one: OpenRoute) -> None:
    if not isinstance(one.route.form.signed, StandardWebhooksRule):
        return
    for secret in one.secrets:
        try:
            Webhook(secret)
        except Exception:
            message = "must be `whsec_` and bytes in base64, as Standard Webhooks has it"
            raise SettingsError(f"MAKEGOOD_ROUTE_SECRETS: {one.route.name}: {message}") from None
