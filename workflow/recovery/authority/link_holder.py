"""Who answers by a signed link: of one that is bound to a colleague that colleague, else whoever holds it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workflow.recovery.contact.addresses import address
from workflow.recovery.contact.colleagues import name_of

_ANYBODY = "link"


def holder_of(link: Mapping[str, Any]) -> Any:
    """The colleague to whom the notice of this link went, as it names them; None for a customer's link."""
    field = link.get("receiver")
    return None if field is None else link["data"][field]


def actor_of(link: Mapping[str, Any]) -> str:
    """How the ledger names who answers it: ``person:olga@shop.example``, or ``link``."""
    who = holder_of(link)
    return _ANYBODY if who is None else f"person:{address(who, 'email') or name_of(who)}"
