"""A process that dies at its n-th SQL statement, for every n."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

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

    event.listen(store.engine, "before_cursor_execute", die)
    event.listen(store.engine, "commit", die)
    try:
        yield
    finally:
        event.remove(store.engine, "before_cursor_execute", die)
        event.remove(store.engine, "commit", die)


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
