"""A subscription: which changes go to which address, and how it goes."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import quote

import orjson

from state_machines.expressions.fact_conditions import holds
from workflow.queries.change_events import change_event
from workflow.queries.changes import Change, ChangeFilter
from workflow.queries.json_writing import json_bytes

VARIABLE = "change"
"""What a condition sees: the CloudEvent that would be sent."""
_SECRET_BYTES = 32
_PLAIN = ":/-_~"


class SubscriptionStatus(StrEnum):
    """Whether a subscription is served."""

    ACTIVE = "active"
    """Changes go out."""
    PAUSED = "paused"
    """Somebody stopped it; it goes on where it stood."""
    DISABLED = "disabled"
    """It failed for days, or its receiver is gone; made active, it goes on where it stood."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription without its secrets.

    Attributes:
        url: where changes are posted to.
        lifecycles, triggers, states, teams, outcomes: of which one must fit; empty: any.
        subject: the only subject whose changes are sent; None: of all.
        condition: CEL over `change`, which must hold as well.
        reason: why it is disabled.
        failing_since: since when the oldest change that does not arrive has been tried, UTC.
        held: changes that wait: for another attempt, or behind one of their subject.
        delivered_at: when something arrived last, UTC.
        created_by: who made it, as the audit log names them.
    """

    id: str
    url: str
    description: str
    lifecycles: list[str]
    triggers: list[str]
    states: list[str]
    teams: list[str]
    outcomes: list[str]
    subject: str | None
    condition: str | None
    status: SubscriptionStatus
    reason: str | None
    failing_since: datetime | None
    held: int
    delivered_at: datetime | None
    created_at: datetime
    created_by: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Choice:
    """Which changes a subscription is for: its filter lets them through, and its condition holds."""

    wanted: ChangeFilter
    condition: str | None

    def takes(self, change: Change) -> bool:
        """Whether it is for this one. A condition that fails on it does not hold."""
        if not self.wanted.fits(change):
            return False
        if self.condition is None:
            return True
        said: dict[str, Any] = orjson.loads(json_bytes(change_event(change)))
        return holds(self.condition, said, VARIABLE)


def filter_of(document: Mapping[str, Any]) -> ChangeFilter:
    """A filter as it was stored."""
    return ChangeFilter(**document)


def filter_document(wanted: ChangeFilter) -> dict[str, Any]:
    """A filter as it is stored."""
    return wanted._asdict()


def new_id() -> str:
    """The id of a new subscription."""
    return f"sub_{secrets.token_hex(10)}"


def new_secret() -> str:
    """A secret of a new subscription, as Standard Webhooks writes it."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()}"


def message_id(change: Change) -> str:
    """The `webhook-id` under which a change goes out, in every attempt: its id, in what a header can carry.

    A full stop is written ``%2E``: in what is signed, one ends the id.
    """
    return quote(change.id, safe=_PLAIN).replace(".", "%2E")
