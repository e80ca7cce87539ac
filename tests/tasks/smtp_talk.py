"""An SMTP server of a few lines, which can be told what to do at one step of the conversation."""

from __future__ import annotations

from collections.abc import Callable, Mapping

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


def smtp_talk(
    step: str | None = None,
    act: Callable[[Line], object] | None = None,
    *,
    message: int = 1,
    pipelining: bool = False,
    says: Mapping[str, bytes] | None = None,
    heard: Callable[[int], object] = lambda number: None,
) -> Talk:
    """Behave well, but at `step` do `act` instead of answering, and then say no more.

    `message` says at which of the messages of the first connection; on others all is well, where it is not 1.
    With `pipelining` it offers to take commands together (RFC 2920). `says` are other answers, by step.
    `heard` is called with the number of messages so far when one has been read and is not answered yet.
    """
    good = {**_GOOD, **(says or {})}
    if pipelining:
        good["EHLO"] = b"250-test\r\n250 PIPELINING\r\n"

    def talk(line: Line, server: WireServer) -> None:
        now, first, begun = "greeting", server.connections == 1, 0
        while True:
            begun += now == "MAIL"
            if now == step and act is not None and (message == 1 or (first and begun == message)):
                act(line)
                return
            line.say(good[now])
            if now == "QUIT":
                return
            now = _next(line, server, in_message=now == "DATA")
            if now == "message":
                heard(len(server.messages))
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
