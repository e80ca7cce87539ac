"""How the routes of an installation stand, in words for `makegood doctor`."""

from __future__ import annotations

from state_machines.errors import StateMachineError
from workflow.engine.registry import Registry
from workflow.errors import MakegoodError
from workflow.hooks import unmapped
from workflow.hooks.open_routes import RegisteredDefinitions, open_routes
from workflow.settings import Settings
from workflow.store.port import Store


def of_routes(settings: Settings, store: Store) -> tuple[bool, str]:
    """Whether all routes can be used, and which are open; else why not."""
    try:
        found = open_routes(settings, RegisteredDefinitions(Registry(store)))
    except (StateMachineError, MakegoodError) as error:
        return False, str(error)
    return True, f"open: {', '.join(sorted(found))}" if found else "none is open"


def of_unmapped(store: Store) -> tuple[bool, str]:
    """Whether nothing waits to be looked at, and how much does."""
    found = unmapped.count(store)
    if not found:
        return True, "none waits"
    words = ", ".join(f"{number} of {route}" for route, number in sorted(found.items()))
    return False, f"{words}; GET /v1/hooks/unmapped says why"
