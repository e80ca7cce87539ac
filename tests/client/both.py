"""Both clients in one form, so that one test holds for both: what is awaited is waited for."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterable, Callable, Iterable
from itertools import islice
from types import TracebackType
from typing import Any, Self

from makegood import AsyncClient, Client

BOTH = [Client, AsyncClient]


class AnyClient:
    """One of the two. An async one lives on an event loop of its own.

    Attributes:
        pauses: seconds for which it would have waited, each time; it waits for none.
    """

    def __init__(self, kind: type[Client | AsyncClient], url: str, key: str, **options: Any) -> None:
        self.pauses: list[float] = []
        self._loop = asyncio.new_event_loop()

        async def waited(seconds: float) -> None:
            self.pauses.append(seconds)

        wait: Any = waited if kind is AsyncClient else self.pauses.append
        self.client = kind(url, key, proxies=False, wait=wait, **options)

    def __call__(self, name: str, *arguments: Any, **named: Any) -> Any:
        """What a method answers: an iterator all of it, as a list."""
        return self.result(getattr(self.client, name)(*arguments, **named))

    def result(self, found: Any) -> Any:
        """What comes of a coroutine or an iterator; anything else is what it is."""
        if inspect.isawaitable(found):
            return self._loop.run_until_complete(_awaited(found))
        if isinstance(found, AsyncIterable | Iterable) and not isinstance(found, list | dict | str):
            return self.taken(found)
        return found

    def taken(
        self, items: Any, most: int | None = None, between: Callable[[int], object] = float
    ) -> list[Any]:
        """The first of an iterator, all unless so many are said; `between` is told how many there are by now,
        after each."""
        if isinstance(items, AsyncIterable):
            return self._loop.run_until_complete(_taken(items, most, between))
        found = []
        for one in islice(items, most):
            found.append(one)
            between(len(found))
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.result(self.client.close())
        self._loop.close()


async def _awaited(found: Any) -> Any:
    return await found


async def _taken(items: AsyncIterable[Any], most: int | None, between: Callable[[int], object]) -> list[Any]:
    found: list[Any] = []
    iterator = aiter(items)
    while most is None or len(found) < most:
        try:
            found.append(await anext(iterator))
        except StopAsyncIteration:
            break
        between(len(found))
    if hasattr(iterator, "aclose"):
        await iterator.aclose()
    return found
