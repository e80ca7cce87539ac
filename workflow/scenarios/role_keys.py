"""The API keys that a scenario's requests are made by: one for each role, made when it is asked for."""

from __future__ import annotations

from workflow.access import keys
from workflow.access.bounds import NO_BOUNDS, Bounds
from workflow.clock import Clock
from workflow.scenarios.stage import Role
from workflow.store.port import Store

_BOUNDS = {"desk": Bounds(authorities=("front_line", "agent", "manager", "supervisor"))}
"""A program of the desk may claim every authority that people of a desk have."""
_PEOPLE = frozenset({"agent", "supervisor"})


class RoleKeys:
    """Those of one store."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._known: dict[Role, str] = {}

    def of(self, role: Role) -> str:
        """The text of its key; of a person's role it is somebody's of that name."""
        if role not in self._known:
            person = f"{role}@desk.example" if role in _PEOPLE else None
            self._known[role] = keys.create(
                self._store,
                keys.Role(role),
                role,
                self._clock.now(),
                person=person,
                bounds=_BOUNDS.get(role, NO_BOUNDS),
            )
        return self._known[role]
