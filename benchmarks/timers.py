"""Timers fired a second through Celery: claim, decision, ledger, state, next timer, outbox row, commit.

Beside them, in every round: timers fired by the least that could do it (`bare`), and by bare psycopg that
writes the very rows that makegood writes.
"""

from __future__ import annotations

import os
from statistics import median

from benchmarks.bare import same_rows
from benchmarks.bare.cases import firing
from benchmarks.bare.contestants import BATCH, bare_cases, bare_rows
from benchmarks.commits import window
from benchmarks.figures import Figure
from benchmarks.filling import Filling, filled
from benchmarks.goals import Goal, share_of_bare
from benchmarks.messages import FIRE
from benchmarks.rounds import Contestant, Reading
from benchmarks.server import server_words
from benchmarks.session import Session
from benchmarks.through_celery import batches

_WORDS = (
    "batches of 500, one message each, through makegood's Celery worker without scheduler and relay; counted "
    "by the instant of their commit; bare: cases, timers and outbox by hand in psycopg 3, a dict decides"
)
_SCALES = 1.7


def two_processes(session: Session) -> list[Figure]:
    """`timers_2p`, beside bare psycopg."""
    result = session.contest("timers_2p", _contestants(session, 2))
    return [
        result.figure(
            "timers_2p",
            "timers/s",
            goal=lambda found: share_of_bare(0.6, found.bare, found.ratio),
            notes=f"{_size(session)}; 2 processes; {_WORDS}; {server_words()}",
        )
    ]


def four_processes(session: Session) -> list[Figure]:
    """`timers_4p`, beside bare psycopg with 4 processes, and ours with 2 in the same rounds."""
    contestants = _contestants(session, 4) | {"makegood, 2 processes": lambda: _ours(session, 2)}
    result = session.contest("timers_4p", contestants)
    scaled = result.rounds.ratios("makegood", "makegood, 2 processes", "rate")
    return [
        result.figure(
            "timers_4p",
            "timers/s",
            goal=lambda _: _scaling(median(scaled)),
            notes=f"{_size(session)}; 4 processes; {median(scaled):.2f} times as fast as 2 processes in the "
            f"same rounds; {_WORDS}; {server_words()}",
            detail={"scaled": scaled},
        )
    ]


def _scaling(scaled: float) -> Goal:
    cores = os.cpu_count() or 1
    if cores < 4:
        return Goal(f"{_SCALES} times timers_2p, on at least 4 cores; here are {cores}")
    return Goal(f"{_SCALES} times timers_2p", scaled >= _SCALES)


def _contestants(session: Session, processes: int) -> dict[str, Contestant]:
    due, pending = _filling(session).due, _filling(session).pending
    return {
        "makegood": lambda: _ours(session, processes),
        "bare": lambda: bare_cases(session, firing, processes, cases=due, due=due, future=pending),
        "bare, same rows": lambda: bare_rows(session, _filling(session), same_rows.firing, processes),
    }


def _filling(session: Session) -> Filling:
    return session.size(Filling(due=1_000_000, pending=200_000), Filling(due=40_000, pending=5_000))


def _size(session: Session) -> str:
    filling = _filling(session)
    return f"{filling.due:,} timers due and {filling.pending:,} not yet, a subject each"


def _ours(session: Session, processes: int) -> Reading:
    name = session.database(filled(session, _filling(session)))
    rate = batches(session, name, FIRE, "moves", processes=processes, measured=window(session), batch=BATCH)
    session.drop(name)
    return {"rate": rate}
