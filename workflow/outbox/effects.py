"""Effects that are committed and not yet settled: claimed in bounded batches, settled once.

An effect's way: `pending` → `published` (the relay put it on the broker under a token) → `sending`
(a worker holds it) → `settled`. A lease that runs out while `published` sends it round again under
the same idempotency key; one that runs out while `sending` leaves an `unknown` outcome, for a person.
After bounded attempts it is `dead`, visible and retryable.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy import (
    select,
    update,
)

from state_machines.values.retry_policy import RetryPolicy
from workflow.clock import Clock
from workflow.store.effect_states import EffectState
from workflow.store.port import EffectRow, EffectUpdate, Store, Transaction
from workflow.store.schema import outbox


class Hold(NamedTuple):
    """By which right an effect is changed: under this token, while it is in this state.

    Who was away for longer than the lease has lost it, and says nothing any more about the effect.
    """

    token: str
    state: EffectState

    @classmethod
    def relaying(cls, effect: EffectRow) -> Hold:
        """Of the relay that claimed it."""
        return cls(effect.token, EffectState.PUBLISHED)

    @classmethod
    def sending(cls, effect: EffectRow) -> Hold:
        """Of the worker that is sending it."""
        return cls(effect.token, EffectState.SENDING)


def claim(store: Store, now: datetime, lease: timedelta, limit: int) -> list[EffectRow]:
    """Take up to `limit` effects that are due, under a new token, until `now + lease`."""
    with store.begin() as transaction:
        return transaction.claim_effects(now, now + lease, uuid4().hex, limit)


Receipts = Sequence[tuple[int, Mapping[str, Any]]]
"""(effect id, what the other side answered)"""


def begin(
    store: Store,
    ids: Sequence[int],
    token: str,
    now: datetime,
    lease: timedelta,
    settled: Receipts = (),
) -> list[EffectRow]:
    """Take over the effects of one message; those another message has taken are not given.

    With `settled`, what went out just before is settled in the same transaction.
    """
    with store.begin() as transaction:
        return begin_within(transaction, ids, token, now, lease, settled)


def begin_within(
    transaction: Transaction,
    ids: Sequence[int],
    token: str,
    now: datetime,
    lease: timedelta,
    settled: Receipts = (),
) -> list[EffectRow]:
    """The same within a transaction that holds more, such as the customer whom they are for."""
    transaction.update_effects(_settled(settled, now))
    return transaction.begin_effects(ids, token, now + lease)


def settle(store: Store, receipts: Receipts, now: datetime) -> None:
    """The other side has them. That is known, so it counts whoever holds them by now."""
    with store.begin() as transaction:
        transaction.update_effects(_settled(receipts, now))


def _settled(receipts: Receipts, now: datetime) -> list[EffectUpdate]:
    return [EffectUpdate(one, EffectState.SETTLED, None, now, receipt) for one, receipt in receipts]


def retry(
    store: Store,
    failures: Sequence[tuple[int, str]],
    now: datetime,
    clock: Clock,
    policy: RetryPolicy | None = None,
    held: Hold | None = None,
    at_least: timedelta | None = None,
) -> None:
    """They certainly did not go out, (effect id, why): try again later, or bury after the last attempt.

    `at_least` is how long the other side wants to be left alone, in engine time.
    """
    policy = policy or RetryPolicy()
    rest = at_least or timedelta(0)
    errors = dict(failures)
    with store.begin() as transaction:
        rows = transaction.connection.execute(
            select(outbox.c.id, outbox.c.attempts).where(outbox.c.id.in_(errors))
        )
        transaction.update_effects(
            [
                _change(one, EffectState.DEAD, None, errors[one], held)
                if attempts >= policy.max_attempts
                else _change(
                    one,
                    EffectState.PENDING,
                    now + max(rest, clock.real(policy.backoff.pause(attempts, random.random()))),
                    errors[one],
                    held,
                )
                for one, attempts in rows.fetchall()
            ]
        )


def bury(store: Store, failures: Sequence[tuple[int, str]], held: Hold | None = None) -> None:
    """They can never go out, (effect id, why): dead at once."""
    with store.begin() as transaction:
        bury_within(transaction, failures, held)


def bury_within(
    transaction: Transaction, failures: Sequence[tuple[int, str]], held: Hold | None = None
) -> None:
    """The same within a transaction."""
    transaction.update_effects([_change(one, EffectState.DEAD, None, error, held) for one, error in failures])


def unknown(
    store: Store,
    losses: Sequence[tuple[int, str]],
    held: Hold | None = None,
    over: Mapping[str, Any] | None = None,
) -> None:
    """Nobody knows whether they went out, (effect id, why): neither doubled nor dropped, a person decides.

    The sweep opens an escalation for each. `over` is what is known of the way they went, such as the channel.
    """
    with store.begin() as transaction:
        transaction.update_effects(
            [
                _change(one, EffectState.UNKNOWN, None, error, held)._replace(receipt=over)
                for one, error in losses
            ]
        )


def defer(store: Store, waits: Sequence[tuple[int, datetime, str]], held: Hold) -> None:
    """They must wait, (effect id, until when in UTC, why); the reason stays visible.

    Nothing was tried, so the attempt that was counted when they were taken is given back.
    """
    with store.begin() as transaction:
        defer_within(transaction, waits, held)


def defer_within(transaction: Transaction, waits: Sequence[tuple[int, datetime, str]], held: Hold) -> None:
    """The same within a transaction."""
    _give_attempt_back(transaction, [one for one, _, _ in waits], held)
    transaction.update_effects(
        [_change(one, EffectState.PENDING, until, f"waits: {reason}", held) for one, until, reason in waits]
    )


def release(store: Store, effects: Sequence[EffectRow], until: datetime, reason: str) -> None:
    """Claimed together, but their messages could not be sent: the broker's fault, so no attempt is counted.

    Only what is still published: a message may have got through although the broker's answer did not.
    """
    if not effects:
        return
    held = Hold.relaying(effects[0])
    with store.begin() as transaction:
        _give_attempt_back(transaction, [effect.id for effect in effects if effect.kind == "task"], held)
        transaction.update_effects(
            [_change(effect.id, EffectState.PENDING, until, reason, held) for effect in effects]
        )


def _give_attempt_back(transaction: Transaction, ids: Sequence[int], held: Hold) -> None:
    owned = (outbox.c.id.in_(ids), outbox.c.token == held.token, outbox.c.state == held.state)
    # In the order of ids, as everybody locks effects.
    transaction.connection.execute(select(outbox.c.id).where(*owned).order_by(outbox.c.id).with_for_update())
    transaction.connection.execute(update(outbox).where(*owned).values(attempts=outbox.c.attempts - 1))


def _change(
    one: int, state: EffectState, due_at: datetime | None, error: str, held: Hold | None
) -> EffectUpdate:
    token, before = (None, None) if held is None else held
    return EffectUpdate(one, state, due_at, error=error, token=token, held=before)


def extend(store: Store, leases: Sequence[tuple[int, str, datetime]]) -> None:
    """Give those still published under their token, (effect id, token, until), a longer lease."""
    with store.begin() as transaction:
        for one, token, until in leases:
            held = (outbox.c.id == one, outbox.c.token == token, outbox.c.state == EffectState.PUBLISHED)
            transaction.connection.execute(update(outbox).where(*held).values(due_at=until))
