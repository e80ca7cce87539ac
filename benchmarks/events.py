"""Events applied a second through Celery: they wait in the inbox with their bodies in SQL, "go" comes over.

Each is about one of very many subjects that are there already. Beside them, in every round: events of the
least that could do it (`bare`: new events are stored, with their repetitions found, and applied at once), and
bare psycopg that writes the very rows that makegood writes.
"""

from __future__ import annotations

from benchmarks.bare import cases, same_rows
from benchmarks.bare.contestants import BATCH, bare_cases, bare_rows
from benchmarks.commits import window
from benchmarks.figures import Figure
from benchmarks.filling import Filling, filled
from benchmarks.goals import share_of_bare
from benchmarks.messages import APPLY
from benchmarks.rounds import Reading
from benchmarks.server import server_words
from benchmarks.session import Session
from benchmarks.through_celery import batches

_PROCESSES = 2
_WORDS = (
    "batches of 500, one message each, through makegood's Celery worker without scheduler and relay; counted "
    "by the instant of their commit; bare: cases, timers and outbox by hand in psycopg 3, a dict decides; it "
    "stores its events in the same transaction, once by key, which makegood did when it accepted them: the "
    "same rows are the fairer measure"
)


def measure(session: Session) -> list[Figure]:
    """`events_2p`, beside bare psycopg."""
    filling = session.size(Filling(pending=1_000_000, events=300_000), Filling(pending=20_000, events=20_000))
    count = filling.pending
    contestants = {
        "makegood": lambda: _ours(session, filling),
        "bare": lambda: bare_cases(
            session, cases.applying, _PROCESSES, count, cases=count, due=0, future=count // 5
        ),
        "bare, same rows": lambda: bare_rows(session, filling, same_rows.applying, _PROCESSES),
    }
    result = session.contest("events_2p", contestants)
    return [
        result.figure(
            "events_2p",
            "events/s",
            goal=lambda found: share_of_bare(0.6, found.bare, found.ratio),
            notes=f"{filling.events:,} events wait, about {count:,} subjects; {_PROCESSES} processes; "
            f"{_WORDS}; {server_words()}",
        )
    ]


def _ours(session: Session, filling: Filling) -> Reading:
    name = session.database(filled(session, filling))
    rate = batches(session, name, APPLY, "moves", processes=_PROCESSES, measured=window(session), batch=BATCH)
    session.drop(name)
    return {"rate": rate}
