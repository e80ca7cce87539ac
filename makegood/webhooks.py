"""Receiving the changes of a subscription: who posts them is makegood, and nobody else.

Needs the package `standardwebhooks` beside httpx.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple, cast

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from makegood.changes import Change


class Unverified(Exception):
    """Nobody who knows the secret has sent this, or not within five minutes: answer 401, believe nothing."""


class Delivery(NamedTuple):
    """A change as it was delivered.

    Attributes:
        id: the same each time this change is delivered (`webhook-id`): remember it, and do things once.
    """

    id: str
    change: Change


class Receiver:
    """Verifies what is posted to the address of a subscription, by Standard Webhooks.

    Args:
        secrets: the subscription's, ``whsec_…``; while it changes, the old and the new one. Either will do.

    Raises ValueError for what is no secret, and without any.
    """

    def __init__(self, *secrets: str) -> None:
        if not secrets:
            raise ValueError("a receiver needs the secret of its subscription")
        self._secrets = [_webhook(one) for one in secrets]

    def verify(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        """The change that a request delivers; `body` as it came, byte for byte. Raises Unverified."""
        named = {name.lower(): value for name, value in headers.items()}
        for one in self._secrets:
            if _is_genuine(one, named, body):
                return Delivery(named["webhook-id"], cast(Change, json.loads(body)))
        raise Unverified("no signature of this message fits, or it is older than five minutes")


def _webhook(secret: str) -> Webhook:
    try:
        return Webhook(secret)
    except Exception as error:  # the library's own of an empty one, base64's of another
        raise ValueError(f"this is no secret of a subscription: {error}") from None


def _is_genuine(webhook: Webhook, headers: dict[str, str], body: bytes) -> bool:
    try:
        webhook.verify(body, headers, json_parse=False)
    except (WebhookVerificationError, ValueError):  # the latter for a header that is no signature at all
        return False
    return True
