"""Connections to permitted addresses alone, judged by the address that is connected to and not by its name.

A name is resolved here, and the connection goes to the very address that was judged: another answer of the
name server a moment later changes nothing.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any

import httpcore
import httpx

from tasks.channels.http_post import trusted_certificates
from workflow.subscriptions.networks import Address, Networks

_KEPT_SECONDS = 20.0


class AddressNotPermitted(httpcore.ConnectError):
    """No address of the host is one to which something may be sent."""


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """httpcore's network, which connects to permitted addresses only.

    Args:
        plain: whether it is for plain HTTP, which goes to allowed networks alone.
    """

    def __init__(self, networks: Networks, *, plain: bool) -> None:
        self._permit = networks.allows if plain else networks.permit
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first permitted address of this host that answers.

        Raises AddressNotPermitted, and what httpcore raises.
        """
        permitted = [one for one in await _resolved(host, port) if self._permit(one)]
        if not permitted:
            raise AddressNotPermitted("address-not-permitted")
        for last, address in enumerate(permitted, 1 - len(permitted)):
            try:
                return await self._network.connect_tcp(
                    str(address), port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if last == 0:
                    raise
        raise AssertionError("unreachable")

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Never: there is no address to be judged."""
        raise AddressNotPermitted("address-not-permitted")

    async def sleep(self, seconds: float) -> None:
        """As httpcore's."""
        await self._network.sleep(seconds)


async def _resolved(host: str, port: int) -> list[Address]:
    """The addresses of a host, in the resolver's order. Raises httpcore.ConnectError."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise httpcore.ConnectError("host-not-found") from error
    return [ip_address(address[0]) for *_, address in found]


class GuardedTransport(httpx.AsyncHTTPTransport):
    """httpx's transport over a guarded network."""

    def __init__(self, networks: Networks, *, plain: bool, connections: int) -> None:
        super().__init__(verify=trusted_certificates(), trust_env=False)
        # httpx takes no network of ours, httpcore does.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=trusted_certificates(),
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=_KEPT_SECONDS,
            network_backend=GuardedNetwork(networks, plain=plain),
        )


def guarded_client(networks: Networks, connections: int) -> httpx.AsyncClient:
    """A client that follows no redirects and uses no proxy; `connections` are open at once at most."""
    mounts = {
        f"{scheme}://": GuardedTransport(networks, plain=scheme == "http", connections=connections)
        for scheme in ("http", "https")
    }
    return httpx.AsyncClient(
        verify=trusted_certificates(), mounts=mounts, trust_env=False, follow_redirects=False, timeout=None
    )
