"""Who may receive webhooks: the origins that the settings name, each a receiver with a secret of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self
from urllib.parse import SplitResult, urlsplit

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
class Receivers:
    """Those that webhooks may go to: their origins, by what the settings write for each."""

    allowed: dict[str, Origin]

    @classmethod
    def of(cls, text: str) -> Self:
        """Those of `MAKEGOOD_WEBHOOK_HOSTS`. Raises SettingsError for one that is none."""
        allowed = {}
        for written in (one.strip() for one in text.split(",") if one.strip()):
            origin = _origin(urlsplit(written if "://" in written else f"https://{written}"))
            if origin is None:
                raise SettingsError("MAKEGOOD_WEBHOOK_HOSTS: each must be a host or an http(s) origin")
            allowed[written] = origin
        return cls(allowed)

    def of_url(self, url: str) -> str | None:
        """Which of them an address belongs to, as the settings write it; None: to none.

        Raises ValueError for a text that is no address that a webhook could go to.
        """
        split = urlsplit(url)
        origin = _origin(split)
        if origin is None or split.username is not None or split.fragment or not url.isprintable():
            raise ValueError("no http(s) URL that a webhook can go to")
        return next((written for written, one in self.allowed.items() if one.covers(origin)), None)


def _origin(url: SplitResult) -> Origin | None:
    if url.scheme not in _PORTS or not url.hostname:
        return None
    try:
        port = url.port
    except ValueError:
        return None
    return Origin(url.scheme, url.hostname.rstrip("."), _PORTS[url.scheme] if port is None else port)
