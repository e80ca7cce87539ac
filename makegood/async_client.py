"""The client for an event loop: what `Client` does, to be awaited."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
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
from makegood.async_connection import AsyncConnection
from makegood.async_following import AsyncChanges, AsyncChangeStream
from makegood.batches import Batch, Batching, batches, nothing_sent, one_batch, put_together
from makegood.calls import Call
from makegood.changes import ChangeFilter
from makegood.errors import ClientError
from makegood.event import Event
from makegood.retrying import Retrying

Answer = TypeVar("Answer")
Item = TypeVar("Item")


class AsyncClient:
    """A client of one API, with one key, for the tasks of one event loop. Close it, or use `async with`.

    Its methods, their arguments and answers are those of `Client`, and so is what is repeated. Methods that
    answer with one thing are coroutines, those that answer with many are asynchronous iterators.

    Args:
        url, key, timeout, attempts, patience, proxies: as of `Client`.
        wait: awaited with the seconds to wait between two attempts; None: the task sleeps.
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
        wait: Callable[[float], Awaitable[object]] | None = None,
    ) -> None:
        self._connection = AsyncConnection(
            url, key, Retrying(attempts, patience), timeout=timeout, proxies=proxies, wait=wait
        )

    async def send(self, event: Event, *, wait: int | None = None) -> AcceptedEvent:
        """Send one event; what became of it. It is committed on return.

        With `wait` the API is asked to answer with the decision, within so many seconds: 10 at most, and
        fewer than the `timeout`. If it is not taken by then, the `outcome` is ``pending``.
        """
        return (await self.carry_out(calls.send(event, wait)))["items"][0]

    async def send_batch(self, events: Sequence[Event]) -> AcceptedEvents:
        """Send up to 1,000 events in one request: all are committed on return, or none when it raises.

        Raises ValueError when they are too many, or of more than 8 MiB together.
        """
        batch = one_batch(events)
        return nothing_sent() if batch is None else await self._send(batch)

    async def send_all(self, events: Iterable[Event] | AsyncIterable[Event]) -> AcceptedEvents:
        """Send any number of events, in batches of at most 1,000 and 8 MiB, one after another.

        When it raises, the batches before are committed; sending all of them again changes nothing about
        those.
        """
        answer = nothing_sent()
        if isinstance(events, AsyncIterable):
            batching = Batching()
            async for event in events:
                if (full := batching.add(event)) is not None:
                    put_together(answer, await self._send(full))
            if (rest := batching.rest()) is not None:
                put_together(answer, await self._send(rest))
            return answer
        for batch in batches(events):
            put_together(answer, await self._send(batch))
        return answer

    async def event(self, source: str, id: str, *, wait: int | None = None) -> EventDecision:
        """What became of an event; `wait` as for `send`. Raises ClientError of status 404 without one."""
        return await self.carry_out(calls.event(source, id, wait))

    async def subject(self, key: str) -> SubjectHistory:
        """One subject with its newest entries. Raises ClientError (404) when no event ever named it."""
        return await self.carry_out(calls.subject(key))

    def timeline(self, key: str) -> AsyncIterator[dict[str, Any]]:
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
    ) -> AsyncIterator[Subject]:
        """All subjects of a lifecycle, in one of some states, that one subject opened; the oldest first.

        With `opened` False those instead that events named and none has opened.
        """
        filters = {"lifecycle": lifecycle, "state": state, "parent": parent}
        return self.pages(calls.subjects(filters, opened))

    def search(self, words: str | None = None, **filters: str | Sequence[str]) -> AsyncIterator[Found]:
        """Subjects that are known by all of these words, those that are named best first, page by page.

        `filters` as the API has them: `lifecycle`, `state`, `owner`, `team`, `due_before`, `zone`,
        ``at_risk="true"``, ``open="true"``. Words or one of them must be there.
        """
        return self.pages(calls.search(words, filters))

    def effects(self, *, state: Sequence[str] = ("dead", "unknown")) -> AsyncIterator[Effect]:
        """All effects in one of some states, the oldest first; by default those that need a person."""
        return self.pages(calls.effects(state))

    def refusals(
        self,
        *,
        lifecycle: str | None = None,
        trigger: str | None = None,
        source: str | None = None,
        since: str | None = None,
    ) -> AsyncIterator[RefusedDecision]:
        """All decisions that refused an event or a timer, the oldest first.

        `since` is an instant (RFC 3339) or a day (UTC).
        """
        filters = {"lifecycle": lifecycle, "trigger": trigger, "source": source, "since": since}
        return self.pages(calls.refusals(filters))

    async def dead_letters(self) -> DeadLetters:
        """The first events and timers whose decision failed."""
        return await self.carry_out(calls.dead_letters())

    async def lifecycles(self) -> list[LifecycleLine]:
        """The lifecycles that the key may read, by name."""
        return (await self.carry_out(calls.lifecycles()))["items"]

    async def lifecycle(self, name: str, *, version: int | None = None) -> LifecycleView:
        """One of them, in its newest version unless it is said. Raises ClientError (404) without one."""
        return await self.carry_out(calls.lifecycle(name, version))

    def changes(
        self, after: str | None = None, *, wait: int | None = None, **wanted: Unpack[ChangeFilter]
    ) -> AsyncChanges:
        """What the ledger records, each change once, from a cursor on: an iterator with a `cursor`.

        Args:
            after: the `cursor` of an earlier one; ``"now"``: only what is recorded from now on; None: all.
            wait: seconds, 10 at most, that the API waits for a change where there is none: the iterator goes
                on for ever. None: it ends with what is there.
            wanted: which of them; of several values one must fit.
        """
        return AsyncChanges(self._connection, after, wanted, wait)

    def stream(self, after: str | None = "now", **wanted: Unpack[ChangeFilter]) -> AsyncChangeStream:
        """The same changes live, over a connection that stays open: an iterator with a `cursor`.

        It goes on where it was after every interruption.
        """
        return AsyncChangeStream(self._connection, after, wanted)

    async def ask(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Any other resource: read it, or post `body` to it as JSON, such as a request to the desk.

        A post is repeated only where it has certainly not been done before.
        """
        return await self.carry_out(calls.ask(path, body))

    async def carry_out(self, call: Call[Answer]) -> Answer:
        """What the API answers to a call that somebody has put together."""
        return await self._connection.request(call)

    async def pages(self, call: Call[Page[Item]]) -> AsyncIterator[Item]:
        """All items of a list, from the page on that this call asks for."""
        following: Call[Page[Item]] | None = call
        while following is not None:
            page = await self.carry_out(following)
            for item in page["items"]:
                yield item
            following = calls.page_after(following, page)

    async def close(self) -> None:
        """Give the connections back."""
        await self._connection.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _send(self, batch: Batch) -> AcceptedEvents:
        try:
            return await self.carry_out(calls.send_batch(batch))
        except ClientError as error:
            raise batch.placed(error) from error.__cause__
