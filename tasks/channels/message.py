"""A notice as an email message (RFC 5322)."""

from __future__ import annotations

import hashlib
import re
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from tasks.channels.port import NobodyThere, Notice

_ADDRESS = re.compile(r"[^\s@<>,;:\"\x00-\x1f\x7f]{1,64}@[^\s@<>,;:\"\x00-\x1f\x7f]{1,255}")


def compose(notice: Notice, recipient: str, key: str, sender: str) -> bytes:
    """The message, ready to be handed over: the same bytes for the same notice however often it is tried.

    Raises NobodyThere when the recipient is not one bare address.
    """
    if _ADDRESS.fullmatch(recipient) is None:
        raise NobodyThere("to.email: no address that an email can be sent to [email-address]")
    message = EmailMessage(policy=SMTP if recipient.isascii() else SMTP.clone(utf8=True))
    try:
        message["From"] = sender
        message["To"] = recipient
        message["Subject"] = " ".join(notice.title.split())
        message["Date"] = format_datetime(notice.asked_at)
        message["Message-ID"] = message_id(key, sender)
        # RFC 3834: so that absence notes do not answer a machine.
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(notice.words)
        return message.as_bytes()
    except (MessageError, ValueError, IndexError) as error:
        raise NobodyThere("to.email: no address that an email can be sent to [email-address]") from error


def message_id(key: str, sender: str) -> str:
    """The Message-ID of an idempotency key: a second copy can be recognised by it."""
    domain = envelope_sender(sender).rpartition("@")[2] or "makegood"
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{domain}>"


def envelope_sender(sender: str) -> str:
    """The bare address in ``makegood <makegood@localhost>``."""
    return parseaddr(sender)[1]
