"""One session of measuring: its servers, its sizes, its progress. Everything in it is gone at the end."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any, TypeVar

import psycopg
from psycopg import sql
from rich.progress import Progress

from benchmarks.result import Result
from benchmarks.rounds import Absent, Contestant, Reading, Round, Yardstick, enough
from benchmarks.server import server_settings
from benchmarks.yardsticks import on_postgresql, on_sqlite
from tests.servers import BrokerServer, PostgresServer, RabbitServer, ValkeyServer
from workflow.store import migrate

Size = TypeVar("Size")


class Session:
    """What benchmarks are handed: fresh databases, brokers, rounds, and how large everything is to be.

    Attributes:
        directory: where everything of this session lies; any account may pass through it.
        runs: rounds of each figure.
        quick: whether this is a trial: small, one round, no yardsticks; its figures mean nothing.
        kept: what one benchmark has made and another can use, such as a filled template.
    """

    def __init__(self, directory: Path, runs: int, *, quick: bool, progress: Progress) -> None:
        self.directory = directory
        self.runs = 1 if quick else runs
        self.quick = quick
        self.kept: dict[str, Any] = {}
        self._progress = progress
        self._server: PostgresServer | None = None
        self._made = 0

    def size(self, full: Size, quick: Size) -> Size:
        """The one or the other, as this session is."""
        return quick if self.quick else full

    def say(self, words: str) -> None:
        """Tell whoever waits what is going on."""
        self._progress.console.print(words, highlight=False, markup=False)

    @contextmanager
    def step(self, words: str) -> Iterator[None]:
        """Show what is being done, and for how long already."""
        task = self._progress.add_task(words, total=None)
        try:
            yield
        finally:
            self._progress.remove_task(task)

    def place(self, name: str) -> Path:
        """A new directory."""
        return Path(mkdtemp(prefix=f"{name}-", dir=self.directory))

    @property
    def server(self) -> PostgresServer:
        """The session's PostgreSQL, started when it is first asked for."""
        if self._server is None:
            with self.step("starting PostgreSQL"):
                self._server = PostgresServer(self.place("pg"), durable=True, settings=server_settings())
                self._server.start()
        return self._server

    def conninfo(self, database: str = "postgres") -> str:
        """For psycopg."""
        return f"host=127.0.0.1 port={self.server.port} user=postgres dbname={database}"

    def database(self, template: str = "template1") -> str:
        """Name of a new database, a copy of `template`: file by file, which is faster than filling it."""
        self._made += 1
        name = f"bench_{self._made}"
        with psycopg.connect(self.conninfo(), autocommit=True) as connection:
            connection.execute(
                sql.SQL("create database {} template {} strategy file_copy").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )
        return name

    def drop(self, database: str) -> None:
        """Make room."""
        self.server.drop_database(database)

    def migrated(self, kind: str) -> str:
        """URL of a new database with our tables and nothing in them: `sqlite` or `postgresql`."""
        if kind == "sqlite":
            url = f"sqlite:///{self.place('sqlite') / 'makegood.db'}"
        else:
            url = self.server.url(self.database())
        migrate(url)
        return url

    @contextmanager
    def broker(self) -> Iterator[BrokerServer]:
        """A broker of its own, running, empty: a Valkey, or what was asked for."""
        kind = self.kept.get("broker", "valkey")
        server: BrokerServer = (RabbitServer if kind == "rabbitmq" else ValkeyServer)(self.place(kind))
        server.start()
        try:
            yield server
        finally:
            server.stop()

    def yardsticks(self, kind: str = "postgresql") -> Mapping[str, Yardstick]:
        """What is measured beside each round; nothing in a trial."""
        if self.quick:
            return {}
        return on_sqlite(self.directory) if kind == "sqlite" else on_postgresql(self.conninfo())

    def contest(
        self,
        name: str,
        contestants: Mapping[str, Contestant],
        *,
        once: Mapping[str, Contestant] | None = None,
        yardsticks: Mapping[str, Yardstick] | None = None,
    ) -> Result:
        """Rounds of `contestants` in this order, A B A B; those of `once` only in the first round.

        `yardsticks` are PostgreSQL's unless others are given. A contestant that raises Absent is left out
        from then on, and the notes say so.
        """
        before = os.getloadavg()[0]
        rulers = self.yardsticks() if yardsticks is None else yardsticks
        absent: dict[str, str] = {}
        single: dict[str, Reading] = {}

        def rounds() -> Iterator[Round]:
            number = 0
            while True:
                number += 1
                words = f"{name}, round {number} of {self.runs}"
                beside = {}
                for ruler, measure in rulers.items():
                    with self.step(f"{words}: yardstick {ruler}"):
                        beside[ruler] = measure()
                yield Round(self._turns(contestants, words, absent), beside)
                if number == 1 and once:
                    single.update(self._turns(once, words, absent))

        counted = enough(rounds(), self.runs)
        if once and not single:  # the first round was enough
            single.update(self._turns(once, f"{name}, once", absent))
        return Result(counted, single, absent, (before, os.getloadavg()[0]), trial=self.quick)

    def _turns(
        self, contestants: Mapping[str, Contestant], words: str, absent: dict[str, str]
    ) -> dict[str, Reading]:
        readings: dict[str, Reading] = {}
        for who, run in contestants.items():
            if who in absent:
                continue
            with self.step(f"{words}: {who}"):
                try:
                    readings[who] = run()
                except Absent as reason:
                    absent[who] = str(reason)
                    self.say(f"  {who} is not measured: {reason}")
        return readings

    def close(self) -> None:
        """End what still runs."""
        if self._server is not None:
            self._server.stop()
            self._server = None


@contextmanager
def open_session(runs: int, *, quick: bool, progress: Progress) -> Iterator[Session]:
    """A session in a directory of its own, below TMPDIR; both are gone at the end."""
    with TemporaryDirectory(prefix="makegood-bench-", ignore_cleanup_errors=True) as place:
        Path(place).chmod(0o755)  # PostgreSQL may run as another user and must reach its files
        session = Session(Path(place), runs, quick=quick, progress=progress)
        try:
            yield session
        finally:
            session.close()
