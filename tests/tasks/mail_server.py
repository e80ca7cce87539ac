"""A real SMTP server (aiosmtpd) that can be told how to fail."""

from __future__ import annotations

from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Self, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from workflow.embedded.ports import LOOPBACK, free_port


@dataclass
class Behaviour:
    """What the server does.

    Attributes:
        recipient: its answer to RCPT.
        message: its answer to the end of the message.
        hangs_up: when it drops the connection without a word: ``never``, ``recipient`` or ``message``.
    """

    recipient: str = "250 OK"
    message: str = "250 OK queued as 42"
    hangs_up: str = "never"
    received: list[Envelope] = field(default_factory=list)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[Any]
    ) -> str:
        """aiosmtpd's hook for RCPT."""
        if self.hangs_up == "recipient":
            _hang_up(server)
        if self.recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.recipient

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """aiosmtpd's hook for the whole message."""
        self.received.append(envelope)
        if self.hangs_up == "message":
            _hang_up(server)
        return self.message

    def messages(self) -> list[EmailMessage]:
        """What was received, parsed."""
        return [
            cast(EmailMessage, message_from_bytes(cast(bytes, one.content), policy=policy.default))
            for one in self.received
        ]


def _hang_up(server: SMTP) -> None:
    assert server.transport is not None
    server.transport.abort()


class MailServer:
    """The server, listening on loopback while the context lasts."""

    def __init__(self, behaviour: Behaviour | None = None, **options: Any) -> None:
        self.behaviour = behaviour or Behaviour()
        self.port = free_port()
        self._controller = Controller(self.behaviour, hostname=LOOPBACK, port=self.port, **options)

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()
