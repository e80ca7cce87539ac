"""Who answers by a signed link: of one that is bound to a colleague that colleague, else whoever holds it.

A colleague acts by a link as they would at the desk, with an agent's key of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from workflow.access.principal import Principal
from workflow.access.role import Role
from workflow.recovery.authority.approvers import standing
from workflow.recovery.contact.addresses import address
from workflow.recovery.contact.colleagues import name_of
from workflow.store.port import Store

_ANYBODY = "link"
_APPROVAL = "approval:"


def holder_of(link: Mapping[str, Any]) -> Any:
    """The colleague to whom the notice of this link went, as it names them; None for a customer's link."""
    field = link.get("receiver")
    return None if field is None else link["data"][field]


def actor_of(link: Mapping[str, Any]) -> str:
    """How the ledger names who answers it: ``person:olga@shop.example``, or ``link``."""
    who = holder_of(link)
    return _ANYBODY if who is None else f"person:{address(who, 'email') or name_of(who)}"


def with_authority(
    store: Store, key: str, link: Mapping[str, Any], data: Mapping[str, Any], now: datetime
) -> Mapping[str, Any]:
    """The answer, and as what whoever gives it may: asked at this moment, not when they were told.

    Args:
        key: of the subject that is answered.
        data: the answer.
        now: the instant at which members and those on duty are looked up, UTC.

    Raises:
        NotFound: there is no such approval.
        NotPermitted: they may not decide it.
    """
    who = holder_of(link)
    if who is None or not key.startswith(_APPROVAL):
        return data
    holder = Principal("", name_of(who), Role.AGENT, now, person=address(who, "email") or name_of(who))
    return {**data, "standing": standing(store, key, holder, who, data.get("reason"), now).value}
