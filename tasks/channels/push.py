"""Web push (RFC 8030): a bell rings in a browser, whether a page of ours is open there or not.

The message is sealed for the browser (RFC 8291): its push service, which carries it, cannot read it. It says
how many wait and where they are found, and names nobody: whoever sees a locked screen may read it.

A second copy is known by its key: while a browser is away its push service keeps the newest message alone
(`Topic`), and the browser shows one with the same id once.
"""

from __future__ import annotations

import hashlib
from functools import cached_property

import orjson

from tasks.channels.address import address_for
from tasks.channels.guarded_post import NotPermitted, guarded_post
from tasks.channels.http_post import HttpResponse, Lost
from tasks.channels.port import NobodyThere, Notice, Receipt, Rejected, Retry
from tasks.channels.setup import Setup
from workflow.access import bells
from workflow.access.bells import Bell
from workflow.clock import Clock, real_time
from workflow.recovery.bells import push_keys
from workflow.recovery.contact.push_keys import PushKeys, WrongPushKey, sealed
from workflow.settings import Settings
from workflow.store.port import Store
from workflow.subscriptions.networks import networks_of

_ABOUT = "bell"
_SECONDS_KEPT = 600
"""So long a push service keeps a message for a browser that is away; later it would be no news."""
_GONE = frozenset({404, 410})
_PASSING = frozenset({408, 425, 429})
_LONGEST_TITLE, _LONGEST_WORDS = 120, 400


def make(setup: Setup) -> PushChannel | None:
    """The channel to the browsers whose bells the store has; None without one."""
    contact = setup.settings.push_contact
    if setup.store is None or contact is None:
        return None
    return PushChannel(setup.settings, contact, setup.store, setup.clock)


class PushChannel:
    """Sends notices about bells to the push service of the browser whose bell `to.push` is."""

    def __init__(self, settings: Settings, contact: str, store: Store, clock: Clock) -> None:
        """`contact` is whom push services may turn to. Raises SettingsError for networks that are none."""
        self._contact = contact
        self._networks = networks_of(settings.push_networks, "MAKEGOOD_PUSH_NETWORKS")
        self._seconds = settings.channel_seconds
        self._store = store
        self._clock = real_time(clock)
        self.at_once = settings.channel_at_once

    def send(self, notice: Notice, idempotency_key: str) -> Receipt:
        """Have the push service take it."""
        if notice.about != _ABOUT:
            raise Rejected(f"about: a push is about a bell, not about {notice.about!r} [push-topic]")
        bell = bells.find(self._store, address_for(notice, "push"))
        if bell is None:
            raise NobodyThere("to.push: this bell is off [push-off]")
        if bell.server_key != self._keys.public:
            raise Rejected("to.push: it was asked for under another key of ours [push-key]")
        reference = _reference(idempotency_key)
        try:
            body = sealed(_message(notice, reference), bell.public_key, bell.auth)
        except WrongPushKey as error:
            raise Rejected(f"to.push: {error.field} is no key [push-key]") from error
        try:
            answer = guarded_post(bell.endpoint, body, self._headers(bell), self._seconds, self._networks)
        except NotPermitted as error:
            raise Rejected("to.push: nothing may go to this address [push-address]") from error
        except Lost as error:
            raise Retry(f"push: {error}, and the same message goes again [push-lost]") from error
        self._expect_taken(answer, bell)
        return Receipt(notice.channel, reference, f"{answer.status}")

    @cached_property
    def _keys(self) -> PushKeys:
        return push_keys(self._store, self._clock.now())

    def _headers(self, bell: Bell) -> dict[str, str]:
        return {
            "authorization": self._keys.authorization(bell.endpoint, self._contact, self._clock.now()),
            "content-type": "application/octet-stream",
            "content-encoding": "aes128gcm",
            "ttl": str(_SECONDS_KEPT),
            "topic": _ABOUT,
            "urgency": "high",
        }

    def _expect_taken(self, answer: HttpResponse, bell: Bell) -> None:
        status = answer.status
        if 200 <= status < 300:
            bells.note_taken(self._store, bell.id, self._clock.now())
            return
        message = f"push: answered {status} [push-{status}]"
        if status in _GONE:
            bells.end_one(self._store, bell.id, self._clock.now(), bells.GONE)
            raise NobodyThere(message)
        if status in _PASSING or status >= 500:
            raise Retry(message, answer.retry_after)
        raise Rejected(message)


def _reference(key: str) -> str:
    """By which a browser knows a second copy."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def _message(notice: Notice, id: str) -> bytes:
    """What the browser is told: what it shows, and the path of the page that a press opens."""
    page = notice.context.get("page")
    said = {
        "id": id,
        "title": notice.title[:_LONGEST_TITLE],
        "body": notice.words[:_LONGEST_WORDS],
        "language": notice.language or "en",
        "page": page if isinstance(page, str) else "/line",
    }
    return orjson.dumps(said)
