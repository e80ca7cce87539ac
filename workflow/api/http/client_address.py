"""Who is at the other end of a connection, as far as bounds are counted for each of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

_OWN_BITS = 64
"""Of an IPv6 address: whoever has one has a network of so many bits, and all addresses in it."""


def address_of(client: Sequence[Any] | None) -> str:
    """The IPv4 address, or the IPv6 network (/64), of a client; empty where there is none (Unix sockets)."""
    return _counted(str(client[0])) if client else ""


@lru_cache(maxsize=4_096)
def _counted(text: str) -> str:
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return text
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((address, _OWN_BITS), strict=False))
