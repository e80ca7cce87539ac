"""A message as it was posted to a route, before anything in it is believed or understood."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

NOT_KEPT = frozenset({"authorization", "cookie", "proxy-authorization"})
"""Header fields that no expression sees and no table keeps."""


@dataclass(frozen=True, slots=True)
class Message:
    """One request to a route.

    Attributes:
        route: the name of the route.
        headers: header fields by their names in lower case; of one that came twice the first.
        query: parameters of the address; of one that came twice the first.
        body: as it came.
        received_at: UTC.
        url: the address at which its sender posted, as we know it; for signatures that cover it.
    """

    route: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    received_at: datetime
    url: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 of the body, hexadecimal."""
        return hashlib.sha256(self.body).hexdigest()

    def without(self, headers: frozenset[str], parameters: frozenset[str]) -> Message:
        """The same without what shows who may post: these header fields and parameters, and `NOT_KEPT`."""
        return Message(
            self.route,
            {name: text for name, text in self.headers.items() if name not in headers | NOT_KEPT},
            {name: text for name, text in self.query.items() if name not in parameters},
            self.body,
            self.received_at,
        )
