"""Chat, social networks and push by Apprise, which speaks to more than a hundred services.

Apprise says no more than whether all went well. What became of a send that did not is told by the requests
that it made (`request_watch`); of a service that is spoken to in another way than by HTTP, nobody can tell.
"""

from __future__ import annotations

import importlib.util
import logging
import threading
from typing import TYPE_CHECKING
from urllib.parse import quote

from tasks.channels.address import address_for
from tasks.channels.port import ChannelError, Notice, OutcomeUnknown, Receipt, Rejected, Retry
from tasks.channels.setup import Setup
from workflow.errors import SettingsError
from workflow.settings import Settings

if TYPE_CHECKING:
    from apprise.plugins.base import NotifyBase

PLACE = "{to}"
_SHARE = 0.45
"""Of the seconds for everything, how many connecting and the answer may take each."""


def make(setup: Setup) -> AppriseChannel:
    """The channel `chat` or `social`, with the settings' template. Raises SettingsError when it is none."""
    settings = setup.settings
    templates = {"chat": settings.apprise_chat, "social": settings.apprise_social}
    template = templates[setup.channel]
    said = None if template is None else template.get_secret_value()
    return AppriseChannel(settings, setup.channel, said)


class AppriseChannel:
    """Hands notices to the service of a template, or to one that the recipient's own URL names.

    Args:
        field: where the recipient's address stands: ``chat`` or ``social``.
        template: an Apprise URL with `PLACE`; None: recipients need a URL of their own.

    Apprise URLs hold secrets: no message quotes one.
    """

    def __init__(self, settings: Settings, field: str, template: str | None) -> None:
        """Raises SettingsError when Apprise is not installed or the template is none."""
        setting = f"MAKEGOOD_APPRISE_{field.upper()}"
        if importlib.util.find_spec("apprise") is None:
            raise SettingsError(f"{setting}: needs Apprise, which `pip install 'makegood[channels]'` brings")
        if template is not None and (PLACE not in template or "://" not in template):
            raise SettingsError(f"{setting}: must be an Apprise URL with {PLACE} in it")
        self._field = field
        self._template = template
        self._own = {one.strip() for one in settings.apprise_services.replace(",", " ").split()}
        self._seconds = settings.channel_seconds

    def send(self, notice: Notice, idempotency_key: str) -> Receipt:
        """Have the service take it. None of them knows the key, so nothing that may have gone is repeated."""
        service = self._service(address_for(notice, self._field))
        sending = _Sending(service, notice)
        sending.start()
        sending.join(self._seconds)
        if not sending.went_well:
            raise _failure(sending)
        statuses = sending.exchanges.statuses
        return Receipt(notice.channel, idempotency_key, str(statuses[-1]) if statuses else "")

    def _service(self, address: str) -> NotifyBase:
        scheme, separator, _ = address.partition("://")
        if separator and scheme.lower() not in self._own:
            raise Rejected(f"to.{self._field}: not one of MAKEGOOD_APPRISE_SERVICES [apprise-service]")
        service = _instantiate(address if separator else self._filled_in(address))
        if service is None:
            raise Rejected(f"to.{self._field}: Apprise knows no such address [apprise-address]")
        service.socket_connect_timeout = service.socket_read_timeout = self._seconds * _SHARE
        return service

    def _filled_in(self, name: str) -> str:
        if self._template is None:
            raise Rejected(f"to.{self._field}: no service is configured for it [apprise-template]")
        return self._template.replace(PLACE, quote(name, safe="@"))


def _instantiate(url: str) -> NotifyBase | None:
    """Apprise's own object for one service; None when the URL is none."""
    import apprise  # 150 ms, and only where it is used

    # It logs addresses, tokens and words.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    asset = apprise.AppriseAsset(app_id="makegood", app_desc="makegood", app_url="")
    found = apprise.Apprise.instantiate(url, asset=asset)
    return found if hasattr(found, "notify") else None


class _Sending(threading.Thread):
    """Has a service send one notice, in a thread: who reads an answer byte by byte has no deadline.

    Attributes:
        went_well: what the service said at the end; None while there is no end, and when it failed.
        exchanges: what was asked on the way.
    """

    def __init__(self, service: NotifyBase, notice: Notice) -> None:
        from tasks.channels.request_watch import Exchanges

        super().__init__(name="makegood-apprise", daemon=True)
        self.went_well: bool | None = None
        self.fault: Exception | None = None
        self.exchanges: Exchanges = Exchanges()
        self._service, self._notice = service, notice

    def run(self) -> None:
        """As a thread does."""
        from tasks.channels.request_watch import watched

        with watched(self.exchanges):
            try:
                self.went_well = bool(self._service.notify(body=self._notice.words, title=self._notice.title))
            except Exception as error:  # of somebody else's plugin: told by who waits for the end
                self.fault = error


def _failure(sending: _Sending) -> ChannelError:
    """What a send that did not go well can be said to have come to."""
    seen = sending.exchanges
    if sending.is_alive():
        return OutcomeUnknown("Apprise: no end in time [apprise-timeout]")
    if sending.fault is not None:
        return OutcomeUnknown(f"Apprise: {type(sending.fault).__name__} in its service [apprise-fault]")
    if seen.lost:
        return OutcomeUnknown("Apprise: connection lost after the request [apprise-lost]")
    if any(200 <= status < 300 for status in seen.statuses):
        return OutcomeUnknown("Apprise: answered well and not taken for it [apprise-answer]")
    status = seen.refused_look_up if not seen.statuses else seen.statuses[-1]
    if status is None:
        if seen.unsent:
            return Retry("Apprise: no connection [apprise-connect]")
        return OutcomeUnknown("Apprise: refused, and nobody can tell at what point [apprise-refused]")
    message = f"Apprise: answered {status} [apprise-{status}]"
    if status in (429, 503):
        return Retry(message, max(seen.waits, default=None))
    # A fault of the service itself may have come after it had passed the words on.
    return OutcomeUnknown(message) if status >= 500 and seen.statuses else Rejected(message)
