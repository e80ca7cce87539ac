"""Changes one after another, for an event loop: as pages are asked for, or as a stream brings them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

from makegood.async_connection import AsyncConnection
from makegood.changes import SILENCE, Change, ChangeFilter, page_of, stream_of
from makegood.event_stream import EventStream
from makegood.following import ended
from makegood.retrying import PassingFailure


class AsyncChanges:
    """Changes by polling; attributes as of `Changes`."""

    def __init__(
        self, connection: AsyncConnection, after: str | None, wanted: ChangeFilter, wait: int | None
    ) -> None:
        self.cursor = after
        self._connection = connection
        self._wanted = wanted
        self._wait = wait

    async def __aiter__(self) -> AsyncIterator[Change]:
        """From the cursor on. Ends where there is no more, unless it waits for more. Raises ClientError."""
        while True:
            page = await self._connection.request(page_of(self.cursor, self._wanted, self._wait))
            for change in page["items"][:-1]:
                yield change
            self.cursor = page["next"]
            for change in page["items"][-1:]:
                yield change
            if not page["more"] and self._wait is None:
                return


class AsyncChangeStream:
    """Changes as they are recorded; attributes as of `ChangeStream`."""

    def __init__(self, connection: AsyncConnection, after: str | None, wanted: ChangeFilter) -> None:
        self.cursor = after
        self._connection = connection
        self._wanted = wanted

    async def __aiter__(self) -> AsyncIterator[Change]:
        """From the cursor on; goes on after every interruption. Raises ClientError as `ChangeStream` does."""
        attempt = 0
        while True:
            attempt += 1
            try:
                call = stream_of(self.cursor, self._wanted)
                async with self._connection.stream(call, SILENCE) as pieces:
                    events = EventStream()
                    async for piece in pieces:
                        for event in events.feed(piece):
                            attempt = 0
                            self.cursor = event.id or self.cursor
                            if event.data is not None:
                                yield json.loads(event.data)
                raise ended()
            except PassingFailure as failed:
                await self._connection.rest(max(attempt, 1), failed)
