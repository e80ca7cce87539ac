"""To which addresses changes and pushes may go: public ones, and networks that the installation allows.

Whoever may subscribe, and any browser that asks for pushes, could otherwise have us speak to what only we can
reach: the database's host, a cloud's own address of credentials, another service of the same machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

from workflow.errors import SettingsError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_NOT_PUBLIC = (IPv6Network("fec0::/10"), IPv6Network("100::/64"), IPv4Network("192.88.99.0/24"))
_LOW = 0xFFFF_FFFF


@dataclass(frozen=True, slots=True)
class Networks:
    """Which addresses are permitted; `allowed` are those that are although they are not public."""

    allowed: Sequence[Network] = ()

    def permit(self, address: Address) -> bool:
        """Whether something may be sent there; an address that carries another one is judged by both."""
        return self.allows(address) or all(_is_public(one) for one in _meant(address))

    def allows(self, address: Address) -> bool:
        """Whether it is in a network that is allowed: there, plain HTTP will do."""
        inner = _meant(address)[-1]
        return any(one.version == inner.version and inner in one for one in self.allowed)


def networks_of(text: str, setting: str = "MAKEGOOD_SUBSCRIPTION_NETWORKS") -> Networks:
    """Those that a setting allows: ``10.1.0.0/16, fd00::/8``. Raises SettingsError, naming the setting."""
    found: list[Network] = []
    for one in filter(None, (part.strip() for part in text.split(","))):
        try:
            found.append(ip_network(one))
        except ValueError as error:
            raise SettingsError(f"{setting}: {error}") from None
    return Networks(tuple(found))


def _is_public(address: Address) -> bool:
    if address.is_multicast or not address.is_global:
        return False
    return not any(address.version == one.version and address in one for one in _NOT_PUBLIC)


def _meant(address: Address) -> list[Address]:
    """The address, or the IPv4 one that it stands for; of 6to4 and Teredo both. That comes last."""
    if isinstance(address, IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if address.sixtofour is not None:
        return [address, address.sixtofour]
    if address.teredo is not None:
        return [address, address.teredo[1]]
    if any(address in one for one in _NAT64):
        return [IPv4Address(int(address) & _LOW)]
    return [address]
