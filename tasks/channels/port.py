"""The port: what every channel takes, gives back and may raise."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol, runtime_checkable

from state_machines.notices.topics import PAYLOAD_FIELD, Topic, topic_of
from state_machines.subject import NOTHING
from workflow.errors import MakegoodError
from workflow.store.port import EffectRow

_RULE = re.compile(r"\[([a-z0-9][a-z0-9-]*)\]\Z")


class Notice(NamedTuple):
    """One notice on its way out.

    Attributes:
        key: the effect's idempotency key, the same however often it is tried.
        subject: key of the subject that asked for it.
        channel: name of the channel, such as ``email``.
        to: an address, or a JSON object with one address a channel.
        about: name of the topic.
        title, words: what is said.
        context: what a person who carries it on must know.
        asked_at: when it was decided, UTC.
        variants: title and words by channel, for those that have their own.
        links: signed links that the words hold places for, by name.
        declared: the topic, where the definition declares it itself.
        language: of its words, where that is known.
    """

    key: str
    subject: str
    channel: str
    to: Any
    about: str
    title: str
    words: str
    context: Mapping[str, Any]
    asked_at: datetime
    variants: Mapping[str, Mapping[str, str]] = NOTHING
    links: Mapping[str, Mapping[str, Any]] = NOTHING
    declared: Topic | None = None
    language: str | None = None

    @property
    def topic(self) -> Topic:
        """What it is about."""
        return self.declared or topic_of({"about": self.about})

    @classmethod
    def of(cls, row: EffectRow, to: Any) -> Notice:
        """The notice that a row of the outbox holds, to this recipient."""
        said = row.payload
        return cls(
            key=row.key,
            subject=row.subject,
            channel=row.target,
            to=to,
            about=said["about"],
            title=said["title"],
            words=said["words"],
            context=said.get("context") or NOTHING,
            asked_at=row.created_at,
            variants=said.get("variants") or NOTHING,
            links=said.get("links") or NOTHING,
            declared=topic_of(said) if PAYLOAD_FIELD in said else None,
            language=said.get("language"),
        )

    def over(self, channel: str) -> Notice:
        """The same notice over this channel, in its words."""
        own = self.variants.get(channel)
        if own is None:
            return self._replace(channel=channel)
        return self._replace(channel=channel, title=own["title"], words=own["words"])


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the other side answered: kept with the effect."""

    channel: str
    reference: str
    """By which the other side knows it, such as a Message-ID or a subject's key."""
    answer: str = ""
    receiver: str = ""
    """Of a webhook, whose it was, as `MAKEGOOD_WEBHOOK_HOSTS` writes it: who may report on it."""

    def to_json(self) -> dict[str, Any]:
        """As it is stored. A report (`recovery.reports`) may make `delivered` or `failed` of it later."""
        return {
            "channel": self.channel,
            "reference": self.reference,
            "answer": self.answer,
            "outcome": "accepted",
            **({"receiver": self.receiver} if self.receiver else {}),
        }


class ChannelError(MakegoodError):
    """A notice did not demonstrably go out. Messages name rules and codes, never a person.

    `rules` are what a definition can call the error: the word in brackets that the message ends with, as
    ``webhook-409`` in ``answered 409 [webhook-409]``, and what the adapter says besides.
    """

    def __init__(self, message: str, *, rules: Collection[str] = ()) -> None:
        super().__init__(message)
        said = _RULE.search(message)
        self.rules = frozenset({*rules, said[1]} if said else rules)


class Retry(ChannelError):
    """Another try may help and does no harm: it surely did not go out, or the other side knows it by its key.

    `after` is how many seconds the other side wants to be left alone at least; None: it said nothing.
    `of_all`: the server did not look at the notice, and would say the same of any other.
    """

    def __init__(
        self, message: str, after: float | None = None, *, rules: Collection[str] = (), of_all: bool = False
    ) -> None:
        super().__init__(message, rules=rules)
        self.after = after
        self.of_all = of_all


class NotAsked(Retry):
    """It was not handed over, for the sake of who gets it: no attempt, which waits for `after` seconds."""


class Rejected(ChannelError):
    """It surely did not go out, and another try cannot help: a person must look."""


class NobodyThere(Rejected):
    """Nobody is there, the other side says of this address: neither for this message nor for any other."""


class OutcomeUnknown(ChannelError):
    """It may have gone out and it may not: neither dropped nor tried again, a person must look."""

    channel: str | None = None
    """Over which channel, as soon as who asked the adapter has noted it."""


class Channel(Protocol):
    """One way to reach people."""

    def send(self, notice: Notice, idempotency_key: str) -> Receipt:
        """Hand one notice over, in bounded time.

        Args:
            notice: what to say to whom.
            idempotency_key: handed on to the other side wherever it can tell a repetition by it.

        Raises:
            Retry, Rejected, OutcomeUnknown: see there. Any other exception counts as OutcomeUnknown.
        """


@runtime_checkable
class SessionChannel(Channel, Protocol):
    """A channel to which several notices go in a row over one connection."""

    def session(self) -> AbstractContextManager[Channel]:
        """The channel while several are sent, one after the other and by one thread.

        What each came to is known before the next begins. A connection that was lost is opened anew.
        """


@runtime_checkable
class ConcurrentChannel(Channel, Protocol):
    """A channel to which several notices may be handed at the same time, each by a thread of its own."""

    at_once: int
    """How many."""
