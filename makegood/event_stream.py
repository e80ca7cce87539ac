"""Server-sent events (as the HTML standard has them), from the bytes of a stream."""

from __future__ import annotations

from typing import NamedTuple


class StreamEvent(NamedTuple):
    """One event: the id that came with it, and its data; either may be missing."""

    id: str | None
    data: bytes | None


class EventStream:
    """Decodes server-sent events, in whatever pieces their bytes come.

    Lines end as that standard says, and nowhere else: U+2028 within a text is a part of it.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._id: str | None = None
        self._data: list[bytes] = []

    def feed(self, piece: bytes) -> list[StreamEvent]:
        """The events that are complete with this piece."""
        lines = (self._rest + piece).replace(b"\r\n", b"\n").split(b"\n")
        self._rest = lines.pop()
        return [event for line in lines if (event := self._line(line)) is not None]

    def _line(self, line: bytes) -> StreamEvent | None:
        if line:
            name, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            if name == b"id":
                self._id = value.decode()
            elif name == b"data":
                self._data.append(value)
            return None
        text = b"\n".join(self._data) if self._data else None
        event = StreamEvent(self._id, text)
        self._id, self._data = None, []
        return None if event == (None, None) else event
