"""The channel `live`: a person calls. It opens a callback that the desk claims.

The callback itself keeps to the customer's hours, so a live notice does not wait for them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from tasks.channels.port import Notice, Receipt, Rejected
from tasks.channels.setup import Setup
from workflow.clock import Clock
from workflow.engine.acceptance import Acceptance
from workflow.engine.cloudevent import CloudEvent
from workflow.engine.engine import Engine
from workflow.engine.wake import Wake
from workflow.errors import InvalidEvent

SOURCE = "/makegood/live"
_MAX_ID = 200
_PLAIN = re.compile(r"[a-z0-9_]+:[A-Za-z0-9_.~-]+/[0-9]+/[0-9]+")
_PACE = (
    *("desk", "due_at", "claim_within", "lease", "rest", "max_tries"),
    *("skills", "language", "promise", "promise_due_at", "calendar"),
)
"""Fields of `callback.request` that are taken over from the context, or from its `call`."""


def make(setup: Setup) -> LiveChannel | None:
    """The channel into the desk's line; None where there is no engine."""
    if setup.engine is None or setup.wake is None:
        return None
    return LiveChannel(setup.engine, setup.clock, setup.wake)


class LiveChannel:
    """Asks for a callback, once however often it is tried: the event's id is the effect's key."""

    def __init__(self, engine: Engine, clock: Clock, wake: Wake) -> None:
        self._engine = engine
        self._clock = clock
        self._wake = wake

    def send(self, notice: Notice, idempotency_key: str) -> Receipt:
        """Accept the event `callback.request`. Raises Rejected when the event cannot be accepted."""
        if not notice.to:
            raise Rejected("to: there is nobody to call [no-address]")
        event = CloudEvent(
            id=idempotency_key,
            source=SOURCE,
            type="callback.request",
            subject=f"callback:{callback_id(idempotency_key)}",
            time=self._clock.now(),
            data={
                "customer": notice.to,
                "about": notice.about,
                "title": notice.title,
                "words": notice.words,
                "context": dict(notice.context),
                **_pace(notice),
            },
            parent=notice.subject,
        )
        acceptance = self._accept(event)
        self._wake([event.subject])
        return Receipt(notice.channel, event.subject, acceptance.status)

    def _accept(self, event: CloudEvent) -> Acceptance:
        try:
            return self._engine.accept([event])[0]
        except InvalidEvent as error:
            raise Rejected(f"callback.request cannot be accepted: {error}") from error


def _pace(notice: Notice) -> dict[str, Any]:
    """What the notice's context says about the calls: who makes them, by when, and how patiently."""
    call = notice.context.get("call")
    wishes = {**(call if isinstance(call, Mapping) else {}), **notice.context}
    return {name: wishes[name] for name in _PACE if wishes.get(name) is not None}


def callback_id(key: str) -> str:
    """The id of the callback that an effect opens: fit for a path of a URL, never too long, and no other's.

    Of a key that cannot be read back from it, such as one with letters beyond ASCII, a digest goes along.
    """
    readable = re.sub(r"[^A-Za-z0-9_.~-]+", "-", key)
    if not _PLAIN.fullmatch(key):
        readable = f"{readable}-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
    return readable if len(readable) <= _MAX_ID else str(uuid5(NAMESPACE_URL, key))
