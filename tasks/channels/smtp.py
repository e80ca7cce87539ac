"""Email by SMTP (RFC 5321).

The moment that matters is the end of the message data: before it nothing has been delivered, after the
server's answer all is known, and a connection lost in between leaves the outcome unknown.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from contextlib import suppress

from tasks.channels.address import address_for
from tasks.channels.message import compose, envelope_sender, message_id
from tasks.channels.port import ChannelError, NobodyThere, Notice, OutcomeUnknown, Receipt, Rejected, Retry
from tasks.channels.setup import Setup
from workflow.recovery.contact.mail_addresses import bare_address
from workflow.recovery.contact.resting import dead_address
from workflow.settings import Settings

_CRLF = b"\r\n"
_STEPS = 4
"""So many times the seconds of one answer are given to all of them together."""


def make(setup: Setup) -> SmtpChannel:
    """The channel to the mail server of the settings."""
    return SmtpChannel(setup.settings)


class SmtpChannel:
    """Sends each notice as one message of plain text, over a connection of its own."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def send(self, notice: Notice, idempotency_key: str) -> Receipt:
        """Hand one message to the mail server; its Message-ID is derived from the idempotency key."""
        recipient = bare_address(address_for(notice, "email"))
        message = compose(notice, recipient, idempotency_key, self._settings.smtp_from)
        server = smtplib.SMTP(timeout=self._settings.channel_seconds)
        # Each answer may take so long, and one that comes byte by byte has no end: the whole has one, too.
        watch = threading.Timer(self._settings.channel_seconds * _STEPS, _hang_up, [server])
        watch.daemon = True
        watch.start()
        try:
            self._connect(server)
            options = self._addressed(server, recipient)
            _expect(*server.mail(envelope_sender(self._settings.smtp_from), options), step="sender")
            self._begin(server, recipient)
            answer = _hand_over(server, message)
        except smtplib.SMTPException as error:
            raise _before_data(error) from error
        finally:
            _leave(server)
            watch.cancel()
        return Receipt(notice.channel, message_id(idempotency_key, self._settings.smtp_from), answer)

    def _connect(self, server: smtplib.SMTP) -> None:
        settings = self._settings
        try:
            code, _ = server.connect(settings.smtp_host, settings.smtp_port)
            if code != 220:
                raise smtplib.SMTPConnectError(code, b"")
            server.ehlo_or_helo_if_needed()
            if settings.smtp_starttls:
                server.starttls(context=ssl.create_default_context())
                server.ehlo()
            if settings.smtp_user is not None and settings.smtp_password is not None:
                server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
        except (OSError, smtplib.SMTPException) as error:
            # Whatever is wrong with the server or with our account there is not wrong with the notice.
            raise Retry(f"mail server: {type(error).__name__} before the message [smtp-connect]") from error

    def _addressed(self, server: smtplib.SMTP, recipient: str) -> list[str]:
        if recipient.isascii():
            return []
        if not server.has_extn("smtputf8"):
            raise Rejected("to.email: not ASCII, and the mail server does not know SMTPUTF8 [smtputf8]")
        return ["SMTPUTF8", "BODY=8BITMIME"]

    def _begin(self, server: smtplib.SMTP, recipient: str) -> None:
        _expect(*server.rcpt(recipient), step="recipient")
        code, answer = server.docmd("DATA")
        if code != 354:
            raise _refusal(code, answer, "data")


def _hand_over(server: smtplib.SMTP, message: bytes) -> str:
    """Send the message and its end; from here on a lost connection means that nobody knows."""
    body = message if message.endswith(_CRLF) else message + _CRLF
    try:
        server.send(_dots_doubled(body) + b"." + _CRLF)
        code, answer = server.getreply()
    except (OSError, smtplib.SMTPException) as error:
        raise OutcomeUnknown(f"mail server: {type(error).__name__} after the message [smtp-lost]") from error
    if not 200 <= code < 600:
        raise OutcomeUnknown("mail server: no answer of SMTP after the message [smtp-garbled]")
    _expect(code, answer, step="message")
    return f"{code}"


def _dots_doubled(body: bytes) -> bytes:
    """RFC 5321, 4.5.2: a line that begins with a dot gets another."""
    return b"".join(b"." + line if line.startswith(b".") else line for line in body.splitlines(keepends=True))


def _expect(code: int, answer: bytes, *, step: str) -> None:
    """A reply of the 200s is fine."""
    if not 200 <= code < 300:
        raise _refusal(code, answer, step)


def _refusal(code: int, answer: bytes, step: str) -> ChannelError:
    """What is no 2xx, while nothing is delivered yet: 5xx is final, anything else may pass.

    A 550 may be about us or about the words; only what it says besides tells that nobody is there.
    """
    words = answer.decode("utf-8", "replace")
    said = words.partition(" ")[0]
    enhanced = f" {said}" if said.count(".") == 2 and said.replace(".", "").isdigit() else ""
    kind = Rejected if 500 <= code < 600 else Retry
    if kind is Rejected and step != "sender" and dead_address(words):
        kind = NobodyThere
    return kind(f"mail server: answered {code}{enhanced} to the {step} [smtp-{step}]", rules=[f"smtp-{code}"])


def _before_data(error: smtplib.SMTPException) -> ChannelError:
    """The message was not handed over: nothing can have been delivered."""
    return Retry(f"mail server: {type(error).__name__} before the message [smtp-lost-early]")


def _leave(server: smtplib.SMTP) -> None:
    """Say goodbye if the server still listens; the outcome is known by now, whatever it says."""
    with suppress(OSError, smtplib.SMTPException):
        server.quit()
    server.close()


def _hang_up(server: smtplib.SMTP) -> None:
    """From another thread: whoever reads from the server finds the connection closed."""
    with suppress(OSError):
        if server.sock is not None:
            server.sock.shutdown(socket.SHUT_RDWR)
