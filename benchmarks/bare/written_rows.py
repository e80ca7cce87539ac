"""Bare psycopg that writes what a finished run of makegood has written since an instant, and decides nothing.

The rows are read from that run's own database: the same tables, columns, bytes and indexes. A batch is one
transaction for what decisions write, and one for the effects that are settled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from benchmarks.session import Session

_OPENED = "opened_at >= %(since)s"
_OF_OPENED = f"subject_id in (select id from subjects where {_OPENED})"
_ADDED = {
    "standing": _OF_OPENED,
    "search_terms": _OF_OPENED,
    "figures": _OF_OPENED,
    "line": _OF_OPENED,
    "events": "received_at >= %(since)s",
    "subjects": _OPENED,
    "moves": "at >= %(since)s",
    "outbox": "created_at >= %(since)s",
    "timers": "set_at >= %(since)s",
    "contacts": "at >= %(since)s",
}
"""What tells the rows of a table that a run has added since an instant; what hangs on subjects first."""
_MOVED = "opened_at < %(since)s and changed_at >= %(since)s"
_OF_MOVED = f"subject_id in (select id from subjects where {_MOVED})"
_WITH_THEM = {"standing": ("state", "is_open", "due_at"), "figures": ("outcome", "minutes")}
"""Tables of which a row changes with each subject that moved, and the columns."""
_SETTLED = ("state", "settled_at", "receipt", "due_at", "attempts", "token")
"""Columns of an effect that change after it was asked for."""

Row = tuple[str | None, ...]
"""Its values as PostgreSQL writes them."""


@dataclass(frozen=True)
class Added:
    """Rows of one table, with the names and types of their columns."""

    table: str
    columns: Sequence[str]
    types: Sequence[str]
    rows: Sequence[Row]

    def part(self, share: slice) -> Added:
        """Some of the rows."""
        return Added(self.table, self.columns, self.types, self.rows[share])

    def only(self, columns: Sequence[str]) -> Added:
        """The same rows with these columns alone."""
        places = [self.columns.index(one) for one in columns]
        rows = [tuple(row[place] for place in places) for row in self.rows]
        return Added(self.table, columns, [self.types[place] for place in places], rows)


def without(session: Session, finished: str, since: float) -> str:
    """A copy of a finished run's database that lacks what was added since then (Unix time); its name."""
    name = session.database(finished)
    with psycopg.connect(session.conninfo(name), autocommit=True) as connection:
        moved = _read(connection, "subjects", _MOVED, since)
        for table, condition in _ADDED.items():
            connection.execute(
                sql.SQL("delete from {} where ").format(sql.Identifier(table)) + sql.SQL(_dated(condition)),
                {"since": since},
            )
        # Each that moved had a timer, which was what moved it.
        connection.execute(
            "insert into timers (subject_id, name, lifecycle, setting, set_at, due_at)"
            " select id::bigint, 'deadline', 'promise', 1, to_timestamp(%s), to_timestamp(%s)"
            " from unnest(%s::text[]) as u(id) on conflict do nothing",
            (since - 1, since, [row[0] for row in moved.rows]),
        )
        connection.execute("vacuum (analyze)")
        connection.execute("checkpoint")
    return name


