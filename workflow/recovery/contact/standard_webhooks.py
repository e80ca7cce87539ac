"""Signatures of webhooks by the Standard Webhooks library, at our own clock's time.

The library signs; its `verify` is not used, for it reads the system's clock itself and ends in a ValueError
where a signature has no version.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from datetime import UTC, datetime

from standardwebhooks.webhooks import Webhook

from workflow.errors import SettingsError

_PREFIX = "whsec_"
_FEWEST, _MOST = 24, 64
TOLERANCE_SECONDS = 300.0
"""How far a timestamp may lie from now, either way: an old request must not be played again."""


def webhooks_of(text: str, receiver: str) -> list[Webhook]:
    """One signer for each secret in a setting, spaces between them, as this receiver has it.

    Args:
        text: `MAKEGOOD_WEBHOOK_SECRET`; each receiver has a secret derived from it, and knows no other's.
        receiver: as `MAKEGOOD_WEBHOOK_HOSTS` writes it.

    Raises SettingsError when one is not ``whsec_`` and 24 to 64 bytes in base64.
    """
    found = [Webhook(_derived(one, receiver)) for one in text.split()]
    if not found:
        raise SettingsError("MAKEGOOD_WEBHOOK_SECRET: holds no secret")
    return found


def receiver_secrets(text: str, receiver: str) -> list[str]:
    """The secrets that this receiver is to be given, ``whsec_…``, the newest first. Raises SettingsError."""
    return [f"{_PREFIX}{base64.b64encode(_derived(one, receiver)).decode()}" for one in text.split()]


def _derived(text: str, receiver: str) -> bytes:
    """HMAC-SHA-256 of who it is for, so that no receiver can report in another's name."""
    return hmac.digest(_secret(text), f"makegood webhook {receiver}".encode(), "sha256")


def _secret(text: str) -> bytes:
    try:
        secret = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        secret = b""
    if not text.startswith(_PREFIX) or not _FEWEST <= len(secret) <= _MOST:
        raise SettingsError(
            f"MAKEGOOD_WEBHOOK_SECRET: must be {_PREFIX} and {_FEWEST} to {_MOST} bytes in base64"
        )
    return secret


def sign(webhooks: list[Webhook], identity: str, at: datetime, body: str) -> dict[str, str]:
    """The three headers; with several secrets, a signature by each, so that receivers can change theirs.

    Args:
        at: when it is sent, UTC; the library takes any other zone's time for UTC.
    """
    return {
        "webhook-id": identity,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(webhook.sign(identity, at, body) for webhook in webhooks),
    }


def is_genuine(
    webhooks: list[Webhook], identity: str, timestamp: str, signatures: str, body: bytes, now: datetime
) -> bool:
    """Whether one of the signatures is of one of the secrets and the timestamp is of these minutes."""
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        return False
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    try:
        signed = sign(webhooks, identity, datetime.fromtimestamp(int(timestamp), UTC), body.decode())
    except UnicodeDecodeError:
        return False
    expected = signed["webhook-signature"].encode().split()
    given = signatures.encode().split()
    # All pairs are compared, each in constant time, so that the time taken tells nothing.
    return any([hmac.compare_digest(mine, theirs) for mine in expected for theirs in given])
