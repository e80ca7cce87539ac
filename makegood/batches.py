"""Many events in as few requests as the API takes them in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from makegood.answers import AcceptedEvents, FieldError
from makegood.errors import ClientError
from makegood.event import Event

MOST_EVENTS = 1_000
"""Events of a request, at most."""
MOST_BYTES = 8 * 1024 * 1024
"""Bytes of a request's body, at most."""

_PLACE = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Batch:
    """The body of one request, and the place of its first event among all."""

    body: bytes
    first: int

    def placed(self, error: ClientError) -> ClientError:
        """The error with the places of events among all, not in this batch."""

        def among_all(one: FieldError) -> FieldError:
            field = _PLACE.sub(lambda found: f"[{self.first + int(found[1])}]", one["field"], count=1)
            return {**one, "field": field if _PLACE.match(one["field"]) else one["field"]}

        errors = [among_all(one) for one in error.errors]
        return ClientError(error.message, error.status, errors, error.retry_after)


def encoded(event: Event) -> bytes:
    """An event as JSON text, UTF-8. Raises TypeError or ValueError when its data are no JSON."""
    document = event.to_json()
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


class Batching:
    """Puts events, as they come, into batches of at most 1,000 and at most 8 MiB."""

    def __init__(self) -> None:
        self._first = self._size = 0
        self._held: list[bytes] = []

    def add(self, event: Event) -> Batch | None:
        """The batch that is full, so that this event begins another; None: there is room.

        Raises TypeError or ValueError when the event's data are no JSON.
        """
        text = encoded(event)
        full = None
        if len(self._held) == MOST_EVENTS or self._size + len(text) + len(self._held) + 2 > MOST_BYTES:
            full = self.rest()
        self._held.append(text)
        self._size += len(text)
        return full

    def rest(self) -> Batch | None:
        """The batch of what is held by now; None where nothing is."""
        if not self._held:
            return None
        batch = Batch(b"[" + b",".join(self._held) + b"]", self._first)
        self._first, self._size, self._held = self._first + len(self._held), 0, []
        return batch


def batches(events: Iterable[Event]) -> Iterator[Batch]:
    """The events in their order, in batches.

    Raises TypeError or ValueError when the data of one are no JSON.
    """
    batching = Batching()
    for event in events:
        full = batching.add(event)
        if full is not None:
            yield full
    rest = batching.rest()
    if rest is not None:
        yield rest


def one_batch(events: Sequence[Event]) -> Batch | None:
    """All of them in one; None where there are none. Raises ValueError when one has no room for them."""
    found = list(batches(events))
    if len(found) > 1:
        raise ValueError(f"{len(events)} events are no single batch: it has {MOST_EVENTS} and 8 MiB at most")
    return found[0] if found else None


def nothing_sent() -> AcceptedEvents:
    """What is answered about no event."""
    return {"accepted": 0, "duplicates": 0, "items": []}


def put_together(answer: AcceptedEvents, receipt: AcceptedEvents) -> None:
    """Add what was answered about one more batch."""
    answer["accepted"] += receipt["accepted"]
    answer["duplicates"] += receipt["duplicates"]
    answer["items"] += receipt["items"]
