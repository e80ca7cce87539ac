"""Agent-first calls by Twilio: the colleague's phone rings, and only who presses a key is put through.

No machine ever speaks to the customer: what is spoken is heard by the colleague alone, before the customer's
phone rings.
"""

from __future__ import annotations

from tasks.channels.address import address_for
from tasks.channels.port import Notice, Receipt, Rejected
from tasks.channels.setup import Setup
from tasks.channels.twilio_account import TwilioAccount, phone_number
from workflow.recovery.telephony.twilio import ask_agent, connect_address, report_address
from workflow.settings import Settings

_SECONDS_RINGING = "25"
"""Fewer than most mailboxes wait."""


def make(setup: Setup) -> TwilioVoiceChannel:
    """The channel of the account in the settings. Raises SettingsError when they name it in part."""
    return TwilioVoiceChannel(setup.settings)


class TwilioVoiceChannel:
    """Calls `to.phone`, a colleague; Twilio learns `context.customer_phone` when a key was pressed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._account = TwilioAccount(settings)
        self.at_once = settings.channel_at_once

    def send(self, notice: Notice, idempotency_key: str) -> Receipt:
        """Have the colleague's phone ring."""
        agent = phone_number(address_for(notice, "phone"))
        customer = notice.context.get("customer_phone")
        if not isinstance(customer, str):
            raise Rejected("context.customer_phone: there is nobody to be connected with [no-customer]")
        phone_number(customer)
        public, caller = self._settings.public_url, self._settings.twilio_from
        if public is None or caller is None:
            raise Rejected("dial: needs MAKEGOOD_PUBLIC_URL and MAKEGOOD_TWILIO_FROM [dial-settings]")
        form = {
            "To": agent,
            "From": caller,
            "Timeout": _SECONDS_RINGING,
            "Twiml": ask_agent(connect_address(public, idempotency_key)),
            "StatusCallback": report_address(public, idempotency_key),
        }
        return self._account.create("Calls", form, notice.channel)
