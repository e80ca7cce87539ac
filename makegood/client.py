"""The client: events to makegood, and what became of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

from makegood import calls
from makegood.answers import (
    AcceptedEvent,
    AcceptedEvents,
    DeadLetters,
    Effect,
    EventDecision,
    Found,
    LifecycleLine,
    LifecycleView,
    Page,
    RefusedDecision,
    Subject,
    SubjectHistory,
)
from makegood.batches import Batch, batches, nothing_sent, one_batch, put_together
from makegood.calls import Call
from makegood.changes import ChangeFilter
from makegood.connection import Connection
from makegood.errors import ClientError
from makegood.event import Event
from makegood.following import Changes, ChangeStream
from makegood.retrying import Retrying

Answer = TypeVar("Answer")
Item = TypeVar("Item")


class Client:
    """A client of one API, with one key. Close it, or use it in a `with`. Safe to use from several threads.

    What is safe to repeat is repeated when the connection is lost, and when the API answers 429, 503 or
    another status that is likely to be over soon: after as long as its `Retry-After` says, else after about
    half a second, one, two and so on. Events are safe to repeat, since they keep their `source` and `id`.
    Every method raises ClientError when the last attempt failed, or when the API refuses.

    Args:
        url: the API's address, such as ``http://127.0.0.1:8080``.
        key: an API key.
        timeout: seconds to wait for a connection and for each answer.
        attempts: how often a request is sent at most, the first time included.
        patience: seconds that the API may ask us to wait, at most; when it asks for more, ClientError is
            raised at once.
        proxies: whether to use the proxy that the environment names; not for an API on this machine.
        wait: called with the seconds to wait between two attempts; None: the thread sleeps.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout: float = 30.0,
        attempts: int = 6,
        patience: float = 60.0,
        proxies: bool = True,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        self._connection = Connection(
            url, key, Retrying(attempts, patience), timeout=timeout, proxies=proxies, wait=wait
        )

    def send(self, event: Event, *, wait: int | None = None) -> AcceptedEvent:
        """Send one event; what became of it. It is committed on return.

        With `wait` the API is asked to answer with the decision, within so many seconds: 10 at most, and
        fewer than the `timeout`. If it is not taken by then, the `outcome` is ``pending``.
        """
        return self.carry_out(calls.send(event, wait))["items"][0]

    def send_batch(self, events: Sequence[Event]) -> AcceptedEvents:
        """Send up to 1,000 events in one request: all are committed on return, or none when it raises.

        Raises ValueError when they are too many, or of more than 8 MiB together.
        """
        batch = one_batch(events)
        return nothing_sent() if batch is None else self._send(batch)

    def send_all(self, events: Iterable[Event]) -> AcceptedEvents:
        """Send any number of events, in batches of at most 1,000 and 8 MiB, one after another.

        When it raises, the batches before are committed; sending all of them again changes nothing about
        those.
        """
        answer = nothing_sent()
        for batch in batches(events):
            put_together(answer, self._send(batch))
        return answer

    def event(self, source: str, id: str, *, wait: int | None = None) -> EventDecision:
        """What became of an event; `wait` as for `send`. Raises ClientError of status 404 without one."""
        return self.carry_out(calls.event(source, id, wait))

    def subject(self, key: str) -> SubjectHistory:
        """One subject with its newest entries. Raises ClientError (404) when no event ever named it."""
        return self.carry_out(calls.subject(key))

    def timeline(self, key: str) -> Iterator[dict[str, Any]]:
        """Everything that happened to a subject, the oldest first, page by page.

        Raises ClientError of status 404 when no event ever named it.
        """
        return self.pages(calls.timeline(key))

    def subjects(
        self,
        *,
        lifecycle: str | None = None,
        state: Sequence[str] = (),
        parent: str | None = None,
        opened: bool = True,
    ) -> Iterator[Subject]:
        """All subjects of a lifecycle, in one of some states, that one subject opened; the oldest first.

        With `opened` False those instead that events named and none has opened.
        """
        filters = {"lifecycle": lifecycle, "state": state, "parent": parent}
        return self.pages(calls.subjects(filters, opened))

    def search(self, words: str | None = None, **filters: str | Sequence[str]) -> Iterator[Found]:
        """Subjects that are known by all of these words, those that are named best first, page by page.

        `filters` as the API has them: `lifecycle`, `state`, `owner`, `team`, `due_before`, `zone`,
        ``at_risk="true"``, ``open="true"``. Words or one of them must be there.
        """
        return self.pages(calls.search(words, filters))

    def effects(self, *, state: Sequence[str] = ("dead", "unknown")) -> Iterator[Effect]:
        """All effects in one of some states, the oldest first; by default those that need a person."""
        return self.pages(calls.effects(state))

    def refusals(
        self,
        *,
        lifecycle: str | None = None,
        trigger: str | None = None,
        source: str | None = None,
        since: str | None = None,
    ) -> Iterator[RefusedDecision]:
        """All decisions that refused an event or a timer, the oldest first.

        `since` is an instant (RFC 3339) or a day (UTC).
        """
        filters = {"lifecycle": lifecycle, "trigger": trigger, "source": source, "since": since}
        return self.pages(calls.refusals(filters))

    def dead_letters(self) -> DeadLetters:
        """The first events and timers whose decision failed."""
        return self.carry_out(calls.dead_letters())

    def lifecycles(self) -> list[LifecycleLine]:
        """The lifecycles that the key may read, by name."""
        return self.carry_out(calls.lifecycles())["items"]

    def lifecycle(self, name: str, *, version: int | None = None) -> LifecycleView:
        """One of them, in its newest version unless it is said. Raises ClientError (404) without one."""
        return self.carry_out(calls.lifecycle(name, version))

    def changes(
        self, after: str | None = None, *, wait: int | None = None, **wanted: Unpack[ChangeFilter]
    ) -> Changes:
        """What the ledger records, each change once, from a cursor on: an iterator with a `cursor`.

        Args:
            after: the `cursor` of an earlier one; ``"now"``: only what is recorded from now on; None: all.
            wait: seconds, 10 at most, that the API waits for a change where there is none: the iterator goes
                on for ever. None: it ends with what is there.
            wanted: which of them; of several values one must fit.
        """
        return Changes(self._connection, after, wanted, wait)

    def stream(self, after: str | None = "now", **wanted: Unpack[ChangeFilter]) -> ChangeStream:
        """The same changes live, over a connection that stays open: an iterator with a `cursor`.

        It goes on where it was after every interruption.
        """
        return ChangeStream(self._connection, after, wanted)

    def ask(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Any other resource: read it, or post `body` to it as JSON, such as a request to the desk.

        A post is repeated only where it has certainly not been done before.
        """
        return self.carry_out(calls.ask(path, body))

    def carry_out(self, call: Call[Answer]) -> Answer:
        """What the API answers to a call that somebody has put together."""
        return self._connection.request(call)

    def pages(self, call: Call[Page[Item]]) -> Iterator[Item]:
        """All items of a list, from the page on that this call asks for."""
        following: Call[Page[Item]] | None = call
        while following is not None:
            page = self.carry_out(following)
            yield from page["items"]
            following = calls.page_after(following, page)

    def close(self) -> None:
        """Give the connections back."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _send(self, batch: Batch) -> AcceptedEvents:
        try:
            return self.carry_out(calls.send_batch(batch))
        except ClientError as error:
            raise batch.placed(error) from error.__cause__
