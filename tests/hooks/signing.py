"""How each system signs what it posts, written down here once more by its own documentation.

Nothing of the product's own signatures is used: what these make, the door must take.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

PUBLIC_URL = "https://care.example/makegood"
SECRETS: Mapping[str, str] = {
    "calcom": "cal-secret-of-the-shop",
    "chatwoot": "chatwoot-secret-of-the-shop",
    "freshdesk": "freshdesk-token-of-the-shop",
    "github": "It's a Secret to Everybody",
    "jira": "jira-secret-of-the-shop",
    "mail": "mail-token-of-the-shop",
    "twilio": "0123456789abcdef0123456789abcdef",
    "zammad": "zammad-token-of-the-shop",
    "zendesk": "zendesk-secret-of-the-shop",
}

Headers = dict[str, str]
Signer = Callable[[str, bytes, datetime], Headers]
"""The headers that show whose a body is: of a secret, the body, and when it is signed."""


def _digest(secret: str, said: bytes, name: str = "sha256") -> bytes:
    return hmac.new(secret.encode(), said, getattr(hashlib, name)).digest()


def _zendesk(secret: str, body: bytes, at: datetime) -> Headers:
    stamp = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    signed = base64.b64encode(_digest(secret, stamp.encode() + body)).decode()
    return {"X-Zendesk-Webhook-Signature": signed, "X-Zendesk-Webhook-Signature-Timestamp": stamp}


def _chatwoot(secret: str, body: bytes, at: datetime) -> Headers:
    stamp = str(int(at.timestamp()))
    signed = _digest(secret, stamp.encode() + b"." + body).hex()
    return {"X-Chatwoot-Signature": f"sha256={signed}", "X-Chatwoot-Timestamp": stamp}


def _hub(name: str, header: str) -> Signer:
    return lambda secret, body, _: {header: f"{name}={_digest(secret, body, name).hex()}"}


def _twilio(secret: str, body: bytes, _: datetime) -> Headers:
    said = f"{PUBLIC_URL}/v1/hooks/twilio" + "".join(
        name + value for name, value in sorted(parse_qsl(body.decode(), keep_blank_values=True))
    )
    return {"X-Twilio-Signature": base64.b64encode(_digest(secret, said.encode(), "sha1")).decode()}


SIGNERS: Mapping[str, Signer] = {
    "calcom": lambda secret, body, _: {"X-Cal-Signature-256": _digest(secret, body).hex()},
    "chatwoot": _chatwoot,
    "freshdesk": lambda secret, _, __: {"X-Freshdesk-Token": secret},
    "github": _hub("sha256", "X-Hub-Signature-256"),
    "jira": _hub("sha256", "X-Hub-Signature"),
    "mail": lambda secret, _, __: {"Authorization": f"Bearer {secret}"},
    "twilio": _twilio,
    "zammad": _hub("sha1", "X-Hub-Signature"),
    "zendesk": _zendesk,
}
AGE_SHOWS = ("chatwoot", "zendesk")
"""Whose signatures say when they were made."""
OLD = timedelta(minutes=6)
