"""The subjects of one lifecycle, as a generated module has them with types: `makegood client generate`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypedDict, TypeVar, Unpack
from urllib.parse import quote
from uuid import uuid4

from makegood.answers import Page
from makegood.async_client import AsyncClient
from makegood.calls import PAGE, Call, preferring, read
from makegood.client import Client

Data = TypeVar("Data")
State = TypeVar("State", bound=str)


class Resource(TypedDict, Generic[Data, State]):
    """One subject as it stands. `revision` is the number of the last decision that changed it.

    Read with `fields`, it has those that were asked for besides `key`, `id`, `state` and `revision`.
    """

    key: str
    id: str
    lifecycle: str
    version: int
    state: State
    revision: int
    data: Data
    parent: str | None
    opened_at: str
    changed_at: str
    closed_at: str | None


class EventName(TypedDict):
    """`source` and `id` of the event that a trigger became."""

    source: str
    id: str


class TriggerResult(TypedDict):
    """What became of a trigger.

    `status` is accepted, or duplicate where it was sent before; `outcome` moved, stayed or, where nobody
    waited for it, pending. `state` and `revision` are those after the decision.
    """

    key: str
    id: str
    event: EventName
    status: str
    outcome: str
    reason: str | None
    state: str | None
    revision: int | None


class PossibleTrigger(TypedDict):
    """A trigger that leads somewhere from the present state.

    `verdict` says whether it would be taken: ``yes``, ``no`` (for the `reason`), or ``depends``, on what its
    event says. `permitted`: whether this key may send it, else `why_not`. `required` are the fields that must
    be there.
    """

    trigger: str
    verdict: str
    leads_to: list[str]
    reason: str | None
    permitted: bool
    why_not: str | None
    senders: list[str]
    required: list[str]


class PossibleTriggers(TypedDict):
    """What may happen to a subject now, at this revision."""

    key: str
    state: str
    revision: int
    items: list[PossibleTrigger]


class Hours(TypedDict, total=False):
    """A calendar as it is written out. Its `zone`, and `weekly` or `open`, must be there."""

    zone: str
    weekly: Mapping[str, Sequence[str] | str]
    holidays: Mapping[str, str] | Sequence[Mapping[str, str]]
    closed: Sequence[str]
    open: Mapping[str, Sequence[str] | str]


class Sending(TypedDict, total=False):
    """How a trigger is sent.

    Attributes:
        wait: seconds, 10 at most, within which the answer is to have the decision. A trigger that is refused
            raises ClientError of status 409 then.
        if_revision: it is only taken while this is the subject's revision; else ClientError of status 412.
        idempotency_key: with the key's source it identifies the event; a new one unless it is given.
    """

    wait: int
    if_revision: int
    idempotency_key: str


class Opening(Sending, total=False):
    """How a trigger is sent that may begin a subject; `parent` is the key of the one that it belongs to."""

    parent: str


class Creating(Opening, total=False):
    """How a new subject is asked for; its `id` is made unless it is given."""

    id: str


class Choice(TypedDict, total=False):
    """Which subjects: in one of some states, ended or not (`open`), of a parent; which `fields` of each."""

    state: str | Sequence[str]
    open: bool
    parent: str
    fields: Sequence[str]


class ResourceCalls(Generic[Data, State]):
    """The calls for the subjects of one lifecycle.

    Attributes:
        lifecycle: its name.
        collection: the path under which its subjects lie.
    """

    lifecycle: ClassVar[str]
    collection: ClassVar[str]

    def get_call(self, id: str, fields: Sequence[str]) -> Call[Resource[Data, State]]:
        """One as it stands."""
        return read(self._path(id), {"fields": ",".join(fields)})

    def list_call(self, chosen: Choice) -> Call[Page[Resource[Data, State]]]:
        """The first page of those that there are."""
        params: dict[str, Any] = {**chosen, "limit": PAGE, "fields": ",".join(chosen.get("fields", ()))}
        if "open" in chosen:
            params["open"] = "true" if chosen["open"] else "false"
        return read(self.collection, params)

    def possible_call(self, id: str) -> Call[PossibleTriggers]:
        """What may happen to one now."""
        return read(f"{self._path(id)}/possible")

    def trigger_call(
        self, id: str, trigger: str, data: Mapping[str, Any] | None, sending: Mapping[str, Any]
    ) -> Call[TriggerResult]:
        """A trigger of one."""
        return _post(f"{self._path(id)}/{trigger}", data, sending, {})

    def create_call(self, data: Mapping[str, Any] | None, creating: Mapping[str, Any]) -> Call[TriggerResult]:
        """A new one."""
        id = creating.get("id")
        return _post(self.collection, data, creating, {} if id is None else {"id": id})

    def _path(self, id: str) -> str:
        return f"{self.collection}/{quote(id, safe=':')}"


def _post(
    path: str, data: Mapping[str, Any] | None, sending: Mapping[str, Any], params: Mapping[str, str]
) -> Call[TriggerResult]:
    """Safe to repeat: under the same idempotency key it is the same event."""
    headers = {"Idempotency-Key": sending.get("idempotency_key") or str(uuid4())}
    headers |= preferring(sending.get("wait"))
    if "if_revision" in sending:
        headers["If-Match"] = f'"{sending["if_revision"]}"'
    parent = {"parent": sending["parent"]} if "parent" in sending else {}
    return Call("POST", path, {**params, **parent}, headers, body=dict(data or {}))


class Resources(ResourceCalls[Data, State]):
    """The subjects of one lifecycle, by a client. Every method raises ClientError as the client's do."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def get(self, id: str, *, fields: Sequence[str] = ()) -> Resource[Data, State]:
        """One as it stands; `fields` such as ``data.owner`` alone, where some are named."""
        return self._client.carry_out(self.get_call(id, fields))

    def all(self, **chosen: Unpack[Choice]) -> Iterator[Resource[Data, State]]:
        """Those that have been opened, the oldest first, page by page."""
        return self._client.pages(self.list_call(chosen))

    def possible(self, id: str) -> PossibleTriggers:
        """What may happen to one now, and what of it this key may bring about."""
        return self._client.carry_out(self.possible_call(id))


class AsyncResources(ResourceCalls[Data, State]):
    """The same by an async client."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def get(self, id: str, *, fields: Sequence[str] = ()) -> Resource[Data, State]:
        """One as it stands; `fields` such as ``data.owner`` alone, where some are named."""
        return await self._client.carry_out(self.get_call(id, fields))

    def all(self, **chosen: Unpack[Choice]) -> AsyncIterator[Resource[Data, State]]:
        """Those that have been opened, the oldest first, page by page."""
        return self._client.pages(self.list_call(chosen))

    async def possible(self, id: str) -> PossibleTriggers:
        """What may happen to one now, and what of it this key may bring about."""
        return await self._client.carry_out(self.possible_call(id))
