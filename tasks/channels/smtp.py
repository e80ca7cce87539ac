"""Email by SMTP (RFC 5321).

The moment that matters is the end of the message data: before it nothing has been delivered, after the
server's answer all is known, and a connection lost in between leaves the outcome unknown.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TypeVar

import idna
from pydantic import SecretStr

from tasks.channels.address import address_for
from tasks.channels.message import compose, envelope_sender, message_id
from tasks.channels.port import ChannelError, NobodyThere, Notice, OutcomeUnknown, Receipt, Rejected, Retry
from tasks.channels.setup import Setup
from tasks.channels.smtp_watch import Watch
from workflow.errors import SettingsError
from workflow.recovery.contact.mail_addresses import bare_address
from workflow.recovery.contact.resting import dead_address
from workflow.settings import Settings

_CRLF = b"\r\n"
_STEPS = 4
"""So many times the seconds of one answer are given to all of them together."""
_CLOSED = frozenset({"smtp-lost-early", "smtp-421"})
"""How it shows that a server has closed a connection, or is about to."""
_NOT_YET = frozenset({450, 451})
_NOT_YET_SECONDS = 60.0
_T = TypeVar("_T")


def make(setup: Setup) -> SmtpChannel:
    """The channel to the mail server of the settings."""
    return SmtpChannel(setup.settings)


class SmtpChannel:
    """Sends each notice as one message of plain text; several in a row go over one connection."""

    def __init__(self, settings: Settings) -> None:
        """Raises SettingsError for a login that the library cannot say."""
        for name, said in (("USER", settings.smtp_user), ("PASSWORD", settings.smtp_password)):
            plain = said.get_secret_value() if isinstance(said, SecretStr) else said
            if plain is not None and not plain.isascii():
                raise SettingsError(f"MAKEGOOD_SMTP_{name}: only letters, digits and signs of ASCII [ascii]")
        self._settings = settings

    def server_of(self, notice: Notice) -> str:
        """One takes them all."""
        return f"{self._settings.smtp_host}:{self._settings.smtp_port}"

    def send(self, notice: Notice, idempotency_key: str) -> Receipt:
        """Hand one message to the mail server; its Message-ID is derived from the idempotency key."""
        with self.session() as session:
            return session.send(notice, idempotency_key)

    @contextmanager
    def session(self) -> Iterator[SmtpSession]:
        """The channel while it holds one connection, which is opened for the first message."""
        session = SmtpSession(self._settings)
        try:
            yield session
        finally:
            session.close()


class SmtpSession:
    """Sends messages over one connection, and over a new one after whatever was not fine.

    A server may have closed a connection on which messages went before; as long as nothing of this one can
    have been delivered, it goes over a new one.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sender = envelope_sender(settings.smtp_from)
        self._server: smtplib.SMTP | None = None
        self._watch = Watch(settings.channel_seconds * _STEPS)

    def send(self, notice: Notice, idempotency_key: str) -> Receipt:
        """Hand one message to the mail server."""
        recipient = _as_sent(bare_address(address_for(notice, "email")))
        message = compose(notice, recipient, idempotency_key, self._settings.smtp_from)
        if not self._goes_on(recipient):
            self._begin(self._connected(), recipient)
        assert self._server is not None
        answer = self._step(lambda server: _hand_over(server, message))
        return Receipt(notice.channel, message_id(idempotency_key, self._settings.smtp_from), answer)

    def close(self) -> None:
        """Say goodbye if the server still listens."""
        if self._server is not None:
            _leave(self._server)
            self._server = None
        self._watch.end()

    def _goes_on(self, recipient: str) -> bool:
        """Whether the message is begun on a connection on which others went before."""
        server = self._server
        if server is None:
            return False
        self._watch.begin(server)
        try:
            self._begin(server, recipient)
        except Retry as error:
            if error.rules.isdisjoint(_CLOSED):
                raise
            return False
        return True

    def _connected(self) -> smtplib.SMTP:
        settings = self._settings
        server = smtplib.SMTP(timeout=settings.channel_seconds)
        self._watch.begin(server)
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
        except BaseException as error:
            _leave(server)
            if not isinstance(error, OSError | smtplib.SMTPException):
                raise
            raise _not_begun(error) from error
        self._server = server
        return server

    def _begin(self, server: smtplib.SMTP, recipient: str) -> None:
        """Everything before the message: sender, recipient, and that it may come."""
        options = self._addressed(server, recipient)
        pipelined = server.has_extn("pipelining")
        self._step(lambda server: _envelope(server, self._sender, recipient, options), polite=not pipelined)

    def _addressed(self, server: smtplib.SMTP, recipient: str) -> list[str]:
        if recipient.isascii():
            return []
        if not server.has_extn("smtputf8"):
            raise Rejected("to.email: not ASCII, and the mail server does not know SMTPUTF8 [smtputf8]")
        return ["SMTPUTF8", "BODY=8BITMIME"]

    def _step(self, step: Callable[[smtplib.SMTP], _T], *, polite: bool = True) -> _T:
        """Do it; after any error the connection is given up, `polite` with a goodbye.

        Raises:
            ChannelError: as the step says; a connection that is lost in it counts as lost before the message.
        """
        assert self._server is not None
        try:
            return step(self._server)
        except BaseException as error:
            server, self._server = self._server, None
            _leave(server) if polite else server.close()
            if isinstance(error, OSError | smtplib.SMTPException):
                raise _before_data(error) from error
            raise


