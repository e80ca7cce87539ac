"""A process that dies at its n-th SQL statement, for every n."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg.pq import TransactionStatus
from pytest import MonkeyPatch
from sqlalchemy import event

from workflow.store.port import Store

T = TypeVar("T")
_ENDLESS = 200


class Crash(BaseException):
    """The process is dead: nothing of ours catches it, and the database rolls back."""


@contextmanager
def dying(store: Store, after: int) -> Iterator[None]:
    """Die when so many statements are done, at the next one or at the commit that follows the last."""
    done = 0

    def die(*_: Any) -> None:
        nonlocal done
        if done == after:
            raise Crash
        done += 1

    with _before_driver(die) if store.dialect == "postgresql" else _before_engine(store, die):
        yield


@contextmanager
def _before_engine(store: Store, die: Callable[..., None]) -> Iterator[None]:
    event.listen(store.engine, "before_cursor_execute", die)
    event.listen(store.engine, "commit", die)
    try:
        yield
    finally:
        event.remove(store.engine, "before_cursor_execute", die)
        event.remove(store.engine, "commit", die)


@contextmanager
def _before_driver(die: Callable[..., None]) -> Iterator[None]:
    """Hot statements go past SQLAlchemy, and a commit may be one of them."""
    execute, commit = psycopg.Cursor.execute, psycopg.Connection.commit

    def dying_execute(cursor: Any, *arguments: Any, **options: Any) -> Any:
        die()
        return execute(cursor, *arguments, **options)

    def dying_commit(connection: Any) -> None:
        if connection.info.transaction_status != TransactionStatus.IDLE:
            die()
        commit(connection)

    with MonkeyPatch.context() as patch:
        patch.setattr(psycopg.Cursor, "execute", dying_execute)
        patch.setattr(psycopg.Connection, "commit", dying_commit)
        yield


def survived(store: Store, call: Callable[[], T], unharmed: Callable[[], Any]) -> tuple[T, int]:
    """What `call` gives when at last it gets through, and how often it died before.

    It dies before its first statement, then after it, and so on, at last with only the commit to do; every
    time `unharmed()` must be what it was, since a transaction happens or does not.
    """
    before = unharmed()
    for after in range(_ENDLESS):
        try:
            with dying(store, after):
                return call(), after
        except Crash:
            assert unharmed() == before, f"half done when killed after statement {after}"
    raise AssertionError("it never gets through")
