"""Tokens of links: which notice's which link, until when, and a signature over all of it (itsdangerous).

HMAC-SHA256 cut to 128 bits (RFC 2104, 5: no less than half of it), since a link must fit into an SMS.
There is nothing secret in what is signed. The library's own timestamps are not used: they read the system's
clock and say when something was signed, not until when it holds.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from itsdangerous import BadData, Signer, base64_decode, base64_encode
from itsdangerous.signer import HMACAlgorithm

from workflow.errors import MakegoodError

_SIGNATURE_BYTES = 16
_SALT = b"makegood link"
"""So that the same secret, used for something else, never signs a link by accident."""
LONGEST = 1000
"""Characters of a token; a longer text is none of ours and is not even looked at."""


class Forged(MakegoodError):
    """The text is no token that was signed here: cut off, mistyped, made up, or of another secret."""


class Expired(MakegoodError):
    """It was ours, and its time is over."""


@dataclass(frozen=True, slots=True)
class Pass:
    """What a token says.

    Attributes:
        effect: idempotency key of the notice.
        name: the link's name in that notice.
        expires_at: from when on it opens nothing, UTC, to the second.
    """

    effect: str
    name: str
    expires_at: datetime


class _Short(HMACAlgorithm):
    """HMAC-SHA256, cut."""

    default_digest_method = staticmethod(hashlib.sha256)

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return super().get_signature(key, value)[:_SIGNATURE_BYTES]


@lru_cache(maxsize=4)
def _signer(secret: bytes) -> Signer:
    """Of this secret; its key is derived once, which takes as long as signing itself."""
    whole = Signer(secret, _SALT, key_derivation="hmac", digest_method=hashlib.sha256)
    return Signer(whole.derive_key(), key_derivation="none", algorithm=_Short())


def sign(secret: bytes, what: Pass) -> str:
    """The token for a link."""
    said = f"{int(what.expires_at.timestamp())}\n{what.name}\n{what.effect}"
    return _signer(secret).sign(base64_encode(said)).decode()


def verified(secret: bytes, token: str, now: datetime) -> Pass:
    """What a token says, once its signature is found to be ours (in constant time).

    Raises:
        Forged: it is not.
        Expired: it was until `expires_at`, and that is not after `now`.
    """
    if len(token) > LONGEST:
        raise Forged("link: this is no link of ours")
    signer = _signer(secret)
    try:
        content = signer.unsign(token)
        # One token, one text: the library overlooks signs that are no base64, and spare bits.
        if not hmac.compare_digest(signer.sign(content), token.encode()):
            raise Forged("link: this is no link of ours")
        said = base64_decode(content)
    except BadData:
        raise Forged("link: its signature is not ours") from None
    seconds, name, effect = said.decode().split("\n", 2)
    found = Pass(effect, name, datetime.fromtimestamp(int(seconds), UTC))
    if found.expires_at <= now:
        raise Expired(f"link: it was good until {found.expires_at.isoformat()}")
    return found
