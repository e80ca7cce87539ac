"""Notices that go out as one message with another: what was asked for, and their claim."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select, update

from state_machines.notices.topics import Topic, topic_of
from workflow.store.among import among
from workflow.store.effect_states import RECALLED, RELAYED, EffectState
from workflow.store.port import EffectRow, Transaction
from workflow.store.schema import outbox


def join(
    transaction: Transaction, ids: Sequence[int], token: str, now: datetime, lease: timedelta
) -> list[EffectRow]:
    """Claim effects that are pending or published, to be sent with one begun under `token`.

    Those that another worker is sending, and those that are settled, dead or unknown, are left out.
    """
    free = (outbox.c.id.in_(ids), outbox.c.state.in_(RELAYED))
    connection = transaction.connection
    # In the order of ids, as everybody locks effects.
    locked = select(outbox.c.id).where(*free).order_by(outbox.c.id).with_for_update()
    taken = list(connection.execute(locked).scalars())
    if not taken:
        return []
    connection.execute(
        update(outbox).where(outbox.c.id.in_(taken)).values(state=EffectState.PUBLISHED, token=token)
    )
    return transaction.begin_effects(taken, token, now + lease)


def note_together(transaction: Transaction, rows: Sequence[EffectRow]) -> None:
    """Write on the receipt of each of these, which are sent as one message, which that is.

    So it is known of them, too, if whoever sends them is killed: the first lists the keys of all under
    `digest`, the others name it under `gathered`.
    """
    first, *others = rows
    whose = outbox.c.id == first.id
    said: dict[str, Any] = {"digest": [one.key for one in rows]}
    transaction.connection.execute(update(outbox).where(whose).values(receipt=said))
    rest = outbox.c.id.in_([one.id for one in others])
    transaction.connection.execute(update(outbox).where(rest).values(receipt={"gathered": first.key}))


class NoticeRequest(NamedTuple):
    """A notice as a decision asked for it: over which channel, about what, for whom."""

    id: int
    channel: str
    topic: Topic
    to: Any


_ASKED_FOR = select(outbox.c.id, outbox.c.target, outbox.c.payload).where(among(outbox.c.id, "ids"))


def asked_for(transaction: Transaction, ids: Sequence[int]) -> list[NoticeRequest]:
    """These notices as decisions asked for them, in the order given; none that was recalled since."""
    rows = transaction.connection.execute(_ASKED_FOR, {"ids": ids})
    found = {
        one: NoticeRequest(one, target, topic_of(said), said["to"])
        for one, target, said in rows
        if RECALLED not in said
    }
    return [found[one] for one in ids if one in found]
