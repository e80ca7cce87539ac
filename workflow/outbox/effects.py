"""Effects that are committed and not yet settled: claimed in bounded batches, settled once.

States of an effect: `pending` → `published` (the relay put it on the broker under a token) → `sending` (a
worker has claimed it) → `settled`. If the lease runs out while it is `published`, it is published again under
the same idempotency key; if it runs out while `sending`, its outcome is `unknown`, for a person to decide.
After bounded attempts it is `dead`, visible and retryable. A notice that its subject wants no more before it
has gone out is `recalled`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import DBAPIError

from state_machines.values.retry_policy import GiveUp, RetryPolicy, decide_retry
from workflow.outbox import failed_triggers
from workflow.outbox.noting import note
from workflow.store.among import among
from workflow.store.effect_states import EffectState
from workflow.store.port import EffectRow, EffectUpdate, Store, Transaction
from workflow.store.schema import outbox

UNSURE = "the database did not say whether it was claimed"


class Hold(NamedTuple):
    """The condition on which an effect is changed: it is still under this token and in this state.

    A worker that was away for longer than its lease no longer holds the effect, and changes nothing.
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


def new_token() -> str:
    """A dispatch token that nobody ever had."""
    return uuid4().hex


def claim(
    store: Store, now: datetime, lease: timedelta, limit: int, token: str | None = None
) -> list[EffectRow]:
    """Claim up to `limit` effects that are due, until `now + lease`, under this token or a new one.

    Where the database does not say whether that was committed, nothing is claimed.
    """
    rows: list[EffectRow] = []
    try:
        with store.begin() as transaction:
            rows = transaction.claim_effects(now, now + lease, token or new_token(), limit)
    except DBAPIError:  # none were found, or their commit was not answered: no message has gone out
        note(lambda: release(store, rows, now, UNSURE), UNSURE, len(rows))
        raise
    return rows


def published_under(store: Store, ids: Sequence[int], token: str, task: str) -> dict[int, str]:
    """The idempotency keys of those effects that ask for this task and are still published under `token`."""
    query = select(outbox.c.id, outbox.c.key).where(
        outbox.c.id.in_(ids),
        outbox.c.token == token,
        outbox.c.target == task,
        outbox.c.state == EffectState.PUBLISHED,
    )
    with store.connect() as connection:
        return {one: key for one, key in connection.execute(query)}


Receipts = Sequence[tuple[int, Mapping[str, Any]]]
"""(effect id, what the other side answered)"""


def begin(
    transaction: Transaction,
    ids: Sequence[int],
    token: str,
    now: datetime,
    lease: timedelta,
    settled: Receipts = (),
) -> list[EffectRow]:
    """Claim effects for sending, in the order of `ids`; those that are no longer under `token` are left out.

    Effects in `settled` are settled in the same transaction. It may lock more before: the customers whom they
    are for.
    """
    transaction.update_effects(_settled(settled, now))
    begun = {row.id: row for row in transaction.begin_effects(ids, token, now + lease)}
    return [begun[one] for one in ids if one in begun]


def settle(store: Store, receipts: Receipts, now: datetime) -> None:
    """Settle effects that the other side has received, whoever holds them by now."""
    with store.begin() as transaction:
        transaction.update_effects(_settled(receipts, now))


def _settled(receipts: Receipts, now: datetime) -> list[EffectUpdate]:
    return [EffectUpdate(one, EffectState.SETTLED, None, now, receipt) for one, receipt in receipts]


class Failure(NamedTuple):
    """An attempt at an effect that certainly came to nothing.

    Attributes:
        id: of the effect.
        error: why, in words.
        rules: the rules of the error, by which a retry policy knows it.
    """

    id: int
    error: str
    rules: frozenset[str] = frozenset()


def retry(
    store: Store,
    failures: Sequence[Failure],
    now: datetime,
    policy: RetryPolicy | None = None,
    held: Hold | None = None,
    asked_pause: float = 0.0,
) -> list[int]:
    """They certainly did not go out: each is tried again later or buried, by its own rule if it has one.

    Args:
        policy: for what their own rules leave open; None: the default one.
        asked_pause: real seconds that the other side wants to be left alone at least.

    Returns:
        The ids of those that are given up.
    """
    policy, failed = policy or RetryPolicy(), {one.id: one for one in failures}
    with store.begin() as transaction:
        rows = transaction.connection.execute(
            select(outbox.c.id, outbox.c.key, outbox.c.attempts, outbox.c.payload).where(
                outbox.c.id.in_(failed)
            )
        )
        changes = []
        for one, key, attempts, payload in rows.fetchall():
            own, failure = policy.with_rule(payload.get("retry")), failed[one]
            match decide_retry(own, attempts, failure.rules, asked_pause, _share(key, attempts)):
                case GiveUp(reason):
                    error = f"{failure.error}; given up {reason}"
                    changes.append(_change(one, EffectState.DEAD, None, error, held))
                case again:
                    due_at = now + timedelta(seconds=again.pause)
                    changes.append(_change(one, EffectState.PENDING, due_at, failure.error, held))
        transaction.update_effects(changes)
        given_up = [change.id for change in changes if change.state == EffectState.DEAD]
        if given_up:
            failed_triggers.fire(transaction, given_up, now)
    return given_up


def _share(key: str, attempt: int) -> float:
    """From 0 to 1, by which effects that failed together are spread; the same whenever it is asked for."""
    drawn = blake2b(f"{key}/{attempt}".encode(), digest_size=4).digest()
    return int.from_bytes(drawn) / 2**32


