"""A peer as the benchmarks see it: its commands and workers, started in an environment of its own."""

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from signal import SIGKILL
from time import sleep, time
from typing import Any

from benchmarks.peers import job, sink
from benchmarks.peers.environments import ROOT, interpreter, restate_server
from benchmarks.peers.restate_server import RestateServer
from tests.servers.process import die_with_parent

_GRACE = 5.0
_WARM_UP = 20
_FIRST_AND_LAST = ((min, "begun"), (max, "ended"))


@dataclass(frozen=True)
class Kind:
    """How a peer is run.

    Attributes:
        name: module `on_<name>`, environment `<name>`.
        workers: how many worker processes are started; the others' own masters start two children.
        poll: seconds between looks of a worker, where the peer polls.
        database: what it keeps in PostgreSQL, if anything.
    """

    name: str
    workers: int
    poll: float | None = None
    database: str | None = None

    @property
    def label(self) -> str:
        """As tables name it."""
        return self.name if self.poll is None else f"{self.name}, poll {self.poll:g} s"


CELERY = Kind("celery", workers=1)
DBOS = Kind("dbos", workers=2, poll=0.1, database="peer_dbos")
DBOS_DEFAULT = replace(DBOS, poll=None)
PROCRASTINATE = Kind("procrastinate", workers=2, poll=0.5, database="peer_procrastinate")
PROCRASTINATE_DEFAULT = replace(PROCRASTINATE, poll=None)
RESTATE = Kind("restate", workers=1)


@dataclass
class Peer:
    """A peer whose workers run and have answered; `sink` is where its handlers write."""

    kind: Kind
    python: Path
    sink: Path
    environment: dict[str, str]
    log: Path
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def call(self, command: str, patience: float = 300.0, **parameters: Any) -> dict[str, float]:
        """Have a command carried out and return its answer."""
        return self.together([(command, parameters)], patience)[0]

    def together(
        self, commands: Sequence[tuple[str, dict[str, Any]]], patience: float = 300.0
    ) -> list[dict[str, float]]:
        """Several commands at once, each in a process of its own; raises RuntimeError when one fails."""
        processes = [self._spawn(command, parameters, subprocess.PIPE) for command, parameters in commands]
        try:
            outputs = [process.communicate(timeout=patience)[0].decode() for process in processes]
        finally:
            for process in processes:
                _end(process)
        if any(process.returncode for process in processes):
            raise RuntimeError(f"{self.kind.name} failed: {self.log.read_text()[-600:]}")
        return [json.loads(output.splitlines()[-1]) for output in outputs]

    def load(self, count: int, t0: float, window: float) -> float:
        """Two processes load timers that fall due evenly from `t0`; how many a second they got in."""
        half = count // 2
        answers = self.together(
            [
                ("timers", {"first": first, "count": part, "total": count, "t0": t0, "window": window})
                for first, part in ((0, half), (half, count - half))
            ]
        )
        begun, ended = (one(answer[name] for answer in answers) for one, name in _FIRST_AND_LAST)
        return count / (ended - begun)

    def start_workers(self) -> None:
        """Start them; they may not be ready yet."""
        self.workers = [self._spawn("worker", {"index": n}, self.log) for n in range(self.kind.workers)]

    def warm_up(self) -> None:
        """Send a few and wait until they came through; then forget them."""
        self.call("paced", count=_WARM_UP, rate=50)
        self.arrived(_WARM_UP, 60)
        self.clear()

    def clear(self) -> None:
        """Forget what was noted."""
        self.sink.write_text("")

    def arrived(self, number: int, seconds: float) -> bool:
        """Wait until so many handlers have started, or so many seconds."""
        until = time() + seconds
        while (few := sink.count(self.sink) < number) and time() < until:
            sleep(0.2)
        return not few

    def stop_workers(self) -> None:
        """End them, gently at first."""
        for process in self.workers:
            process.terminate()
        for process in self.workers:
            _end(process, _GRACE)
        self.workers = []

    def _spawn(self, command: str, parameters: dict[str, Any], out: int | Path) -> subprocess.Popen[bytes]:
        argv = [
            str(self.python),
            "-m",
            f"benchmarks.peers.on_{self.kind.name}",
            command,
            json.dumps(parameters),
        ]
        with self.log.open("ab") as log:
            return subprocess.Popen(
                argv, cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL, stderr=log,
                stdout=log if isinstance(out, Path) else out, start_new_session=True,
                preexec_fn=die_with_parent(SIGKILL),
            )  # fmt: skip


@contextmanager
def running(
    kind: Kind,
    directory: Path | None,
    place: Path,
    redis_url: str,
    pg_port: int,
    *,
    work: bool = True,
    promises: str | None = None,
) -> Iterator[Peer]:
    """A peer that starts from nothing, with warm workers unless `work` is False.

    `directory` has the environments, `place` (which must exist) the session's files, `promises` names the
    database in which its handlers do the main job. Raises NotInstalled.
    """
    python = interpreter(kind.name, directory)
    assert directory is not None
    environment = os.environ | {
        "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", sink.VARIABLE: str(place / "sink"),
        "BENCH_REDIS": redis_url, "BENCH_PG_PORT": str(pg_port),
    }  # fmt: skip
    if promises is not None:
        environment |= job.environment(promises, str(place / "sent"))
    if kind.poll is not None:
        environment["BENCH_POLL"] = str(kind.poll)
    with ExitStack() as stack:
        server = None
        if kind.name == "restate":
            server = RestateServer(restate_server(directory), place)
            stack.callback(server.stop)
            server.start()
            environment |= server.environment()
        peer = Peer(kind, python, place / "sink", environment, place / f"{kind.name}.log")
        peer.log.touch()
        peer.clear()
        peer.call("reset")
        stack.callback(peer.stop_workers)
        if work or server is not None:
            peer.start_workers()
        if server is not None:
            server.register()
        if work:
            peer.warm_up()
        yield peer


def _end(process: subprocess.Popen[bytes], grace: float = 0.0) -> None:
    """Wait a little, then kill it with the processes that it started."""
    try:
        process.wait(grace)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, SIGKILL)  # a session of its own: nobody else is in that group
        process.wait(30)
