"""makegood as it is run: API processes, a worker with its scheduler, and a colleague's Celery worker.

Everything is started by its own command, from the environment alone, and ended with the run.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGKILL

import httpx
import psutil
from celery import Celery

from benchmarks.meter import METER
from benchmarks.session import Session
from tests.servers.process import die_with_parent
from tests.waiting import wait_until
from workflow.embedded.ports import free_port

ROOT = Path(__file__).parent.parent
COMMAND = (sys.executable, "-m", "workflow.cli")
"""The program, without what may not be installed: an entry point on PATH."""
_GRACE = 30.0


@dataclass(frozen=True)
class Api:
    """Where an API answers, and the process id of its command."""

    host: str
    port: int
    pid: int

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://{self.host}:{self.port}"

    def cpu_seconds(self) -> float:
        """What its command and all processes that this started have used so far, user and system."""
        command = psutil.Process(self.pid)
        times = [one.cpu_times() for one in (command, *command.children(recursive=True))]
        return float(sum(one.user + one.system for one in times))


@dataclass
class Stack:
    """One installation.

    Attributes:
        place: its directory; `place / "log"` has what its processes say.
        environment: of its processes.
        broker_url: of the Valkey that is its own.
        processes: everything that runs, in the order of starting.
    """

    place: Path
    environment: dict[str, str]
    broker_url: str
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def key(self, role: str = "system") -> str:
        """A new API key of this role; the usual one may send events."""
        argv = [*COMMAND, "keys", "create", "--role", role]
        done = subprocess.run(
            argv, env=self.environment, cwd=ROOT, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def start_api(self, processes: int = 1) -> Api:
        """Start the plain command, with so many processes behind one address; returns once it answers.

        Raises RuntimeError with what it said when it ends instead.
        """
        port = free_port()
        argv = [*COMMAND, "api", "--host", "127.0.0.1", "--port", str(port)]
        if processes > 1:
            argv += ["--processes", str(processes)]
        process = self.spawn(argv, ROOT)
        found = Api("127.0.0.1", port, process.pid)
        wait_until(
            lambda: process.poll() is not None or _ready(found.url), seconds=60, what="the API to be ready"
        )
        if process.poll() is not None:
            raise RuntimeError(f"the API ended: {self.said()}")
        return found

    def start_worker(self, concurrency: int = 2) -> subprocess.Popen[bytes]:
        """Start the plain command; it may not be ready yet."""
        return self.spawn([*COMMAND, "worker", "--concurrency", str(concurrency)], ROOT)

    def wait_for_workers(self, number: int) -> None:
        """Until so many Celery workers answer."""
        app = Celery(broker=self.broker_url)
        wait_until(
            lambda: len(app.control.ping(timeout=0.5) or []) >= number, seconds=60, what="workers to answer"
        )
        app.close()

    def spawn(self, argv: Sequence[str], cwd: Path) -> subprocess.Popen[bytes]:
        """Start a process that belongs to this installation."""
        with (self.place / "log").open("ab") as log:
            process = subprocess.Popen(
                argv, cwd=cwd, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=die_with_parent(SIGKILL),
            )  # fmt: skip
        self.processes.append(process)
        return process

    def said(self) -> str:
        """The end of what its processes said."""
        return (self.place / "log").read_text(errors="replace")[-2000:]

    def stop(self) -> None:
        """End everything, gently at first."""
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(_GRACE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes = []


@contextmanager
def installed(
    session: Session, url: str, definitions: Sequence[str] = (METER,), **more: str
) -> Iterator[Stack]:
    """An installation on the migrated database `url` with a Valkey of its own; nothing runs yet.

    `more` are further environment variables.
    """
    place = session.place("stack")
    directory = place / "lifecycles"
    directory.mkdir()
    for number, definition in enumerate(definitions):
        (directory / f"{number}.yaml").write_text(definition)
    with ExitStack() as stack:
        broker = stack.enter_context(session.broker())
        environment = os.environ | {
            "MAKEGOOD_DATABASE_URL": url, "MAKEGOOD_BROKER_URL": broker.url,
            "MAKEGOOD_DATA_DIR": str(place), "MAKEGOOD_LIFECYCLES": str(directory),
            "MAKEGOOD_LOG_LEVEL": "ERROR", **more,
        }  # fmt: skip
        found = Stack(place, environment, broker.url)
        stack.callback(found.stop)
        yield found


def _ready(base: str) -> bool:
    try:
        return httpx.get(f"{base}/readyz", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False
