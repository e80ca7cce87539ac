"""Signed webhooks (Standard Webhooks 1.0): a notice as JSON to another system.

The idempotency key is the webhook's id, by which the receiver knows a repetition. So what was lost on the way
is simply sent again.
"""

from __future__ import annotations

import orjson

from tasks.channels.address import address_for
from tasks.channels.asked_time import AskedTime
from tasks.channels.http_post import HttpResponse, Lost, Unsent, post
from tasks.channels.port import NobodyThere, Notice, Receipt, Rejected, Retry
from tasks.channels.setup import Setup
from workflow.clock import Clock
from workflow.errors import SettingsError
from workflow.recovery.contact.receivers import Receivers
from workflow.recovery.contact.standard_webhooks import sign, webhooks_of
from workflow.recovery.contact.webhook_ids import webhook_id
from workflow.settings import Settings
from workflow.telemetry.trace_context import current_traceparent, headers_of

TYPE = "makegood.notice"
_GONE = 410
_PASSING = frozenset({408, 409, 425, 429})


def make(setup: Setup) -> WebhookChannel:
    """The channel that signs with the secret in the settings. Raises SettingsError when that is none."""
    return WebhookChannel(setup.settings, setup.clock)


class WebhookChannel:
    """Posts to `to.url`, if that is at one of the configured origins, signed with the secret of that one."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        """Raises SettingsError when there is no secret, or secrets or origins are not well formed."""
        if settings.webhook_secret is None:
            raise SettingsError("MAKEGOOD_WEBHOOK_SECRET: needed to sign webhooks")
        secret = settings.webhook_secret.get_secret_value()
        self._receivers = Receivers.of(settings.webhook_hosts)
        webhooks_of(secret, "")  # what is wrong with it is said now
        self._signers = {one: webhooks_of(secret, one) for one in self._receivers.allowed}
        self._seconds = settings.channel_seconds
        self.at_once = settings.channel_at_once
        self._clock = clock
        self._asked = AskedTime()

    def send(self, notice: Notice, idempotency_key: str) -> Receipt:
        """Post it. Any 2xx means that the receiver has it."""
        url = address_for(notice, "url")
        receiver = self._receiver(url)
        identity, body = webhook_id(idempotency_key), _body(notice)
        headers = {"content-type": "application/json"}
        headers |= sign(self._signers[receiver], identity, self._clock.now(), body.decode())
        headers |= headers_of(current_traceparent())
        with self._asked.asking(url):
            try:
                answer = post(url, body, headers, self._seconds)
            except (Unsent, Lost) as error:
                raise Retry(f"webhook: {error}, and the same id goes again [webhook-lost]") from error
            _expect_taken(answer)
        return Receipt(notice.channel, identity, f"{answer.status}", receiver)

    def server_of(self, notice: Notice) -> str:
        """The receiver's. Raises Rejected for nobody's."""
        return self._receiver(address_for(notice, "url"))

    def _receiver(self, url: str) -> str:
        """Whose address it is. Raises Rejected for nobody's; the message does not quote it."""
        try:
            receiver = self._receivers.of_url(url)
        except ValueError:
            raise NobodyThere("to.url: no http(s) URL that a webhook can go to [webhook-url]") from None
        if receiver is None:
            raise Rejected("to.url: not one of MAKEGOOD_WEBHOOK_HOSTS [webhook-host]")
        return receiver


def _body(notice: Notice) -> bytes:
    """The same bytes however often it is tried."""
    data = {
        "subject": notice.subject,
        "to": notice.to,
        "about": notice.about,
        "title": notice.title,
        "words": notice.words,
        "context": dict(notice.context),
    }
    document = {"type": TYPE, "timestamp": notice.asked_at, "data": data}
    return orjson.dumps(document, option=orjson.OPT_UTC_Z | orjson.OPT_SORT_KEYS)


def _expect_taken(answer: HttpResponse) -> None:
    status = answer.status
    if 200 <= status < 300:
        return
    if status in _PASSING or status >= 500:
        raise Retry(f"webhook: answered {status} [webhook-{status}]", answer.retry_after)
    # 410 says that the receiver is gone for good; a redirect could lead anywhere.
    kind = NobodyThere if status == _GONE else Rejected
    raise kind(f"webhook: answered {status} [webhook-{status}]")
