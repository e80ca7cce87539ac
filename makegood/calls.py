"""What is asked of the API, whoever carries it out: one function for each request. Nothing is sent here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from makegood.answers import (
    AcceptedEvents,
    DeadLetters,
    Effect,
    EventDecision,
    Found,
    LifecycleList,
    LifecycleView,
    Page,
    RefusedDecision,
    Subject,
    SubjectHistory,
)
from makegood.batches import Batch, encoded
from makegood.event import Event

_EVENTS = "/v1/events"
_STRUCTURED = {"Content-Type": "application/cloudevents+json"}
_BATCHED = {"Content-Type": "application/cloudevents-batch+json"}
PAGE = 1_000
_TIMELINE_PAGE = 100
"""An entry of a timeline may be as large as its event."""
_SEARCH_PAGE = 100

Answer_co = TypeVar("Answer_co", covariant=True)
Item = TypeVar("Item")
Values = Mapping[str, str | int | Sequence[str] | None]


@dataclass(frozen=True, slots=True)
class Call(Generic[Answer_co]):
    """One request, and the type of what is answered.

    Attributes:
        path: of the API, percent-encoded.
        params: of the query.
        content: the body as it is sent.
        body: the body as a value, sent as JSON; None: there is none.
        repeatable: whether doing it twice is the same as doing it once. If not, it is repeated only where it
            has certainly not been done.
    """

    method: str
    path: str
    params: Mapping[str, str | int | Sequence[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    body: Any = None
    repeatable: bool = True

    @property
    def query(self) -> Any:
        """The parameters for httpx; None for none: an empty mapping would drop a query in the path."""
        return self.params or None

    def with_params(self, **params: str | int) -> Call[Answer_co]:
        """The same with these parameters besides, or instead."""
        return replace(self, params={**self.params, **params})


def read(path: str, params: Values | None = None, wait: int | None = None) -> Call[Any]:
    """Anything that is read; parameters that are None or empty are left out."""
    wanted = {name: value for name, value in (params or {}).items() if value not in (None, "", (), [])}
    return Call("GET", path, wanted, preferring(wait))


def send(event: Event, wait: int | None) -> Call[AcceptedEvents]:
    """Send one event, and wait for its decision for so many seconds."""
    return Call("POST", _EVENTS, content=encoded(event), headers=_STRUCTURED | preferring(wait))


def send_batch(batch: Batch) -> Call[AcceptedEvents]:
    """Send a batch."""
    return Call("POST", _EVENTS, content=batch.body, headers=_BATCHED)


def event(source: str, id: str, wait: int | None) -> Call[EventDecision]:
    """What became of an event."""
    return read(f"{_EVENTS}/{quote(source, safe='')}/{quote(id, safe='')}", wait=wait)


def subject(key: str) -> Call[SubjectHistory]:
    """One subject with its newest entries."""
    return read(f"/v1/subjects/{_key(key)}")


def timeline(key: str) -> Call[Page[dict[str, Any]]]:
    """The first page of what happened to a subject."""
    return read(f"/v1/subjects/{_key(key)}/timeline", {"limit": _TIMELINE_PAGE})


def subjects(filters: Values, opened: bool) -> Call[Page[Subject]]:
    """The first page of subjects."""
    return read("/v1/subjects", {"limit": PAGE, **filters, "opened": None if opened else "false"})


def effects(state: Sequence[str]) -> Call[Page[Effect]]:
    """The first page of effects."""
    return read("/v1/effects", {"limit": PAGE, "state": state})


def refusals(filters: Values) -> Call[Page[RefusedDecision]]:
    """The first page of refused decisions."""
    return read("/v1/refusals", {"limit": PAGE, **filters})


def dead_letters() -> Call[DeadLetters]:
    """What was given up."""
    return read("/v1/dead-letters")


def search(words: str | None, filters: Values) -> Call[Page[Found]]:
    """The first page of what is found."""
    return read("/v1/search", {"limit": _SEARCH_PAGE, "q": words, **filters})


def lifecycles() -> Call[LifecycleList]:
    """All lifecycles that the key may read."""
    return read("/v1/lifecycles")


def lifecycle(name: str, version: int | None) -> Call[LifecycleView]:
    """One of them, in this version or its newest."""
    return read(f"/v1/lifecycles/{quote(name, safe='')}", {"version": version})


def ask(path: str, body: Mapping[str, Any] | None) -> Call[dict[str, Any]]:
    """Read any resource, or post something to it."""
    return read(path) if body is None else Call("POST", path, body=body, repeatable=False)


def page_after(call: Call[Page[Item]], page: Page[Item]) -> Call[Page[Item]] | None:
    """The call for the page behind one; None behind the last."""
    following = page["next"]
    return None if following is None else call.with_params(cursor=following)


def preferring(wait: int | None) -> dict[str, str]:
    """The header (RFC 7240) that asks for the decision within so many seconds."""
    return {} if wait is None else {"Prefer": f"wait={wait}"}


def _key(key: str) -> str:
    """A subject's key in a path, where ``/explain`` or ``/timeline`` at the end asks for something else."""
    head, slash, last = key.rpartition("/")
    if last in ("explain", "timeline") and slash:
        return f"{quote(head, safe=':/')}%2F{last}"
    return quote(key, safe=":/")
