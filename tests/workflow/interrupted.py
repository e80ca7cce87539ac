"""A store on which something else happens between the look of who uses it and its transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from workflow.store.port import Store, Transaction


class Interrupted:
    """The store, but before the first transaction something else happens, once."""

    def __init__(self, store: Store, meanwhile: Callable[[], object]) -> None:
        self.dialect, self.engine, self._store = store.dialect, store.engine, store
        self._meanwhile: list[Callable[[], object]] = [meanwhile]

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """As the store does, afterwards."""
        while self._meanwhile:
            self._meanwhile.pop()()
        with self._store.begin() as transaction:
            yield transaction

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """As the store does."""
        with self._store.connect() as connection:
            yield connection

    def close(self) -> None:
        """It belongs to the test."""
