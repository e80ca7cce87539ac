"""One HTTP POST in bounded time to an address that is somebody else's word: nothing goes to one within.

It is for what the other side knows by itself if it comes twice: whether a request that failed had arrived
is not told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import aiohttp
import httpx

from tasks.channels.guarded_network import AddressNotPermitted, GuardedClient
from tasks.channels.http_post import HttpResponse, Lost, retry_after
from workflow.subscriptions.networks import Networks

_READ = 4 * 1024
"""Bytes of an answer that are read: what matters is its status."""


class NotPermitted(Exception):
    """The address leads to where nothing may go."""


def guarded_post(
    url: str, body: bytes, headers: Mapping[str, str], seconds: float, networks: Networks
) -> HttpResponse:
    """Post over a connection of its own. Redirects are not followed, and no proxy is used.

    Args:
        seconds: for everything together, real time.
        networks: to which addresses it may lead, judged when the connection is made.

    Raises:
        NotPermitted: see there.
        Lost: no status came back. The message names the kind of fault, nothing else.
    """
    return asyncio.run(_post(url, body, headers, seconds, networks))


async def _post(
    url: str, body: bytes, headers: Mapping[str, str], seconds: float, networks: Networks
) -> HttpResponse:
    found: HttpResponse | None = None
    plain = {"accept-encoding": "identity", "user-agent": "makegood", **headers}
    try:
        async with (
            asyncio.timeout(seconds),
            GuardedClient(networks, 1) as client,
            client.post(url, body, plain) as answer,
        ):
            found = HttpResponse(answer.status, b"", retry_after(answer.headers))
            await answer.content.read(_READ)
    except (aiohttp.ClientError, httpx.InvalidURL, TimeoutError, OSError) as error:
        if found is None:  # a body that breaks off does not change what the status said
            raise _fault(error) from error
    assert found is not None
    return found


def _fault(error: Exception) -> NotPermitted | Lost:
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else None
    return NotPermitted() if isinstance(cause, AddressNotPermitted) else Lost(type(error).__name__)
