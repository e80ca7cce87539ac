"""100,000 timers due over ten seconds, two workers; and 100,000 due in the same second.

The peers' own harness: for makegood fired means that the move is committed, whole, for the peers that a
handler which only writes a line has started.
"""

from __future__ import annotations

from statistics import median

from benchmarks.burst import Burst
from benchmarks.dues import told
from benchmarks.figures import Figure
from benchmarks.goals import Goal, all_of, at_most
from benchmarks.peers.peer import CELERY, DBOS, PROCRASTINATE, RESTATE
from benchmarks.session import Session

TIMES = {CELERY.label: 6.0, DBOS.label: 6.0, RESTATE.label: 3.0}
"""How many times as many as each peer are to be fired a second."""
MOST_LATE_MS = 250.0


def measure(session: Session) -> list[Figure]:
    """Fired a second from the first due instant to the last commit; lateness as a figure of its own."""
    count = session.size(100_000, 2_000)
    burst = Burst(session, count, session.size(10.0, 1.0), session.size(45.0, 5.0))
    result = session.contest(
        "burst_100k",
        {"makegood": burst.makegood(), "bare": burst.bare()},
        once=burst.contestants(CELERY, DBOS, PROCRASTINATE, RESTATE),
    )
    notes = (
        f"{count:,} timers over {burst.window:g} s, watched {burst.cap:g} s more, 2 worker processes, peers "
        "one run; a move is fired when it is committed, of a peer's timer when its handler starts (which "
        f"only writes a line); {told(burst.seen, count)}; {relayed(burst)}"
    )

    def goal(found: Figure) -> Goal:
        peers = [_times(found, peer, times) for peer, times in TIMES.items() if peer in found.peers]
        late = median(result.rounds.values("makegood", "p99"))
        return all_of(
            *peers, Goal(f"p99 at most {MOST_LATE_MS:g} ms late", late <= MOST_LATE_MS), faultless(burst)
        )

    rate = result.figure("burst_100k", "timers/s", goal=goal, notes=notes, detail=burst.detail())
    late = result.figure(
        "burst_100k_p99", "ms", measure="p99", goal=lambda found: at_most(MOST_LATE_MS, "ms", found.value),
        notes="the same runs: milliseconds from due to committed, 99% of them",
    )  # fmt: skip
    return [rate, late]


def same_second(session: Session) -> list[Figure]:
    """Seconds until 100,000 timers that are all due at once are committed."""
    count = session.size(100_000, 2_000)
    burst = Burst(session, count, 0.0, session.size(45.0, 5.0))
    result = session.contest("burst_same_second", {"makegood": burst.makegood(), "bare": burst.bare()})
    found = result.figure(
        "burst_same_second", "s", measure="seconds", goal=lambda figure: at_most(5, "s", figure.value),
        notes=f"{count:,} timers due at one instant, 2 worker processes: seconds until the last is "
        f"committed; {told(burst.seen, count)}; {relayed(burst)}",
        detail=burst.detail(),
    )  # fmt: skip
    return [found]


def faultless(burst: Burst) -> Goal:
    """Nothing that makegood fired, in any run, was early or fired twice."""
    faults = sum(run["early"] + run["twice"] for run in burst.seen["makegood"])
    return Goal("none early, none twice", faults == 0)


def relayed(burst: Burst) -> str:
    """What became of the effects that the moves asked for."""
    run = burst.seen["makegood"][-1]
    return (
        f"each move asks for one task of somebody else's; of {run['asked']:,.0f} the same worker had put "
        f"{run['relayed']:,.0f} on the broker when the last move was committed, in the last run"
    )


def _times(found: Figure, peer: str, times: float) -> Goal:
    return Goal(
        f"at least {times:g} times {peer}", found.value >= times * found.peers[peer],
        times * found.peers[peer],
    )  # fmt: skip
