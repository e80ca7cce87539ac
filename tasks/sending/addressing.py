"""To whom a notice goes: as its recipient is known now, and not as it was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tasks.channels.port import Notice
from workflow.recovery.contact.contact_log import Customer
from workflow.store.port import EffectRow


def as_theirs(row: EffectRow, customer: Customer) -> EffectRow:
    """The row; where it was asked for as another customer's, addressed to this one alone."""
    to = row.payload["to"] if row.payload["to"].get("key") in customer.keys else {"key": customer.key}
    return row._replace(payload={**row.payload, "to": to})


def addressed(row: EffectRow, known: Mapping[str, Any]) -> Notice:
    """The notice, addressed as its recipient is known now."""
    return Notice.of(row, recipient(row.payload["to"], known))


def recipient(to: Any, known: Mapping[str, Any]) -> Any:
    """The recipient as `known` now, completed by what the notice says.

    Addresses under `reply_to` come before all others, so that an answer goes where the question came from;
    but not those of a kind of which they are known to have none any more.
    """
    if not isinstance(to, Mapping):
        return dict(known) or to
    reply_to = to.get("reply_to")
    if not isinstance(reply_to, Mapping):
        return {**to, **known}
    return {**to, **known, **{kind: one for kind, one in reply_to.items() if known.get(kind) != ""}}
