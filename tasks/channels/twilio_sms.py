"""SMS by Twilio's Messages resource."""

from __future__ import annotations

from tasks.channels.address import address_for
from tasks.channels.port import Notice, Receipt, Rejected
from tasks.channels.setup import Setup
from tasks.channels.twilio_account import TwilioAccount, phone_number
from workflow.errors import SettingsError
from workflow.recovery.telephony.twilio import report_address
from workflow.settings import Settings

_MOST = 1600
"""Characters that Twilio takes (its error 21617)."""


def make(setup: Setup) -> TwilioSmsChannel:
    """The channel of the account in the settings. Raises SettingsError when they name it in part."""
    return TwilioSmsChannel(setup.settings)


class TwilioSmsChannel:
    """Sends the words of a notice to `to.phone`, and has Twilio report what becomes of them."""

    def __init__(self, settings: Settings) -> None:
        """Raises SettingsError when the settings name no account, or nobody to send from."""
        self._settings = settings
        self._account = TwilioAccount(settings)
        self.at_once = settings.channel_at_once
        self._sender = _sender(settings)

    def server_of(self, notice: Notice) -> str:
        """One takes them all."""
        return "twilio"

    def send(self, notice: Notice, idempotency_key: str) -> Receipt:
        """Have Twilio take one message."""
        to = phone_number(address_for(notice, "phone"))
        if not notice.words.strip():
            raise Rejected("words: there is nothing to say [no-words]")
        if len(notice.words) > _MOST:
            raise Rejected(f"words: an SMS has {_MOST} characters at most [too-long]")
        form = {"To": to, "Body": notice.words, **self._sender}
        if self._settings.public_url is not None:
            form["StatusCallback"] = report_address(self._settings.public_url, idempotency_key)
        return self._account.create("Messages", form, notice.channel)


def _sender(settings: Settings) -> dict[str, str]:
    if settings.twilio_messaging_service is not None:
        return {"MessagingServiceSid": settings.twilio_messaging_service}
    if settings.twilio_from is None:
        raise SettingsError("MAKEGOOD_TWILIO_FROM: needed for SMS, or MAKEGOOD_TWILIO_MESSAGING_SERVICE")
    return {"From": settings.twilio_from}
