"""A small client of the HTTP door, for `makegood send`, the demonstration and other programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from workflow.engine.cloudevent import CloudEvent
from workflow.errors import MakegoodError

STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"


class DoorError(MakegoodError):
    """The door could not be reached, or refused. `status` is None when it was not reached."""

    def __init__(
        self, message: str, status: int | None = None, errors: Sequence[Mapping[str, str]] = ()
    ) -> None:
        self.status = status
        self.errors = list(errors)
        lines = [message, *(f"{one['field']}: {one['message']} [{one['rule']}]" for one in self.errors)]
        super().__init__("\n  ".join(lines))


class Client:
    """One connection to the door. Close it, or use it in a `with`.

    Args:
        url: such as ``http://127.0.0.1:8080``.
        key: an API key.
        timeout: seconds to wait for an answer.
        proxies: whether to use the proxy that the environment names; not for a door on this machine.
    """

    def __init__(self, url: str, key: str, *, timeout: float = 30.0, proxies: bool = True) -> None:
        self._http = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=timeout, trust_env=proxies
        )

    def send(self, event: CloudEvent) -> dict[str, Any]:
        """Post one event; its entry of the answer's `items`. Safe to repeat. Raises DoorError."""
        answer = self._request(
            "POST", "/v1/events", json=event.to_json(), headers={"Content-Type": STRUCTURED}
        )
        item: dict[str, Any] = answer["items"][0]
        return item

    def send_all(self, events: Sequence[CloudEvent]) -> dict[str, Any]:
        """Post up to 1,000 events in one request, all or none; the whole answer. Raises DoorError."""
        documents = [event.to_json() for event in events]
        return self._request("POST", "/v1/events", json=documents, headers={"Content-Type": BATCHED})

    def subject(self, key: str) -> dict[str, Any]:
        """One subject with its timeline. Raises DoorError, of status 404 when no event ever named it."""
        return self._request("GET", f"/v1/subjects/{quote(key, safe=':/')}")

    def subjects(self, **filters: str | int | Sequence[str]) -> Iterator[dict[str, Any]]:
        """All subjects that pass the filters: lifecycle, state, parent. Raises DoorError."""
        return self._pages("/v1/subjects", filters)

    def effects(self, **filters: str | int | Sequence[str]) -> Iterator[dict[str, Any]]:
        """All effects in the states given (state; default dead and unknown). Raises DoorError."""
        return self._pages("/v1/effects", filters)

    def dead_letters(self) -> dict[str, Any]:
        """The first events and timers whose decision failed, as `events` and `timers`. Raises DoorError."""
        return self._request("GET", "/v1/dead-letters")

    def ask(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Any other resource: read it, or with a body post to it as JSON. Raises DoorError."""
        if body is None:
            return self._request("GET", path)
        return self._request("POST", path, json=body)

    def close(self) -> None:
        """Give the connection back."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _pages(self, path: str, filters: Mapping[str, str | int | Sequence[str]]) -> Iterator[dict[str, Any]]:
        cursor: str | None = None
        while True:
            page = self._request(
                "GET", path, params={"limit": 1000, **filters} | ({"cursor": cursor} if cursor else {})
            )
            yield from page["items"]
            cursor = page["next"]
            if cursor is None:
                return

    def _request(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        try:
            response = self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise DoorError(f"{self._http.base_url} cannot be reached: {error}") from error
        except httpx.InvalidURL as error:
            raise DoorError(f"{self._http.base_url} is no address: {error}") from error
        if response.is_success:
            answer: dict[str, Any] = response.json()
            return answer
        try:
            problem = response.json()
            raise DoorError(
                f"{response.status_code}: {problem['title']}", response.status_code, problem["errors"]
            )
        except (ValueError, KeyError, TypeError):
            raise DoorError(f"{response.status_code}: {response.text[:200]}", response.status_code) from None
