"""How many rows were committed in a window of time: told by the server, the same for everybody."""

from __future__ import annotations

from typing import NamedTuple

import psycopg
from psycopg import sql

from benchmarks.session import Session


class Window(NamedTuple):
    """What is measured: so many seconds after a warm-up, both from the starting shot."""

    warm_up: float
    seconds: float

    @property
    def total(self) -> float:
        """How long the work has to go on."""
        return self.warm_up + self.seconds


def window(session: Session) -> Window:
    """Two seconds thrown away, four measured."""
    return session.size(Window(2.0, 4.0), Window(0.2, 0.6))


def committed(conninfo: str, table: str, begun: float, measured: Window) -> float:
    """Rows of `table` committed a second in the window; `begun` is the starting shot, Unix time.

    Where the work was done before the window's end, its last commit counts as the end.
    Raises ValueError when nothing was committed in the window.
    """
    query = sql.SQL(
        "with c as (select pg_xact_commit_timestamp(xmin) as at from {} where xmin <> '2')"
        " select count(*), extract(epoch from max(at)) from c"
        " where at >= to_timestamp(%s) and at < to_timestamp(%s)"
    ).format(sql.Identifier(table))
    since = begun + measured.warm_up
    with psycopg.connect(conninfo) as connection:
        count, last = connection.execute(query, (since, since + measured.seconds)).fetchone()  # type: ignore[misc]
    if not count:
        raise ValueError(f"nothing was committed to {table} between warm-up and end")
    until = float(last)
    ran_dry = since + measured.seconds - until > measured.seconds / 4
    return float(count) / ((until if ran_dry else since + measured.seconds) - since)
