"""What the bearer of an API key may be."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What the bearer of a key is."""

    SYSTEM = "system"
    """Another program: sends events, reads."""
    DESK = "desk"
    """A program that people of the desk work in: it says who of them does what."""
    OPERATOR = "operator"
    """Whoever runs makegood: sends events, reads, retries dead letters."""
    AGENT = "agent"
    """A person of the desk: takes on calls and escalations, acts on cases, says how they went."""
    SUPERVISOR = "supervisor"
    """A person who answers for others: as an agent, and decides approvals with a reason."""
    ADMIN = "admin"
    """A person who runs makegood: as a supervisor and as an operator."""

    @property
    def is_person(self) -> bool:
        """Whether a key of this role is somebody's own."""
        return self in (Role.AGENT, Role.SUPERVISOR, Role.ADMIN)


EVERYBODY = tuple(Role)
SENDING = (Role.SYSTEM, Role.OPERATOR, Role.ADMIN)
"""Who may send events as they are."""
AT_DESK = (Role.DESK, Role.AGENT, Role.SUPERVISOR, Role.OPERATOR, Role.ADMIN)
"""Who may act at the desk: people, and programs that say for whom they act."""
OPERATING = (Role.OPERATOR, Role.ADMIN)
"""Who runs the installation."""
OVERSEEING = (Role.SUPERVISOR, *OPERATING)
"""Who may look at what went wrong."""
OF_PEOPLE = (Role.AGENT, Role.SUPERVISOR, Role.OPERATOR, Role.ADMIN)
"""What a person who signs in can be; each may do what those before it may."""
