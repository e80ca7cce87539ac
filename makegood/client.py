"""The client: events to makegood, and what became of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import quote

from makegood.answers import (
    AcceptedEvent,
    AcceptedEvents,
    DeadLetters,
    Effect,
    EventDecision,
    RefusedDecision,
    Subject,
    SubjectHistory,
)
from makegood.batches import MOST_EVENTS, Batch, batches, encoded
from makegood.connection import Connection
from makegood.errors import ClientError
from makegood.event import Event

_EVENTS = "/v1/events"
_STRUCTURED = {"Content-Type": "application/cloudevents+json"}
_BATCHED = {"Content-Type": "application/cloudevents-batch+json"}
_PAGE = 1_000
_TIMELINE_PAGE = 100
"""An entry of a timeline may be as large as its event."""


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
            url, key, timeout=timeout, proxies=proxies, attempts=attempts, patience=patience, wait=wait
        )

    def send(self, event: Event, *, wait: int | None = None) -> AcceptedEvent:
        """Send one event; what became of it. It is committed on return.

        With `wait` the API is asked to answer with the decision, within so many seconds: 10 at most, and
        fewer than the `timeout`. If it is not taken by then, the `outcome` is ``pending``.
        """
        receipt: AcceptedEvents = self._connection.request(
            "POST", _EVENTS, content=encoded(event), headers=_STRUCTURED | _preferring(wait)
        )
        return receipt["items"][0]

    def send_batch(self, events: Sequence[Event]) -> AcceptedEvents:
        """Send up to 1,000 events in one request: all are committed on return, or none when it raises.

        Raises ValueError when they are too many, or of more than 8 MiB together.
        """
        found = list(batches(events))
        if len(found) > 1:
            raise ValueError(
                f"{len(events)} events are no single batch: it has {MOST_EVENTS} and 8 MiB at most"
            )
        return self._send(found[0]) if found else {"accepted": 0, "duplicates": 0, "items": []}

    def send_all(self, events: Iterable[Event]) -> AcceptedEvents:
        """Send any number of events, in batches of at most 1,000 and 8 MiB, one after another.

        When it raises, the batches before are committed; sending all of them again changes nothing about
        those.
        """
        answer: AcceptedEvents = {"accepted": 0, "duplicates": 0, "items": []}
        for batch in batches(events):
            receipt = self._send(batch)
            answer["accepted"] += receipt["accepted"]
            answer["duplicates"] += receipt["duplicates"]
            answer["items"] += receipt["items"]
        return answer

    def event(self, source: str, id: str, *, wait: int | None = None) -> EventDecision:
        """What became of an event; `wait` as for `send`. Raises ClientError of status 404 without one."""
        path = f"{_EVENTS}/{quote(source, safe='')}/{quote(id, safe='')}"
        answer = self._connection.request("GET", path, headers=_preferring(wait))
        return cast(EventDecision, answer)

    def subject(self, key: str) -> SubjectHistory:
        """One subject with its newest entries. Raises ClientError (404) when no event ever named it."""
        return cast(SubjectHistory, self._connection.request("GET", f"/v1/subjects/{_in_path(key)}"))

    def timeline(self, key: str) -> Iterator[dict[str, Any]]:
        """Everything that happened to a subject, the oldest first, page by page.

        Raises ClientError of status 404 when no event ever named it.
        """
        return self._pages(f"/v1/subjects/{_in_path(key)}/timeline", {}, limit=_TIMELINE_PAGE)

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
        return self._pages("/v1/subjects", filters if opened else {**filters, "opened": "false"})

    def effects(self, *, state: Sequence[str] = ("dead", "unknown")) -> Iterator[Effect]:
        """All effects in one of some states, the oldest first; by default those that need a person."""
        return self._pages("/v1/effects", {"state": state})

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
        return self._pages("/v1/refusals", filters)

    def dead_letters(self) -> DeadLetters:
        """The first events and timers whose decision failed."""
        return cast(DeadLetters, self._connection.request("GET", "/v1/dead-letters"))

    def ask(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Any other resource: read it, or post `body` to it as JSON, such as a request to the desk.

        A post is repeated only where it has certainly not been done before.
        """
        if body is None:
            return cast(dict[str, Any], self._connection.request("GET", path))
        return cast(dict[str, Any], self._connection.request("POST", path, repeatable=False, json=body))

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
            answer = self._connection.request("POST", _EVENTS, content=batch.body, headers=_BATCHED)
        except ClientError as error:
            raise batch.placed(error) from error.__cause__
        return cast(AcceptedEvents, answer)

    def _pages(
        self, path: str, filters: Mapping[str, str | Sequence[str] | None], limit: int = _PAGE
    ) -> Iterator[Any]:
        wanted = {name: value for name, value in filters.items() if value}
        cursor: str | None = None
        while True:
            more = {} if cursor is None else {"cursor": cursor}
            page = self._connection.request("GET", path, params={"limit": limit, **wanted, **more})
            yield from page["items"]
            cursor = page["next"]
            if cursor is None:
                return


def _preferring(wait: int | None) -> dict[str, str]:
    """The header (RFC 7240) that asks for the decision."""
    return {} if wait is None else {"Prefer": f"wait={wait}"}


def _in_path(key: str) -> str:
    """A subject's key in a path, where ``/explain`` or ``/timeline`` at the end asks for something else."""
    head, slash, last = key.rpartition("/")
    if last in ("explain", "timeline") and slash:
        return f"{quote(head, safe=':/')}%2F{last}"
    return quote(key, safe=":/")
