"""What can happen to a notice on the wire, and what each channel has to say of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import orjson

from tasks.channels.port import NobodyThere, OutcomeUnknown, Receipt, Rejected, Retry
from tests.tasks.smtp_talk import smtp_talk
from tests.tasks.wire_server import Line, Talk, WireServer, after_request, answering, http_answer, read_head

TWILIO = ("sms", "dial")
CHANNELS = ("email", *TWILIO, "chat", "webhook", "push", "pager")
"""Those that speak over a wire; `pager` is one that does not ship."""
PATIENT = 60.0
"""As patient as a channel can be set up to be: who waits for so long waited for nothing."""
SID = "SM0123456789abcdef0123456789abcdef"
Outcome = type[Receipt | Retry | Rejected | OutcomeUnknown]


@dataclass(frozen=True)
class Situation:
    """One of them.

    Attributes:
        email: how the mail server talks. http: how the other server does, by channel.
        means: the outcomes that are right, by channel.
        seconds: what the sender gives it; few where nothing but that ends it.
    """

    email: Talk
    http: Callable[[str], Talk]
    means: Mapping[str, tuple[Outcome, ...]]
    seconds: float = PATIENT


def good(channel: str) -> bytes:
    """How its server answers when all is well."""
    if channel in TWILIO:
        return http_answer(201, orjson.dumps({"sid": SID, "status": "queued"}))
    return http_answer(200, b"taken, thank you")


def twilio_error(status: int, code: int) -> bytes:
    """Twilio's words quote the number; they are not for our logs."""
    said = {"code": code, "message": "The 'To' number +442079460000 of Ada is not valid", "status": status}
    return http_answer(status, orjson.dumps(said))


def means(
    outcome: Outcome, *, twilio: Outcome | None = None, **others: Outcome
) -> Mapping[str, tuple[Outcome, ...]]:
    """The same for every channel but those that are named; `twilio` is both of Twilio's."""
    if twilio is not None:
        others |= dict.fromkeys(TWILIO, twilio)
    return {name: (others.get(name, outcome),) for name in CHANNELS}


def always(talk: Talk) -> Callable[[str], Talk]:
    """Whatever the channel."""
    return lambda _: talk


def says(answer: Callable[[str], bytes]) -> Callable[[str], Talk]:
    """The whole request is read, then this is said."""
    return lambda channel: answering(answer(channel))


def does(act: Callable[[Line], None]) -> Callable[[str], Talk]:
    """The whole request is read, then this is done."""
    return always(after_request(act))


def mails(step: str, answer: bytes) -> Talk:
    """A mail server that says this at that step, and hangs up."""
    return smtp_talk(step, lambda line: line.say(answer))


def _goes_before_the_body(line: Line, _: WireServer) -> None:
    read_head(line)
    line.break_off()


_LOST = means(OutcomeUnknown, webhook=Retry, push=Retry)
"""Nobody knows; but who is sent a webhook or a push again knows it by its id."""
_ENDLESS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
_PAGE = b"<html>not one of its answers</html>"

SITUATIONS: dict[str, Situation] = {
    "all is well": Situation(smtp_talk(), says(good), means(Receipt)),
    "it answers twice": Situation(
        mails("message", b"250 queued\r\n250 queued\r\n"), says(lambda name: good(name) * 2),
        means(Receipt, push=Retry),  # aiohttp takes two answers for none
    ),
    "it goes before it has read": Situation(
        smtp_talk("greeting", Line.break_off),
        always(_goes_before_the_body),
        # Whether the body had begun by then is a matter of microseconds; the sender says what it knows.
        {
            name: (Retry,) if name in ("email", "webhook", "push") else (Retry, OutcomeUnknown)
            for name in CHANNELS
        },
    ),
    "it goes after it has read": Situation(smtp_talk("message", Line.break_off), does(Line.break_off), _LOST),
    "it never answers": Situation(
        smtp_talk("message", Line.keep_silent), does(Line.keep_silent), _LOST, seconds=0.3
    ),
    "it answers byte by byte": Situation(
        smtp_talk("message", lambda line: line.drip(b"250-x")),
        does(lambda line: line.drip(b"HTTP/1.1 200 OK\r\nA: b")),
        _LOST,
        seconds=0.3,
    ),
    "it says what is no answer": Situation(
        mails("message", b"hello?\r\n"), says(lambda _: b"\x00\xff hello?\r\n\r\n"), _LOST
    ),
    "its answer breaks off": Situation(
        mails("message", b"2"),
        says(lambda name: good(name)[:-9]),
        means(OutcomeUnknown, webhook=Receipt, push=Receipt, pager=Receipt),
    ),
    "its answer has no end": Situation(
        mails("message", b"250-x\r\n" * 9),
        does(lambda line: (line.say(_ENDLESS), line.drip(b"1\r\nx\r\n", 0.01))[1]),
        means(OutcomeUnknown, webhook=Receipt, push=Receipt, pager=Receipt),
        seconds=0.8,
    ),
    "its good answer is somebody else's": Situation(
        mails("message", b"250 <html>\r\n"),
        says(lambda _: http_answer(200, _PAGE)),
        means(Receipt, twilio=OutcomeUnknown),
    ),
    "it has too much to do": Situation(
        mails("RCPT", b"451 4.7.1 later\r\n"),
        says(lambda _: http_answer(429, b"", "Retry-After: 7")),
        means(Retry),
    ),
    "it refuses": Situation(
        mails("RCPT", b"550 5.1.1 no such user ada@example.com\r\n"),
        says(lambda name: twilio_error(400, 21211) if name in TWILIO else http_answer(410)),
        means(Rejected, email=NobodyThere, twilio=NobodyThere, webhook=NobodyThere, push=NobodyThere),
    ),
    "it says that it failed": Situation(
        mails("message", b"452 4.3.1 no room\r\n"),
        says(lambda name: twilio_error(500, 20500) if name in TWILIO else http_answer(500)),
        means(Retry, chat=OutcomeUnknown, pager=OutcomeUnknown),
    ),
    "something in between failed": Situation(
        mails("message", b"421 4.3.2 closing\r\n"), says(lambda _: http_answer(502, _PAGE)), means(
            OutcomeUnknown, webhook=Retry, push=Retry, email=Retry
        ),
    ),
}  # fmt: skip
