"""Many events in as few requests as the API takes them in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from makegood.answers import FieldError
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


def batches(events: Iterable[Event]) -> Iterator[Batch]:
    """The events in their order, in batches of at most 1,000 and at most 8 MiB.

    Raises TypeError or ValueError when the data of one are no JSON.
    """
    first, size, held = 0, 0, list[bytes]()
    for event in events:
        text = encoded(event)
        if held and (len(held) == MOST_EVENTS or size + len(text) + len(held) + 2 > MOST_BYTES):
            yield Batch(_array(held), first)
            first, size, held = first + len(held), 0, []
        held.append(text)
        size += len(text)
    if held:
        yield Batch(_array(held), first)


def _array(texts: list[bytes]) -> bytes:
    return b"[" + b",".join(texts) + b"]"
