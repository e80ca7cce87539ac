"""Something that happened, to be told to makegood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4


def _new_id() -> str:
    return str(uuid4())


@dataclass(frozen=True, slots=True)
class Event:
    """An event, as a CloudEvent 1.0.

    Attributes:
        type: ``<lifecycle>.<trigger>``, such as ``promise.make``.
        subject: the subject's key, ``<lifecycle>:<id>``, such as ``promise:P-17``.
        data: a JSON object.
        source: which system says so, such as ``/crm``.
        id: with `source` it identifies the event: the same pair again is a duplicate and changes nothing. A
            new one unless it is given; an id from one's own records is safe to send again even after a crash.
        time: when it happened, with a time zone; None: when the API receives it.
        parent: for an event that opens a subject, the key of that subject's parent.
        effect: idempotency key of the effect that this event is the receipt of.

    Raises ValueError for a time without a zone.
    """

    type: str
    subject: str
    data: Mapping[str, Any] = field(default_factory=dict)
    source: str = field(kw_only=True)
    id: str = field(default_factory=_new_id, kw_only=True)
    time: datetime | None = field(default=None, kw_only=True)
    parent: str | None = field(default=None, kw_only=True)
    effect: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if self.time is not None and self.time.utcoffset() is None:
            raise ValueError(f"time: {self.time.isoformat()} has no time zone")

    def to_json(self) -> dict[str, Any]:
        """Its structured form, ready for `json.dumps`."""
        document: dict[str, Any] = {
            "specversion": "1.0",
            "id": self.id,
            "source": self.source,
            "type": self.type,
            "subject": self.subject,
            "datacontenttype": "application/json",
            "data": dict(self.data),
        }
        extensions = {
            "time": None if self.time is None else self.time.isoformat(),
            "parent": self.parent,
            "effect": self.effect,
        }
        return document | {name: value for name, value in extensions.items() if value is not None}
