"""A notice as an email message (RFC 5322)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from email.charset import QP, Charset
from email.errors import MessageError
from email.header import Header
from email.message import EmailMessage
from email.mime.text import MIMEText
from email.policy import SMTP, compat32
from email.utils import format_datetime, formataddr, parseaddr
from typing import Any

from tasks.channels.port import NobodyThere, Notice
from workflow.recovery.contact.mail_threads import thread_of_case

_ADDRESS = re.compile(r"[^\s@<>,;:\"\x00-\x1f\x7f]{1,64}@[^\s@<>,;:\"\x00-\x1f\x7f]{1,255}")

_LONG = 900
"""Characters from which on a line is broken up; none may have more than 998 (RFC 5322, 2.1.1)."""
_LONG_WORD = 70
_LINES = compat32.clone(linesep="\r\n", mangle_from_=False)
_QUOTED = Charset("utf-8")
_QUOTED.body_encoding = QP


def compose(notice: Notice, recipient: str, key: str, sender: str) -> bytes:
    """The message, ready to be handed over: the same bytes for the same notice however often it is tried.

    It is ASCII throughout, so that any mail server takes it (RFC 2045), as long as the recipient is.

    Raises NobodyThere when the recipient is not one bare address.
    """
    if _ADDRESS.fullmatch(recipient) is None:
        raise NobodyThere("to.email: no address that an email can be sent to [email-address]")
    title = " ".join(notice.title.split())
    headers = {
        "From": sender if sender.isascii() else formataddr(parseaddr(sender)),
        "To": recipient,
        "Subject": title,
        "Date": format_datetime(notice.asked_at),
        "Message-ID": message_id(key, sender),
        # RFC 3834: so that absence notes do not answer a machine.
        "Auto-Submitted": "auto-generated",
    }
    case = notice.subject if notice.subject.startswith("case:") else notice.context.get("case")
    if isinstance(case, str) and case.startswith("case:"):
        headers["References"] = thread_of_case(case, _domain(sender))
    try:
        return _plain(headers, notice.words) if recipient.isascii() else _international(headers, notice.words)
    except (MessageError, ValueError, IndexError) as error:
        raise NobodyThere("to.email: no address that an email can be sent to [email-address]") from error


def _plain(headers: Mapping[str, str], words: str) -> bytes:
    """By the older classes of the library, which do not parse each header: they are six times as fast."""
    short = all(len(line) < _LONG for line in words.split("\n"))
    charset: Any = "us-ascii" if words.isascii() and short else _QUOTED
    message = MIMEText(words, "plain", charset, policy=_LINES)
    for name, said in headers.items():
        value: Any = said
        if name == "Subject" and not _goes_plainly(said):
            value = Header(said, "utf-8", header_name=name)
        message[name] = value
    return message.as_bytes()


def _goes_plainly(title: str) -> bool:
    """Whether it can stand in a header as it is: nothing reads as an encoded word, and it can be folded."""
    plain = title.isascii() and title.isprintable() and "=?" not in title
    return plain and all(len(word) < _LONG_WORD for word in title.split(" "))


def _international(headers: Mapping[str, str], words: str) -> bytes:
    """With headers in UTF-8 (RFC 6532)."""
    message = EmailMessage(policy=SMTP.clone(utf8=True))
    for name, said in headers.items():
        message[name] = said
    message.set_content(words)
    return message.as_bytes()


def message_id(key: str, sender: str) -> str:
    """The Message-ID of an idempotency key: a second copy can be recognised by it."""
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{_domain(sender)}>"


def _domain(sender: str) -> str:
    return envelope_sender(sender).rpartition("@")[2] or "makegood"


def envelope_sender(sender: str) -> str:
    """The bare address in ``makegood <makegood@localhost>``."""
    return parseaddr(sender)[1]
