"""What a sender may ask of one connection before a request of theirs is looked at."""

from __future__ import annotations

from typing import NamedTuple


class HeadBounds(NamedTuple):
    """Bounds of one connection.

    Attributes:
        url_bytes: of a request's target. Beyond: 414.
        head_bytes: of a head: its target, names and values of its fields, four bytes more for each. Beyond:
            431.
        fields: of a head. Beyond: 431.
        head_seconds: from the first byte of a head, or from the start of the connection, to the head's end.
            Beyond: 408; where no byte came the connection is closed without a word.
        idle_seconds: between an answer and the next request. Beyond: closed.
        chunks: pieces in which a body may come (Transfer-Encoding: chunked). Beyond: 413.
        pipelined: requests that may wait behind one that is being answered. What came before is answered;
            then the connection is closed.
        leftover_seconds, leftover_bytes: how long, and how much of, a body is read on after its request was
            answered, so that its sender gets to see the answer. Beyond: closed.
        stalled_seconds: for which nobody takes an answer that waits to go out. Beyond: closed.
    """

    url_bytes: int = 8 * 1024
    head_bytes: int = 16 * 1024
    fields: int = 100
    head_seconds: float = 10.0
    idle_seconds: float = 5.0
    chunks: int = 10_000
    pipelined: int = 16
    leftover_seconds: float = 10.0
    leftover_bytes: int = 16 * 1024 * 1024
    stalled_seconds: float = 30.0
