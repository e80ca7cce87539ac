"""Changes one after another: as pages are asked for, or as a stream brings them. Both know where they are."""

from __future__ import annotations

import json
from collections.abc import Iterator

from makegood.changes import SILENCE, Change, ChangeFilter, page_of, stream_of
from makegood.connection import Connection
from makegood.errors import ClientError
from makegood.event_stream import EventStream
from makegood.retrying import PassingFailure


class Changes:
    """Changes by polling, an iterator.

    Attributes:
        cursor: where to go on: behind the last change that was handed out, once that was the last of a page,
            and until then behind the page before. None: at the beginning of the ledger.
    """

    def __init__(
        self, connection: Connection, after: str | None, wanted: ChangeFilter, wait: int | None
    ) -> None:
        self.cursor = after
        self._connection = connection
        self._wanted = wanted
        self._wait = wait

    def __iter__(self) -> Iterator[Change]:
        """From the cursor on. Ends where there is no more, unless it waits for more. Raises ClientError."""
        while True:
            page = self._connection.request(page_of(self.cursor, self._wanted, self._wait))
            yield from page["items"][:-1]
            self.cursor = page["next"]
            yield from page["items"][-1:]
            if not page["more"] and self._wait is None:
                return


class ChangeStream:
    """Changes as they are recorded, an iterator that does not end: it goes on after every interruption.

    Attributes:
        cursor: behind the last change that was handed out; None: at the beginning of the ledger.
    """

    def __init__(self, connection: Connection, after: str | None, wanted: ChangeFilter) -> None:
        self.cursor = after
        self._connection = connection
        self._wanted = wanted

    def __iter__(self) -> Iterator[Change]:
        """From the cursor on.

        Raises ClientError when the API refuses, or could not be reached as often as the client tries.
        """
        attempt = 0
        while True:
            attempt += 1
            try:
                call = stream_of(self.cursor, self._wanted)
                with self._connection.stream(call, SILENCE) as pieces:
                    events = EventStream()
                    for piece in pieces:
                        for event in events.feed(piece):
                            attempt = 0
                            self.cursor = event.id or self.cursor
                            if event.data is not None:
                                yield json.loads(event.data)
                raise ended()
            except PassingFailure as failed:
                self._connection.rest(max(attempt, 1), failed)


def ended() -> PassingFailure:
    """A stream has ended that was to go on: its server stops, or something in between had enough of it."""
    return PassingFailure(ClientError("the stream of changes has ended"), harmless=True)
