"""A principal: whose voice a request speaks with, and what it may say."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from workflow.access.bounds import NO_BOUNDS, Bounds
from workflow.access.role import OPERATING, Role


@dataclass(frozen=True, slots=True)
class Principal:
    """Who holds a key: a system by its name, or a person by their address.

    Attributes:
        id: the public part of the key.
        name: what the system is called; of a person, what the key is called.
        role: what it is.
        created_at, revoked_at, expires_at: UTC; revoked or expired it permits nothing.
        person: the address of whose it is; None: a system's.
        bounds: what it is limited to.
        replaces: public part of the key that this one was made to replace.
        actor: how the ledger and the audit log name them: ``system:crm``, ``person:ada@example.com``.
        is_free: whether no bound limits which events they send.
    """

    id: str
    name: str
    role: Role
    created_at: datetime
    revoked_at: datetime | None = None
    expires_at: datetime | None = None
    person: str | None = None
    bounds: Bounds = NO_BOUNDS
    replaces: str | None = None

    actor: str = field(init=False)
    is_free: bool = field(init=False)

    def __post_init__(self) -> None:
        """Name them once: they are asked for with every event."""
        actor = f"{self.role.value}:{self.name}" if self.person is None else f"person:{self.person}"
        object.__setattr__(self, "actor", actor)
        object.__setattr__(self, "is_free", self.bounds.sources is None and self.bounds.sends is None)

    @property
    def operates(self) -> bool:
        """Whether they run the installation."""
        return self.role in OPERATING

    @property
    def teams(self) -> tuple[str, ...]:
        """The teams of a person, or those whose members a program of the desk speaks for; empty: not said."""
        return self.bounds.teams or ()

    @property
    def authorities(self) -> tuple[str, ...]:
        """The roles that they may claim where a policy asks for one; what is not said is their own role.

        A program of the desk has an agent's. Who runs the installation has any: empty.
        """
        if self.bounds.authorities is not None:
            return self.bounds.authorities
        if self.operates:
            return ()
        return (Role.AGENT.value if self.role is Role.DESK else self.role.value,)

    def may_operate(self, kind: str) -> bool:
        """Whether events of this type that are an operator's are taken: of one, or of a key that names it."""
        return self.operates or self.bounds.names(kind)

    def is_expired(self, now: datetime) -> bool:
        """Whether the key has ended by itself."""
        return self.expires_at is not None and self.expires_at <= now

    @property
    def is_unlimited(self) -> bool:
        """Whether a system's key may speak as anybody, or send anything."""
        return self.role is Role.SYSTEM and self.bounds.are_open