def writing(
    conninfo: str, finished: str, since: float, batch: int, processes: int, worker: int
) -> Callable[[], int]:
    """Writes the rows that belong to a batch of subjects that moved, at each call, until none is left.

    Args:
        conninfo: of the database to write to, one of `without`.
        finished: of the database of the run.
        since: from when on, Unix time.
        batch: how many subjects that moved.
        processes: how many share the work; this is the one numbered `worker`, from 0.
    """
    with psycopg.connect(finished) as source:
        moved = _read(source, "subjects", _MOVED, since)
        along = {one: _read(source, one, _OF_MOVED, since) for one in _WITH_THEM}
        added = [_read(source, table, condition, since) for table, condition in _ADDED.items()]
    number = max(1, len(moved.rows) // batch)
    shares = [share for share in range(number) if share % processes == worker]
    connection = psycopg.connect(conninfo)
    work: Iterator[int] = (
        _write(
            connection,
            _share(moved, share, number),
            [_share(one, share, number) for one in along.values()],
            [_share(one, share, number) for one in added],
        )
        for share in shares
    )
    return lambda: next(work, 0)


def _share(added: Added, share: int, number: int) -> Added:
    size = len(added.rows)
    return added.part(slice(size * share // number, size * (share + 1) // number))


def _read(connection: psycopg.Connection, table: str, condition: str, since: float) -> Added:
    described = connection.execute(
        "select attname, format_type(atttypid, atttypmod) from pg_attribute"
        " where attrelid = %s::regclass and attnum > 0 and not attisdropped order by attnum",
        (table,),
    ).fetchall()
    columns, types = [one for one, _ in described], [kind for _, kind in described]
    query = sql.SQL("select {} from {} where ").format(
        sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(one)) for one in columns),
        sql.Identifier(table),
    ) + sql.SQL(_dated(condition) + " order by 1")
    return Added(table, columns, types, connection.execute(query, {"since": since}).fetchall())


def _dated(condition: str) -> str:
    return condition.replace("%(since)s", "to_timestamp(%(since)s)")


def _write(
    connection: psycopg.Connection, moved: Added, along: Sequence[Added], added: Sequence[Added]
) -> int:
    ids = [row[0] for row in moved.rows]
    with connection.transaction(), connection.pipeline():
        connection.execute(
            "delete from timers where subject_id in (select id::bigint from unnest(%s::text[]) as u(id))",
            (ids,),
        )
        _update(connection, moved, ("state", "seq", "data", "changed_at"))
        for one in along:
            _update(connection, one, _WITH_THEM[one.table], key="subject_id")
        for one in added:
            _insert(connection, _as_asked_for(one) if one.table == "outbox" else one)
    effects = next(one for one in added if one.table == "outbox")
    with connection.transaction(), connection.pipeline():
        _update(connection, effects, _SETTLED)
    return len(moved.rows)


def _as_asked_for(effects: Added) -> Added:
    """As they were inserted: nobody has taken them yet."""
    places = {name: place for place, name in enumerate(effects.columns)}

    def fresh(row: Row) -> Row:
        values = list(row)
        values[places["state"]], values[places["attempts"]] = "pending", "0"
        values[places["due_at"]] = values[places["created_at"]]
        for name in ("settled_at", "receipt", "token"):
            values[places[name]] = None
        return tuple(values)

    return Added(effects.table, effects.columns, effects.types, [fresh(row) for row in effects.rows])


def _insert(connection: psycopg.Connection, added: Added) -> None:
    if added.rows:
        names = sql.SQL(", ").join(map(sql.Identifier, added.columns))
        connection.execute(
            sql.SQL("insert into {} ({}) overriding system value select {} from {}").format(
                sql.Identifier(added.table), names, _cast(added), _unnested(added)
            ),
            _arrays(added),
        )


def _update(connection: psycopg.Connection, added: Added, columns: Sequence[str], key: str = "id") -> None:
    changed = added.only((key, *columns))
    if changed.rows:
        assignments = sql.SQL(", ").join(
            sql.SQL("{} = u.{}::{}").format(
                sql.Identifier(one), sql.Identifier(one), sql.SQL(changed.types[place])
            )
            for place, one in enumerate(changed.columns)
            if one != key
        )
        connection.execute(
            sql.SQL("update {} t set {} from {} where t.{} = u.{}::bigint").format(
                sql.Identifier(added.table), assignments, _unnested(changed), *[sql.Identifier(key)] * 2
            ),
            _arrays(changed),
        )


def _cast(added: Added) -> sql.Composed:
    return sql.SQL(", ").join(
        sql.SQL("u.{}::{}").format(sql.Identifier(name), sql.SQL(kind))
        for name, kind in zip(added.columns, added.types, strict=True)
    )


def _unnested(added: Added) -> sql.Composed:
    arrays = sql.SQL(", ").join([sql.SQL("%b::text[]")] * len(added.columns))
    names = sql.SQL(", ").join(map(sql.Identifier, added.columns))
    return sql.SQL("unnest({}) as u({})").format(arrays, names)


def _arrays(added: Added) -> list[list[str | None]]:
    return [list(values) for values in zip(*added.rows, strict=True)]
