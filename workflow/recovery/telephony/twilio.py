"""What Twilio and we say to each other besides its REST API: addresses, signatures, calls.

Source: Twilio's documentation of webhook security and of TwiML (<Gather>, <Dial>, <Number>).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from urllib.parse import urlencode
from xml.sax.saxutils import escape, quoteattr

REPORTS = "/v1/reports/twilio"
CONNECT = "/v1/calls/twilio/connect"
CUSTOMER_LEG = "customer"
MEDIA_TYPE = "application/xml"
NOTHING_MORE = "<Response><Hangup/></Response>"
"""TwiML that ends the call."""

_KEY = "1"
_SECONDS_FOR_KEY = 15
_SECONDS_RINGING = 30


def report_address(public_url: str, effect: str, leg: str | None = None) -> str:
    """Where Twilio reports on the effect with this idempotency key; `leg` is the part of a call."""
    asked = {"effect": effect} if leg is None else {"effect": effect, "leg": leg}
    return f"{public_url}{REPORTS}?{urlencode(asked)}"


def connect_address(public_url: str, effect: str) -> str:
    """Where Twilio tells which key the agent pressed."""
    return f"{public_url}{CONNECT}?{urlencode({'effect': effect})}"


def signature(token: str, url: str, form: Iterable[tuple[str, str]]) -> str:
    """What Twilio puts into X-Twilio-Signature: HMAC-SHA1 over the URL it was given and the sorted form."""
    said = url + "".join(f"{name}{value}" for name, value in sorted(set(form)))
    digest = hmac.new(token.encode(), said.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def is_genuine(token: str, url: str, form: Iterable[tuple[str, str]], signed: str) -> bool:
    """Whether a request has the signature that only Twilio and we can make; takes the same time for all."""
    return hmac.compare_digest(signature(token, url, form).encode(), signed.encode())


def ask_agent(connect: str) -> str:
    """TwiML for the agent's phone: who presses no key may be an answering machine, and hears no customer."""
    words = f"A customer is waiting for your call. Press {_KEY} to be connected."
    return (
        f'<Response><Gather numDigits="1" timeout="{_SECONDS_FOR_KEY}" action={quoteattr(connect)} '
        f'method="POST"><Say loop="2">{escape(words)}</Say></Gather><Hangup/></Response>'
    )


def connect_customer(customer: str, caller: str, report: str) -> str:
    """TwiML that connects the agent, who is there, with the customer; how it went is told to `report`."""
    return (
        f'<Response><Dial callerId={quoteattr(caller)} timeout="{_SECONDS_RINGING}" '
        f'action={quoteattr(report)} method="POST"><Number>{escape(customer)}</Number></Dial></Response>'
    )


def no_longer_needed() -> str:
    """TwiML for an agent whose call has become needless meanwhile."""
    return "<Response><Say>This call is no longer needed. Thank you.</Say><Hangup/></Response>"


def agrees(digits: str) -> bool:
    """Whether that is the key that only a person presses."""
    return digits == _KEY
