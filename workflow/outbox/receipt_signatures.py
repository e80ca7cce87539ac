"""Receipts are signed: whoever knows a subject's key could else say how its effects ended.

A receipt travels through somebody else's worker, which sends back what came with the task. The signature is
made with a secret of the installation, which stands in its database and never on the broker.
"""

from __future__ import annotations

import hmac
from hashlib import sha256

from workflow.clock import Clock
from workflow.store.port import Store
from workflow.store.secrets import secret

_NAME = "receipts"


class ReceiptSignatures:
    """Makes and checks the signatures of one installation; its secret is read once, when first needed."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._secret: bytes | None = None

    def prepare(self) -> None:
        """Read the secret now; who never does has it read with the first signature."""
        self._key()

    def sign(self, task: str, key: str) -> str:
        """The signature of the receipt that `task` brings for the effect with this idempotency key."""
        said = "\n".join((task, key))  # the name of a task has no line break
        return hmac.new(self._key(), said.encode("utf-8", "surrogatepass"), sha256).hexdigest()

    def genuine(self, task: str, key: object, signature: object) -> bool:
        """Whether a message that says so much was made from one of ours; whatever stands in it."""
        if not isinstance(key, str) or not isinstance(signature, str):
            return False
        return hmac.compare_digest(self.sign(task, key).encode(), signature.encode("utf-8", "surrogatepass"))

    def _key(self) -> bytes:
        if self._secret is None:
            self._secret = secret(self._store, _NAME, self._clock.now())
        return self._secret
