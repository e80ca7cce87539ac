"""Effects that are committed and not yet settled: claimed in bounded batches, settled once.

An effect's way: `pending` → `published` (the relay put it on the broker under a token) → `sending`
(a worker holds it) → `settled`. A lease that runs out while `published` sends it round again under
the same idempotency key; one that runs out while `sending` leaves an `unknown` outcome, for a person.
After bounded attempts it is `dead`, visible and retryable.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import uuid4

from sqlalchemy import func, select, update

from workflow.clock import Clock
from workflow.store.port import EffectRow, EffectUpdate, Store, Transaction
from workflow.store.schema import outbox


class EffectState(StrEnum):
    """Where an effect is on its way."""

    PENDING = "pending"
    PUBLISHED = "published"
    SENDING = "sending"
    SETTLED = "settled"
    DEAD = "dead"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how soon a failed effect is tried again; seconds are real time."""

    max_attempts: int = 8
    first_seconds: float = 2.0
    longest_seconds: float = 900.0

    def wait_seconds(self, attempts: int) -> float:
        """Exponential back-off with jitter: failures do not march in step."""
        ceiling = min(self.longest_seconds, self.first_seconds * 2.0 ** max(0, attempts - 1))
        return ceiling / 2 + random.uniform(0, ceiling / 2)


def next_due(store: Store) -> datetime | None:
    """When the relay must look next: the earliest pending effect or lease, UTC; None when there is none."""
    with store.connect() as connection:
        return connection.execute(select(func.min(outbox.c.due_at, type_=outbox.c.due_at.type))).scalar()


def claim(store: Store, now: datetime, lease: timedelta, limit: int) -> list[EffectRow]:
    """Take up to `limit` effects that are due, under a new token, until `now + lease`."""
    with store.begin() as transaction:
        return transaction.claim_effects(now, now + lease, uuid4().hex, limit)


def begin(store: Store, ids: Sequence[int], token: str, now: datetime, lease: timedelta) -> list[EffectRow]:
    """Take over the effects of one message; those another message has taken are not given."""
    with store.begin() as transaction:
        return transaction.begin_effects(ids, token, now + lease)


def settle(store: Store, receipts: Sequence[tuple[int, Mapping[str, Any]]], now: datetime) -> None:
    """The other side has them; `receipts` are (effect id, what it answered)."""
    with store.begin() as transaction:
        transaction.update_effects(
            [EffectUpdate(one, EffectState.SETTLED, None, now, receipt) for one, receipt in receipts]
        )


def retry(
    store: Store,
    failures: Sequence[tuple[int, str]],
    now: datetime,
    clock: Clock,
    policy: RetryPolicy | None = None,
) -> None:
    """They certainly did not go out, (effect id, why): try again later, or bury after the last attempt."""
    policy = policy or RetryPolicy()
    errors = dict(failures)
    with store.begin() as transaction:
        rows = transaction.connection.execute(
            select(outbox.c.id, outbox.c.attempts).where(outbox.c.id.in_(errors))
        )
        transaction.update_effects(
            [
                EffectUpdate(one, EffectState.DEAD, None, error=errors[one])
                if attempts >= policy.max_attempts
                else EffectUpdate(
                    one,
                    EffectState.PENDING,
                    now + clock.real(policy.wait_seconds(attempts)),
                    error=errors[one],
                )
                for one, attempts in rows.fetchall()
            ]
        )


def bury(store: Store, failures: Sequence[tuple[int, str]]) -> None:
    """They can never go out, (effect id, why): dead at once."""
    with store.begin() as transaction:
        transaction.update_effects(
            [EffectUpdate(one, EffectState.DEAD, None, error=error) for one, error in failures]
        )


def unknown(store: Store, losses: Sequence[tuple[int, str]]) -> None:
    """Nobody knows whether they went out, (effect id, why): neither doubled nor dropped, a person decides.

    The sweep opens an escalation for each.
    """
    with store.begin() as transaction:
        transaction.update_effects(
            [EffectUpdate(one, EffectState.UNKNOWN, None, error=error) for one, error in losses]
        )


def defer(store: Store, waits: Sequence[tuple[int, datetime, str]]) -> None:
    """They must wait, (effect id, until when in UTC, why); the reason stays visible.

    Nothing was tried, so the attempt that was counted when they were taken is given back.
    """
    with store.begin() as transaction:
        transaction.connection.execute(
            update(outbox)
            .where(outbox.c.id.in_([one for one, _, _ in waits]))
            .values(attempts=outbox.c.attempts - 1)
        )
        transaction.update_effects(
            [
                EffectUpdate(one, EffectState.PENDING, until, error=f"waits: {reason}")
                for one, until, reason in waits
            ]
        )


def release(store: Store, effects: Sequence[EffectRow], until: datetime, reason: str) -> None:
    """Claimed, but their messages could not be sent: the broker's fault, so no attempt is counted."""
    tasks = [effect.id for effect in effects if effect.kind == "task"]
    with store.begin() as transaction:
        transaction.connection.execute(
            update(outbox).where(outbox.c.id.in_(tasks)).values(attempts=outbox.c.attempts - 1)
        )
        transaction.update_effects(
            [EffectUpdate(effect.id, EffectState.PENDING, until, error=reason) for effect in effects]
        )


def extend(store: Store, leases: Sequence[tuple[int, str, datetime]]) -> None:
    """Give those still published under their token, (effect id, token, until), a longer lease."""
    with store.begin() as transaction:
        for one, token, until in leases:
            held = (outbox.c.id == one, outbox.c.token == token, outbox.c.state == EffectState.PUBLISHED)
            transaction.connection.execute(update(outbox).where(*held).values(due_at=until))


def settle_receipts(
    transaction: Transaction, receipts: Mapping[str, Mapping[str, Any]], now: datetime
) -> None:
    """Settle the effects whose receipts have come in as events, by idempotency key.

    A receipt beats every other opinion: it settles a dead or unknown effect too.
    """
    if not receipts:
        return
    rows = transaction.connection.execute(
        select(outbox.c.id, outbox.c.key).where(
            outbox.c.key.in_(receipts), outbox.c.state != EffectState.SETTLED
        )
    )
    transaction.update_effects(
        [EffectUpdate(one, EffectState.SETTLED, None, now, receipts[key]) for one, key in rows.fetchall()]
    )
