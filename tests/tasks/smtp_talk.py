"""An SMTP server of a few lines, which can be told what to do at one step of the conversation."""

from __future__ import annotations

from collections.abc import Callable

from tests.tasks.wire_server import Line, Talk, WireServer

STEPS = ("greeting", "EHLO", "MAIL", "RCPT", "DATA", "message", "QUIT")
_GOOD = {
    "greeting": b"220 test ESMTP\r\n",
    "EHLO": b"250 test\r\n",
    "MAIL": b"250 2.1.0 sender\r\n",
    "RCPT": b"250 2.1.5 recipient\r\n",
    "DATA": b"354 go on\r\n",
    "message": b"250 2.0.0 queued\r\n",
    "QUIT": b"221 bye\r\n",
}


def smtp_talk(step: str | None = None, act: Callable[[Line], object] | None = None) -> Talk:
    """Behave well, but at `step` do `act` instead of answering, and then say no more."""

    def talk(line: Line, server: WireServer) -> None:
        now = "greeting"
        while True:
            if now == step and act is not None:
                act(line)
                return
            line.say(_GOOD[now])
            if now == "QUIT":
                return
            now = _next(line, server, in_message=now == "DATA")
            if now not in _GOOD:
                return

    return talk


def _next(line: Line, server: WireServer, *, in_message: bool) -> str:
    if not in_message:
        return line.file.readline()[:4].decode("latin-1").upper()
    message = bytearray()
    while (one := line.file.readline()) not in (b".\r\n", b""):
        message += one
    if one:
        server.messages.append(bytes(message))
    return "message" if one else ""