def _as_sent(address: str) -> str:
    """With its host as any server knows it (RFC 5890); where the mailbox is beyond ASCII too, as it is."""
    mailbox, _, host = address.rpartition("@")
    if not mailbox.isascii() or host.isascii():
        return address
    try:
        return f"{mailbox}@{idna.encode(host, uts46=True).decode()}"
    except idna.IDNAError:
        return address


def _envelope(server: smtplib.SMTP, sender: str, recipient: str, options: Sequence[str]) -> None:
    """MAIL, RCPT and DATA: in one write to a server that offers it (RFC 2920), else one after the other."""
    if not server.has_extn("pipelining"):
        _expect(*server.mail(sender, options), step="sender")
        _expect(*server.rcpt(recipient), step="recipient")
        server.putcmd("DATA")
    else:
        said = " ".join([f"MAIL FROM:{smtplib.quoteaddr(sender)}", *options])
        to = smtplib.quoteaddr(recipient)
        server.send(f"{said}\r\nRCPT TO:{to}\r\nDATA\r\n".encode("utf-8" if options else "ascii"))
        _expect(*server.getreply(), step="sender")
        _expect(*server.getreply(), step="recipient")
    code, answer = server.getreply()
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
    Who takes no mail of strangers at once says 450 or 451, and takes it after some five minutes: to ask every
    few seconds until then uses up all attempts.
    """
    words = answer.decode("utf-8", "replace")
    said = words.partition(" ")[0]
    enhanced = f" {said}" if said.count(".") == 2 and said.replace(".", "").isdigit() else ""
    reason, rules = f"mail server: answered {code}{enhanced} to the {step} [smtp-{step}]", [f"smtp-{code}"]
    if not 500 <= code < 600:
        return Retry(reason, _NOT_YET_SECONDS if code in _NOT_YET else None, rules=rules)
    dead = step != "sender" and dead_address(words)
    return NobodyThere(reason, rules=rules) if dead else Rejected(reason, rules=rules)


def _not_begun(error: OSError | smtplib.SMTPException) -> Retry:
    """Whatever is wrong with the server or with our account there is not wrong with the notice.

    Where it has answered, it would answer the same to the next: a hundred logins in vain may lock us out.
    """
    code = error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else None
    said = f"{type(error).__name__} {code}" if code else type(error).__name__
    lost = isinstance(error, smtplib.SMTPServerDisconnected)
    refused = isinstance(error, smtplib.SMTPException) and not lost
    return Retry(
        f"mail server: {said} before the message [smtp-connect]",
        rules=[f"smtp-{code}"] if code else [],
        of_all=refused or isinstance(error, ssl.SSLError),
    )


def _before_data(error: Exception) -> ChannelError:
    """The message was not handed over: nothing can have been delivered."""
    return Retry(f"mail server: {type(error).__name__} before the message [smtp-lost-early]")


def _leave(server: smtplib.SMTP) -> None:
    """Say goodbye if the server still listens; the outcome is known by now, whatever it says."""
    with suppress(OSError, smtplib.SMTPException):
        server.quit()
    server.close()