def bury(store: Store, failures: Sequence[tuple[int, str]], now: datetime, held: Hold | None = None) -> None:
    """Make these dead letters at once, (effect id, why): they can never be sent."""
    with store.begin() as transaction:
        bury_within(transaction, failures, now, held)


def bury_unsent(store: Store, failures: Sequence[tuple[int, str]], now: datetime, held: Hold) -> None:
    """As `bury` for tasks that were claimed for one attempt more, which is not made and not counted."""
    with store.begin() as transaction:
        _uncount_attempt(transaction, [one for one, _ in failures], held)
        bury_within(transaction, failures, now, held)


def bury_within(
    transaction: Transaction, failures: Sequence[tuple[int, str]], now: datetime, held: Hold | None = None
) -> None:
    """As `bury`, within a transaction."""
    transaction.update_effects([_change(one, EffectState.DEAD, None, error, held) for one, error in failures])
    failed_triggers.fire(transaction, [one for one, _ in failures], now)


def unknown(
    store: Store,
    losses: Sequence[tuple[int, str]],
    held: Hold | None = None,
    over: Mapping[int, Mapping[str, Any]] = MappingProxyType({}),
) -> None:
    """Mark these as of unknown outcome, (effect id, why): they are not sent again, and a person decides.

    The sweep opens an escalation for each message. `over` is what is known of the attempt by effect id, such
    as the channel.
    """
    with store.begin() as transaction:
        transaction.update_effects(
            [
                _change(one, EffectState.UNKNOWN, None, error, held)._replace(receipt=over.get(one))
                for one, error in losses
            ]
        )


def recall(transaction: Transaction, recalled: Sequence[tuple[int, str]], held: Hold) -> None:
    """Do not send these, (effect id, why): their subject recalled them while they were on their way."""
    transaction.update_effects(
        [_change(one, EffectState.RECALLED, None, reason, held) for one, reason in recalled]
    )


def defer(transaction: Transaction, waits: Sequence[tuple[int, datetime, str]], held: Hold) -> None:
    """Have these wait, (effect id, until when in UTC, why); the reason stays visible.

    They were not tried, so the attempt that was counted when they were claimed is taken off again.
    """
    _uncount_attempt(transaction, [one for one, _, _ in waits], held)
    transaction.update_effects(
        [_change(one, EffectState.PENDING, until, f"waits: {reason}", held) for one, until, reason in waits]
    )


def put_back(store: Store, ids: Sequence[int], now: datetime, held: Hold) -> None:
    """Return effects to `pending`: they were claimed for sending, and there was no time for them."""
    with store.begin() as transaction:
        _uncount_attempt(transaction, ids, held)
        transaction.update_effects(
            [EffectUpdate(one, EffectState.PENDING, now, token=held.token, held=held.state) for one in ids]
        )


def put_back_unsure(
    transaction: Transaction, ids: Sequence[int], held: Hold, until: datetime, now: datetime
) -> list[int]:
    """As `put_back`, of a claim that ends at `until` and of no other; which of the effects it did hold.

    Another message of the same token may have claimed them if this one did not.
    """
    query = select(outbox.c.id).where(*_OWNED, outbox.c.due_at == until).order_by(outbox.c.id)
    asked = {"ids": ids, "of": held.token, "held": held.state}
    found = list(transaction.connection.execute(query.with_for_update(), asked).scalars())
    _uncount_attempt(transaction, found, held)
    transaction.update_effects(
        [EffectUpdate(one, EffectState.PENDING, now, token=held.token, held=held.state) for one in found]
    )
    return found


def release(store: Store, effects: Sequence[EffectRow], until: datetime, reason: str) -> None:
    """Return effects of one claim to `pending` until an instant (UTC): their messages could not be sent.

    That is the broker's fault, so no attempt is counted. Only those still published are changed: a message
    may have got through although the broker's answer did not.
    """
    if not effects:
        return
    held = Hold.relaying(effects[0])
    with store.begin() as transaction:
        _uncount_attempt(transaction, [effect.id for effect in effects if effect.kind == "task"], held)
        transaction.update_effects(
            [_change(effect.id, EffectState.PENDING, until, reason, held) for effect in effects]
        )


_OWNED = (
    among(outbox.c.id, "ids"),
    outbox.c.token == bindparam("of"),
    outbox.c.state == bindparam("held"),
)
# In the order of ids, as everybody locks effects.
_LOCK_OWNED = select(outbox.c.id).where(*_OWNED).order_by(outbox.c.id).with_for_update()
_UNCOUNT = update(outbox).where(*_OWNED).values(attempts=outbox.c.attempts - 1)


def _uncount_attempt(transaction: Transaction, ids: Sequence[int], held: Hold) -> None:
    owned = {"ids": ids, "of": held.token, "held": held.state}
    transaction.connection.execute(_LOCK_OWNED, owned)
    transaction.connection.execute(_UNCOUNT, owned)


def _change(
    one: int, state: EffectState, due_at: datetime | None, error: str, held: Hold | None
) -> EffectUpdate:
    token, before = (None, None) if held is None else held
    return EffectUpdate(one, state, due_at, error=error, token=token, held=before)


def extend(store: Store, leases: Sequence[tuple[int, str, datetime]]) -> None:
    """Extend the leases of effects still published under their token, (effect id, token, until in UTC)."""
    with store.begin() as transaction:
        for one, token, until in leases:
            held = (outbox.c.id == one, outbox.c.token == token, outbox.c.state == EffectState.PUBLISHED)
            transaction.connection.execute(update(outbox).where(*held).values(due_at=until))
