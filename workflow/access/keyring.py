"""Remembers who holds which key for a few seconds, so that a busy caller costs no query an event."""

from __future__ import annotations

from workflow.access import keys
from workflow.access.principal import Principal
from workflow.clock import Clock, monotonic
from workflow.store.port import Store


class Keyring:
    """The keys that one process has verified a moment ago."""

    KEEP = 10.0
    """Seconds for which a verified key is believed: how long a revoked one may still work in a process."""
    _AHEAD = 3.0
    """So many seconds before that, one caller verifies it again, and the others need not."""
    _MOST = 1_000

    def __init__(self, store: Store, clock: Clock, prefix: str = keys.PREFIX) -> None:
        """Of keys that begin with `prefix`."""
        self._store = store
        self._clock = clock
        self._prefix = prefix
        self._known: dict[str, tuple[Principal, float]] = {}
        self._renewing: set[str] = set()

    def recall(self, text: str) -> Principal | None:
        """Its holder if it was verified a moment ago; asks no database. None: `verify` it."""
        digest = keys.digest(text)
        found = self._known.get(digest)
        if found is None:
            return None
        holder, until = found
        left = until - monotonic()
        if left > self._AHEAD:
            return holder
        if left <= 0 or digest not in self._renewing:
            self._renewing.add(digest)
            return None
        return holder

    def verify(self, text: str) -> Principal | None:
        """As `keys.verify`, and remembers a good answer. A bad one is not remembered."""
        digest = keys.digest(text)
        try:
            holder = keys.verify(self._store, text, self._clock.now(), self._prefix)
            if holder is None:
                self._known.pop(digest, None)
                return None
            if len(self._known) >= self._MOST:
                self._known.clear()
            self._known[digest] = (holder, monotonic() + self.KEEP)
            return holder
        finally:
            self._renewing.discard(digest)
