"""Twilio's REST API (2010-04-01): creating a message or a call, and what its answers mean.

Twilio takes no idempotency key there. So a request whose answer is lost is never repeated.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import orjson

from tasks.channels.http_post import HttpResponse, Lost, Unsent, post
from tasks.channels.port import ChannelError, NobodyThere, OutcomeUnknown, Receipt, Rejected, Retry
from workflow.errors import SettingsError
from workflow.recovery.contact.numbers import dialled
from workflow.recovery.contact.resting import dead_address
from workflow.settings import Settings

_FORM = {"content-type": "application/x-www-form-urlencoded"}
_SID = re.compile(r"[A-Z]{2}[0-9A-Za-z]{2,64}")


class TwilioAccount:
    """An account there, by the settings."""

    def __init__(self, settings: Settings) -> None:
        """Raises SettingsError when they name it in part only."""
        if settings.twilio_account_sid is None or settings.twilio_auth_token is None:
            raise SettingsError("MAKEGOOD_TWILIO_AUTH_TOKEN: needed where MAKEGOOD_TWILIO_ACCOUNT_SID is set")
        self._login = (settings.twilio_account_sid, settings.twilio_auth_token.get_secret_value())
        self._resources = f"{settings.twilio_url.rstrip('/')}/2010-04-01/Accounts/{self._login[0]}"
        self._seconds = settings.channel_seconds

    def create(self, resource: str, form: Mapping[str, str], channel: str) -> Receipt:
        """Create a ``Messages`` or a ``Calls``; the receipt's reference is its SID.

        Raises Retry, Rejected or OutcomeUnknown.
        """
        url = f"{self._resources}/{resource}.json"
        try:
            answer = post(url, urlencode(form).encode(), _FORM, self._seconds, self._login)
        except Unsent as error:
            raise Retry(f"Twilio: {error} before the request [twilio-connect]") from error
        except Lost as error:
            raise OutcomeUnknown(f"Twilio: {error} after the request [twilio-lost]") from error
        said = _document(answer)
        if not 200 <= answer.status < 300:
            raise _refusal(answer, said)
        sid = said.get("sid")
        if not isinstance(sid, str) or _SID.fullmatch(sid) is None:
            raise OutcomeUnknown(f"Twilio: answered {answer.status} without a SID [twilio-answer]")
        return Receipt(channel, sid, _word(said.get("status")))


def phone_number(text: str) -> str:
    """A number in E.164 form. Raises NobodyThere when it is none that can be dialled."""
    number = dialled(text)
    if number is None:
        raise NobodyThere("to.phone: no number that can be dialled, such as +49 30 1234567 [phone]")
    return number


def _refusal(answer: HttpResponse, said: Mapping[str, Any]) -> ChannelError:
    """Twilio's own words are left out: they may quote the number. Its code says what they say."""
    code = said.get("code")
    known = isinstance(code, int)
    rule = f"twilio-{code}" if known else f"twilio-http-{answer.status}"
    message = f"Twilio: answered {answer.status} [{rule}]"
    if answer.status in (429, 503) or (answer.status >= 500 and known):
        return Retry(message, answer.retry_after)
    if answer.status >= 500:
        # Not from Twilio itself but from something in between, which may have lost a good answer.
        return OutcomeUnknown(message)
    return NobodyThere(message) if known and dead_address(str(code)) else Rejected(message)


def _document(answer: HttpResponse) -> Mapping[str, Any]:
    try:
        said = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}


def _word(status: Any) -> str:
    return status if isinstance(status, str) and status.isascii() and len(status) <= 32 else ""
