"""A channel that does not ship, added as anybody would: this file and one registration."""

from __future__ import annotations

from typing import Any

import orjson

from tasks.channels.address import address_for
from tasks.channels.http_post import Lost, Unsent, post
from tasks.channels.port import Notice, OutcomeUnknown, Receipt, Rejected, Retry
from tasks.channels.setup import Setup
from workflow.errors import SettingsError
from workflow.recovery.contact.channels import Registration

REGISTRATION = Registration(name="pager", adapter="tests.contracts.pager", address="pager", place=6)


def make(setup: Setup) -> PagerChannel:
    """The channel to the gateway in its options. Raises SettingsError when they name none."""
    gateway = setup.options.get("gateway")
    if not isinstance(gateway, str):
        raise SettingsError("MAKEGOOD_CHANNEL_OPTIONS: pager.gateway: needed, the URL of the gateway")
    return PagerChannel(gateway, setup.settings.channel_seconds)


class PagerChannel:
    """Posts to a gateway that takes no idempotency key, so that nothing which may have gone is repeated."""

    def __init__(self, gateway: str, seconds: float) -> None:
        self._gateway = gateway
        self._seconds = seconds

    def send(self, notice: Notice, idempotency_key: str) -> Receipt:
        """Have the gateway take one message."""
        said: dict[str, Any] = {"to": address_for(notice, "pager"), "words": notice.words}
        try:
            answer = post(self._gateway, orjson.dumps(said), {}, self._seconds)
        except Unsent as error:
            raise Retry(f"pager: {error} before the request [pager-connect]") from error
        except Lost as error:
            raise OutcomeUnknown(f"pager: {error} after the request [pager-lost]") from error
        message = f"pager: answered {answer.status} [pager-{answer.status}]"
        if answer.status in (429, 503):
            raise Retry(message, answer.retry_after)
        if answer.status >= 500:
            raise OutcomeUnknown(message)
        if not 200 <= answer.status < 300:
            raise Rejected(message)
        return Receipt(notice.channel, idempotency_key, str(answer.status))
