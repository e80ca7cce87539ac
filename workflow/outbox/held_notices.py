"""Notices that the relay has put on the broker and a message still holds: what a sender asks about first."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import JSON, ColumnElement, Select, Text, bindparam, literal_column, select, type_coerce

from state_machines.notices.topics import PAYLOAD_FIELD, topic_of
from workflow.store.among import among
from workflow.store.effect_states import EffectState
from workflow.store.port import Store
from workflow.store.schema import outbox


class HeldNotice(NamedTuple):
    """A notice that a message still holds, and the channel that it asks for.

    `customer` is the key of its recipient, if that is a customer; `colleagues` whether its topic is theirs.
    """

    id: int
    channel: str
    customer: str | None
    colleagues: bool = False


def notices_held_under(store: Store, ids: Sequence[int], token: str) -> list[HeldNotice]:
    """The notices of these ids that are still published under `token`, in the order given."""
    with store.connect() as connection:
        rows = connection.execute(_held_notices(store.dialect), {"ids": ids, "of": token})
        found = {
            one: HeldNotice(one, channel, customer, _for_colleagues(about, declared))
            for one, channel, customer, about, declared in rows
        }
    return [found[one] for one in ids if one in found]


@cache
def _held_notices(dialect: str) -> Select[Any]:
    """Built once: that takes longer than the database."""
    said = type_coerce(outbox.c.payload, JSON)
    topic = said["about"].as_string(), said[PAYLOAD_FIELD]
    return select(outbox.c.id, outbox.c.target, _key_of_recipient(dialect), *topic).where(
        among(outbox.c.id, "ids"),
        outbox.c.token == bindparam("of"),
        outbox.c.state == EffectState.PUBLISHED,
    )


def _for_colleagues(about: str | None, declared: Any) -> bool:
    return topic_of({"about": about or "", PAYLOAD_FIELD: declared}).colleagues


def _key_of_recipient(dialect: str) -> ColumnElement[str | None]:
    """`to.key` of a notice; null where `to` is a text."""
    if dialect == "postgresql":
        return literal_column("payload #>> '{to,key}'", Text())
    return literal_column("json_extract(payload, '$.to.key')", Text())
