"""Requests to the API that are repeated where that does no harm, for an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import httpx

from makegood.calls import Call
from makegood.responses import answered, check, failure
from makegood.retrying import PassingFailure, Retrying

Answer = TypeVar("Answer")


class AsyncConnection:
    """One API and one key, for the tasks of one event loop; arguments as of `Connection`.

    Args:
        wait: awaited with the seconds between two attempts; None: the task sleeps.
    """

    def __init__(
        self,
        url: str,
        key: str,
        retrying: Retrying,
        *,
        timeout: float,
        proxies: bool,
        wait: Callable[[float], Awaitable[object]] | None,
    ) -> None:
        self._http = httpx.AsyncClient(
            base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=timeout, trust_env=proxies
        )
        self._retrying = retrying
        self._wait = asyncio.sleep if wait is None else wait

    async def request(self, call: Call[Answer]) -> Answer:
        """The decoded answer. Raises ClientError: the API was not reached or refused, in the last attempt."""
        attempt = 1
        while True:
            try:
                answer: Answer = await self._once(call)
                return answer
            except PassingFailure as failed:
                await self.rest(attempt, failed, repeatable=call.repeatable)
            attempt += 1

    async def rest(self, attempt: int, failed: PassingFailure, *, repeatable: bool = True) -> None:
        """Wait after an attempt that failed. Raises ClientError where there is to be no other."""
        await self._wait(self._retrying.pause(attempt, failed, repeatable=repeatable))

    @asynccontextmanager
    async def stream(self, call: Call[Any], silence: float) -> AsyncIterator[AsyncIterator[bytes]]:
        """The bytes of an answer as they come, in one attempt; as `Connection.stream`."""
        timeout = httpx.Timeout(self._http.timeout.connect, read=silence)
        try:
            async with self._http.stream(
                call.method, call.path, params=call.query, headers=call.headers, timeout=timeout
            ) as response:
                if not response.is_success:
                    await response.aread()
                check(response)
                yield response.aiter_bytes()
        except (httpx.InvalidURL, httpx.HTTPError) as error:
            raise failure(self._http.base_url, error) from error

    async def close(self) -> None:
        """Give the connections back."""
        await self._http.aclose()

    async def _once(self, call: Call[Any]) -> Any:
        """One attempt; as `Connection`'s."""
        try:
            response = await self._http.request(
                call.method,
                call.path,
                params=call.query,
                headers=call.headers,
                content=call.content,
                json=call.body,
            )
        except (httpx.InvalidURL, httpx.HTTPError) as error:
            raise failure(self._http.base_url, error) from error
        return answered(response)
