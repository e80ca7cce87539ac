"""How often a key may be used, and how often an address may present a wrong one. Of one process.

A wrong key costs a query of the database, and a right one whatever its request does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from math import ceil
from typing import Any

from workflow.access.principal import Principal
from workflow.api.http.client_address import address_of
from workflow.api.http.problems import Kind, Refusal
from workflow.api.http.token_buckets import TokenBuckets

MOST_KEYS = 1_000
"""Right keys that are remembered: they are verified again however many wrong ones come from their address."""
MINUTE = 60.0


class KeyBounds:
    """Checks both. Only the event loop's thread may use it.

    Args:
        rate: requests a second that a key may make on and on; 0: as many as it likes.
        burst: requests that it may make at once.
        failures: wrong keys that one address may present in a minute; 0: as many as it likes.
    """

    def __init__(self, rate: float = 0.0, burst: int = 1, failures: int = 0) -> None:
        self._uses = TokenBuckets(rate, burst) if rate else None
        self._failures = TokenBuckets(failures / MINUTE, failures) if failures else None
        self._right: set[bytes] = set()

    def use(self, key: Principal) -> Principal:
        """Count a request of this key, and return it. Raises Refusal (429) when it has made too many."""
        if self._uses is not None:
            missing = self._uses.take(key.id)
            if missing:
                message = (
                    f"this key may make {self._uses.rate:g} requests a second, {self._uses.burst} at once"
                )
                raise _too_often("key-rate", message, self._uses, missing)
        return key

    def use_address(self, client: Sequence[Any] | None) -> None:
        """Count an attempt to come in without a key. Raises Refusal (429) when too many came from there."""
        if self._failures is not None and (missing := self._failures.take(address_of(client))):
            message = f"{self._failures.burst} attempts came from this address within a minute"
            raise _too_often("attempts", message, self._failures, missing)

    async def verified(
        self, text: str, client: Sequence[Any] | None, verify: Callable[[str], Awaitable[Principal | None]]
    ) -> Principal | None:
        """What `verify` says of this text; it is not asked once too many wrong keys came from its address.

        Raises Refusal (429) then, unless the key was right before: who shares the address goes on.
        """
        if self._failures is None:
            return await verify(text)
        digest, address = hashlib.sha256(text.encode()).digest(), address_of(client)
        # Taken before it is known to be wrong: a thousand may be on their way at once.
        missing = self._failures.take(address)
        if missing and digest not in self._right:
            message = f"{self._failures.burst} wrong keys came from this address within a minute"
            raise _too_often("wrong-keys", message, self._failures, missing)
        wrong = False
        try:
            key = await verify(text)
            wrong = key is None
        finally:
            if not wrong and not missing:
                self._failures.give_back(address)
        if key is None:
            self._right.discard(digest)
            return None
        if len(self._right) >= MOST_KEYS:
            self._right.clear()
        self._right.add(digest)
        return key


def _too_often(rule: str, message: str, buckets: TokenBuckets, missing: float) -> Refusal:
    """429 that says when to come again, and what holds (draft-ietf-httpapi-ratelimit-headers)."""
    seconds = ceil(missing)
    return Refusal.of(
        Kind.BUSY,
        "authorization",
        rule,
        message,
        Retry_After=str(seconds),
        RateLimit_Policy=f'"{rule}";q={buckets.burst};w={ceil(buckets.burst / buckets.rate)}',
        RateLimit=f'"{rule}";r=0;t={seconds}',
    )
