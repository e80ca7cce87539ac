"""What is on record of the outage afterwards: the messages that went out, and what the store says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from state_machines.values.instants import parse_instant
from tests.processes.installation import Installation
from workflow.store.effect_states import EffectState
from workflow.store.port import Store
from workflow.store.schema import inbox, outbox, subjects

GATHERED = "waits: gathered"
HOURS = "waits: quiet hours of the recipient"
CAP = "waits: frequency cap of the recipient"
CALL = "dial"
"""The channel over which a colleague's telephone rings."""
_WAY = ("email", "phone", "social", "chat")


@dataclass(frozen=True, slots=True)
class Message:
    """One message that went out.

    Attributes:
        at: when, UTC.
        to: the address by which its recipient is known here.
        channel: over which.
        about: its topic.
        subject: key of the subject whose notice it is, of several the first.
        of: idempotency keys of the notices in it.
        words: as they went out.
    """

    at: datetime
    to: str
    channel: str
    about: str
    subject: str
    of: tuple[str, ...]
    words: str

    @property
    def is_to_a_colleague(self) -> bool:
        """Whether it went to a colleague."""
        return self.to.endswith("@grid.example")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A notice that waits for the hours of a customer: of which subject, its words, until when (UTC)."""

    subject: str
    words: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Promise:
    """A first word that was promised: its state, when it is due and when it was given, UTC."""

    state: str
    due_at: datetime
    kept_at: datetime | None


@dataclass(frozen=True, slots=True)
class Records:
    """All that is on record.

    Attributes:
        messages: in the order in which they went out.
        waiting: what waits for the hours of customers.
        asked: idempotency keys of all notices to colleagues that were decided.
        first_words: the promise of each, by key of the case.
        states: how many subjects are in which state, by `lifecycle/state`.
        joined: keys of the cases that are one of the incident's.
        given_up: what is dead or whose outcome nobody knows, in words.
        refused: decisions that were refused, in words.
        alerts: keys of what has left a service alert.
        left: what is still to be done, in words.
    """

    messages: Sequence[Message]
    waiting: Sequence[Waiting]
    asked: frozenset[str]
    first_words: Mapping[str, Promise]
    states: Mapping[str, int]
    joined: frozenset[str]
    given_up: Sequence[str]
    refused: Sequence[str]
    alerts: Sequence[str]
    left: Sequence[str]


def left(store: Store, *, gathered: bool = True) -> list[str]:
    """What is still to be decided or sent, in words; what waits for the hours or caps of customers is not.

    Args:
        gathered: whether what is gathered for a colleague counts.
    """
    with store.connect() as connection:
        undecided = connection.execute(
            select(func.count()).select_from(inbox).where(inbox.c.dead_at.is_(None))
        ).scalar_one()
        waits = [HOURS, CAP] if gathered else [HOURS, CAP, GATHERED]
        query = select(outbox.c.key, outbox.c.state, outbox.c.error).where(
            outbox.c.state.in_([EffectState.PENDING, EffectState.PUBLISHED, EffectState.SENDING]),
            *(~func.coalesce(outbox.c.error, "").startswith(one) for one in waits),
        )
        effects = [f"{key} {state}: {error}" for key, state, error in connection.execute(query)]
    return effects + ([f"{undecided} events"] if undecided else [])


def states(store: Store, lifecycle: str) -> list[str]:
    """The state of each subject of a lifecycle."""
    with store.connect() as connection:
        return list(
            connection.execute(select(subjects.c.state).where(subjects.c.lifecycle == lifecycle)).scalars()
        )


def read(installation: Installation, api: Mapping[str, Any]) -> Records:
    """All that is on record.

    Args:
        api: what the API lists: `effects` and `dead_letters` and `refusals` and `alerts`.
    """
    with installation.runtime.store.connect() as connection:
        counted = connection.execute(
            select(subjects.c.lifecycle, subjects.c.state, func.count()).group_by(
                subjects.c.lifecycle, subjects.c.state
            )
        )
        by_state = {f"{lifecycle}/{state}": number for lifecycle, state, number in counted}
        joined = connection.execute(select(subjects.c.data).where(subjects.c.lifecycle == "membership"))
        return Records(
            messages=[_message(one) for one in installation.notices()],
            waiting=_waiting(connection),
            asked=frozenset(_asked(connection)),
            first_words=_first_words(connection),
            states=by_state,
            joined=frozenset(data["case"] for (data,) in joined if "left_at" not in data),
            given_up=[f"{kind}: {one}" for kind, found in api["given_up"].items() for one in found],
            refused=[str(one) for one in api["refused"]],
            alerts=[one["case"] for one in api["alerts"]],
            left=left(installation.runtime.store),
        )


def _message(line: Mapping[str, Any]) -> Message:
    to = line["to"]
    address = to if isinstance(to, str) else next(str(to[one]) for one in _WAY if to.get(one))
    digest = tuple(line["context"].get("digest", [line["key"]]))
    return Message(
        parse_instant(line["at"]),
        address,
        line["channel"],
        line["about"],
        line["subject"],
        digest,
        f"{line['title']}\n{line['words']}",
    )


def _waiting(connection: Connection) -> list[Waiting]:
    query = (
        select(subjects.c.key, outbox.c.payload, outbox.c.due_at)
        .join(subjects, subjects.c.id == outbox.c.subject_id)
        .where(outbox.c.state == EffectState.PENDING, outbox.c.error.startswith(HOURS))
    )
    return [Waiting(key, str(payload["words"]), due) for key, payload, due in connection.execute(query)]


def _asked(connection: Connection) -> list[str]:
    """Keys of the notices to colleagues, who are all known by a mail of the grid's."""
    query = select(outbox.c.key, outbox.c.payload).where(outbox.c.kind == "notice")
    return [key for key, payload in connection.execute(query) if "@grid.example" in str(payload["to"])]


def _first_words(connection: Connection) -> dict[str, Promise]:
    query = select(subjects.c.state, subjects.c.data).where(
        subjects.c.lifecycle == "promise", subjects.c.key.endswith("-first_word")
    )
    return {
        data["case"]: Promise(
            state,
            parse_instant(data["due_at"]),
            parse_instant(data["kept_at"]) if data.get("kept_at") else None,
        )
        for state, data in connection.execute(query)
    }
