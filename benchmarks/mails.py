"""Mails a second by one process: claimed, written, handed over, settled; the server takes everything.

Beside it, in every round, the same number of messages of the same size by Python's own client over one
connection, and nothing else: no database, no claim, no receipt.
"""

from __future__ import annotations

import smtplib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from signal import SIGKILL
from time import perf_counter

from sqlalchemy import func, select

from benchmarks.figures import Figure
from benchmarks.goals import at_least
from benchmarks.mail_sink import LISTENS
from benchmarks.rounds import Reading
from benchmarks.server import server_words
from benchmarks.session import Session
from benchmarks.stack import ROOT
from tasks.channels.message import compose, envelope_sender
from tasks.channels.port import Notice
from tasks.channels.smtp import SmtpChannel
from tasks.sending.sender import NoticeSender
from tests.servers.process import die_with_parent
from workflow.clock import SystemClock
from workflow.embedded.ports import LOOPBACK, free_port
from workflow.engine.cloudevent import CloudEvent
from workflow.engine.runtime import Runtime
from workflow.outbox import effects
from workflow.recovery.runtime import open_runtime
from workflow.settings import Settings
from workflow.store.schema import outbox

_MOST = 1_000.0
"""Mails a second."""
_LEASE = timedelta(minutes=2)
_BATCH = 500
_LETTER = """
edition: 3
lifecycle: letter
version: 1
triggers: {write: {data: {to: text required}}}
states: [written]
transitions:
  - trigger: write
    source: initial
    dest: written
    effects:
      notice:
        to: =event.data.to
        channel: email
        title: Somebody comes on Friday
        words: "Dear customer,\\n\\nSomebody comes on Friday between nine and eleven.\\n"
"""


def measure(session: Session) -> list[Figure]:
    """`mails`: a second, one process; bare is Python's client with the same messages."""
    count = session.size(10_000, 300)
    with _sink(session) as port:
        result = session.contest(
            "mails", {"makegood": lambda: _ours(session, port, count), "bare": lambda: _bare(port, count)}
        )
    figure = result.figure(
        "mails", "mails/s",
        goal=lambda found: at_least(_MOST, "mails/s", found.value),
        notes=f"{count:,} pending notices, claimed, handed to a server that takes everything, settled by "
        f"one process; bare: smtplib sends as many of the same size over one connection; {server_words()}",
    )  # fmt: skip
    return [figure]


@contextmanager
def _sink(session: Session) -> Iterator[int]:
    """Its port, while it runs."""
    port = free_port()
    argv = [sys.executable, "-m", "benchmarks.mail_sink", str(port)]
    with subprocess.Popen(
        argv, cwd=ROOT, stdout=subprocess.PIPE, preexec_fn=die_with_parent(SIGKILL)
    ) as process:
        assert process.stdout is not None
        if process.stdout.readline() != LISTENS:
            raise RuntimeError("the mail server does not listen")
        try:
            yield port
        finally:
            process.terminate()


def _ours(session: Session, port: int, count: int) -> Reading:
    url = session.migrated("postgresql")
    settings = Settings(
        database_url=url, data_dir=session.place("mails"), channel="smtp", smtp_host=LOOPBACK, smtp_port=port
    )
    with closing(open_runtime(settings)) as runtime:
        _ask_for(runtime, count)
        sender = NoticeSender(runtime, {"email": SmtpChannel(settings)})
        begun = perf_counter()
        while rows := effects.claim(runtime.store, runtime.clock.now(), _LEASE, _BATCH):
            left: tuple[int, ...] = tuple(row.id for row in rows)
            while left:
                left = sender.run(left, rows[0].token).left
        took = perf_counter() - begun
        with runtime.store.connect() as connection:
            settled = connection.scalar(
                select(func.count()).select_from(outbox).where(outbox.c.state == "settled")
            )
    if settled != count:
        raise RuntimeError(f"{settled} of {count} mails are settled")
    session.drop(url.rpartition("/")[2])
    return {"rate": count / took}


def _ask_for(runtime: Runtime, count: int) -> None:
    """So many letters, each to another address."""
    now = runtime.clock.now()
    runtime.registry.register([(_LETTER, None)], now)
    for start in range(0, count, _BATCH):
        runtime.engine.accept(
            [
                CloudEvent(
                    f"l-{n}", "/bench", "letter.write", f"letter:{n}", now, {"to": f"c{n}@example.org"}
                )
                for n in range(start, min(start + _BATCH, count))
            ]
        )
        while runtime.engine.apply().decided:
            pass


def _bare(port: int, count: int) -> Reading:
    sender, asked_at = "makegood <makegood@localhost>", SystemClock().now()
    words = "Dear customer,\n\nSomebody comes on Friday between nine and eleven.\n"
    about = ("letter:0", "email", "c@example.org", "news", "Somebody comes on Friday", words)
    message = compose(Notice("letter:0/1/0", *about, {}, asked_at), "c@example.org", "letter:0/1/0", sender)
    begun = perf_counter()
    with smtplib.SMTP(LOOPBACK, port) as server:
        for number in range(count):
            server.sendmail(envelope_sender(sender), [f"c{number}@example.org"], message)
    return {"rate": count / (perf_counter() - begun)}
