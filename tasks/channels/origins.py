"""To which hosts webhooks may go: only to those that the settings name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self
from urllib.parse import SplitResult, urlsplit

from tasks.channels.port import Rejected
from workflow.errors import SettingsError

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Origin:
    """A scheme, a host and a port; a host that begins with ``*.`` is every host below it."""

    scheme: str
    host: str
    port: int

    def covers(self, other: Origin) -> bool:
        """Whether the other one is meant by this."""
        if (self.scheme, self.port) != (other.scheme, other.port):
            return False
        return other.host.endswith(self.host[1:]) if self.host.startswith("*.") else other.host == self.host


@dataclass(frozen=True, slots=True)
class Origins:
    """Those that webhooks may go to."""

    allowed: tuple[Origin, ...]

    @classmethod
    def of(cls, text: str) -> Self:
        """Those of `MAKEGOOD_WEBHOOK_HOSTS`. Raises SettingsError for one that is none."""
        written = [one.strip() for one in text.split(",") if one.strip()]
        found = [_origin(urlsplit(one if "://" in one else f"https://{one}")) for one in written]
        if None in found:
            raise SettingsError("MAKEGOOD_WEBHOOK_HOSTS: each must be a host or an http(s) origin")
        return cls(tuple(one for one in found if one is not None))

    def check(self, url: str) -> None:
        """Raise Rejected unless a request may go there. The message does not quote the URL."""
        try:
            split = urlsplit(url)
            origin = _origin(split)
        except ValueError:
            origin, split = None, urlsplit("")
        if origin is None or split.username is not None or split.fragment or not url.isprintable():
            raise Rejected("to.url: no http(s) URL that a webhook can go to [webhook-url]")
        if not any(one.covers(origin) for one in self.allowed):
            raise Rejected("to.url: not one of MAKEGOOD_WEBHOOK_HOSTS [webhook-host]")


def _origin(url: SplitResult) -> Origin | None:
    if url.scheme not in _PORTS or not url.hostname:
        return None
    try:
        port = url.port
    except ValueError:
        return None
    return Origin(url.scheme, url.hostname.rstrip("."), _PORTS[url.scheme] if port is None else port)
