"""Connections to permitted addresses alone, judged by the address that is connected to and not by its name.

A name is resolved for each connection, and each address is judged at the moment when its socket is made:
another answer of the name server a moment later changes nothing.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from ipaddress import ip_address
from types import TracebackType
from typing import Any, Self

import aiohttp
import httpx
from yarl import URL

from tasks.channels.certificates import trusted_certificates
from workflow.subscriptions.networks import Address, Networks

_KEPT_SECONDS = 4.0
"""A connection that is not used: less than the five seconds after which many servers close theirs."""
_LONGEST_LINE = 64 * 1024
"""Bytes of a line and of a header field in an answer."""


class AddressNotPermitted(OSError):
    """No address of the host is one to which something may be sent."""

    def __init__(self) -> None:
        super().__init__(
            "address-not-permitted"
        )  # the same words of each address: then it is raised as it is


class GuardedClient:
    """Posts to permitted addresses; no redirects, no cookies, no proxy. Use as a context."""

    def __init__(self, networks: Networks, connections: int) -> None:
        """`connections` are open at once at most, for each of http and https."""
        self._networks = networks
        self._connections = connections
        self._open = AsyncExitStack()
        self._sessions: dict[str, aiohttp.ClientSession] = {}

    def post(
        self, url: str, body: bytes, headers: Mapping[str, str]
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """The answer as a context, in whatever time it takes, its body as it was sent.

        Raises aiohttp.ClientError and OSError when it is entered, and httpx.InvalidURL.
        """
        plain = httpx.URL(url)  # as it was checked
        session = self._sessions[plain.scheme]
        return session.post(URL(str(plain), encoded=True), data=body, headers=headers, allow_redirects=False)

    async def __aenter__(self) -> Self:
        for scheme, permit in (("http", self._networks.allows), ("https", self._networks.permit)):
            self._sessions[scheme] = await self._open.enter_async_context(self._session(permit))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    def _session(self, permit: Callable[[Address], bool]) -> aiohttp.ClientSession:
        def made(address: tuple[Any, ...]) -> socket.socket:
            family, kind, protocol, _, (host, *_) = address
            if not permit(ip_address(host)):
                raise AddressNotPermitted
            return socket.socket(family, kind, protocol)

        connector = aiohttp.TCPConnector(
            ssl=trusted_certificates(),
            limit=self._connections,
            resolver=aiohttp.ThreadedResolver(),
            use_dns_cache=True,  # of no time at all: those who ask for one name at once ask together
            ttl_dns_cache=0,
            keepalive_timeout=_KEPT_SECONDS,
            socket_factory=made,
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
            auto_decompress=False,
            trust_env=False,
            max_line_size=_LONGEST_LINE,
            max_field_size=_LONGEST_LINE,
        )
