"""Email by SMTP (RFC 5321).

The moment that matters is the end of the message data: before it nothing has been delivered, after the
server's answer all is known, and a connection lost in between leaves the outcome unknown.
"""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress

from tasks.channels.address import address_for
from tasks.channels.message import compose, envelope_sender, message_id
from tasks.channels.port import ChannelError, Notice, OutcomeUnknown, Receipt, Rejected, Retry
from workflow.settings import Settings

_CRLF = b"\r\n"


class SmtpChannel:
    """Sends each notice as one message of plain text, over a connection of its own."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def send(self, notice: Notice, idempotency_key: str) -> Receipt:
        """Hand one message to the mail server; its Message-ID is derived from the idempotency key."""
        recipient = address_for(notice, "email")
        message = compose(notice, recipient, idempotency_key, self._settings.smtp_from)
        server = self._connected()
        try:
            options = self._addressed(server, recipient)
            server.mail(envelope_sender(self._settings.smtp_from), options)
            self._begin(server, recipient)
            answer = _hand_over(server, message)
        except smtplib.SMTPException as error:
            raise _before_data(error) from error
        finally:
            _leave(server)
        return Receipt(notice.channel, message_id(idempotency_key, self._settings.smtp_from), answer)

    def _connected(self) -> smtplib.SMTP:
        settings = self._settings
        server = smtplib.SMTP(timeout=settings.channel_seconds)
        try:
            _expect(*server.connect(settings.smtp_host, settings.smtp_port), step="greeting")
            server.ehlo_or_helo_if_needed()
            if settings.smtp_starttls:
                server.starttls(context=ssl.create_default_context())
                server.ehlo()
            if settings.smtp_user is not None and settings.smtp_password is not None:
                server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
        except (OSError, smtplib.SMTPException) as error:
            _leave(server)
            # Whatever is wrong with the server or with our account there is not wrong with the notice.
            raise Retry(f"mail server: {type(error).__name__} before the message [smtp-connect]") from error
        return server

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
            _expect(code, answer, step="data")
            raise Rejected(f"mail server: answered {code} to DATA [smtp-data]")


def _hand_over(server: smtplib.SMTP, message: bytes) -> str:
    """Send the message and its end; from here on a lost connection means that nobody knows."""
    body = message if message.endswith(_CRLF) else message + _CRLF
    try:
        server.send(_dots_doubled(body) + b"." + _CRLF)
        code, answer = server.getreply()
    except (OSError, smtplib.SMTPException) as error:
        raise OutcomeUnknown(f"mail server: {type(error).__name__} after the message [smtp-lost]") from error
    _expect(code, answer, step="message")
    return f"{code}"


def _dots_doubled(body: bytes) -> bytes:
    """RFC 5321, 4.5.2: a line that begins with a dot gets another."""
    return b"".join(b"." + line if line.startswith(b".") else line for line in body.splitlines(keepends=True))


def _expect(code: int, answer: bytes, *, step: str) -> None:
    """A reply of the 200s is fine, one of the 400s may pass, anything else is final."""
    if 200 <= code < 300:
        return
    said = answer.decode("utf-8", "replace").partition(" ")[0]
    enhanced = f" {said}" if said.count(".") == 2 and said.replace(".", "").isdigit() else ""
    kind = Retry if 400 <= code < 500 else Rejected
    raise kind(f"mail server: answered {code}{enhanced} to the {step} [smtp-{step}]")


def _before_data(error: smtplib.SMTPException) -> ChannelError:
    """The message was not handed over: nothing can have been delivered."""
    return Retry(f"mail server: {type(error).__name__} before the message [smtp-lost-early]")


def _leave(server: smtplib.SMTP) -> None:
    """Say goodbye if the server still listens; the outcome is known by now, whatever it says."""
    with suppress(OSError, smtplib.SMTPException):
        server.quit()
    server.close()
