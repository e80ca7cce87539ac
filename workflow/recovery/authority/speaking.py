"""In whose name somebody acts at the desk: a person in their own, a program in that of those it speaks for.

What the ledger keeps of it is both: the principal as the event's actor, and who is said to act as its `by`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from state_machines.errors import Problem
from workflow.access.principal import Principal
from workflow.errors import NotPermitted
from workflow.recovery.authority.membership import members
from workflow.recovery.contact.people import same_person
from workflow.store.port import Store


def spoken_by(store: Store, holder: Principal, said: Any) -> Any:
    """Who acts: of a person's key that person, of a program's whom it names; None where it names nobody.

    What is said beside the address by which they are known is not kept: it could be another's telephone or
    name, and have them taken for that other.

    Raises:
        NotPermitted: a person names somebody else, or a program somebody of no team that it speaks for.
    """
    if holder.person is not None:
        if said and not same_person(said, holder.person):
            message = f"this key is of {holder.person}, and speaks for nobody else"
            raise NotPermitted([Problem("body.by", "not-you", message)])
        return holder.person
    if said and holder.teams:
        known = _member(store, holder.teams, said)
        if known is None:
            message = f"this key speaks for members of {', '.join(holder.teams)} alone"
            raise NotPermitted([Problem("body.by", "not-theirs", message)])
        return said if isinstance(said, str) else known
    return said


def _member(store: Store, teams: Iterable[str], who: Any) -> Any:
    """Who that is in one of these teams, as the team has them; None where they are in none."""
    with store.connect() as connection:
        for team in teams:
            for one in members(connection, team):
                if same_person(who, one):
                    return one
    return None


def role_claimed(holder: Principal, said: Any) -> Any:
    """The role in which somebody asks a policy: as claimed if their key permits that, else the one it gives.

    Raises NotPermitted for a role that it does not give.
    """
    given = holder.authorities
    if not given:
        return said
    if said is None:
        return given[0]
    if said not in given:
        message = f"this key may act as {' or '.join(given)}, and not as {said!r}"
        raise NotPermitted([Problem("body.role", "authority", message)])
    return said
