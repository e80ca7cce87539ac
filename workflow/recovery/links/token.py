"""Tokens of links: which notice's which link, until when, and a signature over all of it.

HMAC-SHA256 cut to 128 bits (RFC 2104, 5: no less than half of it), since a link must fit into an SMS.
Both parts are URL-safe base64 without padding (RFC 4648, 5). There is nothing secret in what is signed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime

from workflow.errors import MakegoodError

_SIGNATURE_BYTES = 16
_CONTEXT = b"makegood link 1\n"
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


def sign(secret: bytes, what: Pass) -> str:
    """The token for a link."""
    said = f"{int(what.expires_at.timestamp())}\n{what.name}\n{what.effect}".encode()
    return f"{_text(said)}.{_text(_signature(secret, said))}"


def verified(secret: bytes, token: str, now: datetime) -> Pass:
    """What a token says, once its signature is found to be ours (in constant time).

    Raises:
        Forged: it is not.
        Expired: it was until `expires_at`, and that is not after `now`.
    """
    said, separator, signature = token.partition(".")
    if not separator or len(token) > LONGEST:
        raise Forged("link: this is no link of ours")
    try:
        content, given = _bytes(said), _bytes(signature)
    except (binascii.Error, ValueError):
        raise Forged("link: this is no link of ours") from None
    if not hmac.compare_digest(_signature(secret, content), given):
        raise Forged("link: its signature is not ours")
    seconds, name, effect = content.decode().split("\n", 2)
    found = Pass(effect, name, datetime.fromtimestamp(int(seconds), UTC))
    if found.expires_at <= now:
        raise Expired(f"link: it was good until {found.expires_at.isoformat()}")
    return found


def _signature(secret: bytes, said: bytes) -> bytes:
    return hmac.new(secret, _CONTEXT + said, hashlib.sha256).digest()[:_SIGNATURE_BYTES]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if _text(raw) != text:  # one token, one text: spare bits of the last character must be zero
        raise ValueError("not the canonical form")
    return raw
