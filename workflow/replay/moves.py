"""The moves of a replay, out of the ledger: one JSON object a line, the same bytes on every store."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

import orjson
from sqlalchemy import select

from state_machines.values.instants import format_instant
from workflow.store.port import Store
from workflow.store.schema import moves, subjects

_AT_A_TIME = 2000


@dataclass(frozen=True, slots=True)
class Move:
    """A transition that was taken; `cause` is ``event`` or ``timer``. An internal one stays where it is."""

    subject: str
    trigger: str
    cause: str
    source: str
    dest: str
    at: datetime

    def line(self) -> bytes:
        """Its JSON object and the end of the line."""
        return orjson.dumps(
            {
                "subject": self.subject,
                "trigger": self.trigger,
                "cause": self.cause,
                "from": self.source,
                "to": self.dest,
                "at": format_instant(self.at),
            },
            option=orjson.OPT_APPEND_NEWLINE,
        )


def read_moves(store: Store) -> Iterator[Move]:
    """Every transition taken, by instant, then by subject, then in the order in which the subject took them.

    The order among subjects at one instant is by key and not by the row in which a store happened to
    put them: that is what makes two stores give the same file. Refused decisions move nothing and are
    left out.
    """
    statement = (
        select(
            subjects.c.key,
            moves.c.seq,
            moves.c.trigger,
            moves.c.timer,
            moves.c.source,
            moves.c.dest,
            moves.c.at,
        )
        .join_from(moves, subjects, subjects.c.id == moves.c.subject_id)
        .where(moves.c.outcome.in_(["moved", "stayed"]))
        .order_by(moves.c.at, moves.c.id)
    )
    with store.connect() as connection:
        rows = connection.execution_options(yield_per=_AT_A_TIME).execute(statement)
        for _, together in groupby(rows, key=lambda row: row.at):
            for row in sorted(together, key=lambda row: (row.key, row.seq)):
                cause = "event" if row.timer is None else "timer"
                yield Move(row.key, row.trigger, cause, row.source, row.dest, row.at)
