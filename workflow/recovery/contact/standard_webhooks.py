"""Signatures of webhooks (Standard Webhooks 1.0): HMAC-SHA256 over id, timestamp and body."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import datetime

from workflow.errors import SettingsError

_PREFIX = "whsec_"
_VERSION = "v1"
_FEWEST, _MOST = 24, 64
TOLERANCE_SECONDS = 300.0
"""How far a timestamp may lie from now, either way: an old request must not be played again."""


def secrets_of(text: str) -> list[bytes]:
    """The secrets in a setting, spaces between them; the newest first signs too.

    Raises SettingsError when one is not ``whsec_`` and 24 to 64 bytes in base64.
    """
    found = [_secret(one) for one in text.split()]
    if not found:
        raise SettingsError("MAKEGOOD_WEBHOOK_SECRET: holds no secret")
    return found


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


def sign(secrets: list[bytes], identity: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers; with several secrets, a signature by each, so that receivers can change theirs."""
    timestamp = str(int(at.timestamp()))
    signatures = [f"{_VERSION},{_signature(secret, identity, timestamp, body)}" for secret in secrets]
    return {
        "webhook-id": identity,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(signatures),
    }


def is_genuine(
    secrets: list[bytes], identity: str, timestamp: str, signatures: str, body: bytes, now: datetime
) -> bool:
    """Whether one of the signatures is of one of the secrets and the timestamp is of these minutes."""
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        return False
    expected = [_signature(secret, identity, timestamp, body).encode() for secret in secrets]
    given = [
        one.partition(",")[2].encode() for one in signatures.split() if one.partition(",")[0] == _VERSION
    ]
    # All pairs are compared, each in constant time, so that the time taken tells nothing.
    matches = [hmac.compare_digest(mine, theirs) for mine in expected for theirs in given]
    return any(matches) and abs(now.timestamp() - int(timestamp)) <= TOLERANCE_SECONDS


def _signature(secret: bytes, identity: str, timestamp: str, body: bytes) -> str:
    said = f"{identity}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.new(secret, said, hashlib.sha256).digest()).decode()
