"""Whether a run is through, asked of indexes alone: asking ten times a second must not be what is measured.

To count the rows of a table that is being written reads every version of every row there is, which at size
takes as much of a core as a process that decides.
"""

from __future__ import annotations

from time import sleep, time

import psycopg

_LOOK = 0.1

UNDECIDED = "select 1 from inbox"
UNLAPSED = "select 1 from timers where lifecycle = 'promise' and due_at <= now()"
UNTOLD = "select 1 from outbox where due_at is not null"
"""Every effect that is neither settled nor recalled has an instant, but for those that wait for a person."""
LEFT_TO_A_PERSON = "select 1 from outbox where state in ('dead', 'unknown')"
UNSETTLED = (UNDECIDED, UNTOLD, LEFT_TO_A_PERSON, "select 1 from timers where due_at <= now()")
"""What there is until everything that is due is decided and told."""


def wait_for_none(
    connection: psycopg.Connection, queries: tuple[str, ...], end: float, look: float = _LOOK
) -> float:
    """When none of these queries finds a row, Unix time; `end` if one does until then.

    The connection is one that commits by itself; it is asked every `look` seconds.
    """
    connection.execute("set enable_seqscan = off")
    statement = " union all ".join(f"(select 1 where exists ({query}))" for query in queries)
    while time() < end:
        if connection.execute(statement.encode()).fetchone() is None:
            return time()
        sleep(look)
    return end
